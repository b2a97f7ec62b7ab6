"""SELECTs of members' cards: how many there are, who has one, and what is to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from app.checkin.models import MemberCard
from app.core.access import Scope
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.tree import subtree_ids


class Having(StrEnum):
    """A filter of the list: members with a card that works, and without."""

    WITH = "with"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class Unit:
    """Members of the scope as they stand on `on`; below `org_id`, or all."""

    scope: Scope
    on: date
    org_id: int | None = None
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class CardCounts:
    """Members of a unit, how many of them have a card that works, and in how many branches they are."""

    members: int
    with_card: int
    branches: int

    @property
    def without_card(self) -> int:
        return self.members - self.with_card


@dataclass(frozen=True, slots=True)
class CardState:
    """A member's newest card. `number` is for people; it tells nothing about the card's secret."""

    number: str
    issued_at: datetime
    revoked_at: datetime | None

    @property
    def works(self) -> bool:
        return self.revoked_at is None


@dataclass(frozen=True, slots=True)
class CardHolder:
    """One member in the list of cards."""

    member_id: int
    name: str
    org_name: str
    card: CardState | None


@dataclass(frozen=True, slots=True)
class PrintableCard:
    """A card that works, with what is printed on it."""

    member_id: int
    name: str
    pinyin: str
    org_id: int
    org_name: str
    number: str
    token_sealed: bytes


def card_number(card_id: int) -> str:
    """The number on a card: its row's, since a member's next card is another card."""
    return f"{card_id:06d}"


def card_counts(session: Session, unit: Unit) -> CardCounts:
    """Counts for a unit and everything below it."""
    branches = func.count(Membership.org_id.distinct())
    members, found = session.execute(
        select(func.count(), branches).select_from(Membership).where(*_in(unit))
    ).one()
    having = select(func.count()).select_from(Membership).where(*_in(unit), _has_card())
    return CardCounts(members, session.scalar(having) or 0, found)


def card_holders(
    session: Session, unit: Unit, having: Having | None, *, limit: int, offset: int
) -> list[CardHolder]:
    """Members of a unit by branch, then pinyin, with their newest card."""
    query = _members(unit).add_columns(Member.name, OrgUnit.name.label("org_name"))
    if having is not None:
        query = query.where(_has_card() if having is Having.WITH else ~_has_card())
    rows = session.execute(query.limit(limit).offset(offset)).all()
    cards = _newest_cards(session, [row.member_id for row in rows])
    return [CardHolder(row.member_id, row.name, row.org_name, cards.get(row.member_id)) for row in rows]


def newest_card(session: Session, member_id: int) -> CardState | None:
    """The card that works, else the one that was stopped last."""
    return _newest_cards(session, [member_id]).get(member_id)


def printable_cards(
    session: Session, unit: Unit, *, issued_at: datetime | None = None
) -> list[PrintableCard]:
    """The cards that work, by branch, then pinyin; with `issued_at` only those of that moment."""
    query = (
        _members(unit)
        .join(MemberCard, and_(MemberCard.member_id == Member.id, MemberCard.revoked_at.is_(None)))
        .add_columns(
            Member.name,
            Member.pinyin,
            OrgUnit.id.label("org_id"),
            OrgUnit.name.label("org_name"),
            MemberCard.id.label("card_id"),
            MemberCard.token_sealed,
        )
    )
    if issued_at is not None:
        query = query.where(MemberCard.created_at == issued_at)
    return [
        PrintableCard(
            row.member_id,
            row.name,
            row.pinyin,
            row.org_id,
            row.org_name,
            card_number(row.card_id),
            row.token_sealed,
        )
        for row in session.execute(query)
    ]


def order_counts(session: Session, unit: Unit, asked_at: datetime) -> tuple[int, int]:
    """(issued, stopped): the unit's cards that an order of that moment has issued, and has stopped."""
    mine = MemberCard.member_id.in_(member_ids(unit))
    issued = select(func.count()).where(mine, MemberCard.created_at == asked_at)
    stopped = select(func.count()).where(mine, MemberCard.revoked_at == asked_at)
    return session.scalar(issued) or 0, session.scalar(stopped) or 0


def member_ids(unit: Unit) -> Select[int]:
    """Ids of the members of a unit."""
    return select(Membership.member_id).where(*_in(unit))


def members_without_card(session: Session, unit: Unit) -> Sequence[int]:
    """Ids by branch, then pinyin: cards are numbered in the order in which they come off the sheet."""
    return session.scalars(_members(unit).where(~_has_card())).all()


def names_of(session: Session, unit: Unit, ids: Sequence[int]) -> list[tuple[int, str]]:
    """(id, name) of those of `ids` who are members of the unit, by pinyin."""
    query = (
        select(Member.id, Member.name)
        .where(Member.id.in_(ids), Member.id.in_(member_ids(unit)))
        .order_by(Member.pinyin, Member.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def _in(unit: Unit) -> list[ColumnElement[bool]]:
    conditions = [
        Membership.starts_on <= unit.on,
        Membership.ends_on > unit.on,
        Membership.org_id.in_(subtree_ids(unit.scope.org_ids, unit.on)),
    ]
    if unit.org_id is not None:
        conditions.append(Membership.org_id.in_(subtree_ids([unit.org_id], unit.on)))
    if unit.member_id is not None:
        conditions.append(Membership.member_id == unit.member_id)
    return conditions


def _members(unit: Unit) -> Select[int]:
    return (
        select(Membership.member_id)
        .join(Member, Member.id == Membership.member_id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(*_in(unit))
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
    )


def _has_card() -> ColumnElement[bool]:
    return exists().where(MemberCard.member_id == Membership.member_id, MemberCard.revoked_at.is_(None))


def _newest_cards(session: Session, ids: Sequence[int]) -> dict[int, CardState]:
    query = (
        select(MemberCard.member_id, MemberCard.id, MemberCard.created_at, MemberCard.revoked_at)
        .where(MemberCard.member_id.in_(ids))
        # The last one read wins: one that works comes after all that were stopped.
        .order_by(MemberCard.revoked_at.is_(None), MemberCard.id)
    )
    return {
        row.member_id: CardState(card_number(row.id), row.created_at, row.revoked_at)
        for row in session.execute(query)
    }
