"""Puts members into groups and takes them out, by dated rows; rules by age or branch need no row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import day_text, lazy
from app.core.vocabulary import FOREVER, Group
from app.members.commands import GroupSpan, MobileDetails
from app.members.models import GroupMembership
from app.members.queries.scoped import find_member
from app.members.queries.tree import ids_by_code
from app.members.rules import AHEAD, RULED_BY_BRANCH, SINCE_EVER, first_overlap, keeps_approval
from app.members.services.spans import require_member


def set_group(span: GroupSpan, scope: Scope, now: datetime, *, approval: Scope | None = None) -> None:
    """Record a dated row of a group; one with the same first day is replaced, the same again changes nothing.

    Rows of one group never overlap: a second one that would is refused, naming the first. An exempt
    row waits for approval unless the member lies within `approval`; shortened, it stays approved.
    Raises InvalidInput with every wrong field.
    """
    today = office_date(now)
    with writing() as session:
        member = require_member(session, span.member_id, scope, today)
        rows = _rows(session, member.id, span.group)
        errors = [*_span_errors(span, rows, today)]
        host_id = _host_id(session, span.mobile, scope, today, errors)
        if errors:
            raise InvalidInput(errors=errors)
        row = next((known for known in rows if known.starts_on == span.starts_on), None)
        approver = _approver(session, span, row, approval, today)
        if row is None:
            row = GroupMembership(
                member_id=member.id,
                group=span.group,
                starts_on=span.starts_on,
                created_by_id=scope.user_id,
                created_at=now,
            )
            session.add(row)
        _fill(row, span, host_id, approver)
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
        row = _row(session, member_id, group, starts_on)
        session.delete(row)
        record_act(
            session, "member.group_erase", f"member:{member_id}", scope.user_id, now,
            group=group.value, starts_on=starts_on.isoformat(),
        )  # fmt: skip


def approve_exempt(member_id: int, starts_on: date, scope: Scope, now: datetime) -> None:
    """Approve an exemption that waits; from now on it counts for all of its days."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        row = _row(session, member_id, Group.EXEMPT, starts_on)
        if row.approved_by_id is not None:
            return
        row.approved_by_id = scope.user_id
        record_act(
            session, "member.exempt_approve", f"member:{member_id}", scope.user_id, now,
            starts_on=starts_on.isoformat(),
        )  # fmt: skip


def _rows(session: Session, member_id: int, group: Group) -> list[GroupMembership]:
    query = select(GroupMembership).where(
        GroupMembership.member_id == member_id, GroupMembership.group == group
    )
    return list(session.scalars(query))


def _row(session: Session, member_id: int, group: Group, starts_on: date) -> GroupMembership:
    row = session.get(GroupMembership, (member_id, group, starts_on))
    if row is None:
        raise NotFound()
    return row


def _span_errors(span: GroupSpan, rows: list[GroupMembership], today: date) -> Iterator[FieldError]:
    ends_on = span.ends_on or FOREVER
    if span.group is Group.ELDERLY:
        yield FieldError("group", "by_rule", lazy("老年党员按年龄自动计算,不用登记。如有误,请更正出生日期。"))
    if not span.is_in and span.group not in RULED_BY_BRANCH:
        yield FieldError(
            "is_in", "not_by_rule", lazy("这一类没有自动规则,不需要登记“不属于”;请结束原有记录。")
        )
    if not SINCE_EVER <= span.starts_on <= today + AHEAD:
        yield FieldError("from", "out_of_range", lazy("开始日期不在合理范围内,请检查年份。"))
    if ends_on <= span.starts_on:
        yield FieldError("to", "before_from", lazy("结束日期要晚于开始日期。"))
        return
    met = first_overlap([(row.starts_on, row.ends_on) for row in rows], span.starts_on, ends_on)
    if met is not None:
        words = lazy("与 %(day)s 开始的一条同类记录重叠,请先结束或修改那一条。", day=day_text(met[0]))
        yield FieldError("from", "overlaps", words)
    yield from _mobile_errors(span)


def _mobile_errors(span: GroupSpan) -> Iterator[FieldError]:
    mobile = span.mobile
    if mobile is None:
        return
    if span.group is not Group.MOBILE:
        yield FieldError("mobile", "not_mobile", lazy("流向和地点只用于流动党员。"))
    if mobile.direction not in ("in", "out"):
        yield FieldError("direction", "invalid", lazy("请选择流出或流入。"))
    for key in ("from_place", "to_place"):
        if len(getattr(mobile, key) or "") > 100:
            yield FieldError(key, "too_long", lazy("请不要超过 %(n)s 个字。", n=100))


def _host_id(
    session: Session, mobile: MobileDetails | None, scope: Scope, today: date, errors: list[FieldError]
) -> int | None:
    if mobile is None or not mobile.host_org_code:
        return None
    host_id = ids_by_code(session, [mobile.host_org_code], scope, today).get(mobile.host_org_code)
    if host_id is None:
        errors.append(FieldError("host_org_code", "unknown", lazy("没有找到这个党组织。")))
    return host_id


def _approver(
    session: Session, span: GroupSpan, row: GroupMembership | None, approval: Scope | None, today: date
) -> int | None:
    if span.group is not Group.EXEMPT:
        return None
    kept = row is not None and keeps_approval(
        row.starts_on, row.ends_on, span.starts_on, span.ends_on or FOREVER
    )
    if row is not None and row.approved_by_id is not None and kept:
        return row.approved_by_id
    if approval is not None and find_member(session, span.member_id, approval, today) is not None:
        return approval.user_id
    return None


def _fill(row: GroupMembership, span: GroupSpan, host_id: int | None, approver: int | None) -> None:
    mobile = span.mobile
    if mobile is None and span.group is Group.MOBILE and row.direction is None:
        mobile = MobileDetails()
    row.ends_on, row.is_in, row.approved_by_id = span.ends_on or FOREVER, span.is_in, approver
    if mobile is not None:
        row.direction, row.host_org_id = mobile.direction, host_id
        row.from_place = (mobile.from_place or "").strip() or None
        row.to_place = (mobile.to_place or "").strip() or None
