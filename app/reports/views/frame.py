"""What all report pages share: the question in the address, export, and the filters' choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for

from app.core.access import current_scope
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.office import office_name
from app.core.paging import PAGE_SIZE, Page, page_number
from app.reports import forms
from app.reports.definitions import DEFINITIONS
from app.reports.exports import FORMATS, too_long
from app.reports.labels import period_label
from app.reports.queries import (
    adjusted,
    default_period,
    low_assurance_person_times,
    place_in_scope,
    places_to_choose,
)
from app.reports.rules import Period, Slice, Snapshot, preset_periods, snapshot_day
from app.reports.rules_glance import glance_period
from app.reports.tables import Ask, Table, with_adjustments, with_low_assurance

bp = Blueprint("reports", __name__, url_prefix="/reports")
PLACE_WORDS = ("org", "under", "own", "within", "on")
PRESET_LABELS: dict[str, Text] = {
    "this_year": lazy("今年"),
    "last_year": lazy("去年"),
    "this_quarter": lazy("本季度"),
    "this_month": lazy("本月"),
    "last_month": lazy("上月"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """The reader's question, and the database session that answers it."""

    session: Any
    ask: Ask
    today: date
    default: Period
    # Names of filters that could not be taken; the form leaves them out.
    refused: tuple[str, ...] = ()

    def narrowed(self, *words: Text) -> Question:
        """The same with the words of its further filters, which files print."""
        return replace(self, ask=replace(self.ask, words=tuple(str(word) for word in words)))

    @property
    def year(self) -> int:
        return self.ask.period.first.year

    def choices(self) -> list[tuple[str, str]]:
        """Organisations offered by the filter."""
        return places_to_choose(self.session, current_scope(), self.ask.place, self.today)

    def presets(self) -> list[tuple[Text, str, bool]]:
        """(label, address, chosen) of the periods offered by name; other filters stay."""
        dropped = ("from", "to", "year", "on", "page", "month", "format", *self.refused)
        args: dict[str, Any] = {k: v for k, v in request.args.items() if k not in dropped}
        found = []
        offered = {self.default: period_label(self.default)}
        offered |= {period: PRESET_LABELS[key] for key, period in preset_periods(self.today).items()}
        for period, label in offered.items():
            dates = {"from": period.first.isoformat(), "to": period.last.isoformat()}
            href = url_for(str(request.endpoint), **{**args, **dates})
            found.append((label, href, self.ask.period == period))
        return found


def question(*, by_year: bool = False, at_a_glance: bool = False) -> Question:
    """Read the address; raises InvalidInput, and NotFound for a place outside the reader's scope.

    at_a_glance: this month unless the address says otherwise, by from and to or by a year.
    """
    session, now = db.session(), today()
    default = default_period(session, now)
    if at_a_glance:
        default = glance_period(default, now)
    if by_year or (at_a_glance and request.args.get("year")):
        period = Period.of_year(forms.year_of(request.args, default.first.year))
    else:
        period = forms.period_of(request.args, default)
    words = forms.place_words(request.args)
    place = place_in_scope(session, current_scope(), words.org, now, words.under, words.own, words.within)
    usual_age = current_app.extensions["settings"].elderly_age
    age = forms.age_of(request.args, usual_age)
    on = forms.day_of(request.args, "on") or snapshot_day(period, now)
    params = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    params |= {name: request.args[name] for name in PLACE_WORDS if request.args.get(name)}
    if age != usual_age:
        params["age"] = str(age)
    return Question(session, Ask(place, period, Snapshot(on, age), params), now, default)


def wants_file() -> bool:
    return request.args.get("format") in FORMATS


def cut() -> Slice:
    """The part of a list for this answer: all of it in a file, one more than it can hold, else one page."""
    if wants_file():
        return Slice(FORMATS[request.args["format"]].most_rows + 1)
    return Slice(PAGE_SIZE, offset=(page_number() - 1) * PAGE_SIZE)


def page_of(table: Table, total: int) -> Page[Any]:
    return Page(table.rows, page_number(), total)


def part_of(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """The asked part of rows that were all counted in one pass anyway."""
    wanted = cut()
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    return rows[wanted.offset : end]


def marked(asked: Question, table: Table, *, by_host: bool = False) -> Table:
    """The table with what is less sure about it, and with what was adjusted after its period was locked.

    by_host: its person-times are those of sessions hosted.
    """
    ask = asked.ask
    found = low_assurance_person_times(asked.session, ask.period, ask.place, by_host=by_host)
    table = with_low_assurance(table, found, ask, by_host=by_host)
    return with_adjusted(asked, table, by_host=by_host)


def with_adjusted(asked: Question, table: Table, *, by_host: bool = False) -> Table:
    """The second of these alone, for a table that counts no person-times."""
    ask = asked.ask
    found = adjusted(asked.session, ask.period, ask.place, by_host=by_host)
    return with_adjustments(table, found, ask, by_host=by_host)


def answer(template: str, asked: Question, table: Table, **context: Any) -> Any:
    """The table as a page, or as a file when the address asks for one."""
    kind = request.args.get("format", "")
    if kind in FORMATS:
        page: Page[Any] | None = context.get("page")
        return _file(kind, asked, table, page.total if page else len(table.rows))
    args: dict[str, Any] = {k: v for k, v in request.args.items() if k not in ("format", "page")}
    files = {name: url_for(str(request.endpoint), **{**args, "format": name}) for name in FORMATS}
    return render_template(
        template,
        table=table,
        asked=asked,
        ask=asked.ask,
        files=files,
        definitions=DEFINITIONS,
        endpoints=current_app.view_functions,
        **context,
    )


def _file(kind: str, asked: Question, table: Table, rows: int) -> Response:
    """A download; raises InvalidInput for more rows than this kind of file can reasonably hold."""
    form = FORMATS[kind]
    if rows > form.most_rows:
        raise InvalidInput.field("format", "too_long", too_long(kind, rows))
    content = form.write(table, office_name(), utc_now())
    return file_answer(content, form.content_type, f"{asked.ask.file_stem(table.name)}.{kind}")


def file_answer(content: bytes, content_type: str, name: str) -> Response:
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
