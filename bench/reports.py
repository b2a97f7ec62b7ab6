"""Figures of a year over two million rows, beside the same questions asked of DuckDB over the same rows.

.venv/bin/python -m bench.reports [--scale 1] [--database sqlite|postgresql|both] [--runs 9]

Builds an invented district of 13,700 members, 6,200 sessions and 2,000,000 attendance rows (times `--scale`)
on databases of the bench's own, and the same rows in a DuckDB file. Asks each question of all of them in
turns, checks that they answer alike, and prints the medians in milliseconds: what the product takes, what
DuckDB takes to scan for it (two threads), and their ratio. The yearly figures are read from the summaries;
every other range is counted from the rows. Also: a rebuild of the summaries, and closing a hall.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from flask import Flask
from sqlalchemy import func, select, text, update

from app.attendance.models import Attendance
from app.attendance.services.rollups import rebuild
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, Post, SessionState
from app.members.models import OrgPost, OrgUnit
from app.members.queries.as_of import latest_birth_date, members_as_of
from app.reports.queries import Place, coverage, person_times, study_hours, uncovered
from app.reports.rules import By, CoverageBy, Period, Snapshot
from app.trainings.models import TrainingClass, TrainingSession
from bench.find_people import build as build_people
from bench.find_people import put
from tests.databases import make_app, postgresql_database

YEAR, AGE = 2019, 60
WHOLE_YEAR = Period.of_year(YEAR)
SPRING = Period(date(YEAR, 3, 5), date(YEAR, 6, 20))
MEMBERS, SESSIONS, ROWS = 13_700, 6_200, 2_000_000
MEMBERS_A_BRANCH = 34
# Of every session's kind a share; the first one has classes.
KINDS = ("central_training", "theme_day", "group_study", "party_lecture", "seminar", "reading_class",
         "open_lecture", "branch_assembly", "group_meeting", "organisational_life")  # fmt: skip
CLASSES = 40
COLUMNS = ("session_id", "member_id", "status", "kind_key", "mode_key", "class_id", "office_date", "minutes",
           "morning_minutes", "org_id", "groups")  # fmt: skip
FIXED = {
    "is_extra": "false",
    "method": "'member_scan'",
    "is_held": "true",
    "occurred_at": "'2019-01-01 00:00:00'",
    "received_at": "'2019-01-01 00:00:00'",
}


@dataclass(frozen=True)
class Size:
    """How large the district is."""

    members: int
    sessions: int
    rows: int


def build(size: Size, rows_file: Path) -> None:
    """People, units, sessions and their attendance; the rows are also written to `rows_file`."""
    build_people(size.members, MEMBERS_A_BRANCH)
    rng = random.Random(2)
    branches = db.session.scalars(select(OrgUnit.id).where(OrgUnit.code.like("P%"))).all()
    heads = rng.sample(range(1, size.members + 1), size.members // 20)
    put(
        OrgPost,
        (
            {"org_id": branches[i % len(branches)], "member_id": member, "post": Post.SECRETARY,
             "starts_on": date(2010, 1, 1), "ends_on": FOREVER}
            for i, member in enumerate(heads)
        ),
    )  # fmt: skip
    made = {"created_at": datetime(2018, 1, 1, tzinfo=UTC)}
    put(
        TrainingClass,
        (
            {"id": i, "title": f"第{i}期", "kind_key": KINDS[0], "host_org_id": 1, **made}
            for i in range(1, CLASSES + 1)
        ),
    )
    put(TrainingSession, _sessions(size, branches))
    if not rows_file.exists():
        _write_rows(size, rows_file)
    began = time.perf_counter()
    _load(rows_file)
    print(f"  attendance: {size.rows:,} rows, {time.perf_counter() - began:.0f} s", flush=True)


def _sessions(size: Size, branches: Any) -> Iterator[dict[str, Any]]:
    for number in range(1, size.sessions + 1):
        starts = datetime(YEAR, 1, 1, 1, tzinfo=UTC) + timedelta(days=number * 360 // size.sessions)
        ends = starts + timedelta(minutes=90)
        yield {
            "id": number, "title": f"第{number}场", "kind_key": KINDS[number % len(KINDS)],
            "mode_key": "home_visit" if number % 17 == 0 else "in_person", "state": SessionState.CLOSED,
            "class_id": number % CLASSES + 1 if number % len(KINDS) == 0 else None,
            "host_org_id": branches[number % len(branches)], "starts_at": starts, "ends_at": ends,
            "office_date": starts.date(), "opens_at": starts, "closes_at": ends, "credited_minutes": 90,
            "code_secret": number.to_bytes(32, "big"), "created_at": starts, "updated_at": starts,
        }  # fmt: skip


def _write_rows(size: Size, rows_file: Path) -> None:
    rng = random.Random(3)
    standing = {row[0]: row[1:] for row in db.session.execute(members_as_of(date(YEAR, 7, 1), AGE))}
    # Some are never reached.
    people = sorted(standing)[: len(standing) * 93 // 100]
    query = select(TrainingSession).order_by(TrainingSession.id)
    share, extra = divmod(size.rows, size.sessions)
    with rows_file.open("w", newline="") as handle:
        out = csv.writer(handle)
        for row in db.session.scalars(query):
            for member in rng.sample(people, share + (row.id <= extra)):
                chance = rng.random()
                status = "present" if chance < 0.9 else "absent" if chance < 0.96 else "made_up"
                org_id, groups = standing[member]
                minutes = 90 if chance < 0.8 else 45
                out.writerow([row.id, member, status, row.kind_key, row.mode_key, row.class_id or "",
                              row.office_date, minutes, minutes, org_id, groups])  # fmt: skip


def _load(rows_file: Path) -> None:
    names = ", ".join((*COLUMNS, *FIXED))
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        connection = db.session.connection()
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(f"CREATE TEMP TABLE loaded ON COMMIT DROP AS SELECT {', '.join(COLUMNS)}"
                                " FROM attendance LIMIT 0"))  # fmt: skip
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        with rows_file.open("rb") as handle, cursor.copy("COPY loaded FROM STDIN CSV") as copy:
            while part := handle.read(1 << 20):
                copy.write(part)
        fixed = (f"timestamptz {value}" if name.endswith("_at") else value for name, value in FIXED.items())
        chosen = ", ".join((*COLUMNS, *fixed))
        connection.execute(text(f"INSERT INTO attendance ({names}) SELECT {chosen} FROM loaded"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as apart:
            apart.execute(text("VACUUM ANALYZE"))
        return
    raw: Any = db.engine.raw_connection()
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("BEGIN")
    # Indexes and triggers, made anew afterwards: row by row they take most of the time.
    made = "WHERE tbl_name = 'attendance' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    helpers = raw.execute(f"SELECT type, name, sql FROM sqlite_master {made}").fetchall()
    for kind, name, _ in helpers:
        raw.execute(f"DROP {kind} {name}")
    marks = ", ".join(("?",) * len(COLUMNS) + tuple(FIXED.values()))
    with rows_file.open(newline="") as handle:
        rows = ((*row[:5], row[5] or None, *row[6:]) for row in csv.reader(handle))
        raw.executemany(f"INSERT INTO attendance ({names}) VALUES ({marks})", rows)
    for _, _, statement in helpers:
        raw.execute(statement)
    raw.execute("COMMIT")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute("ANALYZE")
    raw.close()


class Duck:
    """The same rows in DuckDB, and the questions in its own words."""

    def __init__(self, folder: Path, rows_file: Path) -> None:
        self.base = duckdb.connect(str(folder / "duck.db"), config={"threads": 2})
        names = ", ".join(COLUMNS)
        kinds = ("INT", "INT", "VARCHAR", "VARCHAR", "VARCHAR", "INT", "DATE", "INT", "INT", "INT", "INT")
        columns = "{" + ", ".join(f"'{n}': '{k}'" for n, k in zip(COLUMNS, kinds, strict=True)) + "}"
        self.base.execute(
            f"CREATE TABLE attendance AS SELECT {names}, true AS is_held"
            f" FROM read_csv('{rows_file}', header=false, columns={columns})"
        )
        for table, query in {
            "sessions": select(TrainingSession.id, TrainingSession.kind_key, TrainingSession.class_id,
                               TrainingSession.office_date),
            "posts": select(OrgPost.member_id, OrgPost.starts_on, OrgPost.ends_on),
        }.items():  # fmt: skip
            self._copy(folder, table, query)
        for table in ("members", "memberships", "group_memberships", "org_units", "org_former_natures"):
            chosen = {
                "members": "id, birth_date", "memberships": "member_id, org_id, starts_on, ends_on",
                "group_memberships": "member_id, group_key, starts_on, ends_on, is_in, approved_by_id",
                "org_units": "id, code, sector", "org_former_natures": "org_id, sector, starts_on, ends_on",
            }[table]  # fmt: skip
            self._copy(folder, table, text(f"SELECT {chosen} FROM {table}"))

    def _copy(self, folder: Path, table: str, query: Any) -> None:
        found = db.session.execute(query)
        path = folder / f"{table}.csv"
        with path.open("w", newline="") as handle:
            out = csv.writer(handle)
            out.writerow(found.keys())
            out.writerows(found)
        self.base.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{path}', header=true)")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.base.execute(query).fetchall()


def _day(on: date) -> str:
    """The members of a day with their groups, in DuckDB's words; the same rule as `members_as_of`."""
    mobile = date(on.year, on.month - 6, min(on.day, 30)) if on.month > 6 else None
    assert mobile is not None
    rule = {
        1: f"m.birth_date <= '{latest_birth_date(on, AGE)}'", 2: "false",
        4: "o.sector IN ('non_public', 'social_org')", 8: "o.sector = 'village'", 16: "o.sector = 'retired'",
        32: "false", 64: "false",
    }  # fmt: skip
    keys = ("elderly", "mobile", "new_org", "rural", "retired", "lost_contact", "exempt")
    more = {"mobile": f" AND starts_on <= '{mobile}'", "exempt": " AND approved_by_id IS NOT NULL"}
    hand = ", ".join(
        f"max(is_in::INT) FILTER (WHERE group_key = '{key}'{more.get(key, '')}) AS {key}" for key in keys
    )
    bits = " + ".join(f"coalesce(h.{key}, ({rule[1 << i]})::INT, 0) * {1 << i}" for i, key in enumerate(keys))
    span = f"starts_on <= '{on}' AND ends_on > '{on}'"
    return (
        f"day AS (SELECT s.member_id, s.org_id, {bits} AS groups"
        f" FROM (SELECT * FROM memberships WHERE {span}) s"
        " JOIN members m ON m.id = s.member_id JOIN org_units o ON o.id = s.org_id"
        f" LEFT JOIN (SELECT member_id, {hand} FROM group_memberships WHERE {span} GROUP BY member_id) h"
        " ON h.member_id = s.member_id)"
    )


