"""A district with a year of sessions for tests of reports: classes, head counts, a transfer, every group."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app.core.db import writing
from app.core.vocabulary import Group, LecturerRole, OrgKind, OrgSector, Role, Status
from app.members.models import Membership
from app.members.queries.as_of import standing_of
from app.trainings.models import ExpectedAttendee, Lecturer, SessionLecturer, TrainingClass
from tests.factories import NOW, attend, make_member, make_org, make_session, make_staff, put_in_group


@writing()
def report_world() -> dict[str, int]:
    """Two committees, three branches, a party group; classes, head counts, a transfer. Ids of people."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    east, west = (make_org(code, root, kind=OrgKind.COMMITTEE) for code in ("E", "W"))
    units = {
        "R": root,
        "E": east,
        "W": west,
        "E1": make_org("E1", east, name="=村支部", sector=OrgSector.VILLAGE),
        "E2": make_org("E2", east),
        "W1": make_org("W1", west, sector=OrgSector.NON_PUBLIC),
    }
    units["E1G"] = make_org("E1G", units["E1"], kind=OrgKind.GROUP)
    chief = make_staff("chief", Role.ADMINISTRATOR, root)
    secretary = make_staff("secretary", Role.SECRETARY, units["E1"])
    old = make_member("老甲", units["E1"], birth_date=date(1940, 1, 1), phone="13900000001")
    away, lost, frail = (
        make_member(name, units[code]) for name, code in (("乙", "W1"), ("丙", "E2"), ("丁", "E1"))
    )
    put_in_group(away, Group.MOBILE)
    put_in_group(lost, Group.LOST_CONTACT)
    put_in_group(frail, Group.EXEMPT, approved_by_id=chief.id)
    moved = make_member("戊", units["E1"])
    with writing() as session:
        session.get_one(Membership, (moved.id, date(2000, 1, 1))).ends_on = date(2019, 7, 1)
        session.add(Membership(member_id=moved.id, org_id=units["W1"].id, starts_on=date(2019, 7, 1)))
        training = TrainingClass(
            title="轮训班", kind_key="central_training", host_org_id=root.id, created_at=NOW
        )
        session.add(training)
        session.flush()
    for month in (3, 9):
        row = held(root, month, kind="central_training", class_id=training.id)
        attend(row, old)
        attend(row, moved, status=Status.MADE_UP)
        expect(row, old, moved, lost)
        speak(row, LecturerRole.LECTURER if month == 3 else LecturerRole.HOST)
    for month in (1, 2, 2, 5):
        row = held(units["E1"], month, mode="home_visit", declared_person_times=10 * month)
        attend(row, old, status=Status.LATE)
        attend(row, frail, status=Status.ABSENT)
        expect(row, old, frail)
    attend(held(units["W1"], 10), away)
    held(units["W1"], 11)
    held(units["E1G"], 4, kind="group_meeting")
    people = {"chief": chief, "secretary": secretary, "old": old, "away": away}
    return {name: person.id for name, person in people.items()}


def held(host: Any, month: int, **more: Any) -> Any:
    return make_session(host, starts_at=datetime(2019, month, 10, 1, tzinfo=UTC), **more)


def expect(row: Any, *members: Any) -> None:
    """The members are on the session's list."""
    with writing() as session:
        for member in members:
            standing = standing_of(session, member.id, row.office_date, 60)
            assert standing is not None
            session.add(
                ExpectedAttendee(
                    session_id=row.id, member_id=member.id, org_id=standing.org_id, groups=standing.groups
                )
            )


def speak(row: Any, role: LecturerRole) -> None:
    """The one lecturer and the one exemplary member of this world speak at the session."""
    with writing() as session:
        people = session.scalars(select(Lecturer).order_by(Lecturer.id)).all()
        if not people:
            people = [Lecturer(name="=讲师", title="党校"), Lecturer(name="典型", is_exemplar=True)]
            session.add_all(people)
            session.flush()
        for lecturer in people:
            session.add(SessionLecturer(session_id=row.id, lecturer_id=lecturer.id, role=role))
