"""Whatever happens to people, in whatever order: any date reads like a naive replay of the same events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import AppError
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, Role, TransferState
from app.members.commands import GroupSpan, MemberChanges, MemberDraft
from app.members.models import GroupMembership, Member, Membership, TransferRequest
from app.members.queries.as_of import members_as_of, standing_of
from app.members.queries.members import MemberFilter, member_list, member_list_page
from app.members.services import branch_history, groups, members, transfer_requests, transfers
from app.members.services.exemptions import approve_exempt
from app.reports.queries import coverage, place_in_scope
from app.reports.rules import CoverageBy, Period, Snapshot
from tests.conftest import NIGHTLY
from tests.factories import make_org, make_staff
from tests.people_replay import DAYS, END, STEP, TODAY, Person, number_of

NOW = datetime.combine(TODAY, time(1), UTC)
CODES = ["A", "B", "C", "C1"]
BELOW = {"R": CODES, "A": ["A"], "B": ["B"], "C": ["C", "C1"], "C1": ["C1"]}
HAND = ["mobile", "rural", "not_rural", "retired", "lost_contact", "exempt"]
BIRTHS = [None, date(1958, 6, 1), date(1959, 2, 28), date(1956, 2, 29), date(1985, 1, 1)]

# From the second day on: what was before the first is not in the replay.
day = st.integers(1, 14)
who = st.integers(0, 2)
code = st.sampled_from(CODES)
by = st.sampled_from(["first", "second"])


def act(name: str, *more: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), who, *more)


ACTS = st.lists(
    st.one_of(
        act("join", code, day),
        act("transfer", code, day),
        act("transfer", code, day),
        act("ask", code),
        act("accept", day),
        act("give_up", st.sampled_from([TransferState.DECLINED, TransferState.WITHDRAWN])),
        act("leave", day),
        act("put", st.sampled_from(HAND), day, st.integers(1, 12), by),
        act("put", st.sampled_from(HAND), day, st.integers(1, 12), by),
        act("end", st.sampled_from(["mobile", "rural", "lost_contact", "exempt"]), day),
        act("erase", st.sampled_from(["mobile", "rural", "exempt"]), st.integers(0, 3)),
        act("approve", st.integers(0, 3), by),
        act("born", st.sampled_from(BIRTHS)),
        act("correct_start", st.integers(0, 3), day),
        act("correct_branch", st.integers(0, 3), code),
        act("undo_transfer", st.integers(0, 3)),
        act("undo_leaving", day),
    ),
    max_size=14,
)


class World:
    """The application and the replay side by side; `do` moves both, or neither."""

    def __init__(self, orgs: dict[str, int], users: dict[str, int]) -> None:
        self.orgs, self.codes = orgs, {org_id: code for code, org_id in orgs.items()}
        self.scopes = {name: Scope((orgs["R"],), user_id) for name, user_id in users.items()}
        self.ids: list[int] = []
        self.people: list[Person] = []
        self.join("A", 0, None)

    @property
    def everyone(self) -> Scope:
        return self.scopes["first"]

    def of(self, code: str) -> Scope:
        return Scope((self.orgs[code],), self.scopes["second"].user_id)

    def join(self, code: str, first: int, birth: date | None) -> None:
        name = f"人{len(self.ids)}"
        starts_on = DAYS[first] if first else None
        draft = MemberDraft(name, code, starts_on=starts_on, birth_date=birth)
        member_id = members.create_member(draft, self.everyone, NOW)
        self.ids.append(member_id)
        self.people.append(Person([None] * first + [code] * (END - first), birth))

    def do(self, name: str, who: int, *more: Any) -> None:
        """One event. What the application refuses must leave nothing changed, and is not replayed."""
        at = who % len(self.ids)
        before = stored()
        try:
            getattr(self, f"do_{name}")(self.ids[at], self.people[at], *more)
        except AppError:
            db.session.rollback()
            assert stored() == before, "a refused change changed something"
            event(f"{name} refused")
        else:
            event(f"{name} done")

    def do_join(self, _id: int, _person: Person, code: str, first: int) -> None:
        if len(self.ids) < 3:
            self.join(code, first, BIRTHS[len(self.ids)])

    def do_transfer(self, member_id: int, person: Person, code: str, on: int) -> None:
        transfers.transfer_member(member_id, code, DAYS[on], self.everyone, NOW)
        person.transfer(code, on)

    def do_ask(self, member_id: int, person: Person, code: str) -> None:
        here = person.branch[number_of(TODAY)]
        scope = self.of(here) if here else self.everyone
        transfer_requests.ask_transfer(member_id, code, scope, NOW)
        assert here is not None
        assert person.asked in (None, (here, code)), "one request waits for a member at most"
        person.asked = (here, code)

    def do_accept(self, member_id: int, person: Person, on: int) -> None:
        request = waiting(member_id)
        assert (request is not None) == (person.asked is not None)
        if request is None or person.asked is None:
            return
        origin, target = person.asked
        transfer_requests.accept_transfer(request.id, DAYS[on], self.of(target), NOW)
        stays = person.branch[number_of(TODAY) :]
        assert set(stays) == {origin}, "who has moved on is not accepted any more"
        person.transfer(target, on)
        person.asked = None

    def do_give_up(self, member_id: int, person: Person, state: TransferState) -> None:
        request = waiting(member_id)
        if request is None:
            return
        if state is TransferState.DECLINED:
            transfer_requests.decline_transfer(request.id, self.of(self.codes[request.to_org_id]), NOW)
        else:
            transfer_requests.withdraw_transfer(request.id, self.of(self.codes[request.from_org_id]), NOW)
        person.asked = None

    def do_leave(self, member_id: int, person: Person, on: int) -> None:
        transfers.end_membership(member_id, DAYS[on], self.everyone, NOW)
        # Somebody who has left already: the same again changes nothing.
        if person.branch[on] is not None:
            person.leave(on)

    def do_put(self, member_id: int, person: Person, what: str, on: int, length: int, by: str) -> None:
        group, scope = what.removeprefix("not_"), self.scopes[by]
        end = on + length
        ends_on = DAYS[end] if end < END else None
        span = GroupSpan(member_id, Group(group), DAYS[on], ends_on, is_in=what == group)
        groups.set_group(span, scope, NOW, approval=scope)
        person.put(group, on, min(end, END), what == group, by)

    def do_end(self, member_id: int, person: Person, group: str, on: int) -> None:
        groups.remove_group(member_id, Group(group), self.everyone, NOW, on=DAYS[on])
        person.end_group(group, on)

    def do_erase(self, member_id: int, person: Person, group: str, nth: int) -> None:
        first = pick(sorted(person.group(group)), nth)
        groups.erase_group(member_id, Group(group), DAYS[first], self.everyone, NOW)
        del person.group(group)[first]

    def do_approve(self, member_id: int, person: Person, nth: int, by: str) -> None:
        first = pick(sorted(person.group("exempt")), nth)
        approve_exempt(member_id, DAYS[first], self.scopes[by], NOW)
        person.approve(first, by)

    def do_born(self, member_id: int, person: Person, birth: date | None) -> None:
        members.update_member(member_id, MemberChanges(birth_date=birth), self.everyone, NOW)
        person.birth = birth

    def do_correct_start(self, member_id: int, person: Person, nth: int, right: int) -> None:
        first = pick(starts(person), nth)
        branch_history.correct_branch_start(
            member_id, self.row(member_id, first), DAYS[right], self.everyone, NOW
        )
        person.correct_start(first, right)

    def do_correct_branch(self, member_id: int, person: Person, nth: int, code: str) -> None:
        first = pick(starts(person), nth)
        branch_history.correct_branch(member_id, self.row(member_id, first), code, self.everyone, NOW)
        person.correct_branch(first, code)

    def do_undo_transfer(self, member_id: int, person: Person, nth: int) -> None:
        first = pick(starts(person), nth)
        branch_history.undo_transfer(member_id, self.row(member_id, first), self.everyone, NOW)
        person.undo_transfer(first)

    def do_undo_leaving(self, member_id: int, person: Person, on: int) -> None:
        branch_history.undo_leaving(member_id, DAYS[on], self.everyone, NOW)
        person.undo_leaving(on)

    def row(self, member_id: int, first: int) -> date:
        """The row's own first day: one that began before all days of the replay says so otherwise."""
        known = set(db.session.scalars(select(Membership.starts_on).where(Membership.member_id == member_id)))
        return DAYS[first] if DAYS[first] in known else min(known)

    # What is asked on a date.

    def standing(self, on: date) -> dict[int, tuple[str, set[str]]]:
        """Branch and groups of everyone who was in a branch on a date, by the replay."""
        return {
            member_id: (code, person.groups_on(on))
            for member_id, person in zip(self.ids, self.people, strict=True)
            if (code := person.branch[number_of(on)]) is not None
        }

    def check(self, on: date) -> None:
        meant = self.standing(on)
        found = {
            member_id: (self.codes[org_id], {group.value for group in Group.from_bits(bits)})
            for member_id, org_id, bits in db.session.execute(members_as_of(on, 60))
        }
        assert found == meant, on
        for member_id in self.ids:
            one = standing_of(db.session(), member_id, on, 60)
            assert (None if one is None else self.codes[one.org_id]) == meant.get(member_id, (None,))[0]
        # Everyone, and one part of the tree: which one differs from date to date.
        for root in ("R", CODES[on.toordinal() % len(CODES)]):
            below = BELOW[root]
            inside = {i: said for i, (code, said) in meant.items() if code in below}
            self.check_list(root, on, inside)
            self.check_coverage(root, on, inside)

    def check_list(self, root: str, on: date, inside: dict[int, set[str]]) -> None:
        scope = Scope((self.orgs[root],), None)
        for group in (None, Group.ELDERLY, Group.MOBILE, Group.EXEMPT):
            wanted = MemberFilter(on, 60, group=group)
            ids = {i for i, said in inside.items() if group is None or group.value in said}
            listed = member_list(db.session(), scope, wanted, limit=10)
            assert {row.id: {g.value for g in row.groups} for row in listed} == {i: inside[i] for i in ids}
            assert member_list_page(db.session(), scope, wanted, limit=1, offset=0).total == len(ids)

    def check_coverage(self, root: str, on: date, inside: dict[int, set[str]]) -> None:
        place = place_in_scope(db.session(), self.everyone, root, TODAY)
        period, snapshot = Period(DAYS[0], on), Snapshot(on, 60)
        by_group = coverage(db.session(), period, snapshot, place, CoverageBy.GROUP)
        by_org = coverage(db.session(), period, snapshot, place, CoverageBy.ORG)
        required = sum("exempt" not in said for said in inside.values())
        for total in (by_group.total, by_org.total):
            assert (total.members, total.required) == (len(inside), required)
        for row in by_group.rows:
            of_group = [said for said in inside.values() if row.key in said]
            owed = sum("exempt" not in said for said in of_group)
            assert (row.members, row.required) == (len(of_group), owed), (on, root, row.key)


