"""`flask report …`: every figure in the terminal, as JSON (the API's body), CSV, Excel or PDF."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.attendance.queries.hours import policy_of
from app.cli._refusals import refusals
from app.core.access import Scope
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext
from app.core.labels import GROUP_LABELS
from app.core.office import office_name
from app.core.vocabulary import Group
from app.members.queries.tree import roots
from app.reports import queries, serialise, tables
from app.reports.exports import FORMATS, text_table
from app.reports.rules import EVERYTHING, By, CoverageBy, Level, Period, RateBy, Snapshot, snapshot_day
from app.reports.tables import Ask, Table
from app.reports.tables.make_ups import LIST_STATE_LABELS

group = AppGroup("report", help="Figures, lists and forms: one command each, in every format.")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@dataclass(frozen=True, slots=True)
class Options:
    """What every report takes."""

    first: date | None
    last: date | None
    on: date | None
    year: int | None
    org: str | None
    form: str
    output: Path | None

    def period(self, default: Period) -> Period:
        if self.year is not None:
            return Period.of_year(self.year)
        first = self.first or (date(self.last.year, 1, 1) if self.last else default.first)
        last = self.last or (date(self.first.year, 12, 31) if self.first else default.last)
        try:
            return Period(first, last)
        except ValueError:
            raise click.UsageError("--to is before --from.") from None


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """The options that all reports share, handed over as one `Options`."""

    def run(**given: Any) -> None:
        days = {name: given.pop(name) for name in ("first", "last", "on")}
        rest = {name: given.pop(name) for name in ("year", "org", "form", "output")}
        dates: dict[str, Any] = {
            name: day.date() if isinstance(day, datetime) else None for name, day in days.items()
        }
        with refusals():
            command(Options(**dates, **rest), **given)

    run.__doc__ = command.__doc__
    for option in (
        click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."),
        click.option("--format", "form", type=click.Choice(["table", "json", *FORMATS]), default="table"),
        click.option(
            "--org", metavar="CODE", help="This organisation and all below it; default: everything."
        ),
        click.option(
            "--year", type=click.IntRange(1921, 2200), help="A calendar year, instead of --from/--to."
        ),
        click.option("--on", type=DAY, metavar="D", help="Members and groups as of this day."),
        click.option("--to", "last", type=DAY, metavar="D", help="Last day."),
        click.option(
            "--from", "first", type=DAY, metavar="D", help="First day; default: the latest year held."
        ),
    ):
        run = option(run)
    return run


def ask_of(options: Options, *, one_year: bool = False) -> Ask:
    """What the options ask for, of everything that there is unless they say otherwise."""
    session, now = db.session(), today()
    period = options.period(queries.default_period(session, now))
    if one_year:
        if period.first.year != period.last.year:
            raise click.UsageError(
                "This report is about one year: give --year, or --from and --to within one."
            )
        period = Period.of_year(period.first.year)
    scope = Scope(tuple(row.id for row in roots(session, now)), None)
    try:
        place = queries.place_in_scope(session, scope, options.org, now)
    except NotFound:
        raise click.ClickException(gettext("没有这个组织:%(code)s", code=options.org)) from None
    age = current_app.extensions["settings"].elderly_age
    return Ask(place, period, Snapshot(options.on or snapshot_day(period, now), age))


def print_marked(
    options: Options, ask: Ask, table: Table, body: dict[str, Any], *, by_host: bool = False
) -> None:
    """With how many of the person-times behind it came by a code on paper, if any did."""
    found = queries.low_assurance_person_times(db.session(), ask.period, ask.place, by_host=by_host)
    table = tables.with_low_assurance(table, found, ask, by_host=by_host)
    _print_adjusted(options, ask, table, serialise.with_low_assurance(body, found), by_host=by_host)


def _print_adjusted(
    options: Options, ask: Ask, table: Table, body: dict[str, Any], *, by_host: bool = False
) -> None:
    """With what was adjusted after the period was locked, if anything was."""
    found = queries.adjusted(db.session(), ask.period, ask.place, by_host=by_host)
    table = tables.with_adjustments(table, found, ask, by_host=by_host)
    _print(options, table, serialise.with_adjustments(body, found))


def _print(options: Options, table: Table, body: dict[str, Any]) -> None:
    if options.form == "json":
        content = (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()
    elif options.form in FORMATS:
        content = FORMATS[options.form].write(table, office_name(), utc_now())
    else:
        content = (text_table(table) + "\n").encode()
    write(options, content)


def write(options: Options, content: bytes) -> None:
    """To the file asked for, or to the terminal."""
    if options.output:
        options.output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)


@group.command("person-times")
@click.option("--by", type=click.Choice([by.value for by in By]), default=By.KIND.value)
@_common
def person_times(options: Options, by: str) -> None:
    """Sessions, person-times and members of a period."""
    ask = ask_of(options)
    result = queries.person_times(db.session(), ask.period, ask.place, By(by))
    table = tables.person_times_table(result, By(by), ask)
    print_marked(options, ask, table, serialise.person_times_body(result))


@group.command("coverage")
@click.option("--by", type=click.Choice([by.value for by in CoverageBy]), default=CoverageBy.GROUP.value)
@_common
def coverage(options: Options, by: str) -> None:
    """Members reached at least once, of all and of those required."""
    ask = ask_of(options)
    result = queries.coverage(db.session(), ask.period, ask.snapshot, ask.place, CoverageBy(by))
    table = tables.coverage_table(result, CoverageBy(by), ask)
    print_marked(options, ask, table, serialise.coverage_body(result))


@group.command("uncovered")
@click.option("--group", "of_group", type=click.Choice([group.value for group in Group]))
@_common
def uncovered(options: Options, of_group: str | None) -> None:
    """Members not reached in the period, and how they could be."""
    ask, session = ask_of(options), db.session()
    which = Group(of_group) if of_group else None
    ask = replace(ask, words=(str(GROUP_LABELS[which]),) if which else ())
    result = queries.uncovered(session, ask.period, ask.snapshot, ask.place, which, EVERYTHING)
    table = tables.uncovered_table(result, queries.mode_names(session), ask)
    print_marked(options, ask, table, serialise.uncovered_body(result))


@group.command("make-ups")
@click.option("--state", type=click.Choice([state.value for state in queries.ListState]))
@click.option("--group", "of_group", type=click.Choice([group.value for group in Group]))
@_common
def make_ups(options: Options, state: str | None, of_group: str | None) -> None:
    """Who missed what, how it can be made up, and what was."""
    ask, session = ask_of(options), db.session()
    which, how_far = Group(of_group) if of_group else None, queries.ListState(state) if state else None
    words = ([GROUP_LABELS[which]] if which else []) + ([LIST_STATE_LABELS[how_far]] if how_far else [])
    ask = replace(ask, words=tuple(str(word) for word in words))
    result = queries.make_ups(session, ask.period, ask.place, how_far, which, EVERYTHING)
    names = (queries.mode_names(session), queries.kind_names(session))
    _print(options, tables.make_ups_table(result, *names, ask), serialise.make_ups_body(result))


@group.command("study-hours")
@click.option("--below", is_flag=True, help="Only members who still lack hours or central trainings.")
@_common
def study_hours(options: Options, below: bool) -> None:
    """Each member's study hours of a year."""
    ask = ask_of(options, one_year=True)
    ask = replace(ask, words=(str(gettext("只看未达要求的")),) if below else ())
    year = ask.period.first.year
    result = queries.study_hours(db.session(), year, ask.snapshot, ask.place, below, EVERYTHING)
    table = tables.study_hours_table(result, ask)
    print_marked(options, ask, table, serialise.study_hours_body(result))


