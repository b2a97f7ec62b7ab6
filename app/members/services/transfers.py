"""Moves members between branches and records that they left; a change takes effect on its own day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import Text, day_text, lazy
from app.core.vocabulary import Group
from app.members.models import GroupMembership, OrgPost
from app.members.queries.tree import ids_by_code
from app.members.rules import SINCE_EVER, SpanRefused, after_leaving, after_transfer
from app.members.services.placing import hold_tree
from app.members.services.spans import branch_spans, require_member, require_places, write_branch_spans


def transfer_member(member_id: int, org_code: str, accepted_on: date, scope: Scope, now: datetime) -> None:
    """The unit `org_code` has accepted the member: theirs from `accepted_on`, the old branch's until then.

    Both must lie within the scope; for a branch outside see `transfer_requests`. Ends the absence of a
    mobile member and the posts in the old branch on that day. A transfer accepted on the same day
    replaces the one before; the same again changes nothing. Attendance keeps the branch it was
    recorded with.
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        member = require_member(session, member_id, scope, today)
        org_id = ids_by_code(session, [org_code], scope, max(today, accepted_on)).get(org_code)
        if org_id is None:
            raise InvalidInput.field("org_code", "unknown", lazy("没有找到这个党组织。"))
        move_member(session, member.id, org_id, accepted_on, scope, now)


def move_member(
    session: Session, member_id: int, org_id: int, accepted_on: date, scope: Scope, now: datetime
) -> None:
    """The transfer itself, inside the caller's transaction, which holds the tree and the member.

    Raises InvalidInput where the day or the unit does not fit what is recorded.
    """
    before = branch_spans(session, member_id)
    try:
        after = after_transfer(before, org_id, accepted_on, office_date(now))
    except SpanRefused as refused:
        field = "org_code" if refused.code == "same_branch" else "accepted_on"
        raise InvalidInput.field(field, refused.code, _words(refused)) from refused
    require_places(session, before, after, "accepted_on")
    if not write_branch_spans(session, member_id, after):
        return
    _end_mobile(session, member_id, accepted_on)
    if before[-1].org_id != org_id:
        _end_posts(session, member_id, accepted_on, before[-1].org_id)
    record_act(
        session, "member.transfer", f"member:{member_id}", scope.user_id, now,
        from_org=before[-1].org_id, to_org=org_id, accepted_on=accepted_on.isoformat(),
    )  # fmt: skip


def end_membership(member_id: int, left_on: date, scope: Scope, now: datetime) -> None:
    """The member has left the district; `left_on` is the first day without a branch.

    Open groups and posts end on that day too. A return is a transfer. The same again changes nothing.
    """
    today = office_date(now)
    with writing() as session:
        member = require_member(session, member_id, scope, today)
        try:
            after = after_leaving(branch_spans(session, member.id), left_on, today)
        except SpanRefused as refused:
            raise InvalidInput.field("left_on", refused.code, _words(refused)) from refused
        if not write_branch_spans(session, member.id, after):
            return
        _end_groups(session, member.id, left_on)
        _end_posts(session, member.id, left_on)
        record_act(
            session, "member.leave", f"member:{member.id}", scope.user_id, now, left_on=left_on.isoformat()
        )


def _words(refused: SpanRefused) -> Text:
    if refused.known in (None, SINCE_EVER):
        return lazy("日期太早,请检查年份。")
    known = day_text(refused.known)
    words: dict[str, Text] = {
        "too_early": lazy("这一天早于现在这段组织关系的开始(%(day)s),请填写之后的日期。", day=known),
        "too_far": lazy("日期太远,最晚可以填 %(day)s。", day=known),
        "same_branch": lazy("该党员已在这个支部,不需要转接。"),
        "already_left": lazy("已登记 %(day)s 转出本区,不能再登记一次。", day=known),
    }
    return words[refused.code]


def _end_mobile(session: Session, member_id: int, day: date) -> None:
    query = select(GroupMembership).where(
        GroupMembership.member_id == member_id,
        GroupMembership.group == Group.MOBILE,
        GroupMembership.starts_on < day,
        GroupMembership.ends_on > day,
    )
    for row in session.scalars(query):
        row.ends_on = day


def _end_groups(session: Session, member_id: int, day: date) -> None:
    session.execute(
        delete(GroupMembership).where(
            GroupMembership.member_id == member_id, GroupMembership.starts_on >= day
        )
    )
    query = select(GroupMembership).where(
        GroupMembership.member_id == member_id, GroupMembership.ends_on > day
    )
    for row in session.scalars(query):
        row.ends_on = day


def _end_posts(session: Session, member_id: int, day: date, org_id: int | None = None) -> None:
    """Of the unit, or of all units."""
    ofs = [OrgPost.member_id == member_id, *([OrgPost.org_id == org_id] if org_id is not None else [])]
    session.execute(delete(OrgPost).where(*ofs, OrgPost.starts_on >= day))
    for row in session.scalars(select(OrgPost).where(*ofs, OrgPost.ends_on > day)):
        row.ends_on = day
