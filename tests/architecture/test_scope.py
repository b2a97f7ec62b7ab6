"""Every route that names a thing, crossed with every role and every place: the neighbour's is not found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.attendance.models import ReviewItem
from app.checkin.models import VisitRound
from app.core.access import PERMISSIONS
from app.core.crypto import seal, token_hash
from app.core.db import writing
from app.core.vocabulary import OrgKind, ReviewKind, Role, SessionState
from app.deliveries.models import ReportSchedule
from app.members.models import CorrectionRequest, TransferRequest
from app.members.queries.wishes import PURPOSE
from app.trainings.models import TrainingClass
from tests import databases
from tests.factories import (
    NOW,
    make_account,
    make_instructor,
    make_member,
    make_official,
    make_org,
    make_plan_task,
    make_session,
    make_staff,
    make_team,
    make_token,
    sign_in,
)

NAMED = {
    "session_id",
    "member_id",
    "other_id",
    "code",
    "class_id",
    "instructor_id",
    "team_id",
    "official_id",
    "request_id",
    "wish_id",
    "round_id",
    "review_id",
    "plan_id",
    "schedule_id",
}
# Routes whose parameter is no thing of a place: a scanned code, or the token of a round, is proof by itself.
WITHOUT_PLACE = {"checkin.scanned", "checkin.scanned_paper", "checkin.send_ticks"}
# What may be missing although the member is in reach: an answer about something never made.
MAY_BE_MISSING = {"api.read_code", "api.read_code_svg", "api.read_code_png", "api.read_printed_code"}
# Who supervises because a unit is assigned to them, not by a role.
ASSIGNED = ("instructor", "official")
WHO = [*[role.value for role in Role], *ASSIGNED]
REPORTS = (
    "person-times",
    "coverage",
    "uncovered",
    "study-hours",
    "duties",
    "attendance-rate",
    "branches",
    "groups",
    "forms",
    "lecturers",
    "ledger",
    "make-ups",
    "bulletin",
    "trend",
    "duty-gaps",
    "corrections",
)
# Everybody asks on SQLite. On PostgreSQL those whose scope comes about in different ways ask the same: by
# a role that may do everything, and by an assignment. What differs there is the database, not the answer.
ASKING = [("sqlite", who) for who in WHO]
ASKING += [("postgresql", who) for who in (Role.ADMINISTRATOR.value, "instructor")]


@dataclass(frozen=True)
class Place:
    """Ids of one thing of each sort at one place of the tree."""

    code: str
    session_id: int
    member_id: int
    other_id: int
    class_id: int
    instructor_id: int
    team_id: int
    official_id: int
    request_id: int
    wish_id: int
    round_id: int
    review_id: int
    plan_id: str
    schedule_id: int

    def values(self, rule: Rule) -> dict[str, Any]:
        more = {"group": "rural", "binding_id": 1, "tag": "model", "kiosk_id": 1, "number": 1}
        return {name: getattr(self, name) if name in NAMED else more[name] for name in rule.arguments}


@dataclass(frozen=True)
class District:
    """`own` is where every user's role is; `child` lies below it, `parent` above, `sibling` beside.

    clients, tokens: by role, and of those who hold no role but what is assigned to them.
    """

    own: Place
    child: Place
    parent: Place
    sibling: Place
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]


def _place(code: str, org: Any, other: Any, by: Any) -> Place:
    member, twin = (make_member(f"人{code}", org) for _ in range(2))
    session = make_session(org, state=SessionState.OPEN)
    instructor, team = make_instructor(f"指{code}", org), make_team(f"组{code}", org)
    official = make_official(team, f"员{code}")
    with writing() as db_session:
        training = TrainingClass(title=code, kind_key="theme_day", host_org_id=org.id, created_at=NOW)
        # Between this place and one that is nobody's: either side would do to see it.
        asked = TransferRequest(member_id=member.id, from_org_id=org.id, to_org_id=other.id, asked_at=NOW)
        wish = CorrectionRequest(
            member_id=member.id, about="other", text_sealed=seal("改正", PURPOSE), asked_at=NOW
        )
        taken = VisitRound(
            session_id=session.id,
            token_hash=token_hash(code),
            created_by_id=by.id,
            created_at=NOW,
            expires_at=NOW,
        )
        review = ReviewItem(
            session_id=session.id,
            kind=ReviewKind.OVER_HEAD_COUNT,
            evidence={"attended": 3, "room": 2},
            raised_at=NOW,
        )
        monthly = ReportSchedule(
            user_id=by.id, report="coverage", org_id=org.id, language="en", wanted_since=NOW, is_active=True
        )
        db_session.add_all([training, asked, wish, taken, review, monthly])
        db_session.flush()
    return Place(
        code,
        session_id=session.id,
        member_id=member.id,
        other_id=twin.id,
        class_id=training.id,
        instructor_id=instructor.id,
        team_id=team.id,
        official_id=official.id,
        request_id=asked.id,
        wish_id=wish.id,
        round_id=taken.id,
        review_id=review.id,
        plan_id=make_plan_task(org, member),
        schedule_id=monthly.id,
    )


def _assigned(name: str, own: Any) -> Any:
    """Somebody who supervises the unit because it is assigned, not by a role."""
    user = make_account(name)
    if name == "instructor":
        make_instructor("李指导", own, user=user)
    else:
        make_official(make_team("督导组", own), "王督导", user=user)
    return user


@pytest.fixture
def app(request: pytest.FixtureRequest, database: str) -> Flask:
    """On the database that the test names; nothing is recorded here, so no summaries are verified."""
    found: Flask = request.getfixturevalue(f"{database}_app")
    databases.empty(found)
    return found


@pytest.fixture
def district(app: Flask) -> Iterator[District]:
    app.config["WTF_CSRF_ENABLED"] = False
    # All in one transaction: this is done for everybody who asks.
    with app.app_context(), writing():
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        own = make_org("QA", root, kind=OrgKind.GENERAL_BRANCH)
        child = make_org("QA1", own)
        sibling, other = make_org("QB", root), make_org("QC", root)
        users = {role.value: make_staff(role.value, role, own) for role in Role}
        users |= {name: _assigned(name, own) for name in ASSIGNED}
        by = users[Role.ADMINISTRATOR.value]
        found = District(
            _place("QA", own, other, by),
            _place("QA1", child, other, by),
            _place("Q", root, other, by),
            _place("QB", sibling, other, by),
            {name: sign_in(app.test_client(), user) for name, user in users.items()},
            {name: make_token(user) for name, user in users.items()},
        )
    yield found
    app.config["WTF_CSRF_ENABLED"] = True


def routes(app: Flask) -> list[tuple[Rule, str, str]]:
    """(rule, method, permission) of every route that names a thing of the tree."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.arguments & NAMED or rule.endpoint in WITHOUT_PLACE:
            continue
        view: Any = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            shown = getattr(view, "view_class", None)
            function = getattr(shown, method.lower()) if shown else view
            found.append((rule, method, function.declared_permission))
    return found


