"""A branch asks another to take a member over; until it accepts, nothing changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.vocabulary import Group, OrgKind, Post, Role, TransferState
from app.members.commands import GroupSpan, MobileDetails
from app.members.models import GroupMembership, OrgPost, TransferRequest
from app.members.queries.as_of import standing_of
from app.members.queries.hosted import hosted_members
from app.members.queries.transfer_requests import Side, transfer_request_count, transfer_requests
from app.members.services.branch_history import (
    correct_branch,
    correct_branch_start,
    undo_leaving,
    undo_transfer,
)
from app.members.services.closing import close_org
from app.members.services.groups import set_group
from app.members.services.transfer_requests import (
    accept_transfer,
    ask_transfer,
    decline_transfer,
    withdraw_transfer,
)
from app.members.services.transfers import end_membership, transfer_member
from tests.factories import NOW, count, make_member, make_org, make_staff

TODAY = date(2019, 6, 3)


@pytest.fixture
def office(ctx: Flask) -> dict[str, Any]:
    """Branches A and B below R, a secretary of each, and a member of A."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a, b = make_org("A", root, name="甲支部"), make_org("B", root, name="乙支部")
    found: dict[str, Any] = {"R": root, "A": a, "B": b, "member": make_member("张三", a)}
    for name, role, org in (
        ("all", Role.ADMINISTRATOR, root),
        ("of_a", Role.SECRETARY, a),
        ("of_b", Role.SECRETARY, b),
    ):
        found[name] = Scope((org.id,), make_staff(name, role, org).id)
    return found


def asked(office: dict[str, Any], code: str = "B") -> int:
    return ask_transfer(office["member"].id, code, office["of_a"], NOW)


def branch_on(office: dict[str, Any], day: date) -> int | None:
    standing = standing_of(db.session(), office["member"].id, day, 60)
    return standing.org_id if standing else None


def state(request_id: int) -> TransferState:
    db.session.expire_all()
    return db.session.get_one(TransferRequest, request_id).state


def sides(scope: Scope) -> dict[Side, int]:
    return {side: transfer_request_count(db.session(), scope, TODAY, side) for side in Side}


def test_the_member_stays_until_the_other_branch_accepts(office: dict[str, Any]) -> None:
    request_id = asked(office)
    assert branch_on(office, TODAY) == office["A"].id
    assert sides(office["of_a"]) == {Side.INCOMING: 0, Side.OUTGOING: 1, Side.SETTLED: 0}
    assert sides(office["of_b"]) == {Side.INCOMING: 1, Side.OUTGOING: 0, Side.SETTLED: 0}
    for _ in range(2):
        accept_transfer(request_id, date(2019, 5, 20), office["of_b"], NOW)
    assert branch_on(office, date(2019, 5, 19)) == office["A"].id
    assert branch_on(office, date(2019, 5, 20)) == office["B"].id
    (row,) = transfer_requests(db.session(), office["of_b"], TODAY, side=Side.SETTLED, limit=9)
    assert (row.state, row.accepted_on, row.is_stale) == (TransferState.ACCEPTED, date(2019, 5, 20), False)
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["transfer.ask", "member.transfer", "transfer.accepted"]


@pytest.mark.parametrize("name", ["B", "乙支部", "乙支部 B", " B "])
def test_a_branch_is_named_by_code_or_name(office: dict[str, Any], name: str) -> None:
    assert db.session.get_one(TransferRequest, asked(office, name)).to_org_id == office["B"].id


def test_a_name_that_two_branches_share_needs_its_code(office: dict[str, Any]) -> None:
    make_org("B2", office["R"], name="乙支部")
    with pytest.raises(InvalidInput):
        asked(office, "乙支部")
    assert db.session.get_one(TransferRequest, asked(office, "乙支部 B")).to_org_id == office["B"].id


def test_only_one_request_waits_for_a_member_and_the_same_again_is_the_same(office: dict[str, Any]) -> None:
    make_org("C", office["R"])
    assert asked(office) == asked(office)
    with pytest.raises(InvalidInput) as refused:
        asked(office, "C")
    assert [error.code for error in refused.value.errors] == ["already_waiting"]
    assert count(TransferRequest) == 1


