"""Records a member who presents a code: by app in one call, by page through a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.attendance.errors import CheckInRefused
from app.attendance.queries.session import recorded_under
from app.attendance.rules import RefusalCode
from app.attendance.services.admission import as_locked
from app.attendance.services.record import Outcome, Sighting, record_attendance
from app.attendance.services.record_scan import Scan, record_scan, recorded_already, require_takes
from app.checkin.queries.at_the_door import Door, door_of, door_parameters, door_statement, presented
from app.checkin.queries.lookup import TokenHolder
from app.checkin.queries.phone import PhoneSession
from app.checkin.rules import LongCode, parse_long_code
from app.checkin.services.at_once import KnownSession, keep_in_mind, record_at_once
from app.checkin.services.bindings import holder
from app.checkin.services.codes import read_code, require_good
from app.checkin.services.printed import is_on_paper
from app.checkin.services.tickets import Ticket, read_ticket, spend, spend_quickly
from app.core.crypto import token_hash
from app.core.db import db, lock_shared_or_alone, writing
from app.core.errors import TooManyTries
from app.core.quick import Hand, lane
from app.core.vocabulary import ATTENDED_STATUSES, Method
from app.trainings.queries.copied import SessionCopy


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Whom a ticket has recorded where; people: whom the browser stands for, in its order."""

    info: PhoneSession
    people: tuple[TokenHolder, ...]
    member_id: int
    outcome: Outcome


def present_code(
    code: str,
    member_token: str,
    nonce: str | None,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
    step_seconds: int,
) -> Outcome:
    """One call of a bound app: code in any form, and the member's token.

    Raises CheckInRefused (code_expired, code_unknown, not_open, closed, cancelled, unknown_member,
    revoked) and TooManyTries.
    """
    scanned, device = parse_long_code(code), device_of(member_token)
    try:
        if scanned is not None and "/p/" not in code:
            try:
                return _present_scanned(
                    scanned,
                    member_token,
                    nonce,
                    now,
                    tz=tz,
                    elderly_age=elderly_age,
                    step_seconds=step_seconds,
                )
            except CheckInRefused as refused:
                # The last part alone of a code on paper looks like one of a screen.
                if refused.refusal is not RefusalCode.CODE_UNKNOWN or not is_on_paper(code):
                    raise
        member_id = holder(member_token).member_id
        read = read_code(code, member_id, now, step_seconds=step_seconds)
    except (CheckInRefused, TooManyTries) as refused:
        # A repeat is known by its nonce, however old its code has become meanwhile.
        known = _recorded_before(member_token, nonce)
        if known is None and scanned is not None and isinstance(refused, CheckInRefused):
            raise as_locked(db.session(), refused, scanned.session_id) from refused
        if known is None:
            raise
        return known
    scan = Scan(read.session_id, member_id, read.method, device, nonce)
    return record_attendance(_sighting(scan, now), now, tz=tz, elderly_age=elderly_age)


def _present_scanned(
    code: LongCode,
    member_token: str,
    nonce: str | None,
    now: datetime,
    *,
    tz: ZoneInfo,
    elderly_age: int,
    step_seconds: int,
) -> Outcome:
    """The hot path: in one statement, or, where that finds nothing to insert, in two and for certain."""
    dialect, hashed, device = db.engine.dialect, token_hash(member_token), device_of(member_token)
    done = record_at_once(
        code, hashed, device, nonce, now, tz=tz, elderly_age=elderly_age, step_seconds=step_seconds
    )
    if done is not None:
        return done

    def work(hand: Hand) -> tuple[Scan, Outcome | None]:
        member_id, revoked, secret, *copied = hand.all(
            presented(dialect), token_hash=hashed, session_id=code.session_id
        )[0]
        if member_id is None:
            raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
        if revoked:
            raise CheckInRefused(RefusalCode.REVOKED)
        if secret is None:
            raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
        taken = SessionCopy(*copied)
        require_good(code, secret, taken.state, now, step_seconds)
        keep_in_mind(code.session_id, KnownSession(secret, taken))
        scan = Scan(code.session_id, member_id, Method.MEMBER_SCAN, device, nonce)
        return scan, record_scan(hand, dialect, scan, taken, now, tz=tz, elderly_age=elderly_age)

    scan, outcome = lane().run(work, code.session_id)
    return outcome or record_attendance(_sighting(scan, now), now, tz=tz, elderly_age=elderly_age)


