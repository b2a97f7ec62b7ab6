"""Every page of the demo district costs at most fifteen queries, however many rows it could show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Instructor, StaffUser, SupervisionTeam
from app.core.db import db
from app.core.vocabulary import SessionState
from app.demo.load import Order, load_demo
from app.members.models import Member, OrgUnit
from app.trainings.models import TrainingClass, TrainingSession
from tests.factories import make_plan_task, sign_in
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


def pages(app: Flask) -> list[str]:
    """An address of every page that staff can open, with things of the demo in it."""
    session = db.session()
    newest = select(TrainingSession.id).order_by(TrainingSession.id.desc())
    three = session.scalars(select(Member).limit(3)).all()
    known = {
        "session_id": session.scalars(newest.where(TrainingSession.state == SessionState.OPEN)).first(),
        "member_id": session.scalars(select(Member.id)).first(),
        "instructor_id": session.scalars(select(Instructor.id)).first(),
        "team_id": session.scalars(select(SupervisionTeam.id)).first(),
        "class_id": session.scalars(select(TrainingClass.id)).first(),
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
