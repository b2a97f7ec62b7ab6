"""Joins two records of one person into one; everything ever recorded of either stands under the one kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import Base, hold_calendar, writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import TransferState
from app.members.models import (
    CorrectionRequest,
    DistinctMembers,
    GroupMembership,
    Member,
    Membership,
    OrgPost,
    TransferRequest,
    VisitNote,
)
from app.members.rules_merging import Stretch, merged
from app.members.services.facts import write_facts
from app.members.services.placing import hold_tree
from app.members.services.spans import require_member

# Facts of a person that a merge may take from either record; the telephone is one of them.
FACTS = (
    "name",
    "surname_pinyin",
    "sex",
    "ethnicity",
    "birth_date",
    "education",
    "membership_type",
    "joined_party_on",
    "confirmed_on",
    "job",
    "social_stratum",
    "is_migrant_worker",
)
_PHONE = ("phone_sealed", "phone_index", "phone_tail_index")
# Dated tables about one member: rows with the same `key` never overlap.
_TIMELINES: tuple[tuple[type[Base], tuple[str, ...]], ...] = (
    (Membership, ()),
    (GroupMembership, ("group_key",)),
    (OrgPost, ("org_id", "post")),
)


@dataclass(frozen=True, slots=True)
class Merge:
    """`other_id` becomes `kept_id`. `from_other`: facts (or "phone") taken from the other record although
    the kept one has its own; blanks are filled anyway."""

    kept_id: int
    other_id: int
    from_other: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Move:
    """What a feature above moves in the same transaction: its rows of `other_id` to `kept_id`."""

    kept_id: int
    other_id: int
    by_id: int | None
    now: datetime


# Features above register what moves their own rows, so that this one imports none of them. In the order
# of the features: who is expected is settled before who came.
MOVERS: list[Callable[[Session, Move], Mapping[str, int]]] = []


def merge_members(merge: Merge, scope: Scope, now: datetime) -> None:
    """Make one member out of two; the other id leads to the kept one from then on.

    Branches, groups and posts of the kept record hold on every day on which it has any; the other one
    fills the days before and between. Both must lie within the scope. Where both were recorded at one
    session one row stays, the one that says the member came. Raises NotFound and InvalidInput. The same
    again changes nothing, but moves what came in for the other id meanwhile.
    """
    if merge.kept_id == merge.other_id:
        raise InvalidInput.field("other", "same", lazy("请选择两条不同的记录。"))
    with writing() as session:
        hold_tree(session)
        # What was adjusted of either moves too, and must not be applied meanwhile.
        hold_calendar(session, alone=False)
        ids = (merge.kept_id, merge.other_id)
        # In one order, whichever is kept: two people may merge the same pair at once.
        held = select(Member.id).where(Member.id.in_(ids)).order_by(Member.id)
        # Not against those who only point at a member, as the history of a correction under way does.
        session.execute(held.with_for_update(key_share=True))
        other = session.get(Member, merge.other_id, populate_existing=True)
        again = other is not None and other.merged_into_id == merge.kept_id
        for member_id in (merge.kept_id,) if again else ids:
            require_member(session, member_id, scope, office_date(now))
        other = session.get_one(Member, merge.other_id)
        kept = session.get_one(Member, merge.kept_id)
        _take_facts(kept, other, merge.from_other)
        kept.updated_at = other.updated_at = now
        for model, key in _TIMELINES:
            _merge_timelines(session, model, key, kept.id, other.id)
        _move_service(session, kept.id, other.id, now)
        session.flush()
        moved: dict[str, int] = {}
        for mover in MOVERS:
            moved.update(mover(session, Move(kept.id, other.id, scope.user_id, now)))
        _forget(session, kept, other)
        record_act(
            session, "member.merge", f"member:{kept.id}", scope.user_id, now, other=other.id, **moved
        )  # fmt: skip


def call_distinct(member_ids: tuple[int, int], scope: Scope, now: datetime) -> None:
    """Somebody has looked: these two are two people, and are not offered again. Raises NotFound."""
    low, high = sorted(member_ids)
    if low == high:
        raise InvalidInput.field("other", "same", lazy("请选择两条不同的记录。"))
    with writing() as session:
        for member_id in (low, high):
            require_member(session, member_id, scope, office_date(now))
        if session.get(DistinctMembers, (low, high)) is None:
            session.add(
                DistinctMembers(low_id=low, high_id=high, decided_by_id=scope.user_id, decided_at=now)
            )
            record_act(session, "member.distinct", f"member:{low}", scope.user_id, now, other=high)


def _take_facts(kept: Member, other: Member, from_other: frozenset[str]) -> None:
    values: dict[str, Any] = {}
    for fact in FACTS:
        mine, theirs = getattr(kept, fact), getattr(other, fact)
        if theirs is not None and (mine is None or fact in from_other):
            values[fact] = theirs
    write_facts(kept, values)
    if other.phone_sealed is not None and (kept.phone_sealed is None or "phone" in from_other):
        for column in _PHONE:
            setattr(kept, column, getattr(other, column))


def _merge_timelines(
    session: Session, model: type[Base], key: tuple[str, ...], kept_id: int, other_id: int
) -> None:
    """Make one timeline out of two for each value of `key`; rows of a table whose rows never overlap."""
    table = cast(Table, model.__table__)
    lines: dict[tuple[Any, ...], tuple[list[Stretch], list[Stretch]]] = defaultdict(lambda: ([], []))
    query = select(table).where(table.c.member_id.in_((kept_id, other_id)))
    for row in session.execute(query).mappings():
        rest = {name: row[name] for name in row if name not in ("member_id", "starts_on", "ends_on")}
        line = lines[tuple(row[name] for name in key)]
        line[row["member_id"] == other_id].append(Stretch(row["starts_on"], row["ends_on"], rest))
    rows = [
        {"member_id": kept_id, "starts_on": one.starts_on, "ends_on": one.ends_on, **one.what}
        for kept, other in lines.values()
        for one in merged(kept, other)
    ]
    session.execute(delete(table).where(table.c.member_id.in_((kept_id, other_id))))
    if rows:
        session.execute(insert(table), rows)


def _move_service(session: Session, kept_id: int, other_id: int, now: datetime) -> None:
    """Transfers asked for, wishes and visit notes; a second note or a second waiting transfer gives way."""
    session.execute(
        update(CorrectionRequest).where(CorrectionRequest.member_id == other_id).values(member_id=kept_id)
    )
    waits = (TransferRequest.member_id == kept_id, TransferRequest.state == TransferState.WAITING)
    if session.scalar(select(TransferRequest.id).where(*waits).limit(1)) is not None:
        session.execute(
            update(TransferRequest)
            .where(TransferRequest.member_id == other_id, TransferRequest.state == TransferState.WAITING)
            .values(state=TransferState.WITHDRAWN, decided_at=now)
        )
    session.execute(
        update(TransferRequest).where(TransferRequest.member_id == other_id).values(member_id=kept_id)
    )
    if session.get(VisitNote, kept_id) is None:
        session.execute(update(VisitNote).where(VisitNote.member_id == other_id).values(member_id=kept_id))
    else:
        session.execute(delete(VisitNote).where(VisitNote.member_id == other_id))
    pair = or_(DistinctMembers.low_id == other_id, DistinctMembers.high_id == other_id)
    session.execute(delete(DistinctMembers).where(pair))


def _forget(session: Session, kept: Member, other: Member) -> None:
    """Leave of the other record a signpost: the name and where it leads."""
    for fact in (*FACTS, *_PHONE):
        if fact != "name":
            setattr(other, fact, None)
    # No search finds it by these; by its name nobody does either, because it belongs to no branch.
    other.pinyin = other.pinyin_initials = ""
    other.merged_into_id = kept.id
    session.execute(update(Member).where(Member.merged_into_id == other.id).values(merged_into_id=kept.id))
