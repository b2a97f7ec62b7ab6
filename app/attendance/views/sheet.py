"""The sign-in sheet on paper, blank or filled in: to print, as PDF and as a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request, url_for

from app.attendance.queries.session import (
    RosterPart,
    RosterRow,
    SessionCounts,
    roster,
    session_counts,
)
from app.attendance.rules_paper import list_mark
from app.attendance.sign_sheet import (
    HEADS,
    Noted,
    SheetKind,
    SheetLine,
    SignSheet,
    note_words,
    signature_words,
)
from app.attendance.sign_sheet_files import PDF_TYPE, XLSX_TYPE, sheet_pdf, sheet_xlsx
from app.attendance.views import bp
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.i18n import day_text, time_text
from app.core.i18n import gettext as _
from app.core.office import office_name
from app.core.paging import Page, page_number
from app.core.vocabulary import SessionState
from app.trainings.queries.page import SessionFacts, Speaker, session_facts, speakers

# A sheet of this many names is one page; a longer list comes in parts, its numbers going on.
NAMES = 2000
# Empty lines for those whom nobody expected.
SPARE_LINES = 10
LINES_WITHOUT_LIST = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """One part of a session's expected list, with running numbers from `first` on."""

    facts: SessionFacts
    page: Page[RosterRow]
    first: int

    @property
    def ids(self) -> list[int]:
        return [row.member_id for row in self.page.items]

    @property
    def mark(self) -> str:
        return list_mark(self.ids)


def sheet_part(session_id: int) -> Sheet:
    """The part that the address asks for; raises NotFound outside the scope."""
    session, number = db.session(), page_number()
    facts = session_facts(session, session_id, current_scope(), utc_now())
    first = (number - 1) * NAMES
    rows, total = roster(session, session_id, part=RosterPart.EXPECTED, limit=NAMES, offset=first)
    return Sheet(facts, Page(rows, number, total, NAMES), first + 1)


@bp.get("/sessions/<int:session_id>/sheet")
@permission("sessions.read")
def sheet(session_id: int) -> Any:
    """Everybody expected, with room to sign; `show=unrecorded`: only who is left; `show=filled`: as it
    was recorded, with whoever came beside them. Without `show` a session that is over shows it filled.

    Who is left keeps the number of the whole list, so that both sheets are entered by the same numbers.
    """
    found = sheet_part(session_id)
    kind = _kind(found.facts)
    content = _content(found, kind)
    form = request.args.get("format")
    if form == "pdf":
        return _file(sheet_pdf(content, office_name(), utc_now()), PDF_TYPE, found, form)
    if form == "xlsx":
        return _file(sheet_xlsx(content), XLSX_TYPE, found, form)
    return render_template(
        "attendance/sheet.html",
        facts=found.facts,
        page=found.page,
        sheet=content,
        kind=kind,
        heads=HEADS,
        hrefs={other: _address(found, show=other) for other in SheetKind},
        files={name: _address(found, show=kind, format=name) for name in ("xlsx", "pdf")},
    )


def _kind(facts: SessionFacts) -> SheetKind:
    asked = request.args.get("show", "")
    if asked in set(SheetKind):
        return SheetKind(asked)
    return SheetKind.FILLED if facts.state is SessionState.CLOSED else SheetKind.BLANK


def _address(found: Sheet, **more: str) -> str:
    if found.page.number > 1:
        more["page"] = str(found.page.number)
    address: dict[str, Any] = {"session_id": found.facts.id, **more}
    return url_for("attendance.sheet", **address)


def _content(found: Sheet, kind: SheetKind) -> SignSheet:
    facts, page = found.facts, found.page
    numbered = list(enumerate(page.items, found.first))
    counts, spare = SessionCounts(), 0
    if kind is SheetKind.FILLED:
        counts = session_counts(db.session(), [facts.id])[facts.id]
        if not page.has_next:
            beside, _total = roster(db.session(), facts.id, part=RosterPart.BESIDE)
            numbered += enumerate(beside, page.total + 1)
        lines = list(_filled(numbered))
    else:
        if kind is SheetKind.UNRECORDED:
            numbered = [(n, row) for n, row in numbered if row.status is None]
        lines = [SheetLine(n, row.name, row.org_name, note=_leave(row)) for n, row in numbered]
        spare = 0 if page.has_next else SPARE_LINES if page.total else LINES_WITHOUT_LIST
    running = f"{facts.title} · {day_text(facts.office_date)}"
    if page.total:
        running += " · " + _("名单号 %(mark)s", mark=found.mark)
    speaking = speakers(db.session(), facts.id)
    return SignSheet(_("签到表"), _facts(facts, page.total, counts, speaking, kind), lines, running, spare)


def _leave(row: RosterRow) -> str:
    """On a blank sheet: who has said before that they cannot come."""
    return note_words(Noted(row.status)) if row.status == "excused" else ""


def _filled(numbered: Sequence[tuple[int, RosterRow]]) -> Iterator[SheetLine]:
    for number, row in numbered:
        noted = Noted(
            row.status,
            row.excuse_reason,
            row.method,
            row.occurred_at,
            row.came_at,
            row.left_at,
            row.recorded_by or "",
            row.is_extra,
        )
        yield SheetLine(number, row.name, row.org_name, signature_words(noted), note_words(noted))


def _facts(
    facts: SessionFacts, expected: int, counts: SessionCounts, speaking: Sequence[Speaker], kind: SheetKind
) -> list[list[tuple[str, str]]]:
    when = f"{day_text(facts.office_date)} {time_text(facts.starts_at)}–{time_text(facts.ends_at)}"
    is_filled = kind is SheetKind.FILLED
    guests = "" if facts.guest_count is None else str(facts.guest_count)
    return [
        [(_("主题"), facts.title)],
        [(_("时间"), when), (_("地点"), facts.venue_name or "")],
        [(_("主讲"), " · ".join(speaker.name for speaker in speaking))],
        [
            (_("应到"), f"{expected:,}" if expected else ""),
            (_("实到"), f"{counts.attended:,}" if is_filled else ""),
            (_("请假"), f"{counts.excused:,}" if is_filled else ""),
            (_("外单位来宾"), guests if is_filled else ""),
        ],
    ]


def _file(content: bytes, content_type: str, found: Sheet, ending: str) -> Response:
    part = f"_{found.page.number}" if found.page.number > 1 else ""
    response = Response(content, content_type=content_type)
    name = f"sheet_{found.facts.id}_{found.facts.office_date.isoformat()}{part}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
