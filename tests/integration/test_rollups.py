"""The yearly summaries say what the ledger adds up to, whatever has been done to it."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from signal import SIGKILL

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from app.attendance.models import (
    Attendance,
    DayFigures,
    MemberYear,
    MemberYearKind,
    StaleDay,
    YearFigures,
)
from app.attendance.queries.rollups import differences
from app.attendance.services.rollups import adopt_leftovers, rebuild
from app.core.db import db, writing
from app.core.vocabulary import SessionState, Status
from tests.factories import attend, count, make_member, make_org, make_session


def office() -> tuple[int | None, int | None]:
    """Distinct members of the year, and person-times of its days."""
    members = select(YearFigures.members).where(YearFigures.kind_key == "")
    return db.session.scalar(members), db.session.scalar(select(func.sum(DayFigures.person_times)))


TABLES = (MemberYear, MemberYearKind, YearFigures, DayFigures)


def figures() -> dict[str, list[tuple[object, ...]]]:
    """All rows of the summaries."""
    return {
        table.__tablename__: sorted(
            tuple(row) for row in db.session.execute(select(*table.__table__.columns))
        )
        for table in TABLES
    }


@pytest.fixture
def two(ctx: Flask) -> tuple[int, int]:
    """Two members who came to a held session each, one of them also to a second on the same day."""
    org = make_org("R")
    ids = []
    for number in range(2):
        member = make_member(f"党员{number}", org)
        ids.append(member.id)
        for _ in range(number + 1):
            session = make_session(org, state=SessionState.CLOSED)
            attend(session, member)
    adopt_leftovers()
    return ids[0], ids[1]


def test_what_was_loaded_is_added_up(two: tuple[int, int]) -> None:
    assert list(differences(db.session())) == []
    rows = list(db.session.scalars(select(MemberYear).order_by(MemberYear.member_id)))
    assert [(row.member_id, row.person_times) for row in rows] == [(two[0], 1), (two[1], 2)]
    assert office() == (2, 3)
    assert count(StaleDay) == 0


@pytest.mark.parametrize("change", ["status", "minutes", "day", "away", "moved"])
def test_every_change_of_a_row_is_followed_in_its_transaction(two: tuple[int, int], change: str) -> None:
    statements = {
        "status": update(Attendance).values(status=Status.ABSENT),
        "minutes": update(Attendance).values(minutes=Attendance.minutes - 1, morning_minutes=0),
        "day": update(Attendance).values(office_date=date(2017, 5, 6)),
        "away": delete(Attendance),
        "moved": update(Attendance).values(member_id=two[1]),
    }
    mine = Attendance.member_id == two[0]
    with writing() as session:
        session.execute(statements[change].where(mine), execution_options={"synchronize_session": False})
    assert count(StaleDay) == 0
    assert list(differences(db.session())) == []


def test_a_change_past_the_services_is_known_and_counted_later(two: tuple[int, int]) -> None:
    db.session.execute(update(Attendance).values(status=Status.ABSENT))
    db.session.commit()
    assert set(db.session.scalars(select(StaleDay.member_id))) == set(two)
    assert adopt_leftovers() > 0
    assert [count(t) for t in (MemberYear, YearFigures, DayFigures, StaleDay)] == [0, 0, 0, 0]


def test_a_summary_that_somebody_has_spoilt_is_found_and_rebuilt(two: tuple[int, int]) -> None:
    with writing() as session:
        session.execute(update(MemberYear).values(minutes=MemberYear.minutes + 1))
    found = {(each.table, each.key[1]) for each in differences(db.session())}
    assert {("member_years", two[0]), ("member_years", two[1])} <= found
    rebuild()
    assert list(differences(db.session())) == []


def test_processes_side_by_side_count_what_one_counts(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figures()
    monkeypatch.setattr("app.attendance.queries.rollups.MEMBERS_AT_ONCE", 1)
    with writing() as session:
        for table in TABLES:
            session.execute(delete(table))
    assert rebuild(processes=2) == 2
    assert figures() == before
    assert list(differences(db.session())) == []


def test_a_counting_process_that_is_killed_ends_the_rebuild_and_changes_nothing(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = figures()
    # The forked ones have it too; none of them comes back from its first part.
    monkeypatch.setattr(
        "app.attendance.services.rollups._part", lambda *_asked: os.kill(os.getpid(), SIGKILL)
    )
    with pytest.raises(BrokenProcessPool):
        rebuild(processes=2)
    monkeypatch.undo()
    assert figures() == before
    assert rebuild() == 2


def test_the_office_s_totals_move_with_each_member(two: tuple[int, int]) -> None:
    with writing() as session:
        session.execute(delete(Attendance).where(Attendance.member_id == two[1]))
    assert office() == (1, 1)
    assert db.session.scalar(select(func.count()).select_from(MemberYear)) == 1
