"""What `demo load` writes, on each database: true to its own rules and to the product's queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import (
    Instructor,
    InstructorAssignment,
    RoleGrant,
    StaffUser,
    SupervisionTeam,
    TeamAssignment,
    TeamOfficial,
)
from app.attendance.models import Attendance
from app.core.audit import first_bad_entry
from app.core.clock import office_tz
from app.core.crypto import blind_index, unseal
from app.core.db import Base, db
from app.core.errors import AppError, InvalidInput, WrongState
from app.core.passwords import password_fits
from app.core.vocabulary import FOREVER, OrgKind, OrgTag, Role, SessionState
from app.demo.district import build_district
from app.demo.load import PASSWORD, Order, Summary, load_demo
from app.demo.oversight import build_oversight
from app.demo.roll import Roll
from app.members.models import Member, Membership, OrgPlacement, OrgTagRow, OrgUnit
from app.members.queries.as_of import members_as_of
from app.trainings.models import ExpectedAttendee, SessionKind, TrainingSession
from app.trainings.queries.audience import audience_members
from app.trainings.queries.sessions import audience_ids
from app.trainings.rules import split_credit
from tests import databases
from tests.factories import count, make_member, make_org, make_session, make_team

NOW = datetime(2026, 5, 20, 2, 3, 45, tzinfo=UTC)
MEMBERS = 300
REFERENCE = databases.REFERENCE_TABLES | {"alembic_version"}


@contextmanager
def no_bar(total: int, label: str) -> Iterator[Callable[[int], object]]:
    yield lambda _: None


def load(**changes: Any) -> Summary:
    order = Order(**{"members": MEMBERS, "year": 2019, "seed": 1, **changes})
    return load_demo(order, NOW, office_tz(), 60, no_bar)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def loaded_app(request: pytest.FixtureRequest) -> Flask:
    """An app whose database holds the small district; the tests that use it only read."""
    app: Flask = request.getfixturevalue(f"{request.param}_app")
    databases.empty(app)
    with app.app_context():
        load()
        db.session.remove()
    return app


@pytest.fixture
def session(loaded_app: Flask) -> Iterator[Session]:
    with loaded_app.app_context():
        yield db.session()
        db.session.rollback()


def test_counts_of_the_year_are_exact_at_any_size(session: Session) -> None:
    in_year = TrainingSession.office_date.between(date(2019, 1, 1), date(2019, 12, 31))
    query = select(TrainingSession.kind_key, func.count()).where(
        in_year, TrainingSession.state == SessionState.CLOSED
    )
    found = dict(session.execute(query.group_by(TrainingSession.kind_key)).all())  # type: ignore[arg-type]
    assert {k: found[k] for k in ("central_training", "reading_class", "seminar", "tradition_education")} == {
        "central_training": 16,
        "reading_class": 50,
        "seminar": 210,
        "tradition_education": 90,
    }
    # Twelve branches of the four hundred and fifty.
    assert (found["theme_day"], found["group_study"]) == (57, 99)
    one_each = select(func.count(), func.count(TrainingSession.class_id.distinct())).where(
        in_year, TrainingSession.class_id.is_not(None)
    )
    assert tuple(session.execute(one_each).one()) == (16, 16)
    assert set(found) <= set(session.scalars(select(SessionKind.key)))


def test_members_on_the_last_day_are_exactly_those_asked_for(session: Session) -> None:
    standing = members_as_of(date(2019, 12, 31), 60).subquery()
    assert session.scalar(select(func.count()).select_from(standing)) == MEMBERS
    assert count(Member) == MEMBERS


@pytest.mark.parametrize(
    "on", [date(2019, 1, 1), date(2019, 6, 30), date(2019, 7, 1), date(2019, 12, 31), date(2026, 5, 20)]
)
def test_the_demos_own_roll_agrees_with_the_query_on_every_member(session: Session, on: date) -> None:
    district = build_district(1, MEMBERS, 2019)
    roll = Roll(district, 60)
    ours = set()
    for person in district.people:
        org_id = roll.branch_of(person.id, on)
        if org_id is not None:
            ours.add((person.id, org_id, roll.groups_of(person.id, org_id, on)))
    assert ours == {tuple(row) for row in session.execute(members_as_of(on, 60))}


def test_expected_lists_are_what_the_audience_means_on_the_day(session: Session) -> None:
    rows = session.scalars(select(TrainingSession).where(TrainingSession.state != SessionState.DRAFT)).all()
    sample = [*rows[::20], *[row for row in rows if row.office_date.year == 2026]]
    for row in sample:
        orgs, groups, members = audience_ids(session, row.id)
        meant = audience_members(row.office_date, 60, row.host_org_id, orgs, groups, members)
        columns = (ExpectedAttendee.member_id, ExpectedAttendee.org_id, ExpectedAttendee.groups)
        written = session.execute(select(*columns).where(ExpectedAttendee.session_id == row.id))
        assert {tuple(r) for r in written} == {tuple(r) for r in session.execute(meant)}


def test_attendance_is_expected_or_extra_and_carries_the_standing_of_the_day(session: Session) -> None:
    snapshot = {
        (r.session_id, r.member_id): (r.org_id, r.groups) for r in session.scalars(select(ExpectedAttendee))
    }
    days: dict[date, dict[int, tuple[int, int]]] = {}
    extras = 0
    for row in session.scalars(select(Attendance)):
        assert row.is_extra == ((row.session_id, row.member_id) not in snapshot)
        if row.is_extra:
            extras += 1
            if row.office_date not in days:
                standing = session.execute(members_as_of(row.office_date, 60))
                days[row.office_date] = {member: (org, groups) for member, org, groups in standing}
            assert (row.org_id, row.groups) == days[row.office_date][row.member_id]
        else:
            assert (row.org_id, row.groups) == snapshot[row.session_id, row.member_id]
    assert extras > 0


def test_attendance_copies_its_session(session: Session) -> None:
    for row, held in session.execute(
        select(Attendance, TrainingSession).join(TrainingSession, TrainingSession.id == Attendance.session_id)
    ):
        credit = split_credit(held.starts_at, held.ends_at, held.credited_minutes, office_tz())
        assert (row.minutes, row.morning_minutes) == (credit.total, credit.morning)
        assert (row.kind_key, row.mode_key, row.class_id) == (held.kind_key, held.mode_key, held.class_id)
        assert row.office_date == held.office_date == held.starts_at.astimezone(office_tz()).date()
        assert row.is_held == (held.state == SessionState.CLOSED)
        assert row.occurred_at <= row.received_at <= NOW


def test_no_two_memberships_or_placements_of_one_overlap(session: Session) -> None:
    for model, key in ((Membership, "member_id"), (OrgPlacement, "org_id")):
        other: Any = aliased(model)
        overlap = select(func.count()).where(
            getattr(model, key) == getattr(other, key),
            model.starts_on < other.starts_on,
            other.starts_on < model.ends_on,
        )
        assert (
            session.scalar(overlap.select_from(model).join(other, getattr(other, key) == getattr(model, key)))
            == 0
        )
        open_ends = select(getattr(model, key)).where(model.ends_on == FOREVER)
        assert max(Counter(session.scalars(open_ends)).values()) == 1


def test_one_session_is_open_now_and_others_lie_around_it(session: Session) -> None:
    rows = session.scalars(
        select(TrainingSession).where(TrainingSession.office_date >= date(2026, 1, 1))
    ).all()
    states = Counter(row.state for row in rows)
    assert states == {
        SessionState.CLOSED: 10,
        SessionState.OPEN: 1,
        SessionState.PUBLISHED: 9,
        SessionState.DRAFT: 2,
    }
    now = next(row for row in rows if row.state is SessionState.OPEN)
    assert now.starts_at <= NOW - timedelta(minutes=10) < now.starts_at + timedelta(minutes=1)
    assert now.closes_at > now.ends_at > NOW + timedelta(minutes=115)
    secretary = select(RoleGrant.org_id).where(RoleGrant.role == Role.SECRETARY)
    expected = select(ExpectedAttendee.org_id).where(ExpectedAttendee.session_id == now.id)
    assert session.scalar(secretary) in set(session.scalars(expected))
    assert all(row.starts_at > NOW for row in rows if row.state is SessionState.PUBLISHED)
    assert all(
        NOW - timedelta(days=15) < row.starts_at < NOW for row in rows if row.state is SessionState.CLOSED
    )
    lessons = Counter(row.class_id for row in rows if row.class_id)
    assert list(lessons.values()) == [3]


def test_phones_open_with_the_key_and_are_found_by_number_and_tail(session: Session) -> None:
    members = session.scalars(select(Member).where(Member.phone_sealed.is_not(None))).all()
    assert len(members) == MEMBERS - 3
    for member in members[:20]:
        phone = unseal(member.phone_sealed or b"", "phone")
        assert member.phone_index == blind_index(phone, "phone")
        assert member.phone_tail_index == blind_index(phone[-4:], "phone_tail")
    assert len({member.phone_index for member in members}) == len(members)


def test_the_four_demo_users_have_their_roles_and_the_printed_password(session: Session) -> None:
    found = session.execute(
        select(StaffUser.username, RoleGrant.role, OrgUnit.code, OrgUnit.kind, StaffUser.password_hash)
        .join(RoleGrant, RoleGrant.user_id == StaffUser.id)
        .join(OrgUnit, OrgUnit.id == RoleGrant.org_id)
    ).all()
    by_name = {row.username: row for row in found}
    assert {name: row.role for name, row in by_name.items()} == {
        "admin": Role.ADMINISTRATOR,
        "organiser": Role.ORGANISER,
        "secretary": Role.SECRETARY,
    }
    assert by_name["admin"].code == by_name["organiser"].code == "SF"
    assert by_name["secretary"].kind is OrgKind.BRANCH
    assert password_fits(by_name["admin"].password_hash, PASSWORD)
    assert first_bad_entry(session) is None


def test_the_supervisor_leads_the_team_of_one_street(session: Session) -> None:
    leads = session.execute(
        select(StaffUser.display_name, TeamOfficial.name, TeamOfficial.is_leader, OrgUnit.code)
        .join(TeamOfficial, TeamOfficial.user_id == StaffUser.id)
        .join(TeamAssignment, TeamAssignment.team_id == TeamOfficial.team_id)
        .join(OrgUnit, OrgUnit.id == TeamAssignment.org_id)
        .where(StaffUser.username == "supervisor")
    ).one()
    assert leads.display_name == leads.name
    assert (leads.is_leader, leads.code) == (True, "SF01")


def test_every_branch_under_guidance_has_an_instructor_and_every_committee_a_team(session: Session) -> None:
    guided = set(session.scalars(select(OrgTagRow.org_id).where(OrgTagRow.tag == OrgTag.GUIDED)))
    assert set(session.scalars(select(InstructorAssignment.org_id))) == guided
    assert count(Instructor) == round(len(guided) * 262 / 338)
    streets = select(OrgUnit.id).where(OrgUnit.kind == OrgKind.COMMITTEE, OrgUnit.code != "SF")
    assert set(session.scalars(select(TeamAssignment.org_id))) == set(session.scalars(streets))
    assert (count(SupervisionTeam), count(TeamOfficial)) == (10, 40)


def test_the_full_district_has_262_instructors_over_338_branches() -> None:
    found = build_oversight(1, build_district(1, 13_700, 2019))
    assert (len(found.instructors), len(found.instructed)) == (262, 338)
    assert len({org_id for _, org_id in found.instructed}) == 338
    assert Counter(Counter(person for person, _ in found.instructed).values()) == {1: 186, 2: 76}


def dump() -> dict[str, list[tuple[Any, ...]]]:
    """Every table in order of its rows, without what is secret or of the moment."""
    found = {}
    recent = select(TrainingSession.id).where(TrainingSession.office_date >= date(2026, 1, 1))
    for table in Base.metadata.sorted_tables:
        if table.name in REFERENCE | {"audit_entries", "staff_users"}:
            continue
        secret = ("phone_sealed", "code_secret")
        # Ids that the database hands out are no content.
        columns = [
            c
            for c in table.columns
            if c.name not in secret and (c.name != "id" or table.name in ("members", "org_units"))
        ]
        query = select(*columns)
        if "session_id" in table.c:
            query = query.where(table.c.session_id.not_in(recent))
        elif table.name == "training_sessions":
            query = query.where(table.c.office_date < date(2026, 1, 1))
        elif table.name == "training_classes":
            query = query.where(table.c.kind_key == "central_training")
        found[table.name] = sorted((tuple(row) for row in db.session.execute(query)), key=repr)
    return found


def test_two_loads_with_one_seed_give_the_same_tables(app: Flask) -> None:
    dumps = []
    for _ in range(2):
        databases.empty(app)
        with app.app_context():
            load(members=120)
            dumps.append(dump())
    assert dumps[0]["attendance"]
    assert dumps[0] == dumps[1]


def test_the_secrets_of_two_loads_differ(app: Flask) -> None:
    secrets = []
    for _ in range(2):
        databases.empty(app)
        with app.app_context():
            load(members=60)
            secrets.append(set(db.session.scalars(select(TrainingSession.code_secret))))
            secret_columns = [c for c in TrainingSession.__table__.columns if isinstance(c.type, LargeBinary)]
            assert [c.name for c in secret_columns] == ["code_secret"]
    assert not secrets[0] & secrets[1]


def test_a_failed_load_leaves_nothing(ctx: Flask) -> None:
    @contextmanager
    def breaking_bar(total: int, label: str) -> Iterator[Callable[[int], object]]:
        done = 0

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            if label == "rows" and done > total // 2:
                raise OSError("the disk is full")

        yield advance

    with pytest.raises(OSError, match="disk"):
        load_demo(Order(60, 2019, 1), NOW, office_tz(), 60, breaking_bar)
    for table in Base.metadata.sorted_tables:
        if table.name not in REFERENCE:
            assert db.session.scalar(select(func.count()).select_from(table)) == 0, table.name


def test_a_database_with_members_is_refused_and_left_as_it_was(ctx: Flask) -> None:
    make_member("张三", make_org("A"))
    with pytest.raises(WrongState) as refused:
        load(members=60)
    assert refused.value.code == "not_empty"
    assert (count(Member), count(StaffUser), count(TrainingSession)) == (1, 0, 0)


@pytest.mark.parametrize("changes", [{"year": 2026}, {"year": 1990}, {"members": 10}])
def test_a_year_that_is_not_over_or_too_few_members_are_refused(ctx: Flask, changes: dict[str, int]) -> None:
    with pytest.raises(InvalidInput) as refused:
        load(**changes)
    assert isinstance(refused.value, AppError)
    assert [error.field for error in refused.value.errors] == list(changes)
    assert count(OrgUnit) == 0


def test_an_account_that_was_there_before_keeps_its_password(ctx: Flask) -> None:
    with db.session.begin():
        db.session.add(StaffUser(username="admin", display_name="先来的", password_hash="!", created_at=NOW))
    summary = load(members=60)
    assert [sign_in.is_new for sign_in in summary.sign_ins] == [False, True, True, True]
    admin = select(StaffUser.password_hash).where(StaffUser.username == "admin")
    assert db.session.scalar(admin) == "!"
    assert count(RoleGrant) == 2, "organiser and secretary; the supervisor leads a team"


def test_new_rows_can_be_added_after_a_load(ctx: Flask) -> None:
    load(members=60)
    branch = make_org("NEW", parent=db.session.get(OrgUnit, 1))
    member = make_member("张三", branch)
    row = make_session(branch)
    assert member.id == 61
    assert row.id == count(TrainingSession)
    assert make_team("新组", branch).id == 11


def test_the_command_prints_the_counts_and_refuses_a_second_time(app: Flask) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["demo", "load", "--members", "60"])
    assert first.exit_code == 0, first.output
    assert f"secretary\t{PASSWORD}\tsecretary\tSF01-" in first.stdout
    second = runner.invoke(args=["demo", "load", "--members", "60"])
    assert second.exit_code == 1
    assert "空的数据库" in second.stderr
    assert second.stdout == ""