def starts(person: Person) -> list[int]:
    """Days on which a stay begins."""
    return [
        n for n in range(END) if person.branch[n] and (n == 0 or person.branch[n - 1] != person.branch[n])
    ]


def pick(days: list[int], nth: int) -> int:
    """One of them; 0 when there are none, which the application has to refuse."""
    return days[nth % len(days)] if days else 0


def waiting(member_id: int) -> TransferRequest | None:
    query = select(TransferRequest).where(
        TransferRequest.member_id == member_id, TransferRequest.state == TransferState.WAITING
    )
    return db.session.scalars(query).one_or_none()


def stored() -> list[Any]:
    """Every row that says who was where."""
    tables = (Member, Membership, GroupMembership, TransferRequest)
    return [sorted(map(repr, db.session.execute(select(table.__table__)).all())) for table in tables]


@pytest.fixture
def start(ctx: Flask) -> Callable[[], World]:
    """Makes a district with one member; earlier members are gone."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    sectors = {"A": None, "B": OrgSector.VILLAGE, "C": OrgSector.NON_PUBLIC}
    orgs = {"R": root, **{code: make_org(code, root, sector=sector) for code, sector in sectors.items()}}
    orgs["C1"] = make_org("C1", orgs["C"], sector=OrgSector.RETIRED)
    ids = {code: org.id for code, org in orgs.items()}
    users = {name: make_staff(name, Role.ADMINISTRATOR, root).id for name in ("first", "second")}

    def make() -> World:
        with writing() as session:
            for table in (TransferRequest, GroupMembership, Membership, Member):
                session.query(table).delete()
        return World(ids, users)

    return make


@settings(
    max_examples=400 if NIGHTLY else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, probes=st.lists(st.integers(0, STEP * END - 1), min_size=1, max_size=3))
def test_any_sequence_of_events_reads_on_any_date_like_a_naive_replay(
    start: Callable[[], World], acts: list[tuple[Any, ...]], probes: list[int]
) -> None:
    world = start()
    for name, at, *more in acts:
        world.do(name, at, *more)
    for offset in probes:
        world.check(DAYS[0] + timedelta(days=offset))


def test_the_events_of_the_replay_can_all_happen(start: Callable[[], World]) -> None:
    """A story in which nothing is refused: the property above is not true for want of changes."""
    world = start()
    done: list[str] = []
    for name, *more in [
        ("join", "B", 2), ("born", BIRTHS[1]), ("transfer", "B", 2), ("put", "mobile", 3, 10, "first"),
        ("transfer", "C", 6), ("correct_start", 2, 5), ("put", "exempt", 4, 9, "first"),
        ("approve", 0, "second"), ("put", "not_rural", 1, 3, "first"), ("end", "rural", 2),
        ("correct_branch", 1, "C1"),
        ("undo_transfer", 1), ("ask", "B"), ("accept", 12), ("ask", "A"), ("give_up", TransferState.DECLINED),
        ("leave", 13), ("undo_leaving", 13), ("erase", "exempt", 0),
    ]:  # fmt: skip
        at = 0
        getattr(world, f"do_{name}")(world.ids[at], world.people[at], *more)
        done.append(name)
        world.check(DAYS[9] + timedelta(days=len(done)))
    assert db.session.scalars(select(Membership.ends_on).where(Membership.ends_on == FOREVER)).all()
    assert {name for name in dir(World) if name.startswith("do_")} == {f"do_{name}" for name in done}