@pytest.mark.parametrize(
    ("code", "scope", "error"),
    [("nowhere", "of_a", "unknown"), ("A", "of_a", "same_branch"), ("B", "all", "within_scope")],
)
def test_what_cannot_be_asked_is_refused_with_words(
    office: dict[str, Any], code: str, scope: str, error: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask_transfer(office["member"].id, code, office[scope], NOW)
    assert [(e.field, e.code) for e in refused.value.errors] == [("org_code", error)]
    assert count(TransferRequest) == 0


def test_each_side_has_its_own_answers(office: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        ask_transfer(office["member"].id, "A", office["of_b"], NOW)
    request_id = asked(office)
    for attempt in (
        lambda: accept_transfer(request_id, TODAY, office["of_a"], NOW),
        lambda: decline_transfer(request_id, office["of_a"], NOW),
        lambda: withdraw_transfer(request_id, office["of_b"], NOW),
        lambda: withdraw_transfer(request_id + 1, office["of_a"], NOW),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert state(request_id) is TransferState.WAITING


@pytest.mark.parametrize("ends", ["declined", "withdrawn"])
def test_a_settled_request_stays_settled_and_leaves_the_member(office: dict[str, Any], ends: str) -> None:
    request_id = asked(office)
    for _ in range(2):
        if ends == "declined":
            decline_transfer(request_id, office["of_b"], NOW)
        else:
            withdraw_transfer(request_id, office["of_a"], NOW)
    with pytest.raises(WrongState):
        accept_transfer(request_id, TODAY, office["of_b"], NOW)
    assert (state(request_id).value, branch_on(office, TODAY)) == (ends, office["A"].id)
    assert asked(office) != request_id


@pytest.mark.parametrize("moved_on", ["left", "transferred"])
def test_somebody_who_has_moved_on_is_not_accepted_any_more(office: dict[str, Any], moved_on: str) -> None:
    make_org("C", office["R"])
    request_id = asked(office)
    if moved_on == "left":
        end_membership(office["member"].id, date(2019, 6, 20), office["all"], NOW)
    else:
        transfer_member(office["member"].id, "C", TODAY, office["all"], NOW)
    (row,) = transfer_requests(db.session(), office["of_b"], TODAY, side=Side.INCOMING, limit=9)
    assert row.is_stale
    with pytest.raises(WrongState) as refused:
        accept_transfer(request_id, TODAY, office["of_b"], NOW)
    assert refused.value.code == "stale"
    decline_transfer(request_id, office["of_b"], NOW)
    assert state(request_id) is TransferState.DECLINED


@pytest.mark.parametrize("day", [TODAY - timedelta(days=93), TODAY + timedelta(days=93)])
def test_an_acceptance_is_neither_long_ago_nor_far_ahead(office: dict[str, Any], day: date) -> None:
    request_id = asked(office)
    with pytest.raises(InvalidInput) as refused:
        accept_transfer(request_id, day, office["of_b"], NOW)
    assert [error.field for error in refused.value.errors] == ["accepted_on"]
    assert (state(request_id), branch_on(office, TODAY)) == (TransferState.WAITING, office["A"].id)


def test_a_corrected_acceptance_takes_absence_and_posts_with_it(office: dict[str, Any]) -> None:
    member, scope = office["member"], office["all"]
    set_group(GroupSpan(member.id, Group.MOBILE, date(2018, 1, 1)), scope, NOW)
    with writing() as session:
        session.add(
            OrgPost(
                member_id=member.id, org_id=office["A"].id, post=Post.SECRETARY, starts_on=date(2018, 1, 1)
            )
        )
    was, right = date(2019, 3, 1), date(2019, 5, 1)
    transfer_member(member.id, "B", was, scope, NOW)
    correct_branch_start(member.id, was, right, scope, NOW)
    ends = (db.session.scalar(select(GroupMembership.ends_on)), db.session.scalar(select(OrgPost.ends_on)))
    assert ends == (right, right)
    assert (branch_on(office, date(2019, 4, 30)), branch_on(office, right)) == (
        office["A"].id, office["B"].id,
    )  # fmt: skip


def test_a_correction_touches_only_branches_of_the_own_place(office: dict[str, Any]) -> None:
    member, was = office["member"], date(2019, 5, 20)
    accept_transfer(asked(office), was, office["of_b"], NOW)
    for attempt in (
        lambda: correct_branch_start(member.id, was, date(2018, 1, 1), office["of_b"], NOW),
        lambda: undo_transfer(member.id, was, office["of_b"], NOW),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert [error.code for error in refused.value.errors] == ["out_of_scope"]
    with pytest.raises(NotFound):
        undo_transfer(member.id, was, office["of_a"], NOW)
    with pytest.raises(NotFound):
        undo_transfer(member.id, date(2019, 1, 1), office["all"], NOW)
    undo_transfer(member.id, was, office["all"], NOW)
    assert branch_on(office, TODAY) == office["A"].id


def test_a_wrong_branch_and_a_departure_that_was_none_are_corrected(office: dict[str, Any]) -> None:
    member, scope = office["member"], office["all"]
    end_membership(member.id, date(2019, 6, 1), scope, NOW)
    undo_leaving(member.id, date(2019, 6, 1), scope, NOW)
    correct_branch(member.id, date(2000, 1, 1), "B", scope, NOW)
    assert branch_on(office, date(2001, 1, 1)) == branch_on(office, TODAY) == office["B"].id
    with pytest.raises(InvalidInput):
        correct_branch(member.id, date(2000, 1, 1), "nowhere", scope, NOW)


def test_an_acceptance_is_not_before_the_branch_was_there(office: dict[str, Any]) -> None:
    make_org("N", office["R"], starts_on=date(2019, 5, 20))
    request_id = asked(office, "N")
    with pytest.raises(InvalidInput) as refused:
        accept_transfer(request_id, date(2019, 5, 19), office["all"], NOW)
    assert [(one.field, one.code) for one in refused.value.errors] == [("accepted_on", "too_early")]
    accept_transfer(request_id, date(2019, 5, 20), office["all"], NOW)
    assert state(request_id) is TransferState.ACCEPTED


def test_a_branch_that_is_no_more_takes_nobody_over(office: dict[str, Any]) -> None:
    close_org("B", TODAY, office["all"], NOW)
    # As it would stand had it been asked for in the very moment of the closing.
    with writing() as session:
        request = TransferRequest(
            member_id=office["member"].id, from_org_id=office["A"].id, to_org_id=office["B"].id, asked_at=NOW
        )
        session.add(request)
    for day in (TODAY, TODAY - timedelta(days=9), date.max):
        with pytest.raises(WrongState) as refused:
            accept_transfer(request.id, day, office["all"], NOW)
        assert refused.value.code == "unit_closed"
    decline_transfer(request.id, office["of_b"], NOW)
    assert branch_on(office, TODAY) == office["A"].id


def test_no_correction_puts_anybody_into_a_branch_on_days_after_its_closing(office: dict[str, Any]) -> None:
    member, everyone, closed = office["member"].id, office["all"], date(2019, 5, 20)
    gone = make_member("李四", office["A"]).id
    make_org("C", office["R"])
    transfer_member(member, "B", date(2019, 4, 1), everyone, NOW)
    transfer_member(member, "C", date(2019, 5, 1), everyone, NOW)
    transfer_member(gone, "B", date(2019, 4, 1), everyone, NOW)
    end_membership(gone, closed, everyone, NOW)
    close_org("B", closed, everyone, NOW)
    for attempt, field in (
        (lambda: undo_transfer(member, date(2019, 5, 1), everyone, NOW), "starts_on"),
        (
            lambda: correct_branch_start(member, date(2019, 5, 1), closed + timedelta(days=1), everyone, NOW),
            "starts_on",
        ),
        (lambda: undo_leaving(gone, closed, everyone, NOW), "left_on"),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert [(one.field, one.code) for one in refused.value.errors] == [(field, "unit_closed")]
        assert "乙支部已于 2019年5月20日 撤销" in str(refused.value.errors[0].detail)
    # Up to its last day it had members, and what was wrong before that is still corrected.
    correct_branch_start(member, date(2019, 5, 1), closed, everyone, NOW)
    assert branch_on(office, closed - timedelta(days=1)) == office["B"].id
    correct_branch_start(gone, date(2019, 4, 1), date(2019, 4, 8), everyone, NOW)


def test_a_host_may_be_any_branch_and_sees_name_and_home_branch(office: dict[str, Any]) -> None:
    details = MobileDetails("out", "本区", "深圳", "乙支部")
    since = date(2019, 5, 1)
    set_group(GroupSpan(office["member"].id, Group.MOBILE, since, mobile=details), office["of_a"], NOW)

    def hosted(scope: str, on: date, q: str = "") -> list[tuple[str, str]]:
        found = hosted_members(db.session(), office[scope], on, q=q, limit=9)
        return [(row.name, row.org_name) for row in found]

    assert hosted("of_b", TODAY) == hosted("of_b", since, "zs") == [("张三", "甲支部")]
    assert hosted("of_b", since - timedelta(days=1)) == hosted("of_b", TODAY, "ls") == []
    # The own branch and those above it find the member as they always do.
    assert hosted("of_a", TODAY) == hosted("all", TODAY) == []
