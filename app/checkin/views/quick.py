"""The scanned code and its button by the quick door, for a phone that has been here before."""

from __future__ import annotations

import re

from flask import current_app

from app.checkin.browser import browser_id_in, member_tokens_in
from app.checkin.rules_phone import is_leaving_time
from app.checkin.services.present import look_at_code, redeem_ticket
from app.checkin.services.tickets import issue_ticket, sign
from app.checkin.views.phone import CONFIRM, Confirmation, choices, done_at_once
from app.core.clock import utc_now
from app.core.kept_pages import kept_already
from app.core.office import code_step_seconds, session_rules
from app.core.quick_door import DOORS, Asked, Door, Told
from app.core.vocabulary import Method

_TICKET = re.compile(rb"ticket=([A-Za-z0-9_.-]+)", re.ASCII)
_HTML = "text/html; charset=utf-8"


def quick_scan(asked: Asked) -> Told | None:
    """A phone that stands for somebody scans: the page that `phone.scanned` shows, once it has shown it."""
    browser, tokens = browser_id_in(asked.cookies), member_tokens_in(asked.cookies)
    if not browser or not tokens:
        return None
    now = utc_now()
    door = look_at_code(asked.path.rsplit("/", 1)[1], tokens, now, step_seconds=code_step_seconds())
    if not door.people:
        return None
    ticket = issue_ticket(door.info.id, browser, Method.MEMBER_SCAN, now)
    people = choices(door.info, door.people, ticket)
    page = Confirmation(door.info, people, is_leaving_time(door.info.ends_at, now), sign(ticket))
    html = kept_already(CONFIRM, page.key, page.values, asked) if page.is_plain else None
    return Told(200, _HTML, html) if html is not None else None


def quick_button(asked: Asked) -> Told | None:
    """The button, as `phone.record` answers it."""
    found, browser = _TICKET.fullmatch(asked.body), browser_id_in(asked.cookies)
    if found is None or not browser:
        return None
    tokens = member_tokens_in(asked.cookies)
    stored = redeem_ticket(found[1].decode(), browser, tokens, utc_now(), **session_rules())
    # Stored, and so to be answered here: Flask would find it stored before.
    with current_app.request_context(asked.environ):
        return Told(200, _HTML, done_at_once(stored))


DOORS["GET", "/c/"] = Door("/c/<code>", quick_scan)
DOORS["POST", "/checkin"] = Door("/checkin", quick_button)
