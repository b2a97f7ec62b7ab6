"""Appoints members to posts in units, ends and corrects what was recorded; the study-hour rule reads it."""

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
from app.core.vocabulary import FOREVER, OrgKind, Post
from app.members.commands import PostDraft, PostKey
from app.members.models import Member, Membership, OrgPost, OrgUnit
from app.members.queries.scoped import lock_member
from app.members.queries.tree import OrgRow, subtree_ids
from app.members.rules import AHEAD, SINCE_EVER, first_overlap
from app.members.services.orgs import require_org
from app.members.services.placing import lock_tree


def appoint(draft: PostDraft, scope: Scope, now: datetime, *, replace: bool = False) -> None:
    """A member holds a post from a day on.

    The member belongs to the unit on that day, to one below it, or to the general branch that it is part
    of. A unit has one secretary at a time: with `replace`, the one before ends on the day. The same again
    changes nothing. Raises NotFound for the unit, and InvalidInput with every wrong field.
    """
    today = office_date(now)
    end = draft.ends_on or FOREVER
    with writing() as session:
        lock_tree(session)
        row = require_org(session, draft.org_code, scope, today)
        # Locked before anything of theirs is read: who leaves or is moved at the same time would
        # otherwise keep a post that the leaving did not see.
        member = lock_member(session, draft.member_id, scope, today)
        same = session.get(OrgPost, (draft.member_id, row.id, draft.post, draft.starts_on))
        if same is not None and same.ends_on == end:
            return
        errors = [*_span_errors(draft.starts_on, end, today)]
        if member is None:
            errors.append(FieldError("member", "unknown", lazy("没有找到这位党员。")))
        elif not errors:
            if replace and draft.post is Post.SECRETARY:
                _end_predecessor(session, row.id, draft)
            errors += _post_errors(session, row, draft, end)
        if errors:
            raise InvalidInput(errors=errors)
        if same is None:
            same = OrgPost(
                member_id=draft.member_id, org_id=row.id, post=draft.post, starts_on=draft.starts_on
            )
            session.add(same)
        same.ends_on = end
        _record(session, "org.post", row.id, scope, now, draft)


def correct_post(
    code: str, key: PostKey, starts_on: date, ends_on: date | None, scope: Scope, now: datetime
) -> None:
    """Give a recorded post other days (`ends_on` None: open), by the rules of an appointment.

    Raises NotFound and InvalidInput.
    """
    today = office_date(now)
    draft = PostDraft(code, key.member_id, key.post, starts_on, ends_on)
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, today)
        # The holder may be out of scope by now, and is locked all the same, as for an appointment.
        session.execute(select(Member.id).where(Member.id == key.member_id).with_for_update())
        known = _known(session, row.id, key)
        end = ends_on or FOREVER
        if (known.starts_on, known.ends_on) == (starts_on, end):
            return
        session.delete(known)
        session.flush()
        errors = [*_span_errors(starts_on, end, today)]
        # Who holds it may have left since: that it ends is still to be said.
        errors = errors or [*_post_errors(session, row, draft, end, was_there=known.starts_on == starts_on)]
        if errors:
            raise InvalidInput(errors=errors)
        session.add(
            OrgPost(member_id=key.member_id, org_id=row.id, post=key.post, starts_on=starts_on, ends_on=end)
        )
        _record(session, "org.post_change", row.id, scope, now, draft)


def erase_post(code: str, key: PostKey, scope: Scope, now: datetime) -> None:
    """Take back a post that was entered by mistake, as if it had never been held. Raises NotFound."""
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, office_date(now))
        session.delete(_known(session, row.id, key))
        draft = PostDraft(code, key.member_id, key.post, key.starts_on)
        _record(session, "org.post_erase", row.id, scope, now, draft)


