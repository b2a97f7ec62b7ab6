"""Figures, tables, charts and exports; reads every feature's tables and writes none.

One query a figure, called alike by page, API and command:

    from app.reports.queries import (
        place_in_scope, default_period, person_times, coverage, uncovered, study_hours, duties, ledger)
    from app.reports.rules import By, CoverageBy, Period, Slice, Snapshot, snapshot_day

    Period(first, last)                     both days included; Period.of_year(2019)
    Snapshot(on, elderly_age)               the day whose members and groups are the denominator
    Slice(limit=50, after=None, offset=0)   limit None: everything; after: the last row's key

    place_in_scope(session, scope, org_code | None, today) -> Place          raises NotFound
    default_period(session, today) -> Period                                 latest year with held sessions
    snapshot_day(period, today) -> date                                      the default of `on`
    person_times(session, period, place, by: By) -> PersonTimes
    coverage(session, period, snapshot, place, by: CoverageBy) -> Coverage
    uncovered(session, period, snapshot, place, group=None, cut=FIRST_PAGE) -> Uncovered
    study_hours(session, year, snapshot, place, below=False, cut=FIRST_PAGE) -> StudyHours
    duties(session, year, place, today, cut=FIRST_PAGE) -> Duties
    ledger(session, period, place, cut=FIRST_PAGE) -> Ledger

and one body a figure, which the API and the command print:

    from app.reports.serialise import (
        person_times_body, coverage_body, uncovered_body, study_hours_body, duties_body, ledger_body,
        cursor_key)

    uncovered_body(result) -> {"count", "items", "next"}
    cursor_key(cursor | None) -> the `after` of a Slice                      raises InvalidInput
"""