def holds(who: str, permission: str) -> bool:
    role = Role.SUPERVISOR if who in ASSIGNED else Role(who)
    return role in PERMISSIONS.get(permission, frozenset(Role))


def ask(district: District, who: str, rule: Rule, method: str, place: Place) -> int:
    built = rule.build(place.values(rule))
    assert built is not None
    arguments: dict[str, Any] = {"method": method}
    if rule.rule.startswith("/api/"):
        arguments["headers"] = {"Authorization": f"Bearer {district.tokens[who]}"}
        arguments["json"] = {} if method != "GET" else None
    elif method != "GET":
        arguments["data"] = {"status": "present"}
    return district.clients[who].open(built[1], **arguments).status_code


@pytest.mark.parametrize(("database", "who"), ASKING)
def test_what_lies_above_or_beside_is_not_found(app: Flask, district: District, who: str) -> None:
    wrong = []
    for rule, method, permission in routes(app):
        may = holds(who, permission)
        for name in ("parent", "sibling"):
            status = ask(district, who, rule, method, getattr(district, name))
            # A body that does not fit may be refused before anything is looked up: it tells nothing.
            allowed = {404, 422} if rule.rule.startswith("/api/") and method != "GET" else {404}
            if status not in (allowed if may else {403}):
                wrong.append(f"{who} {method} {rule} of the {name}: {status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("database", "who"), ASKING)
def test_what_is_ones_own_or_below_is_found(app: Flask, district: District, who: str) -> None:
    wrong = []
    for rule, method, permission in routes(app):
        if method != "GET" or rule.endpoint in MAY_BE_MISSING:
            continue
        may = holds(who, permission)
        for name in ("own", "child"):
            status = ask(district, who, rule, method, getattr(district, name))
            if status not in ({200, 302} if may else {403}):
                wrong.append(f"{who} {method} {rule} of {name}: {status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("database", "who"), ASKING)
def test_a_report_of_a_place_above_or_beside_is_not_found(district: District, who: str) -> None:
    wrong = []
    for report in REPORTS:
        for place, expected in (("QA", 200), ("QA1", 200), ("Q", 404), ("QB", 404)):
            query = f"from=2019-01-01&to=2019-12-31&year=2019&org={place}"
            page = district.clients[who].get(f"/reports/{report}?{query}").status_code
            if page != expected:
                wrong.append(f"{who} page {report} of {place}: {page}")
    assert not wrong, "\n".join(wrong)
