"""The invented district before it is written: counts, shares, coverage, and the same again each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.vocabulary import COUNTED_STATUSES, CountMark, Group, OrgKind, OrgTag, Post
from app.demo.assemble import DemoYear, build_year
from app.demo.people import ELDERLY_FROM
from app.demo.shares import draw, split
from app.settings import ROOT

SHANGHAI = ZoneInfo("Asia/Shanghai")


@lru_cache(maxsize=4)
def demo(members: int, year: int = 2019, seed: int = 1) -> DemoYear:
    return build_year(seed, members, year, SHANGHAI, 60)


def kinds(found: DemoYear) -> Counter[str]:
    return Counter(held.plan.kind for held in found.sessions)


def covered(found: DemoYear) -> set[int]:
    return {a.member_id for held in found.sessions for a in held.attendees if a.status in COUNTED_STATUSES}


def groups_at_the_end(found: DemoYear) -> dict[int, int]:
    last_day = date(found.district.year, 12, 31)
    return {p.id: found.roll.groups_of(p.id, p.org_id, last_day) for p in found.district.people}


def test_the_same_seed_gives_the_same_year_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib; from zoneinfo import ZoneInfo; from app.demo.assemble import build_year;"
        "d = build_year(7, 80, 2019, ZoneInfo('Asia/Shanghai'), 60);"
        "print(hashlib.sha256(repr((d.district, d.courses, d.sessions)).encode()).hexdigest())"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert found[0] == found[1]


def test_another_seed_gives_another_district() -> None:
    first, second = demo(300), build_year(2, 300, 2019, SHANGHAI, 60)
    assert [p.name for p in first.district.people] != [p.name for p in second.district.people]


@pytest.mark.parametrize(("members", "year"), [(300, 2019), (300, 2020), (1000, 2024)])
def test_the_districts_own_counts_hold_at_any_size_and_in_any_year(members: int, year: int) -> None:
    found = demo(members, year)
    counts = kinds(found)
    assert (counts["reading_class"], counts["seminar"], counts["tradition_education"]) == (50, 210, 90)
    assert counts["central_training"] == len(found.courses) == 16
    assert sorted(h.plan.course for h in found.sessions if h.plan.course) == list(range(1, 17))
    assert {held.plan.day.year for held in found.sessions} == {year}
    assert len(found.district.people) == members


@pytest.mark.parametrize("members", [300, 1000])
def test_branch_counts_follow_the_number_of_branches_and_class_counts_that_of_members(members: int) -> None:
    found = demo(members)
    branches = len(found.district.branches)
    counts = kinds(found)
    assert branches == max(12, round(members * 450 / 13_700))
    assert counts["theme_day"] == round(2_148 * branches / 450)
    assert counts["group_study"] == round(3_726 * branches / 450)
    times = [a for h in found.sessions if h.plan.course for a in h.attendees if a.status in COUNTED_STATUSES]
    assert len(times) == round(5_297 * members / 13_700)


def test_the_full_district_has_the_figures_of_the_acceptance_year() -> None:
    found = demo(13_700)
    counts = kinds(found)
    assert (counts["theme_day"], counts["group_study"]) == (2_148, 3_726)
    assert (counts["reading_class"], counts["seminar"], counts["tradition_education"]) == (50, 210, 90)
    classes = [held for held in found.sessions if held.plan.course]
    times = sum(a.status in COUNTED_STATUSES for held in classes for a in held.attendees)
    assert len(classes) == counts["central_training"] == 16
    assert 5_250 <= times <= 5_350
    tags = Counter(tag for unit in found.district.units for tag in unit.tags)
    assert (tags[OrgTag.GUIDED], tags[OrgTag.MODEL]) == (338, 109)
    assert len(found.district.branches) == 450
    assert sum(len(held.attendees) for held in found.sessions) <= 150_000


def test_the_full_district_has_the_groups_and_the_coverage_asked_for() -> None:
    found = demo(13_700)
    bits = groups_at_the_end(found)
    came = covered(found)

    def of(group: Group) -> list[int]:
        return [member_id for member_id, groups in bits.items() if groups & group.bit]

    def coverage(ids: list[int]) -> float:
        return sum(member_id in came for member_id in ids) / len(ids)

    assert len(of(Group.ELDERLY)) == round(0.28 * 13_700)
    assert len(of(Group.MOBILE)) == round(0.09 * 13_700)
    assert len(of(Group.EXEMPT)) == round(0.04 * 13_700)
    assert 0.11 < len(of(Group.NEW_ORG)) / 13_700 < 0.13
    assert 0.21 < len(of(Group.RURAL)) / 13_700 < 0.23
    required = [member_id for member_id, groups in bits.items() if not groups & Group.EXEMPT.bit]
    assert 0.93 <= coverage(list(bits)) <= 0.96
    assert 0.95 <= coverage(required) <= 0.98
    assert coverage(of(Group.MOBILE)) < coverage(of(Group.ELDERLY)) < coverage(of(Group.NEW_ORG))
    assert 500 <= 13_700 - len(came) <= 900


def test_the_dated_events_are_on_their_days_with_several_speakers_in_their_roles() -> None:
    found = {(held.plan.kind, held.plan.day): held.plan for held in demo(300).sessions}
    assert len(found["lecturer_contest", date(2019, 4, 28)].lecturers) == 7
    assert found["open_lecture", date(2019, 9, 10)].venue == 5
    assert found["drama_show", date(2019, 9, 11)].declared.mark is CountMark.OVER
    assert found["central_training", date(2019, 10, 15)].title.startswith("村(社区)书记轮训班")
    assert ("findings_exchange", date(2019, 11, 4)) in found
    report = next(plan for (kind, _), plan in found.items() if kind == "model_report")
    assert Counter(role.value for _, role in report.lecturers) == {"host": 1, "reporter": 4, "lecturer": 2}


def test_every_branch_has_one_secretary_and_the_tree_has_five_streets_and_towns() -> None:
    district = demo(300).district
    secretaries = Counter(p.org_id for p in district.postings if p.post is Post.SECRETARY)
    assert secretaries == {unit.id: 1 for unit in district.branches}
    places = [unit for unit in district.committees if unit.name.endswith(("街道工作委员会", "镇委员会"))]
    assert len(places) == 5
    assert len({unit.name for unit in district.units}) == len(district.units)
    assert all(unit.size == 0 for unit in district.units if unit.kind is not OrgKind.BRANCH)


def test_phones_are_different_and_a_share_of_one_percent_has_none() -> None:
    people = demo(13_700).district.people
    phones = [person.phone for person in people if person.phone]
    assert len(people) - len(phones) == 150
    assert len(set(phones)) == len(phones)
    assert all(len(phone) == 11 and phone[3:7] == "0000" for phone in phones)


def test_nobody_attends_twice_a_day_and_theme_days_are_at_most_one_a_month() -> None:
    found = demo(300)
    days = Counter(
        (a.member_id, held.plan.day)
        for held in found.sessions
        for a in held.attendees
        if a.status in COUNTED_STATUSES
    )
    assert max(days.values()) == 1
    themes = Counter((h.plan.host_id, h.plan.day.month) for h in found.sessions if h.plan.kind == "theme_day")
    assert max(themes.values()) == 1


def test_members_join_as_adults_and_are_as_old_as_their_group_says() -> None:
    found = demo(300)
    last_day = date(2019, 12, 31)
    elderly = [p for p in found.district.people if p.age_on(last_day) >= ELDERLY_FROM]
    assert len(elderly) == 84
    assert all(p.joined_on.year - p.birth_date.year >= 18 for p in found.district.people)
    assert all(p.joined_on <= last_day for p in found.district.people)


def test_members_who_moved_within_the_year_belong_to_one_branch_on_every_day() -> None:
    found = demo(300)
    stays = defaultdict(list)
    for stay in found.district.stays:
        stays[stay.member_id].append(stay)
    moved = [rows for rows in stays.values() if len(rows) > 1]
    assert moved
    for before, after in moved:
        assert before.ends_on == after.starts_on
        assert before.org_id != after.org_id
        assert after.starts_on.year == 2019


@given(
    total=st.integers(0, 2_000),
    weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=40),
    low=st.integers(0, 3),
)
def test_split_gives_parts_within_bounds_that_add_up(total: int, weights: list[float], low: int) -> None:
    high = low + total // len(weights) + 1
    wanted = max(total, low * len(weights))
    wanted = min(wanted, high * len(weights))
    parts = split(wanted, weights, low=low, high=high)
    assert sum(parts) == wanted
    assert all(low <= part <= high for part in parts)


def test_split_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        split(5, [1, 1], low=3)


@given(count=st.integers(0, 20), seed=st.integers())
def test_draw_takes_different_positions_and_weight_nought_last(count: int, seed: int) -> None:
    weights = [0.0] * 10 + [1.0] * 10
    chosen = draw(Random(seed), weights, count)
    assert len(set(chosen)) == count
    if count <= 10:
        assert all(weights[i] > 0 for i in chosen)