def look_at_code(text: str, tokens: Sequence[str], now: datetime, *, step_seconds: int) -> Door:
    """The session of a scanned code and the browser's members, in one read. Records nothing.

    Raises CheckInRefused (code_expired, code_unknown, not_open, closed, cancelled).
    """
    code = parse_long_code(text)
    if code is None:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    hashes = [token_hash(token) for token in tokens]
    rows = lane().read(door_statement(db.engine.dialect), **door_parameters(code.session_id, hashes))
    door = door_of(rows, hashes)
    if door is None:
        raise CheckInRefused(RefusalCode.CODE_UNKNOWN)
    require_good(code, door.secret, door.copied.state, now, step_seconds)
    return door


def redeem_ticket(
    text: str, browser: str, tokens: Sequence[str], now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> Redeemed:
    """The button of the page: one ticket, one row.

    tokens: of the members whom this browser stands for; a personal link stands in for one. The same
    ticket again, for a row that is still there, is a double tap and answers as the first did; for a row
    that staff took back it is refused. Raises CheckInRefused.
    """
    ticket = read_ticket(text, browser, now)
    dialect, hashes = db.engine.dialect, [token_hash(token) for token in tokens]
    scan = Scan(ticket.session_id, ticket.member_id, Method(ticket.method), device_of(browser), ticket.id)

    def work(hand: Hand) -> tuple[Door, Outcome | None, bool]:
        """The third: whether the ticket is spent with it."""
        rows = hand.all(door_statement(dialect), **door_parameters(ticket.session_id, hashes))
        door = door_of(rows, hashes)
        if door is None or not (door.knows(ticket.member_id) or scan.method is Method.PERSONAL_LINK):
            raise CheckInRefused(RefusalCode.REVOKED)
        known = _known(door, ticket.member_id)
        if known is None and not door.knows(ticket.member_id):
            known = recorded_already(hand, dialect, scan)
        if known is not None and known.status in ATTENDED_STATUSES:
            return door, known, False
        # Refused before anything is written, as a lane wants it.
        require_takes(door.copied, scan.method)
        if known is not None:
            # On leave, or noted as absent, and here after all: not for a lane.
            return door, None, False
        if not spend_quickly(hand, dialect, ticket):
            raise CheckInRefused(RefusalCode.CODE_EXPIRED)
        seen = record_scan(hand, dialect, scan, door.copied, now, tz=tz, elderly_age=elderly_age)
        return door, seen, True

    door, outcome, is_spent = lane().run(work, ticket.session_id)
    if outcome is None and not is_spent:
        outcome = _came_after_all(ticket, scan, now, tz=tz, elderly_age=elderly_age)
    elif outcome is None:
        # Somebody without a branch, as a rule, who is refused; otherwise scanning again is all it takes.
        outcome = record_attendance(_sighting(scan, now), now, tz=tz, elderly_age=elderly_age)
    return Redeemed(door.info, door.people, ticket.member_id, outcome)


def _came_after_all(ticket: Ticket, scan: Scan, now: datetime, *, tz: ZoneInfo, elderly_age: int) -> Outcome:
    """Ticket and row in one transaction: cut off in between, the same press works again."""
    with writing() as session:
        lock_shared_or_alone(session, scan.session_id, alone=False)
        if not spend(session, ticket):
            # Pressed twice at once, or staff have corrected since what it recorded.
            row = recorded_under(session, scan.member_id, ticket.id)
            if row is None or row.status not in ATTENDED_STATUSES:
                raise CheckInRefused(RefusalCode.CODE_EXPIRED)
        return record_attendance(_sighting(scan, now), now, tz=tz, elderly_age=elderly_age)


def _known(door: Door, member_id: int) -> Outcome | None:
    row = door.info.rows.get(member_id)
    if row is None:
        return None
    return Outcome(False, row.status, row.received_at, row.minutes, row.is_extra, row.came_at, row.left_at)


def device_of(secret: str) -> str:
    """An opaque id of a browser or app: tells two apart, and tells nothing else."""
    return token_hash(f"device:{secret}").hex()[:16]


def _sighting(scan: Scan, now: datetime) -> Sighting:
    return Sighting(scan.session_id, scan.member_id, scan.method, now, device=scan.device, nonce=scan.nonce)


def _recorded_before(member_token: str, nonce: str | None) -> Outcome | None:
    if not nonce:
        return None
    row = recorded_under(db.session(), holder(member_token).member_id, nonce)
    if row is None:
        return None
    return Outcome(False, row.status, row.received_at, row.minutes, row.is_extra, row.came_at, row.left_at)
