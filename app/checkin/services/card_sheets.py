"""Issues cards for many members at once and draws them; a repeat of the same order changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.checkin.card_sheet import BranchCards, CardFace, Sheets, draw_sheets
from app.checkin.commands import CardOrder, Printing
from app.checkin.models import BindCode, MemberCard
from app.checkin.queries.cards import (
    PrintableCard,
    Unit,
    member_ids,
    members_without_card,
    order_counts,
    printable_cards,
)
from app.checkin.rules_bind import in_fours
from app.checkin.services.card_codes import issue_card_codes, stop_card_codes
from app.checkin.services.cards import CARD, card_text, new_card_token
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import seal, token_hash, unseal
from app.core.db import db, writing
from app.core.errors import NotFound, WrongState
from app.core.i18n import lazy
from app.core.tasks import start_task
from app.members.models import Member

CARD_SHEETS = "card_sheets"
# Rows in one INSERT: SQLite takes so many values in one statement, and progress shows between two.
_AT_ONCE = 1000
# (what is being done, done, total)
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MadeSheets:
    """What became of an order: new cards, cards that stopped, branches, and the document."""

    issued: int
    stopped: int
    branches: int
    sheets: Sheets


def ask_for_sheets(order: CardOrder, scope: Scope, counts: dict[str, int], token: str) -> str:
    """Put the order as a long task; the same `token` again is the same order. Returns the token."""
    plain = {
        "printing": order.printing.value,
        "org_id": order.org_id,
        "asked_at": order.asked_at.isoformat(),
        "org_ids": list(scope.org_ids),
        "with_codes": order.with_codes,
        **counts,
    }
    try:
        return start_task(CARD_SHEETS, plain, scope.user_id, order.asked_at, token)
    except IntegrityError:
        # Sent twice: the first one stands.
        return token


def make_sheets(order: CardOrder, scope: Scope, office: str, now: datetime, told: Told) -> MadeSheets:
    """Issue what the order wants and draw it, by branch, then pinyin.

    Raises WrongState where there is nothing to print. Cards are issued all or none; they stay issued
    when the drawing is cut short, and the same order draws them again.
    """
    unit = Unit(scope, office_date(now), order.org_id)
    _issue(order, unit, told)
    only = order.asked_at if order.printing is Printing.NEW else None
    session = db.session()
    cards = printable_cards(session, unit, issued_at=only)
    if not cards:
        raise WrongState(lazy("这里没有要印的卡:每个人都有卡了,或者还没有党员。"))
    issued, stopped = order_counts(session, unit, order.asked_at)
    # PostgreSQL ends a connection that reads, then idles for a minute; SQLite could not tidy its log.
    session.rollback()
    place = f"org:{order.org_id}" if order.org_id else "office"
    branches = _by_branch(cards, _codes(cards, scope, place, now) if order.with_codes else {})
    told("drawing", 0, len(cards))
    sheets = draw_sheets(branches, office, now, lambda done: told("drawing", done, len(cards)))
    return MadeSheets(issued, stopped, len(branches), sheets)


def one_card_pdf(
    member_id: int, scope: Scope, office: str, now: datetime, *, with_code: bool = False
) -> bytes:
    """The member's present card on a sheet of its own. Raises NotFound without one."""
    cards = printable_cards(db.session(), Unit(scope, office_date(now), member_id=member_id))
    if not cards:
        raise NotFound()
    codes = _codes(cards, scope, f"member:{member_id}", now) if with_code else {}
    return draw_sheets(_by_branch(cards, codes), office, now).pdf


def _codes(cards: Sequence[PrintableCard], scope: Scope, place: str, now: datetime) -> Mapping[int, str]:
    """New one-time codes by member. A card printed again has another one; the first stops."""
    return issue_card_codes([card.member_id for card in cards], scope.user_id, place, now)


def _by_branch(cards: Sequence[PrintableCard], codes: Mapping[int, str]) -> list[BranchCards]:
    """Faces of cards that come sorted by branch."""
    branches = []
    for _org_id, rows in groupby(cards, key=lambda card: card.org_id):
        faces = [
            CardFace(
                card.member_id,
                card.name,
                card.pinyin,
                card.org_name,
                card.number,
                card_text(unseal(card.token_sealed, CARD)),
                in_fours(codes.get(card.member_id, "")),
            )
            for card in rows
        ]
        branches.append(BranchCards(faces[0].branch, faces))
    return branches


def _issue(order: CardOrder, unit: Unit, told: Told) -> None:
    """Stop and issue what the order wants, in one transaction."""
    with writing() as session:
        wanted = _lock(session, unit)
        told("issuing", 0, len(wanted))
        stopped = _stop(session, unit, order.asked_at) if order.printing is Printing.RENEW else 0
        without = members_without_card(session, unit)
        for start in range(0, len(without), _AT_ONCE):
            rows = [_new_card(member_id, order.asked_at) for member_id in without[start : start + _AT_ONCE]]
            session.execute(insert(MemberCard), rows)
            told("issuing", start + len(rows), len(without))
        if without or stopped:
            place = f"org:{order.org_id}" if order.org_id else "office"
            record_act(
                session,
                "card.issue_many",
                place,
                unit.scope.user_id,
                order.asked_at,
                printing=order.printing.value,
                issued=len(without),
                stopped=stopped,
            )


def _lock(session: Session, unit: Unit) -> Sequence[int]:
    """Hold the members, so that nobody is given a second card at the same moment.

    Not as hard as for a change of the row itself: their check-ins go on.
    """
    query = select(Member.id).where(Member.id.in_(member_ids(unit))).order_by(Member.id)
    return session.scalars(query.with_for_update(of=Member, key_share=True)).all()


def _stop(session: Session, unit: Unit, asked_at: datetime) -> int:
    """Stop the cards that are older than the order, with the codes that may be printed on them."""
    stop_card_codes(session, BindCode.member_id.in_(member_ids(unit)), asked_at)
    old = (
        update(MemberCard)
        .where(
            MemberCard.member_id.in_(member_ids(unit)),
            MemberCard.revoked_at.is_(None),
            MemberCard.created_at < asked_at,
        )
        .values(revoked_at=asked_at)
    )
    return len(session.execute(old.returning(MemberCard.id)).all())


def _new_card(member_id: int, at: datetime) -> dict[str, object]:
    token = new_card_token()
    return {
        "member_id": member_id,
        "token_hash": token_hash(token),
        "token_sealed": seal(token, CARD),
        "created_at": at,
    }
