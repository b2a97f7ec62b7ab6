"""What the scheduler asks of this feature: make one report, send the notes, forget what is old."""

from __future__ import annotations

from datetime import datetime

import structlog

from app.core.access import scope_of
from app.core.clock import office_date
from app.core.db import db, let_go
from app.core.errors import NotFound
from app.core.i18n import speaking
from app.core.office import base_url, elderly_age, mail_server, office_name
from app.deliveries.commands import Claim, MailClaim
from app.deliveries.mail import Note, message_of, send
from app.deliveries.queries import kept_files
from app.deliveries.services.inbox import claim_mail, forget_before, note_mailed
from app.deliveries.services.making import claim_next, finish, note_trouble, put_due, withhold
from app.deliveries.store import PART, report_store
from app.reports.exports import xlsx_bytes
from app.reports.forms_by_name import FORMS
from app.reports.labels import period_label
from app.reports.queries import Place, place_in_scope
from app.reports.rules import Period, Snapshot
from app.reports.tables import Ask

log = structlog.get_logger(__name__)
MOST_NOTES = 50


def make_monthly_report(now: datetime) -> int:
    """Note what is due and make the oldest of it: one a tick, so that pages never wait long for it."""
    put_due(office_date(now))
    claim = claim_next(now)
    if claim is None:
        return 0
    place = _place(claim, now)
    if place is None:
        withhold(claim)
        return 0
    try:
        content, name = _file(claim, place)
    except Exception:
        let_go()
        log.exception("report_not_made", delivery=claim.id, attempt=claim.attempt)
        note_trouble(claim)
        return 0
    # The reading is over before the file is written: no transaction stays open beside it.
    db.session.rollback()
    store = report_store()
    key = store.new()
    store.keep(key, PART, content)
    if not finish(claim, key, name, now):
        store.forget(key)
        return 0
    return 1


def _place(claim: Claim, now: datetime) -> Place | None:
    """The unit, within what its reader may see at this moment; None: it is not."""
    scope = scope_of(claim.user_id, "reports.read")
    if scope is None:
        return None
    try:
        return place_in_scope(db.session(), scope, claim.org_code, office_date(now))
    except NotFound:
        return None


def _file(claim: Claim, place: Place) -> tuple[bytes, str]:
    """The workbook and its name."""
    form, month = FORMS[claim.report], Period(claim.first_on, claim.last_on)
    ask = Ask(place, month, Snapshot(month.last, elderly_age()))
    with speaking(claim.language):
        content = xlsx_bytes(form.table(db.session(), ask))
    return content, f"{ask.file_stem(form.name)}.xlsx"


def send_notes(now: datetime) -> int:
    """Tell by e-mail of what was made; the first that is not taken ends it for now."""
    server, sent = mail_server(), 0
    while server is not None and sent < MOST_NOTES and (claim := claim_mail(now)) is not None:
        with speaking(claim.language):
            message = message_of(_note(claim), server.sender)
        try:
            send(message, server)
        except OSError as error:
            # The kind alone: what the server says may hold the address.
            log.warning("note_not_sent", delivery=claim.id, error=type(error).__name__)
            break
        note_mailed(claim, now)
        sent += 1
    return sent


def _note(claim: MailClaim) -> Note:
    month = period_label(Period.of_month(claim.first_on.year, claim.first_on.month))
    label = str(FORMS[claim.report].label) if claim.report in FORMS else claim.report
    link = f"{base_url()}/inbox"
    return Note(claim.id, claim.email, label, claim.org_name, month, link, office_name())


def forget_old_reports(now: datetime) -> int:
    """Delete reports of more than 400 days ago, and files that a crash left without a row."""
    gone = forget_before(office_date(now))
    report_store().forget_unnamed(kept_files(db.session()), now)
    return gone