def _counted(period: Period) -> str:
    return (
        "is_held AND status IN ('present', 'late', 'left_early', 'made_up')"
        f" AND office_date BETWEEN '{period.first}' AND '{period.last}'"
    )


@dataclass(frozen=True)
class Question:
    """One figure: how the product is asked, how DuckDB is, and what of both must be equal."""

    name: str
    ours: Callable[[], Any]
    duck: Callable[[Duck], Any]
    is_yearly: bool


def questions(place: Place) -> list[Question]:
    return [
        question
        for period, is_yearly in ((WHOLE_YEAR, True), (SPRING, False))
        for question in _questions(place, period, is_yearly)
    ]


def _questions(place: Place, period: Period, is_yearly: bool) -> Iterator[Question]:
    snapshot, session = Snapshot(WHOLE_YEAR.last, AGE), db.session()
    counted, day = _counted(period), _day(snapshot.on)
    reached = (
        f"WITH {day}, reached AS (SELECT day.*, member_id IN"
        f" (SELECT member_id FROM attendance WHERE {counted}) AS covered FROM day)"
    )

    def by_kind() -> Any:
        found = person_times(session, period, place, By.KIND)
        rows = [(row.key, row.person_times, row.class_person_times, row.members, row.minutes, row.sessions)
                for row in found.rows]  # fmt: skip
        total = found.total
        return sorted(rows), (total.person_times, total.members, total.minutes, total.sessions)

    def duck_by_kind(duck: Duck) -> Any:
        columns = (
            "count(*), count(DISTINCT CASE WHEN class_id IS NOT NULL THEN class_id * 4294967296 + member_id"
            " END), count(DISTINCT member_id), sum(minutes)::BIGINT"
        )
        held = f"FROM sessions WHERE office_date BETWEEN '{period.first}' AND '{period.last}'"
        rows = duck.ask(f"SELECT kind_key, {columns} FROM attendance WHERE {counted} GROUP BY kind_key")
        sessions = dict(duck.ask(f"SELECT kind_key, count(*) {held} GROUP BY kind_key"))
        total = duck.ask(f"SELECT {columns} FROM attendance WHERE {counted}")[0]
        return (
            sorted((*row, sessions[row[0]]) for row in rows),
            (total[0], total[2], total[3], sum(sessions.values())),
        )

    yield Question("person-times by kind", by_kind, duck_by_kind, is_yearly)

    def by_group() -> Any:
        found = coverage(session, period, snapshot, place, CoverageBy.GROUP)
        return [(row.members, row.covered) for row in (*found.rows, found.total)]

    def duck_by_group(duck: Duck) -> Any:
        tallies = duck.ask(f"{reached} SELECT groups, covered, count(*) FROM reached GROUP BY ALL")
        bits = [*(1 << i for i in range(7)), 0]
        return [
            (
                sum(n for groups, _, n in tallies if not bit or groups & bit),
                sum(n for groups, is_covered, n in tallies if is_covered and (not bit or groups & bit)),
            )
            for bit in bits
        ]

    yield Question("coverage by group", by_group, duck_by_group, is_yearly)

    def missing() -> Any:
        found = uncovered(session, period, snapshot, place)
        return found.count, [item.member for item in found.items]

    def duck_missing(duck: Duck) -> Any:
        rows = duck.ask(
            f"{reached} SELECT r.member_id, count(*) OVER () FROM reached r"
            " JOIN org_units o ON o.id = r.org_id WHERE NOT covered ORDER BY o.code, r.member_id LIMIT 50"
        )
        return (rows[0][1] if rows else 0), [row[0] for row in rows]

    yield Question("uncovered list", missing, duck_missing, is_yearly)
    if not is_yearly:
        return

    def hours() -> Any:
        found = study_hours(session, YEAR, snapshot, place, below=True)
        return found.count, [(item.member, item.hours, item.central_classes) for item in found.items]

    def duck_hours(duck: Duck) -> Any:
        rows = duck.ask(
            f"WITH {day}, days AS (SELECT member_id, least(480, least(240, sum(morning_minutes))"
            f" + least(240, sum(minutes - morning_minutes))) AS m FROM attendance WHERE {counted}"
            " GROUP BY member_id, office_date),"
            " credit AS (SELECT member_id, sum(m) AS m FROM days GROUP BY member_id),"
            " central AS (SELECT member_id, count(DISTINCT coalesce(class_id, -session_id)) AS n"
            f" FROM attendance WHERE {counted} AND kind_key = 'central_training' GROUP BY member_id),"
            f" posts AS (SELECT DISTINCT member_id FROM posts WHERE starts_on <= '{snapshot.on}'"
            f" AND ends_on > '{snapshot.on}'),"
            " all_of_them AS (SELECT day.member_id, o.code, coalesce(credit.m, 0) AS m,"
            " coalesce(central.n, 0) AS n, CASE WHEN groups & 64 <> 0 THEN 0 WHEN posts.member_id IS NOT NULL"
            " THEN 56 ELSE 32 END AS hours, CASE WHEN groups & 64 = 0 AND posts.member_id IS NOT NULL THEN 1"
            " ELSE 0 END AS owed FROM day JOIN org_units o ON o.id = day.org_id"
            " LEFT JOIN credit USING (member_id) LEFT JOIN central USING (member_id)"
            " LEFT JOIN posts USING (member_id))"
            " SELECT member_id, m, n, count(*) OVER () FROM all_of_them WHERE m < hours * 60 OR n < owed"
            " ORDER BY code, member_id LIMIT 50"
        )
        return (rows[0][3] if rows else 0), [(row[0], round(int(row[1]) / 60, 2), row[2]) for row in rows]

    yield Question("hours below target", hours, duck_hours, is_yearly)