@group.command("duties")
@click.option("--kind", help="Key of one duty; default: each on a line of its own.")
@_common
def duties(options: Options, kind: str | None) -> None:
    """Branch by month: what each branch held of what it owes."""
    ask = ask_of(options, one_year=True)
    result = queries.duties(db.session(), ask.period.first.year, ask.place, today(), EVERYTHING)
    if kind and kind not in [duty.key for duty in result.kinds]:
        raise click.BadParameter(f"{kind} is no duty.", param_hint="--kind")
    ask = replace(ask, words=tuple(str(duty.label) for duty in result.kinds if duty.key == kind))
    table = tables.duties_table(result, kind or tables.EACH_KIND, ask)
    _print_adjusted(options, ask, table, serialise.duties_body(result), by_host=True)


@group.command("ledger")
@_common
def ledger(options: Options) -> None:
    """The ledger of classes and single sessions."""
    ask, session = ask_of(options), db.session()
    result = queries.ledger(session, ask.period, ask.place, EVERYTHING)
    per_hour = policy_of(session, ask.period.last.year).minutes_per_hour
    table = tables.ledger_table(result, per_hour, ask)
    print_marked(options, ask, table, serialise.ledger_body(result), by_host=True)


@group.command("attendance-rate")
@click.option("--by", type=click.Choice([by.value for by in RateBy]), default=RateBy.KIND.value)
@_common
def attendance_rate(options: Options, by: str) -> None:
    """Of those expected, who came and who made it up."""
    ask = ask_of(options)
    result = queries.attendance_rate(db.session(), ask.period, ask.place, RateBy(by))
    table = tables.attendance_rate_table(result, RateBy(by), ask)
    print_marked(options, ask, table, serialise.attendance_rate_body(result))