def _record(session: Session, act: str, org_id: int, scope: Scope, now: datetime, draft: PostDraft) -> None:
    record_act(
        session, act, f"org:{org_id}", scope.user_id, now,
        member=draft.member_id, post=draft.post.value, starts_on=draft.starts_on.isoformat(),
        ends_on=(draft.ends_on or FOREVER).isoformat(),
    )  # fmt: skip


def _known(session: Session, org_id: int, key: PostKey) -> OrgPost:
    row = session.get(OrgPost, (key.member_id, org_id, key.post, key.starts_on))
    if row is None:
        raise NotFound()
    return row


def _end_predecessor(session: Session, org_id: int, draft: PostDraft) -> None:
    query = select(OrgPost).where(
        OrgPost.org_id == org_id,
        OrgPost.post == Post.SECRETARY,
        OrgPost.member_id != draft.member_id,
        OrgPost.starts_on < draft.starts_on,
        OrgPost.ends_on > draft.starts_on,
    )
    for row in session.scalars(query):
        row.ends_on = draft.starts_on
    session.flush()


def _span_errors(starts_on: date, ends_on: date, today: date) -> Iterator[FieldError]:
    if not SINCE_EVER <= starts_on <= today + AHEAD:
        yield FieldError("from", "out_of_range", lazy("开始日期不在合理范围内,请检查年份。"))
    if ends_on <= starts_on:
        yield FieldError("to", "before_from", lazy("结束日期要晚于开始日期。"))


def _post_errors(
    session: Session, row: OrgRow, draft: PostDraft, end: date, *, was_there: bool = False
) -> Iterator[FieldError]:
    if not was_there and not _belongs(session, row, draft.member_id, draft.starts_on):
        words = lazy("%(day)s 这位党员不在本组织,请核对日期,或先办理转接。", day=day_text(draft.starts_on))
        yield FieldError("member", "not_here", words)
    rows = session.scalars(
        select(OrgPost).where(
            OrgPost.org_id == row.id, OrgPost.post == draft.post, OrgPost.member_id == draft.member_id
        )
    )
    met = first_overlap([(old.starts_on, old.ends_on) for old in rows], draft.starts_on, end)
    if met is not None:
        words = lazy("与 %(day)s 开始的一段同一任职重叠,请先结束或修改那一段。", day=day_text(met[0]))
        yield FieldError("from", "overlaps", words)
    if draft.post is Post.SECRETARY:
        yield from _second_secretary(session, row.id, draft, end)


def _second_secretary(session: Session, org_id: int, draft: PostDraft, end: date) -> Iterator[FieldError]:
    query = (
        select(Member.name, OrgPost.starts_on)
        .join(OrgPost, OrgPost.member_id == Member.id)
        .where(
            OrgPost.org_id == org_id,
            OrgPost.post == Post.SECRETARY,
            OrgPost.member_id != draft.member_id,
            OrgPost.starts_on < end,
            OrgPost.ends_on > draft.starts_on,
        )
        .order_by(OrgPost.starts_on)
    )
    for name, since in session.execute(query):
        if since < draft.starts_on:
            words = lazy("现任书记是%(name)s。请勾选“前任书记同日卸任”,或先填写前任的最后一天。", name=name)
            yield FieldError("post", "taken", words)
        else:
            day = day_text(since)
            words = lazy("%(name)s从 %(day)s 起任书记,请把最后一天填在那之前。", name=name, day=day)
            yield FieldError("to", "taken", words)


def _belongs(session: Session, row: OrgRow, member_id: int, on: date) -> bool:
    """Whether the member's branch of a day is the unit, below it, or in the same general branch."""
    roots = [row.id]
    parent = session.get(OrgUnit, row.parent_id) if row.parent_id is not None else None
    if parent is not None and parent.kind is OrgKind.GENERAL_BRANCH:
        roots.append(parent.id)
    query = select(Membership.org_id).where(
        Membership.member_id == member_id,
        Membership.starts_on <= on,
        Membership.ends_on > on,
        Membership.org_id.in_(subtree_ids(roots, on)),
    )
    return session.scalar(query) is not None
