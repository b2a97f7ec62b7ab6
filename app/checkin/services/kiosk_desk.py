"""What somebody at a kiosk does: be found by name, say that it is them, or hold up a card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from itsdangerous import BadSignature, URLSafeSerializer

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode, arrival, refusal
from app.attendance.services.record import Outcome, Sighting
from app.checkin.errors import TooManySearches
from app.checkin.queries.kiosk import Namesake, namesake, namesakes
from app.checkin.rules import may_search
from app.checkin.services.card_scan import CardRead, CardResult, record_card
from app.checkin.services.kiosks import OpenKiosk
from app.checkin.services.staff import record_staff
from app.core.crypto import purpose_key
from app.core.db import db, writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.throttle import allow, give_back
from app.core.vocabulary import Method, Status
from app.trainings.models import TrainingSession

MOST_SHOWN = 6
# Time to read six names and say which is one's own.
PICK_LIFE = timedelta(minutes=2)
# Searches that show names and lead to no check-in: (kind, how many, within). A hall's honest slips fit in;
# reading the roster through six names at a time does not.
LIMITS = (
    ("kiosk_search", 20, timedelta(minutes=10)),
    ("kiosk_day", 120, timedelta(hours=12)),
)


@dataclass(frozen=True, slots=True)
class Picked:
    """Somebody found at a kiosk, under a token of that kiosk's own."""

    person: Namesake
    pick: str


@dataclass(frozen=True, slots=True)
class FoundAtKiosk:
    """People a text may mean; `more`: too many to show."""

    people: tuple[Picked, ...]
    more: bool


def search_at_kiosk(kiosk: OpenKiosk, text: str, now: datetime, *, elderly_age: int) -> FoundAtKiosk:
    """Raises CheckInRefused while the session takes no check-in, InvalidInput, TooManySearches."""
    _require_open(kiosk.row)
    if not may_search(text):
        raise InvalidInput.field("text", "too_short", lazy("请写出姓名,或至少两个拼音字母。"))
    # A transaction of its own: the count stays whatever comes of the search.
    with writing() as session:
        allowed = [
            allow(session, kind, str(kiosk.id), now, limit=limit, window=window)
            for kind, limit, window in LIMITS
        ]
    if not all(allowed):
        raise TooManySearches()
    found = namesakes(db.session(), kiosk.row, text, kiosk.scope, elderly_age, limit=MOST_SHOWN + 1)
    if not found:
        _give_back(kiosk)
    people = tuple(Picked(person, _sign(kiosk, person.id, now)) for person in found[:MOST_SHOWN])
    return FoundAtKiosk(people, len(found) > MOST_SHOWN)


def read_pick(kiosk: OpenKiosk, pick: str, now: datetime) -> Namesake | None:
    """Who was tapped; None when it was too long ago, or at another kiosk."""
    try:
        kiosk_id, member_id, expires = _serializer().loads(pick)
    except (BadSignature, TypeError, ValueError):
        return None
    if kiosk_id != kiosk.id or now.timestamp() >= expires:
        return None
    return namesake(db.session(), member_id, kiosk.row.office_date)


def record_pick(
    kiosk: OpenKiosk, person: Namesake, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Outcome:
    """The person says that it is them: recorded as staff would, late by the session's rule."""
    row = kiosk.row
    _require_open(row)
    # They stand at the door now, as with a card; the method alone would not tell.
    span = (row.starts_at, row.ends_at)
    seen = arrival(Status.PRESENT, Method.STAFF_SCAN, now, span, row.late_after_minutes)
    sighting = Sighting(
        row.id,
        person.id,
        Method.STAFF_ENTRY,
        now,
        seen.status,
        recorded_by_id=kiosk.scope.user_id,
        device=kiosk.device,
    )
    with writing() as session:
        outcome = record_staff(sighting, kiosk.scope, now, tz=tz, elderly_age=elderly_age)
        # Again, as recording has read it under the lock: staff's entries do not end with the session, the
        # kiosk's do.
        _require_open(session.get_one(TrainingSession, sighting.session_id))
        if outcome.created:
            _give_back(kiosk)
    return outcome


def card_at_kiosk(
    kiosk: OpenKiosk, text: str, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> CardResult:
    """A card held up to the kiosk. Raises CheckInRefused."""
    read = CardRead(kiosk.row.id, text, device=kiosk.device)
    return record_card(read, kiosk.scope, now, tz=tz, elderly_age=elderly_age, by_number=False)


def _require_open(row: TrainingSession) -> None:
    refused: RefusalCode | None = refusal(row.state, Method.STAFF_SCAN, Status.PRESENT)
    if refused is not None:
        raise CheckInRefused(refused)


def _give_back(kiosk: OpenKiosk) -> None:
    with writing() as session:
        for kind, _limit, _window in LIMITS:
            give_back(session, kind, str(kiosk.id))


def _sign(kiosk: OpenKiosk, member_id: int, now: datetime) -> str:
    return str(_serializer().dumps([kiosk.id, member_id, int((now + PICK_LIFE).timestamp())]))


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(purpose_key("kiosk_pick"), salt="pick")
