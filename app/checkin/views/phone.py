"""The member's phone: scan, own name, one large button, done; and the same when leaving."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, request, url_for

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.browser import browser_id, keep_browser_id, member_tokens, new_browser_id
from app.checkin.queries.lookup import TokenHolder, member_name
from app.checkin.queries.phone import OwnRow, PhoneSession, phone_session
from app.checkin.rules_phone import Offer, is_leaving_time, masked_name, offer
from app.checkin.services.bindings import holders
from app.checkin.services.codes import read_short_code
from app.checkin.services.leave import redeem_leave
from app.checkin.services.present import Redeemed, look_at_code, redeem_ticket
from app.checkin.services.printed import read_printed_code
from app.checkin.services.tickets import Purpose, Ticket, for_member, issue_ticket, read_ticket, sign
from app.checkin.views import bp
from app.checkin.views.binding import first_time
from app.core.access import MEMBER, PUBLIC, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.errors import AppError, NoCookies, TooManyTries
from app.core.kept_pages import Slots, kept_page
from app.core.office import code_step_seconds, session_rules
from app.core.security import csrf
from app.core.vocabulary import Method


@dataclass(frozen=True, slots=True)
class Choice:
    """One member of the phone at a session: what stands in the ledger, and the one button with its ticket.

    who: the member's place on this phone, for addresses; None for the first.
    """

    name: str
    who: int | None
    row: OwnRow | None
    offer: Offer
    ticket: str


CONFIRM, DONE = "checkin/confirm.html", "checkin/done.html"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the page with the button shows; `ticket`: of nobody yet, for adding one more person."""

    info: PhoneSession
    people: list[Choice]
    leaving: bool
    ticket: str

    @property
    def is_plain(self) -> bool:
        """Nobody has anything but a button: then the page is the same for all but names and tickets."""
        return all(each.offer is Offer.CHECK_IN for each in self.people)

    @property
    def key(self) -> Hashable:
        return self.info.same_for_all, len(self.people), self.leaving

    @property
    def values(self) -> dict[str, str]:
        names = {f"name{place}": each.name for place, each in enumerate(self.people)}
        tickets = {f"ticket{place}": each.ticket for place, each in enumerate(self.people)}
        return {**names, **tickets, "ticket": self.ticket}

    def context(self, slots: Slots) -> dict[str, Any]:
        shown = [
            replace(each, name=slots[f"name{place}"], ticket=slots[f"ticket{place}"], row=None)
            for place, each in enumerate(self.people)
        ]
        return {"info": self.info, "people": shown, "leaving": self.leaving, "ticket": slots["ticket"]}


@bp.get("/c/<code>")
@permission(PUBLIC)
def scanned(code: str) -> Any:
    """A scanned code becomes a ticket. GET never records: messengers open links before people do."""
    now, known = utc_now(), browser_id()
    door = look_at_code(code, member_tokens(), now, step_seconds=code_step_seconds())
    browser = known or new_browser_id()
    ticket = issue_ticket(door.info.id, browser, Method.MEMBER_SCAN, now)
    response = make_response(_page_of(ticket, door.info, door.people, now))
    return response if known else keep_browser_id(response, browser)


@bp.get("/p/<code>")
@permission(PUBLIC)
def scanned_paper(code: str) -> Any:
    """A code scanned from paper becomes a ticket in the same way."""
    now = utc_now()
    read = read_printed_code(code, now)
    browser = browser_id() or new_browser_id()
    ticket = issue_ticket(read.session_id, browser, read.method, now)
    return keep_browser_id(make_response(_confirm(ticket, now)), browser)


@bp.get("/checkin/<ticket_text>")
@permission(MEMBER)
def resume(ticket_text: str) -> str:
    """Back to the button after binding, while the ticket lasts."""
    now = utc_now()
    return _confirm(read_ticket(ticket_text, browser_id(), now), now)


def _confirm(ticket: Ticket, now: datetime) -> str:
    """The page with the session, the member's own name and one large button for each."""
    people = [person for _, person in holders(member_tokens())]
    info = phone_session(db.session(), ticket.session_id, [person.member_id for person in people])
    return _page_of(ticket, info, people, now)


def _page_of(ticket: Ticket, info: PhoneSession, people: Sequence[TokenHolder], now: datetime) -> str:
    if not people:
        return first_time(sign(ticket))
    page = Confirmation(info, choices(info, people, ticket), is_leaving_time(info.ends_at, now), sign(ticket))
    if page.is_plain:
        return kept_page(CONFIRM, page.key, page.values, page.context)
    return render_template(CONFIRM, info=info, people=page.people, leaving=page.leaving, ticket=page.ticket)


def choices(info: PhoneSession, people: Sequence[TokenHolder], ticket: Ticket) -> list[Choice]:
    """What each of the phone's members may do at the session, in their order."""
    found = []
    for place, person in enumerate(people):
        row = info.rows.get(person.member_id)
        offered = offer(row.status if row else None, asks_sign_out=info.asks_sign_out)
        purpose = Purpose.SIGN_OUT if offered is Offer.SIGN_OUT else Purpose.CHECK_IN
        own = sign(for_member(ticket, person.member_id), purpose)
        found.append(Choice(person.name, place or None, row, offered, own))
    return found