@group.command("branches")
@click.option("--level", type=click.Choice([level.value for level in Level]), default=Level.BRANCH.value)
@_common
def branches(options: Options, level: str) -> None:
    """A line a branch: members, hours, attendance rate, coverage."""
    ask = ask_of(options)
    which = Level(level)
    result = queries.branch_summary(db.session(), ask.period, ask.snapshot, ask.place, which)
    print_marked(options, ask, tables.branches_table(result, which, ask), serialise.summary_body(result))


@group.command("groups")
@_common
def groups(options: Options) -> None:
    """The same by group of members, and the deduplicated total."""
    ask = ask_of(options)
    result = queries.group_summary(db.session(), ask.period, ask.snapshot, ask.place)
    print_marked(options, ask, tables.groups_table(result, ask), serialise.summary_body(result))


@group.command("forms")
@_common
def by_form(options: Options) -> None:
    """Sessions and person-times by kind and mode, and the sessions without a head count."""
    ask = ask_of(options)
    result = queries.form_summary(db.session(), ask.period, ask.place)
    print_marked(options, ask, tables.forms_table(result, ask), serialise.forms_body(result))


@group.command("lecturers")
@_common
def lecturers(options: Options) -> None:
    """What each lecturer gave, in each role, and how many listened."""
    ask, session = ask_of(options), db.session()
    result = queries.lecturer_summary(session, ask.period, ask.place)
    per_hour = policy_of(session, ask.period.last.year).minutes_per_hour
    table = tables.lecturers_table(result, per_hour, ask)
    print_marked(options, ask, table, serialise.lecturers_body(result), by_host=True)


@group.command("trend")
@_common
def trend(options: Options) -> None:
    """The course of a year: person-times of each month, coverage as it grows."""
    ask = ask_of(options, one_year=True)
    result = queries.trend(db.session(), ask.period.first.year, ask.snapshot, ask.place, today())
    _print(options, tables.trend_table(result, ask), serialise.trend_body(result))


@group.command("duty-gaps")
@_common
def duty_gaps(options: Options) -> None:
    """Unit by month: how many branches held no duty session."""
    ask = ask_of(options, one_year=True)
    result = queries.duty_gaps(db.session(), ask.period.first.year, ask.place, today())
    _print(options, tables.duty_gaps_table(result, ask), serialise.duty_gaps_body(result))


@group.command("corrections")
@click.option("--after-lock", is_flag=True, help="Only what came to light after its period was locked.")
@_common
def corrections(options: Options, after_lock: bool) -> None:
    """What was changed of attendance: when, by whom and why."""
    ask = ask_of(options)
    ask = replace(ask, words=(str(gettext("只看锁定后的")),) if after_lock else ())
    wanted = queries.CorrectionsAsked(only_after_lock=after_lock)
    result = queries.corrections(db.session(), ask.period, ask.place, wanted, EVERYTHING)
    _print(options, tables.corrections_table(result, ask), serialise.corrections_body(result))
