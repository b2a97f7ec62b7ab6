"""Issues, shows and revokes members' cards: a random id that staff scan."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.models import BindCode, MemberCard
from app.checkin.queries.lookup import TokenHolder, holder_of_card
from app.checkin.services.card_codes import stop_card_codes
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import seal, token_hash, unseal
from app.core.db import db, writing
from app.members.services.spans import require_member

# Upper case and digits only: a QR code holds them in fewer modules.
PREFIX = "BULOU:"
# What the sealed text of a card is sealed for.
CARD = "card"
_CARD = re.compile(r"[A-Z2-7]{32}")


class CardStopped(CheckInRefused):
    """The card was good once; whose it is helps the staff to find the person in the list."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(RefusalCode.REVOKED)


def card_text(token: str) -> str:
    """What the card's QR code says."""
    return PREFIX + token


def new_card_token() -> str:
    """A random id of 160 bits, in letters that a QR code holds in little room."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def read_card(text: str) -> str | None:
    """The card's id in what a scanner read or somebody typed; None when it is no card."""
    # Keyboards that are set to Chinese make full-width letters of what a hand scanner types.
    token = unicodedata.normalize("NFKC", text).strip().upper().removeprefix(PREFIX)
    return token if _CARD.fullmatch(token) else None


def is_card_text(text: str) -> bool:
    """Whether a text is meant as a card, read well or not."""
    text = unicodedata.normalize("NFKC", text).strip().upper()
    return text.startswith(PREFIX) or _CARD.fullmatch(text) is not None


def holder_by_card(text: str) -> TokenHolder:
    """The member of a card. Raises CheckInRefused (unknown_member, revoked)."""
    token = read_card(text)
    found = holder_of_card(db.session(), token_hash(token)) if token else None
    if found is None:
        raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
    if found.revoked:
        raise CardStopped(found.name)
    return found


def issue_card(member_id: int, scope: Scope, now: datetime) -> str:
    """A new card; the one before stops working. Returns its QR text. Raises NotFound."""
    token = new_card_token()
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        _revoke(session, member_id, now)
        session.add(
            MemberCard(
                member_id=member_id,
                token_hash=token_hash(token),
                token_sealed=seal(token, CARD),
                created_at=now,
            )
        )
        record_act(session, "card.issue", f"member:{member_id}", scope.user_id, now)
    return card_text(token)


def revoke_card(member_id: int, scope: Scope, now: datetime) -> bool:
    """Stop the member's card; False when there was none. Raises NotFound."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        revoked = _revoke(session, member_id, now)
        record_act(session, "card.revoke", f"member:{member_id}", scope.user_id, now)
        return revoked


def present_card(session: Session, member_id: int) -> str | None:
    """QR text of the member's card that works now, to print it again."""
    sealed = session.scalar(
        select(MemberCard.token_sealed).where(
            MemberCard.member_id == member_id, MemberCard.revoked_at.is_(None)
        )
    )
    return card_text(unseal(sealed, CARD)) if sealed else None


def _revoke(session: Session, member_id: int, now: datetime) -> bool:
    # The code that may be printed on it goes with it.
    stop_card_codes(session, BindCode.member_id == member_id, now)
    revoked = session.execute(
        update(MemberCard)
        .where(MemberCard.member_id == member_id, MemberCard.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(MemberCard.id)
    ).all()
    return bool(revoked)