# The ticket is bound to this browser's own cookie, so that no other site can have it posted.
@bp.post("/checkin")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask_wtf has no types
@permission(MEMBER)
def record() -> str:
    """The button: record once, and say so only after it is stored."""
    stored = redeem_ticket(
        request.form.get("ticket", ""), own_browser(), member_tokens(), utc_now(), **session_rules()
    )
    return done_at_once(stored)


# A ticket again, as above.
@bp.post("/checkin/leave")
@csrf.exempt  # type: ignore[untyped-decorator]
@permission(MEMBER)
def leave() -> str:
    """The button of those who go; a double tap moves no time."""
    people = _people()
    session_id, member_id = redeem_leave(
        request.form.get("ticket", ""),
        own_browser(),
        frozenset(people),
        utc_now(),
        tz=session_rules()["tz"],
    )
    return done(session_id, member_id, people, has_left=True)


@bp.get("/checkin")
@bp.get("/checkin/leave")
@permission(PUBLIC)
def after_reload() -> Any:
    """A page that answered a button, loaded anew: some browsers ask by its address. Nothing is recorded."""
    return redirect(url_for("checkin.mine"))


def done_at_once(stored: Redeemed, *, by_link: bool = False) -> str:
    """What the button has stored, as its own transaction tells."""
    outcome, people = stored.outcome, {person.member_id: person for person in stored.people}
    row = OwnRow(
        outcome.status,
        outcome.recorded_at,
        outcome.came_at,
        outcome.left_at,
        outcome.minutes,
        outcome.is_extra,
    )
    return _done(stored.info, stored.member_id, row, people, created=outcome.created, by_link=by_link)


def done(session_id: int, member_id: int, people: Mapping[int, TokenHolder], *, has_left: bool) -> str:
    """What stands in the ledger now, read back."""
    info = phone_session(db.session(), session_id, [member_id])
    # Taken back by staff in this very moment: then there is nothing to say yes to.
    if member_id not in info.rows:
        raise CheckInRefused(RefusalCode.CODE_EXPIRED)
    return _done(info, member_id, info.rows[member_id], people, has_left=has_left)


def _done(
    info: PhoneSession,
    member_id: int,
    row: OwnRow,
    people: Mapping[int, TokenHolder],
    *,
    created: bool = False,
    has_left: bool = False,
    by_link: bool = False,
) -> str:
    """The time, and what it counts. Who came by a personal link need not be among the phone's people."""
    known = member_id in people
    name = people[member_id].name if known else masked_name(member_name(db.session(), member_id) or "")
    shown = {
        "row": _to_the_minute(row),
        "known": known,
        "who": (list(people).index(member_id) or None) if known else None,
        "created": created,
        "has_left": has_left,
        "by_link": by_link,
    }
    key = (info.same_for_all, *shown.values())
    return kept_page(DONE, key, {"name": name}, lambda slots: {"info": info, **shown, "name": slots["name"]})


def _to_the_minute(row: OwnRow) -> OwnRow:
    """Times as exact as the page tells them: all who come in one minute are answered alike."""
    times = {name: getattr(row, name) for name in ("received_at", "came_at", "left_at")}
    return replace(
        row, **{name: at.replace(second=0, microsecond=0) for name, at in times.items() if at is not None}
    )


def own_browser() -> str:
    """The browser's id. Raises NoCookies: a form of ours always follows a page that set one."""
    browser = browser_id()
    if not browser:
        raise NoCookies()
    return browser


def _people() -> dict[int, TokenHolder]:
    """The members that this phone stands for, by id, in their order."""
    return {person.member_id: person for _, person in holders(member_tokens())}


@bp.get("/c")
@permission(PUBLIC)
def enter_code() -> Any:
    """Six digits for those who cannot scan."""
    if not holders(member_tokens()):
        return redirect(url_for("checkin.bind", then="code"))
    return render_template("checkin/enter_code.html", error=None, code="")


@bp.post("/c")
@permission(MEMBER)
def take_code() -> Any:
    """Six digits become a ticket, as a scan does."""
    now, text = utc_now(), request.form.get("code", "")[:40]
    people = holders(member_tokens())
    if not people:
        return redirect(url_for("checkin.bind", then="code"))
    error: AppError | None = None
    for _, person in people:
        try:
            read = read_short_code(text, person.member_id, now, step_seconds=code_step_seconds())
        except CheckInRefused as refused:
            error = refused
            continue
        except TooManyTries as refused:
            # The limit is one person's: it must not keep the other of a shared phone from the code.
            error = error or refused
            continue
        browser = browser_id() or new_browser_id()
        ticket = issue_ticket(read.session_id, browser, read.method, now)
        return keep_browser_id(make_response(_confirm(ticket, now)), browser)
    error = error or CheckInRefused(RefusalCode.CODE_UNKNOWN)
    page = render_template("checkin/enter_code.html", error=error, code=text)
    return page, error.status
