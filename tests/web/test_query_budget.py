"""Every page of the demo district costs at most fifteen queries, however many rows it could show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Instructor, StaffUser, SupervisionTeam
from app.attendance.models import Adjustment, Attendance
from app.attendance.rules_absence import MISSED_STATUSES
from app.core.clock import today
from app.core.db import db, writing
from app.core.vocabulary import Role, SessionState, Status
from app.demo.load import Order, load_demo
from app.members.models import Member, OrgUnit
from app.trainings.models import TrainingClass, TrainingSession
from tests.factories import make_plan_task, make_staff, sign_in
from tests.query_counter import count_queries

MOST = 15
# The bulletin gathers the totals of three reports, each by its own query.
GATHERED = {"/reports/bulletin": 24, "/reports/bulletin/template": 24}
# Answers that are files or forms of machines, not pages; and the kiosk's, which have a budget of their own.
NOT_PAGES = {"static", "health.healthz", "health.metrics"}
NOT_PAGES |= {"checkin.kiosk", "checkin.kiosk_code", "checkin.kiosk_end"}


@contextmanager
def no_bar(total: int, what: str) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


@pytest.fixture
def demo(ctx: Flask) -> Flask:
    load_demo(Order(members=300, year=2019, seed=1), datetime.now(UTC), ZoneInfo("Asia/Shanghai"), 60, no_bar)
    return ctx


def busiest_member() -> tuple[int, OrgUnit]:
    """Who missed the most sessions of this year, so that make-ups are offered, and has a correction of a
    locked period that waits; with the branch."""
    of_year = Attendance.office_date >= date(today().year, 1, 1)
    with writing() as session:
        missed = session.execute(
            select(Attendance.member_id, Attendance.org_id, func.max(Attendance.session_id))
            .where(Attendance.status.in_(MISSED_STATUSES), of_year)
            .group_by(Attendance.member_id, Attendance.org_id)
            .order_by(func.count().desc(), Attendance.member_id)
        ).first()
        assert missed is not None
        member_id, org_id, session_id = missed
        session.add(
            Adjustment(
                session_id=session_id, member_id=member_id, status_before=Status.ABSENT, minutes_before=0,
                status_after=Status.PRESENT, minutes_after=60, office_date=today(), org_id=org_id,
                groups=0, reason="到了", made_at=datetime.now(UTC),
            )
        )  # fmt: skip
        return member_id, session.get_one(OrgUnit, org_id)


def pages(app: Flask) -> list[str]:
    """An address of every page that staff can open, with things of the demo in it."""
    session = db.session()
    busiest, _branch = busiest_member()
    newest = select(TrainingSession.id).order_by(TrainingSession.id.desc())
    three = session.scalars(select(Member).order_by(Member.id).limit(3)).all()
    known = {
        "session_id": session.scalars(newest.where(TrainingSession.state == SessionState.OPEN)).first(),
        "member_id": busiest,
        "instructor_id": session.scalars(select(Instructor.id).order_by(Instructor.id)).first(),
        "team_id": session.scalars(select(SupervisionTeam.id).order_by(SupervisionTeam.id)).first(),
        "class_id": session.scalars(select(TrainingClass.id).order_by(TrainingClass.id)).first(),
        "code": session.scalars(select(OrgUnit.code).order_by(OrgUnit.id.desc())).first(),
        "plan_id": make_plan_task(session.scalars(select(OrgUnit).order_by(OrgUnit.id)).first(), *three),
        "number": 1,
    }
    found = []
    for rule in app.url_map.iter_rules():
        named = rule.arguments <= set(known) and "GET" in (rule.methods or set())
        if named and rule.endpoint not in NOT_PAGES and not rule.rule.startswith(("/api/", "/c/", "/p/")):
            built = rule.build({name: known[name] for name in rule.arguments})
            assert built is not None
            found.append(built[1])
    return found


def test_no_page_asks_more_than_fifteen_questions(demo: Flask) -> None:
    admin = db.session.scalars(select(StaffUser).where(StaffUser.username == "admin")).one()
    client = sign_in(demo.test_client(), admin)
    addresses = pages(demo)
    assert len(addresses) > 30, "the pages were found"
    over = {}
    for address in addresses:
        with count_queries() as seen:
            status = client.get(address).status_code
        assert status < 400, f"{address}: {status}"
        if seen.count > GATHERED.get(address, MOST):
            over[address] = seen.count
    assert over == {}


def test_a_members_page_asks_no_more_of_a_secretary(demo: Flask) -> None:
    """Who holds a part of the tree is asked which part, and whom a branch may be asked to take over."""
    member_id, branch = busiest_member()
    client = sign_in(demo.test_client(), make_staff("zhou", Role.SECRETARY, branch))
    with count_queries() as seen:
        page = client.get(f"/members/{member_id}").get_data(as_text=True)
    assert "安排补学" in page
    assert "到了" in page
    assert seen.count <= MOST, "\n".join(seen.statements)
