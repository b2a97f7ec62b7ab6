"""Corrects dated branch rows that were entered wrong; attendance keeps the branch it was recorded with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text, day_text, lazy
from app.core.vocabulary import FOREVER, Group
from app.members.models import GroupMembership, OrgPost
from app.members.queries.district import within_scope
from app.members.queries.tree import ids_by_code
from app.members.rules import SINCE_EVER, BranchSpan, SpanRefused
from app.members.rules_corrections import (
    is_transfer,
    with_branch,
    with_start,
    without_leaving,
    without_transfer,
)
from app.members.services.placing import hold_tree
from app.members.services.spans import branch_spans, require_member, require_places, write_branch_spans

Spans = Sequence[BranchSpan]


def correct_branch_start(member_id: int, starts_on: date, right: date, scope: Scope, now: datetime) -> None:
    """The branch row of `starts_on` began on `right`: a joining or an acceptance was entered wrong.

    The branch before a transfer ends on the right day too, and with it the absence and the posts that
    the transfer had ended. Raises NotFound without such a row, InvalidInput (`starts_on`).
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        before, after = _corrected(
            session, member_id, scope, today, "starts_on",
            lambda spans: with_start(spans, starts_on, right, today),
        )  # fmt: skip
        if not _write(session, member_id, before, after, "starts_on", scope, today):
            return
        if is_transfer(before, starts_on):
            left = next(span.org_id for span in before if span.ends_on == starts_on)
            _move_ends(session, member_id, starts_on, right, left)
        _note(session, "member.correct_start", member_id, scope, now, was=starts_on, starts_on=right)


def correct_branch(member_id: int, starts_on: date, org_code: str, scope: Scope, now: datetime) -> None:
    """The branch row of `starts_on` was in the unit `org_code`.

    Raises NotFound without such a row, InvalidInput (`org_code`).
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        org_id = ids_by_code(session, [org_code], scope, today).get(org_code)
        if org_id is None:
            require_member(session, member_id, scope, today)
            raise InvalidInput.field("org_code", "unknown", lazy("没有找到这个党组织。"))
        before, after = _corrected(
            session, member_id, scope, today, "org_code",
            lambda spans: with_branch(spans, starts_on, org_id),
        )  # fmt: skip
        if _write(session, member_id, before, after, "org_code", scope, today):
            _note(session, "member.correct_branch", member_id, scope, now, starts_on=starts_on, to_org=org_id)


def undo_transfer(member_id: int, starts_on: date, scope: Scope, now: datetime) -> None:
    """As if the transfer or return of `starts_on` had not been: the branch before holds on.

    The absence and the posts that it ended stay ended. Raises NotFound, InvalidInput (`starts_on`).
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        before, after = _corrected(
            session, member_id, scope, today, "starts_on", lambda spans: without_transfer(spans, starts_on)
        )
        if _write(session, member_id, before, after, "starts_on", scope, today):
            _note(session, "member.undo_transfer", member_id, scope, now, starts_on=starts_on)


def undo_leaving(member_id: int, left_on: date, scope: Scope, now: datetime) -> None:
    """As if the member had not left on `left_on`: the last branch holds on.

    The groups and posts that ended with it stay ended. Raises NotFound, InvalidInput (`left_on`).
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        before, after = _corrected(
            session, member_id, scope, today, "left_on", lambda spans: without_leaving(spans, left_on)
        )
        if _write(session, member_id, before, after, "left_on", scope, today):
            _note(session, "member.undo_leave", member_id, scope, now, left_on=left_on)


def _corrected(
    session: Session,
    member_id: int,
    scope: Scope,
    today: date,
    field: str,
    correction: Callable[[Spans], Spans],
) -> tuple[Spans, Spans]:
    """The member's branches before and after, the member locked."""
    before = branch_spans(session, require_member(session, member_id, scope, today).id)
    try:
        return before, correction(before)
    except SpanRefused as refused:
        if refused.code == "no_such_row":
            raise NotFound(lazy("没有找到这条记录,它可能刚刚改过。")) from refused
        raise InvalidInput.field(field, refused.code, _words(refused)) from refused


def _write(
    session: Session, member_id: int, before: Spans, after: Spans, field: str, scope: Scope, today: date
) -> bool:
    """Store what changed; whether anything did.

    Every branch that gains or loses a day must lie within the scope, closed or not; and one that gains
    days must have had a place in the tree then.
    """
    touched = {span.org_id for span in {*before} ^ {*after}}
    if touched - within_scope(session, touched, scope, today):
        words = lazy("这条记录涉及您负责范围以外的支部,请由上级的管理员更正。")
        raise InvalidInput.field(field, "out_of_scope", words)
    require_places(session, before, after, field)
    return write_branch_spans(session, member_id, after)


def _move_ends(session: Session, member_id: int, was: date, right: date, org_id: int) -> None:
    """The absence and the posts of the old branch that ended with the transfer end on the right day."""
    rows = session.scalars(
        select(GroupMembership)
        .where(GroupMembership.member_id == member_id, GroupMembership.group == Group.MOBILE)
        .order_by(GroupMembership.starts_on)
    ).all()
    for at, row in enumerate(rows):
        if row.ends_on == was and row.starts_on < right:
            following = rows[at + 1].starts_on if at + 1 < len(rows) else FOREVER
            row.ends_on = min(right, following)
    posts = select(OrgPost).where(
        OrgPost.member_id == member_id, OrgPost.org_id == org_id, OrgPost.ends_on == was
    )
    for post in session.scalars(posts):
        if post.starts_on < right:
            post.ends_on = right


def _note(session: Session, action: str, member_id: int, scope: Scope, now: datetime, **detail: Any) -> None:
    plain = {key: value.isoformat() if isinstance(value, date) else value for key, value in detail.items()}
    record_act(session, action, f"member:{member_id}", scope.user_id, now, **plain)


def _words(refused: SpanRefused) -> Text:
    if refused.known in (None, SINCE_EVER):
        return lazy("日期太早,请检查年份。")
    known = day_text(refused.known)
    words: dict[str, Text] = {
        "too_early": lazy("要在前一段组织关系的开始或结束(%(day)s)之后。", day=known),
        "too_late": lazy("要早于这段组织关系的结束(%(day)s)。", day=known),
        "too_far": lazy("日期太远,最晚可以填 %(day)s。", day=known),
        "first_row": lazy("这是最早的一段组织关系,不能撤销;如果支部或日期不对,请改正。"),
    }
    return words[refused.code]
