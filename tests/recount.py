"""A naive recount of the ledger: plain rows, added up in Python by the words of the definitions.

It shares no SQL with the product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select

from app.attendance.models import Adjustment, Attendance, MakeUp
from app.core.db import db
from app.core.vocabulary import SessionState
from app.members.models import Membership
from app.reports.queries import coverage, person_times, study_hours, uncovered, year_hours
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Snapshot
from app.trainings.models import LockedPeriod, TrainingSession

COUNTED = {"present", "late", "left_early", "made_up"}
ATTENDED = COUNTED - {"made_up"}
Key = tuple[int, int]


def counted() -> Iterator[Any]:
    """Rows of sessions that were held, of somebody who came or made up; a session's own state decides."""
    states = dict(db.session.execute(select(TrainingSession.id, TrainingSession.state)).all())
    for row in db.session.execute(select(Attendance.__table__)):
        held = states[row.session_id] == SessionState.CLOSED and row.made_up_for_id is None
        if held and str(row.status) in COUNTED:
            yield row


def check_person_times(period: Period, place: Any, rows: list[Any]) -> None:
    found = person_times(db.session(), period, place, By.KIND)
    by_kind = defaultdict(list)
    for row in rows:
        by_kind[row.kind_key].append(row)
    assert {row.key for row in found.rows if row.person_times} == set(by_kind)
    for line, behind in [(found.total, rows), *((row, by_kind[row.key]) for row in found.rows)]:
        pairs = {(row.class_id, row.member_id) for row in behind if row.class_id is not None}
        numbers = (line.person_times, line.class_person_times, line.members, line.minutes)
        members = {row.member_id for row in behind}
        assert numbers == (len(behind), len(pairs), len(members), sum(row.minutes for row in behind)), period


def check_coverage(period: Period, place: Any, rows: list[Any], today: date) -> None:
    on = min(period.last, today)
    here = set(
        db.session.scalars(
            select(Membership.member_id).where(Membership.starts_on <= on, Membership.ends_on > on)
        )
    )
    came = {row.member_id for row in rows} & here
    snapshot = Snapshot(on, 60)
    total = coverage(db.session(), period, snapshot, place, CoverageBy.GROUP).total
    assert (total.members, total.covered) == (len(here), len(came)), period
    missing = uncovered(db.session(), period, snapshot, place, cut=EVERYTHING)
    assert (missing.count, {item.member for item in missing.items}) == (len(here - came), here - came)


def check_hours(year: int, place: Any, rows: list[Any], today: date) -> None:
    halves: Counter[tuple[int, date, str]] = Counter()
    central = defaultdict(set)
    for row in rows:
        halves[row.member_id, row.office_date, "am"] += row.morning_minutes
        halves[row.member_id, row.office_date, "pm"] += row.minutes - row.morning_minutes
        if row.kind_key == "central_training":
            central[row.member_id].add(("class", row.class_id) if row.class_id else ("one", row.session_id))
    days: Counter[tuple[int, date]] = Counter()
    for (member, day, _half), minutes in halves.items():
        days[member, day] += min(minutes, 240)
    hours: Counter[int] = Counter()
    for (member, _day), minutes in days.items():
        hours[member] += min(minutes, 480)
    snapshot = Snapshot(min(date(year, 12, 31), today), 60)
    found = study_hours(db.session(), year, snapshot, place, cut=EVERYTHING)
    said = {item.member: (item.hours, item.central_classes) for item in found.items}
    assert said == {member: (round(hours[member] / 60, 2), len(central[member])) for member in said}
    all_hours = round(sum(hours[member] for member in said) / 60, 2)
    assert (found.hours, year_hours(db.session(), year, snapshot, place)) == (all_hours, all_hours)


def check_make_ups() -> None:
    """Each is what the facts say, unless one of its days is locked; and nobody counts twice for it."""
    rows = {(row.session_id, row.member_id): row for row in db.session.execute(select(Attendance.__table__))}
    found = db.session.execute(select(MakeUp.__table__)).all()
    sessions = {row.id: row for row in db.session.execute(select(TrainingSession.__table__))}
    ways = {(one.via_session_id, one.member_id): one for one in found if one.via_session_id}
    for key, row in rows.items():
        if row.made_up_for_id is not None:
            assert key in ways, "counts nowhere, and nothing says why"
            assert ways[key].session_id == row.made_up_for_id
    locked = _locked_days()
    for one in found:
        original, via = sessions[one.session_id], sessions.get(one.via_session_id)
        row, via_row = (rows.get((at, one.member_id)) for at in (one.session_id, one.via_session_id))
        if one.state == "done" and _counts(row) and row.status == "made_up":
            assert not _counts(via_row), "made up, and counted there too"
            if not any(first <= original.office_date <= last for first, last in locked):
                studied = via_row.minutes if via_row is not None else one.minutes
                assert row.minutes == min(_whole(original), studied)
        if any(first <= at.office_date <= last for at in (original, via) if at for first, last in locked):
            continue
        assert SessionState.CANCELLED not in (original.state, via.state if via else None)
        if via is not None:
            both = {original.state, via.state} == {SessionState.CLOSED}
            assert (one.state == "done") == (both and via_row is not None and via_row.status in ATTENDED)
        if one.state != "done":
            # Who checks in at an open session settles nothing (decision 0027): its closing does.
            assert original.state != SessionState.CLOSED or row is None or row.status not in COUNTED
            assert via_row is None or via_row.made_up_for_id is None
            continue
        assert (row.status, row.minutes) == ("made_up", min(_whole(original), one.minutes))
        if via_row is not None:
            assert (via_row.made_up_for_id, via_row.is_held) == (original.id, False)
            assert one.minutes == via_row.minutes


def _whole(session: Any) -> int:
    """What a session credits; those of the replay credit every minute."""
    effective = session.effective_minutes
    return int(session.credited_minutes if effective is None else min(session.credited_minutes, effective))


def _counts(row: Any) -> bool:
    return row is not None and bool(row.is_held) and row.status in COUNTED


def adjusted_rows() -> dict[Key, str | None]:
    """What waits on rows of locked days, by session and member; None: the row is to go."""
    table = Adjustment.__table__
    waits = (table.c.applied_at.is_(None), table.c.withdrawn_at.is_(None))
    found = db.session.execute(select(table).where(*waits)).all()
    waiting = {(row.session_id, row.member_id): row.status_after for row in found}
    assert len(waiting) == len(found), "two wait for one row"
    locked = _locked_days()
    assert all(any(first <= row.office_date <= last for first, last in locked) for row in found)
    return waiting


def linked_rows() -> set[Key]:
    """Rows that a make-up is about: of the session that was missed, and of the one instead."""
    found = db.session.execute(select(MakeUp.session_id, MakeUp.via_session_id, MakeUp.member_id)).all()
    return {(at, one.member_id) for one in found for at in one[:2] if at is not None}


def require_said(
    said: dict[Key, str | None], links: set[Key], before: dict[Key, Any], after: dict[Key, Any]
) -> None:
    """After an unlocking every row says what had waited for it; no other row has changed.

    Rows that make-ups are about (links, before) may say by it that they were made up, or no longer.
    """
    links = links | linked_rows()
    for key, status in said.items():
        now = after[key].status if key in after else None
        assert now == status or (key in links and now == "made_up" and status not in COUNTED)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed <= said.keys() | links


def _locked_days() -> list[tuple[date, date]]:
    query = select(LockedPeriod.first_on, LockedPeriod.last_on).where(LockedPeriod.unlocked_at.is_(None))
    return [(first, last) for first, last in db.session.execute(query)]
