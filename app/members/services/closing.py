"""Closes units, merges one into another, and takes a closing back; all or nothing, the past unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import latest_act, record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import Text, day_text, lazy, listed
from app.core.vocabulary import FOREVER, OrgKind, OrgTag, TransferState
from app.members.models import GroupMembership, OrgPost, OrgTagRow, OrgUnit, TransferRequest
from app.members.queries.closing import members_from, open_children
from app.members.queries.tree import OrgRow, closed_units, names_by_id, org_by_code
from app.members.rules_tree import Hang, TreeRefused, closed, may_hang, taken_over
from app.members.services.handing_over import hand_over_members
from app.members.services.orgs import rank_words, require_org
from app.members.services.placing import Tree, lock_tree, refusal_words

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Closing:
    """A unit ends on `day`, the first on which it is no more; `into_id` is its heir, if it has one."""

    org_id: int
    day: date
    into_id: int | None = None


# What other features do when a unit ends: hand over or end what they have hung on it, in the caller's
# transaction and after its members have gone over, and return what stands in the way. They register
# here, so that this one imports none.
CONCERNED: list[Callable[[Session, Closing], Iterable[Text]]] = []

# What other features hold still while units end on a day: after the tree, but before any member is
# locked, since whoever records something at a session holds the session first and the member then.
HOLDING: list[Callable[[Session, date], None]] = []


def close_org(code: str, on: date, scope: Scope, now: datetime) -> None:
    """The unit is no more from a day on, at most today.

    Refused while it has members or open units below, or something recorded or planned from that day on.
    Tags, posts and what others had assigned to it end on that day. The same again changes nothing.
    Raises NotFound and InvalidInput with everything that stands in the way.
    """
    today = office_date(now)
    with writing() as session:
        lock_tree(session)
        if _is_closed(session, code, on, scope, today):
            return
        row = require_org(session, code, scope, today)
        tree = Tree(session)
        errors = [*_day_errors(row, tree, on, today)]
        if not errors:
            _hold(session, on)
            errors += _still_there(session, row, on)
            errors += _concerned(session, Closing(row.id, on))
        if errors:
            raise InvalidInput(errors=errors)
        tree.write({row.id: closed(tree.parents(row.id), on)}, on)
        tags = _end(session, Closing(row.id, on), now)
        record_act(session, "org.close", f"org:{row.id}", scope.user_id, now, on=on.isoformat(), tags=tags)


def merge_orgs(code: str, into_code: str, on: date, scope: Scope, now: datetime) -> int:
    """Another unit takes over everything from a day on, at most today; returns how many members came over.

    Members belong to it from that day on, whoever was to leave or move on later still does, and nobody
    has moved house: groups stay as they are. Units below hang under it; posts, tags and assignments of
    the old unit end. Both must lie within the scope. Raises NotFound and InvalidInput.
    """
    today = office_date(now)
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, today)
        into = org_by_code(session, into_code, scope, today)
        tree = Tree(session)
        errors = [*_day_errors(row, tree, on, today)]
        if into is None:
            errors.append(FieldError("into", "unknown", lazy("没有找到接收的党组织。")))
        elif not errors:
            errors += _heir_errors(session, row, into, tree, on)
        if errors or into is None:
            raise InvalidInput(errors=errors)
        below = tree.below(row.id, on)
        hangs = {child: taken_over(rows, row.id, into.id, on) for child, rows in below.items()}
        _write(session, tree, {**hangs, row.id: closed(tree.parents(row.id), on)}, on)
        _hold(session, on)
        members = hand_over_members(session, row.id, into.id, on)
        merge = Closing(row.id, on, into.id)
        errors = _concerned(session, merge)
        if errors:
            raise InvalidInput(errors=errors)
        tags = _end(session, merge, now)
        record_act(
            session, "org.merge", f"org:{row.id}", scope.user_id, now,
            into=into.id, on=on.isoformat(), members=members, units=len(hangs), tags=tags,
        )  # fmt: skip
        return members


def reopen_org(code: str, scope: Scope, now: datetime) -> None:
    """Take a closing back, as if it had not been: the unit is where it was, with the tags that it ended.

    A tag that was to end later ends then, and one that had ended by itself stays ended. Members whom
    another unit took over stay there, and so do mobile members whom it hosted; posts and assignments stay
    ended. Raises NotFound for a unit that is not closed, and InvalidInput when the one above is not there
    any more.
    """
    with writing() as session:
        lock_tree(session)
        found = closed_units(session, scope, office_date(now), code)
        if not found:
            raise NotFound()
        row, day = found[0].row, found[0].closed_on
        unit = session.get_one(OrgUnit, row.id)
        tree = Tree(session)
        *before, last = tree.parents(row.id)
        _check_rank(session, unit.kind, last.parent_id)
        _write(session, tree, {row.id: [*before, Hang(last.starts_on, FOREVER, last.parent_id)]}, day)
        unit.closed_on, unit.merged_into_id = FOREVER, None
        _restore_tags(session, row.id)
        record_act(session, "org.reopen", f"org:{row.id}", scope.user_id, now, closed_on=day.isoformat())


def _is_closed(session: Session, code: str, on: date, scope: Scope, today: date) -> bool:
    found = closed_units(session, scope, today, code)
    return bool(found) and found[0].closed_on == on and found[0].merged_into is None


def _day_errors(row: OrgRow, tree: Tree, on: date, today: date) -> Iterator[FieldError]:
    if row.parent_id is None:
        yield FieldError("on", "root", lazy("最上级的组织不能撤销或并入别的组织。"))
    if on > today:
        # Until then someone could still be transferred here.
        yield FieldError("on", "future", lazy("日期不能在今天以后,请到那一天再办理。"))
    elif on <= tree.since(row.id):
        yield FieldError("on", "too_early", lazy("这一天还没有这个组织,请检查日期。"))


def _still_there(session: Session, row: OrgRow, on: date) -> Iterator[FieldError]:
    members = members_from(session, row.id, on)
    if members:
        words = lazy("还有 %(n)s 名党员编在本组织。请先转接,或改用“并入其他组织”。", n=members)
        yield FieldError("on", "has_members", words)
    below = open_children(session, row.id, on)
    if below:
        names = listed(name for _org_id, name, _kind in below[:_NAMED])
        words = lazy("下面还有 %(n)s 个组织:%(names)s。请先调整或撤销它们。", n=len(below), names=names)
        yield FieldError("on", "has_units", words)


def _heir_errors(session: Session, row: OrgRow, into: OrgRow, tree: Tree, on: date) -> Iterator[FieldError]:
    if into.id == row.id:
        yield FieldError("into", "itself", lazy("不能并入自己,请选另一个组织。"))
    elif tree.is_below(into.id, row.id, on):
        words = lazy("它在要撤销的组织之下。请先把它调整到别处,再合并。")
        yield FieldError("into", "below", words)
    elif tree.since(into.id) > on:
        words = lazy("接收的组织从 %(day)s 起才有,日期不能早于这一天。", day=day_text(tree.since(into.id)))
        yield FieldError("on", "too_early", words)
    elif not _may_take_members(row, into) and members_from(session, row.id, on):
        yield FieldError("into", "no_members", lazy("党员要编在党支部或党小组,请选一个支部接收。"))
    for _org_id, _name, kind in open_children(session, row.id, on):
        if not may_hang(kind, into.kind):
            yield FieldError("into", "cannot_hold", rank_words(kind, into.kind))
            return


def _may_take_members(row: OrgRow, into: OrgRow) -> bool:
    return into.kind is row.kind or into.kind in (OrgKind.BRANCH, OrgKind.GROUP)


def _check_rank(session: Session, kind: OrgKind, parent_id: int | None) -> None:
    parent = session.get(OrgUnit, parent_id) if parent_id is not None else None
    if parent is not None and not may_hang(kind, parent.kind):
        raise InvalidInput.field("code", "cannot_hold", rank_words(kind, parent.kind))


def _concerned(session: Session, closing: Closing) -> list[FieldError]:
    return [FieldError("on", "in_use", words) for concern in CONCERNED for words in concern(session, closing)]


def _write(session: Session, tree: Tree, hangs: dict[int, list[Hang]], since: date) -> None:
    try:
        tree.write(hangs, since)
    except TreeRefused as refused:
        names = names_by_id(session, [refused.org_id] if refused.org_id else [])
        raise InvalidInput.field("on", refused.code, refusal_words(refused, names)) from refused


def _hold(session: Session, day: date) -> None:
    for hold in HOLDING:
        hold(session, day)


def _end(session: Session, closing: Closing, now: datetime) -> list[list[str]]:
    """Mark the unit as closed; what is dated in it ends on the day, what was to begin later goes.

    Returns the tags that this ended, as they were: [tag, first day, end].
    """
    unit = session.get_one(OrgUnit, closing.org_id)
    unit.closed_on, unit.merged_into_id = closing.day, closing.into_id
    tags = _tags_after(session, closing)
    for table in (OrgTagRow, OrgPost):
        session.execute(delete(table).where(table.org_id == closing.org_id, table.starts_on >= closing.day))
        session.execute(
            update(table)
            .where(table.org_id == closing.org_id, table.ends_on > closing.day)
            .values(ends_on=closing.day)
        )
    # Mobile members from elsewhere stay where they are: the heir is their host, or nobody.
    hosted = (GroupMembership.host_org_id == closing.org_id, GroupMembership.ends_on > closing.day)
    session.execute(update(GroupMembership).where(*hosted).values(host_org_id=closing.into_id))
    _settle_requests(session, closing, now)
    return tags


def _tags_after(session: Session, closing: Closing) -> list[list[str]]:
    query = (
        select(OrgTagRow.tag, OrgTagRow.starts_on, OrgTagRow.ends_on)
        .where(OrgTagRow.org_id == closing.org_id, OrgTagRow.ends_on > closing.day)
        .order_by(OrgTagRow.tag, OrgTagRow.starts_on)
    )
    return [[tag.value, first.isoformat(), end.isoformat()] for tag, first, end in session.execute(query)]


def _restore_tags(session: Session, org_id: int) -> None:
    """As the act of the closing says they were; an older act does not say, and then they stay ended."""
    said = latest_act(session, f"org:{org_id}", ("org.close", "org.merge"))
    for tag, first, end in said.get("tags", ()):
        starts_on, ends_on = date.fromisoformat(first), date.fromisoformat(end)
        session.merge(OrgTagRow(org_id=org_id, tag=OrgTag(tag), starts_on=starts_on, ends_on=ends_on))


def _settle_requests(session: Session, closing: Closing, now: datetime) -> None:
    """Transfers that wait for an answer go to the heir; without one, or within one unit, they are moot."""
    waiting = select(TransferRequest).where(
        TransferRequest.state == TransferState.WAITING,
        (TransferRequest.from_org_id == closing.org_id) | (TransferRequest.to_org_id == closing.org_id),
    )
    for row in session.scalars(waiting):
        ends = [closing.into_id if end == closing.org_id else end for end in (row.from_org_id, row.to_org_id)]
        if None in ends or ends[0] == ends[1]:
            row.state, row.decided_at = TransferState.WITHDRAWN, now
        else:
            row.from_org_id, row.to_org_id = (end for end in ends if end is not None)
    session.flush()
