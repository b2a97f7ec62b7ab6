"""Puts members into groups and takes them out, by dated rows; rules by age or branch need no row."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.vocabulary import FOREVER, Group
from app.members.commands import GroupSpan, Keep, MobileDetails
from app.members.models import GroupMembership
from app.members.queries.district import unit_named
from app.members.queries.scoped import find_member
from app.members.rules import keeps_approval
from app.members.services.exemptions import approve, group_row, may_be_approved
from app.members.services.group_checks import span_errors
from app.members.services.placing import hold_tree
from app.members.services.spans import require_member


def set_group(span: GroupSpan, scope: Scope, now: datetime, *, approval: Scope | None = None) -> None:
    """Record a dated row of a group; one with the same first day is replaced, the same again changes nothing.

    Rows of one group never overlap: a second one that would is refused, naming the first. An exempt row
    waits for a second person; shortened, it stays approved, lengthened it waits again. `approval`, the
    caller's scope of "members.approve": saying the same as a row that waits then approves it, if another
    person recorded it. Raises InvalidInput with every wrong field.
    """
    today = office_date(now)
    with writing() as session:
        if span.mobile is not None:
            # Or the unit named as host could be closed in the same moment, and its heir not be told.
            hold_tree(session)
        member = require_member(session, span.member_id, scope, today)
        rows = _rows(session, member.id, span.group)
        errors = [*span_errors(span, [(row.starts_on, row.ends_on) for row in rows], today)]
        host_id = _host_id(session, span.mobile, today, errors)
        if errors:
            raise InvalidInput(errors=errors)
        row = next((known for known in rows if known.starts_on == span.starts_on), None)
        if row is None:
            row = GroupMembership(member_id=member.id, group=span.group, starts_on=span.starts_on)
            _sign(row, scope, now)
            session.add(row)
        elif _begins_to_wait(row, span):
            _sign(row, scope, now)
        elif approval is not None and _says_the_same(row, span) and may_be_approved(row, approval.user_id):
            if find_member(session, member.id, approval, today) is not None:
                approve(session, row, approval, now)
            return
        _fill(row, span, host_id)
        if session.is_modified(row) or row in session.new:
            record_act(
                session, "member.group", f"member:{member.id}", scope.user_id, now,
                group=span.group.value, is_in=span.is_in, starts_on=span.starts_on.isoformat(),
            )  # fmt: skip


def remove_group(
    member_id: int, group: Group, scope: Scope, now: datetime, *, on: date | None = None
) -> None:
    """End the group's row that holds on a day (today), and drop those that have not begun by then.

    Earlier days keep their group. Raises NotFound when there is nothing to end: a group by rule has
    no row, and is left by a row with `is_in` False.
    """
    day = on or office_date(now)
    with writing() as session:
        member = require_member(session, member_id, scope, office_date(now))
        ending = [row for row in _rows(session, member.id, group) if row.ends_on > day]
        if not ending:
            raise NotFound(lazy("没有可以结束的记录。"))
        for row in ending:
            if row.starts_on >= day:
                session.delete(row)
            else:
                row.ends_on = day
        record_act(
            session, "member.group_end", f"member:{member.id}", scope.user_id, now,
            group=group.value, ends_on=day.isoformat(),
        )  # fmt: skip


def erase_group(member_id: int, group: Group, starts_on: date, scope: Scope, now: datetime) -> None:
    """Take back a row that was entered by mistake, as if it had never been."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        row = group_row(session, member_id, group, starts_on)
        session.delete(row)
        record_act(
            session, "member.group_erase", f"member:{member_id}", scope.user_id, now,
            group=group.value, starts_on=starts_on.isoformat(),
        )  # fmt: skip


def _rows(session: Session, member_id: int, group: Group) -> list[GroupMembership]:
    query = select(GroupMembership).where(
        GroupMembership.member_id == member_id, GroupMembership.group == group
    )
    return list(session.scalars(query))


def _host_id(
    session: Session, mobile: MobileDetails | None, today: date, errors: list[FieldError]
) -> int | None:
    """Any unit of the district may be host: the member's own branch knows where the member is."""
    text = (mobile.host_org_code or "").strip() if mobile is not None else ""
    if not text:
        return None
    unit = unit_named(session, text, today)
    if unit is None:
        errors.append(FieldError("host_org_code", "unknown", lazy("没有找到这个党组织。")))
    return unit.id if unit else None


def _sign(row: GroupMembership, scope: Scope, now: datetime) -> None:
    row.created_by_id, row.created_at = scope.user_id, now


def _says_the_same(row: GroupMembership, span: GroupSpan) -> bool:
    return (row.ends_on, row.is_in) == (span.ends_on or FOREVER, span.is_in)


def _begins_to_wait(row: GroupMembership, span: GroupSpan) -> bool:
    """Whether what somebody now says of an exemption is theirs to be approved by another: more days than
    before, or a row that nobody has signed."""
    if row.group is not Group.EXEMPT:
        return False
    kept = keeps_approval(row.starts_on, row.ends_on, span.starts_on, span.ends_on or FOREVER)
    return not kept or (row.approved_by_id is None and row.created_by_id is None)


def _fill(row: GroupMembership, span: GroupSpan, host_id: int | None) -> None:
    ends_on, mobile = span.ends_on or FOREVER, span.mobile
    if row.ends_on is not None and not keeps_approval(row.starts_on, row.ends_on, span.starts_on, ends_on):
        row.approved_by_id = None
    row.ends_on, row.is_in = ends_on, span.is_in
    if not isinstance(span.reason, Keep):
        row.reason = (span.reason or "").strip() or None
    if mobile is None and span.group is Group.MOBILE and row.direction is None:
        mobile = MobileDetails()
    if mobile is not None:
        row.direction, row.host_org_id = mobile.direction, host_id
        row.from_place = (mobile.from_place or "").strip() or None
        row.to_place = (mobile.to_place or "").strip() or None