def in_turns(asks: Sequence[Callable[[], Any]], runs: int) -> list[tuple[float, Any]]:
    """Of each ask its median in milliseconds, and its answer. In turns: a machine that changes its speed by
    half within seconds would else tell more of itself than of them."""
    answers = [ask() for ask in asks]
    times: list[list[float]] = [[] for _ in asks]
    for _ in range(runs):
        for ask, taken in zip(asks, times, strict=True):
            db.session.rollback()
            began = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - began) * 1000)
    return [(statistics.median(taken), answer) for taken, answer in zip(times, answers, strict=True)]


def measure(app: Flask, database: str, size: Size, folder: Path, runs: int) -> None:
    rows_file = folder / "rows.csv"
    with app.app_context():
        print(f"{database}: building {size.members:,} members, {size.sessions:,} sessions …", flush=True)
        build(size, rows_file)
        began = time.perf_counter()
        rebuild(processes=os.cpu_count() or 1)
        print(f"  rebuild of all summaries: {time.perf_counter() - began:.1f} s")
        if database == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as apart:
                apart.execute(text("VACUUM ANALYZE"))
        top = db.session.scalars(select(OrgUnit.id).where(OrgUnit.code == "P")).one()
        place = Place((top,), "P", "", is_everything=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            duck = Duck(Path(scratch), rows_file)
            print(f"  {'':<34} {'ours ms':>9} {'DuckDB ms':>10} {'ratio':>6}")
            for each in questions(place):
                asks = (each.ours, partial(each.duck, duck))
                (ours, answer), (theirs, other) = in_turns(asks, runs)
                if answer != other:
                    raise SystemExit(f"{each.name}: {str(answer)[:300]} is not {str(other)[:300]}")
                what = f"{each.name}, {'year' if each.is_yearly else '5 March to 20 June'}"
                print(f"  {what:<34} {ours:>9.1f} {theirs:>10.1f} {ours / theirs:>6.2f}", flush=True)
        _close_a_hall(size)


def _close_a_hall(size: Size) -> None:
    """What a session's closing costs with everybody's summary moving, and without."""
    session_id = db.session.scalar(select(func.max(TrainingSession.id)))
    held = update(Attendance).where(Attendance.session_id == session_id)
    for is_held in (False, True):
        began = time.perf_counter()
        with writing() as session:
            session.execute(held.values(is_held=is_held), execution_options={"synchronize_session": False})
        took = (time.perf_counter() - began) * 1000
        what = "counting" if is_held else "no longer counting"
        print(f"  {what} a session of {size.rows // size.sessions:,}: {took:.0f} ms")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1)
    arguments.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    arguments.add_argument("--runs", type=int, default=9)
    asked = arguments.parse_args()
    size = Size(*(round(number * asked.scale) for number in (MEMBERS, SESSIONS, ROWS)))
    databases = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    with tempfile.TemporaryDirectory() as scratch:
        for database in databases:
            folder = Path(scratch)
            with contextlib.ExitStack() as stack:
                url = f"sqlite:///{folder / 'reports.sqlite3'}"
                if database == "postgresql":
                    url = stack.enter_context(postgresql_database("bulou_reports"))
                measure(make_app(url, folder), database, size, folder, asked.runs)


if __name__ == "__main__":
    main()
