"""Has exemptions approved by a second person, or declined; they count once approved, and keep no reason."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import Group
from app.members.models import GroupMembership
from app.members.services.spans import require_member


def approve_exempt(member_id: int, starts_on: date, scope: Scope, now: datetime) -> None:
    """Approve an exemption that waits; from now on it counts for all of its days.

    The same again changes nothing. Raises NotFound, and WrongState (code second_person) for the one who
    recorded it, whatever their role, and for the command line, which is nobody.
    """
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        row = group_row(session, member_id, Group.EXEMPT, starts_on)
        if row.approved_by_id is not None:
            return
        if not may_be_approved(row, scope.user_id):
            words = lazy("登记和批准要由两个人办理,请让另一位有批准权限的同事批准。")
            if row.created_by_id is None:
                words = lazy("这条记录没有登记人,不能批准。请先由一位同事在页面上重新登记。")
            raise WrongState(words, code="second_person")
        approve(session, row, scope, now)


def decline_exempt(member_id: int, starts_on: date, scope: Scope, now: datetime) -> None:
    """Say no to an exemption that waits: the row goes. Raises NotFound, WrongState for an approved one."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        row = group_row(session, member_id, Group.EXEMPT, starts_on)
        if row.approved_by_id is not None:
            raise WrongState(lazy("这条记录已经批准。要取消,请在党员页面上结束或删除。"))
        session.delete(row)
        record_act(
            session, "member.exempt_decline", f"member:{member_id}", scope.user_id, now,
            starts_on=starts_on.isoformat(),
        )  # fmt: skip


def may_be_approved(row: GroupMembership, user_id: int | None) -> bool:
    """Whether a row waits for approval, and this user is a second person."""
    waits = row.group is Group.EXEMPT and row.approved_by_id is None
    return waits and None not in (user_id, row.created_by_id) and row.created_by_id != user_id


def approve(session: Session, row: GroupMembership, scope: Scope, now: datetime) -> None:
    """Set and note it, inside the caller's transaction; whether it may is the caller's to know."""
    row.approved_by_id = scope.user_id
    record_act(
        session, "member.exempt_approve", f"member:{row.member_id}", scope.user_id, now,
        starts_on=row.starts_on.isoformat(),
    )  # fmt: skip


def group_row(session: Session, member_id: int, group: Group, starts_on: date) -> GroupMembership:
    """The row of a group by its first day; raises NotFound."""
    row = session.get(GroupMembership, (member_id, group, starts_on))
    if row is None:
        raise NotFound()
    return row
