"""What comes before a person: shared phones, bursts, too many people, two places; and what stays decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.attendance.rules_review import (
    DeviceUse,
    Known,
    Odd,
    Presence,
    Signs,
    burst_of,
    burst_threshold,
    odd_at,
    plan,
    two_places,
)
from app.core.vocabulary import Method, ReviewKind, ReviewState

START = datetime(2019, 6, 3, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=2)


def kinds(signs: Signs) -> list[ReviewKind]:
    return [odd.kind for odd in odd_at(signs)]


@pytest.mark.parametrize(("members", "is_odd"), [(2, False), (3, True), (8, True)])
def test_a_phone_for_a_couple_is_not_odd_and_one_for_three_is(members: int, is_odd: bool) -> None:
    found = odd_at(Signs(1, [DeviceUse("phone", members, START, END)]))
    assert [odd.subject for odd in found] == (["phone"] if is_odd else [])


def test_evidence_holds_counts_and_times_only() -> None:
    (odd,) = odd_at(Signs(1, [DeviceUse("phone", 3, START, END)]))
    assert odd.evidence == {"members": 3, "first_at": START.isoformat(), "last_at": END.isoformat()}


@pytest.mark.parametrize(("crowd", "many"), [(0, 5), (20, 5), (100, 5), (101, 6), (500, 25), (13700, 685)])
def test_how_many_are_many_after_the_end_grows_with_the_crowd(crowd: int, many: int) -> None:
    assert burst_threshold(crowd) == many


def test_a_handful_that_comes_one_after_another_is_no_burst() -> None:
    times = [END + timedelta(seconds=40 * n) for n in range(12)]
    assert burst_of(times, 5) == []


def test_a_burst_is_found_wherever_its_minute_begins_and_leaves_out_who_came_apart() -> None:
    burst = [END + timedelta(seconds=170 + 7 * n) for n in range(6)]
    apart = [END + timedelta(seconds=5), END + timedelta(minutes=20)]
    assert burst_of(sorted([*burst, *apart]), 5) == burst


def test_a_minute_ends_before_its_sixtieth_second_is_over() -> None:
    times = [END + timedelta(seconds=15 * n) for n in range(5)]
    assert burst_of(times, 5) == []
    assert burst_of([*times[:-1], END + timedelta(seconds=59)], 5) != []


@pytest.mark.parametrize(("in_room", "room", "is_odd"), [(40, 40, False), (41, 40, True), (41, None, False)])
def test_more_check_ins_than_heads_are_odd_only_where_heads_were_counted(
    in_room: int, room: int | None, is_odd: bool
) -> None:
    found = kinds(Signs(1, in_room=in_room, room=room))
    assert found == ([ReviewKind.OVER_HEAD_COUNT] if is_odd else [])


def presence(session_id: int, **more: Any) -> Presence:
    values = {
        "venue_id": session_id,
        "mode_key": "in_person",
        "method": Method.MEMBER_SCAN,
        "since": START,
        "until": END,
        "received_at": START + timedelta(minutes=session_id),
    }
    return Presence(session_id, **{**values, **more})


def test_two_venues_at_once_are_one_item_whichever_session_is_looked_over() -> None:
    one, other = presence(1), presence(2)
    found = two_places(7, one, other)
    assert found is not None
    assert found == two_places(7, other, one)
    assert (found.session_id, found.subject, found.member_id) == (2, "1.7", 7)


def test_it_is_put_where_nobody_saw_the_member() -> None:
    found = two_places(7, presence(1), presence(2, method=Method.STAFF_SCAN))
    assert found is not None
    assert (found.session_id, found.subject) == (1, "2.7")


@pytest.mark.parametrize(
    "other",
    [
        presence(2, venue_id=1),
        presence(2, venue_id=None),
        presence(2, mode_key="online"),
        presence(2, mode_key="home_visit"),
        presence(2, method=Method.PERSONAL_LINK),
        presence(2, since=END),
        presence(2, since=END - timedelta(minutes=10)),
    ],
    ids=["same venue", "no venue", "online", "at home", "by link", "afterwards", "hardly overlapping"],
)
def test_what_can_be_true_is_not_odd(other: Presence) -> None:
    assert two_places(7, presence(1), other) is None


def shared(count: int) -> Odd:
    return Odd(1, ReviewKind.SHARED_DEVICE, "phone", count, {"members": count})


def known(state: ReviewState, members: int, settled: int | None = None) -> dict[Any, Known]:
    evidence = {"members": members, **({} if settled is None else {"settled": settled})}
    return {shared(members).key: Known(5, state, evidence)}


def test_looking_again_changes_nothing() -> None:
    assert plan([shared(3)], known(ReviewState.OPEN, 3)).is_empty
    assert not plan([shared(3)], {}).is_empty


def test_what_waits_is_brought_up_to_date() -> None:
    wanted = plan([shared(5)], known(ReviewState.OPEN, 3))
    assert [odd.count for _item, odd in wanted.updated] == [5]
    assert not wanted.raised


@pytest.mark.parametrize(("now", "again"), [(4, False), (5, True)])
def test_what_was_decided_comes_up_again_only_with_two_more(now: int, again: bool) -> None:
    assert bool(plan([shared(now)], known(ReviewState.FINE, 3, settled=3)).reopened) is again


def test_growth_is_told_from_what_the_decision_left() -> None:
    decided = known(ReviewState.NOT_THERE, 8, settled=2)
    assert plan([shared(4)], decided).reopened


def test_what_is_odd_no_more_is_dropped_unless_somebody_had_decided_it_before() -> None:
    assert plan([], known(ReviewState.OPEN, 3)).dropped
    assert plan([], known(ReviewState.OPEN, 3, settled=3)).is_empty
    assert plan([], known(ReviewState.FINE, 3, settled=3)).is_empty
