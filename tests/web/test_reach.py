"""From the list of those not reached to drafts for all of them: page, API and command say the same."""

from __future__ import annotations

import contextvars
import importlib.util
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import today
from app.core.db import db, writing
from app.core.tasks import run_waiting
from app.core.vocabulary import Group, OrgKind, OrgSector, Role, SessionState
from app.reach import solver
from app.trainings.models import AudienceRule, TrainingSession
from tests.factories import (
    attend,
    count,
    make_member,
    make_org,
    make_session,
    make_staff,
    make_token,
    put_in_group,
    sign_in,
)

PERIOD = "from=2019-01-01&to=2019-12-31"
OLD = date(1940, 1, 1)


class District:
    """A committee over two branches, one of them a village's: six members not reached, one who was."""

    @writing()
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE)
        self.a = make_org("QA", self.root, name="甲支部")
        self.b = make_org("QB", self.root, name="乙支部", sector=OrgSector.VILLAGE)
        self.came = make_member("来过", self.a)
        attend(make_session(self.a), self.came)
        self.old = make_member("老人", self.a, birth_date=OLD, phone="13912345678")
        self.frail = make_member("年高", self.a, birth_date=OLD)
        self.away = make_member("在外", self.b)
        self.rural = [make_member(f"村民{n}", self.b) for n in range(2)]
        self.lost = make_member("失联", self.a)
        by = make_staff("chief", Role.ADMINISTRATOR, self.root)
        put_in_group(self.frail, Group.EXEMPT, approved_by_id=by.id)
        put_in_group(self.away, Group.MOBILE)
        put_in_group(self.lost, Group.LOST_CONTACT)
        self.chief = sign_in(app.test_client(), by)
        self.token = make_token(by)

    def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        address = f"/api/v1/reach-plans{path}"
        return self.app.test_client().open(address, method=method, headers=headers, json=body)

    def planned(self, **body: Any) -> str:
        """The address below /reach-plans of a plan that was made."""
        asked = self.api("POST", "", {"from": "2019-01-01", "to": "2019-12-31", **body})
        assert (asked.status_code, asked.json["state"]) == (202, "waiting"), asked.text
        work(self.app)
        return f"/{asked.json['id']}"


@pytest.fixture
def district(ctx: Flask) -> District:
    return District(ctx)


def work(app: Flask) -> None:
    """What the worker does, in a context of its own."""

    def run() -> None:
        with app.app_context():
            run_waiting()

    contextvars.Context().run(run)


def post(browser: FlaskClient, address: str, **fields: Any) -> Any:
    token = re.findall(r'<meta name="csrf-token" content="([^"]+)"', browser.get("/reach").text)[0]
    return browser.post(address, data={"csrf_token": token, **fields})


def invited(session_id: int) -> set[int]:
    query = select(AudienceRule.member_id).where(AudienceRule.session_id == session_id)
    return {member_id for member_id in db.session.scalars(query) if member_id}


def limits(page: str) -> dict[str, str]:
    """The form as the page fills it in."""
    found = dict(re.findall(r'<input[^>]*?name="([a-z_]+)"[^>]*?value="([^"]*)"', page))
    return {**found, "kind": "group_study", "leave_invited": "1"}


def test_the_plan_reaches_all_those_required_and_says_how_coverage_rises(district: District) -> None:
    plan = district.api("GET", district.planned()).json
    names = ("mode", "host_org", "members", "coverage_after")
    lines = [tuple(one[name] for name in names) for one in plan["sessions"]]
    # Of six required one was reached and one cannot be: four are planned, in steps of a fifth.
    assert lines == [
        ("group_reading", "QB", 2, 0.6),
        ("home_visit", "QA", 2, 0.8),
        ("online", "Q", 1, 1.0),
    ]
    assert plan["sessions"][1]["exempt"] == 1, "the exempt member's home is on the way"
    assert (plan["lower_bound"], plan["gap"], plan["offers"]) == (3, 0.0, [])
    assert (plan["coverage_before"], plan["coverage_after"]) == (0.2, 1.0)
    report = {"from": "2019-01-01", "to": "2019-12-31"}
    figure = district.app.test_client().get(
        "/api/v1/reports/coverage", query_string=report, headers={"Authorization": f"Bearer {district.token}"}
    )
    assert plan["required_coverage_before"] == figure.json["total"]["required_coverage"] == round(1 / 6, 4)
    assert plan["required_coverage_after"] == round(5 / 6, 4)
    assert {name: plan["counts"][name] for name in ("planned", "lost_contact", "gone", "invited")} == {
        "planned": 4,
        "lost_contact": 1,
        "gone": 0,
        "invited": 0,
    }


def test_pages_lead_from_the_missing_to_drafts_made_once(district: District) -> None:
    browser = district.chief
    form = limits(browser.get(f"/reach?{PERIOD}&night_school=40").text)
    assert form["night_school"] == "40", "limits stand in the address too"
    for _twice in range(2):
        asked = post(browser, f"/reach/plans?{PERIOD}", **form)
        assert asked.status_code == 302, asked.text
    assert 'hx-get="' in browser.get(asked.location).text
    work(district.app)
    page = browser.get(asked.location).text
    assert re.findall(r'data-series="coverage" data-value="([\d.]+)"', page) == ["0.2", "0.6", "0.8", "1.0"]
    names = browser.get(f"{asked.location}/sessions/2").text
    assert "139****5678" in names
    assert "13912345678" not in names
    # Without autocomplete: after "back" a browser would put the ticks on other lines.
    box = r'name="line" value="(\d+)" form="apply" autocomplete="off"'
    lines = re.findall(f"{box} checked", page)
    assert lines == ["1", "2", "3"]
    cleared = browser.get(f"{asked.location}?ticked=none").text
    assert re.findall(f"{box}(?! checked)", cleared) == lines
    before = count(TrainingSession)
    assert post(browser, f"{asked.location}/apply").status_code == 302, "nothing ticked"
    assert count(TrainingSession) == before
    for part in (lines[:1], lines, lines):
        applied = post(browser, f"{asked.location}/apply", line=part)
        assert applied.location == f"{asked.location}/drafts"
    drafts = browser.get(applied.location).text
    assert 'id="count" data-value="3"' in drafts
    drafted = select(TrainingSession).where(TrainingSession.state == SessionState.DRAFT)
    made = {row.mode_key: row for row in db.session.scalars(drafted)}
    assert {mode: invited(row.id) for mode, row in made.items()} == {
        "group_reading": {one.id for one in district.rural},
        "home_visit": {district.old.id, district.frail.id},
        "online": {district.away.id},
    }
    assert {row.kind_key for row in made.values()} == {"group_study"}
    acts = db.session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "reach.apply")).all()
    assert acts == [{"sessions": 1}, {"sessions": 2}]
    assert "已建草稿" in browser.get("/reach").text


def test_a_second_plan_knows_who_is_invited_already(district: District) -> None:
    first = district.planned()
    assert district.api("POST", f"{first}/apply", {"sessions": [1, 3]}).json["new"] == 2
    second = district.api("GET", district.planned()).json
    assert [one["mode"] for one in second["sessions"]] == ["home_visit"]
    assert (second["counts"]["invited"], second["coverage_before"]) == (3, 0.2)
    assert second["sessions"][0]["coverage_after"] == second["coverage_after"] == 1.0
    again = district.api("GET", district.planned(leave_invited=False)).json
    assert len(again["sessions"]) == 3
    # What is over or called off invites nobody.
    for row in db.session.scalars(select(TrainingSession).where(TrainingSession.state == SessionState.DRAFT)):
        row.state = SessionState.CANCELLED
    db.session.commit()
    assert len(district.api("GET", district.planned()).json["sessions"]) == 3


def test_a_plan_is_drafted_whole_or_not_at_all_and_once_for_colleagues_too(district: District) -> None:
    colleague = make_token(make_staff("organiser", Role.ORGANISER, district.root))
    reader = make_token(make_staff("reader", Role.SUPERVISOR, district.root))
    outsider = make_token(make_staff("secretary", Role.SECRETARY, district.a))
    path = district.planned()
    assert district.api("GET", path, token=outsider).status_code == 404
    assert district.api("POST", f"{path}/apply", {}, outsider).status_code == 404
    assert district.api("POST", f"{path}/apply", {}, reader).status_code == 403
    wrong = district.api("POST", f"{path}/apply", {"sessions": [1, 9]})
    assert (wrong.status_code, count(TrainingSession)) == (422, 1)
    done = [district.api("POST", f"{path}/apply", {}, token).json for token in (district.token, colleague)]
    assert [one["new"] for one in done] == [3, 0]
    assert done[0]["sessions"] == done[1]["sessions"]
    assert count(TrainingSession) == 4
    waiting = district.api("POST", "", {}).json["id"]
    assert district.api("POST", f"/{waiting}/apply", {}).json["code"] == "wrong_state"


def test_who_has_left_since_is_counted_apart_and_not_invited(district: District) -> None:
    from app.members.models import Membership

    path = district.planned()

    def leave(member: Any) -> None:
        with writing() as session:
            row = session.scalars(select(Membership).where(Membership.member_id == member.id)).one()
            row.ends_on = today()

    leave(district.away)
    applied = district.api("POST", f"{path}/apply", {}).json
    assert (applied["new"], applied["left_out"]) == (2, 1), "nobody is left for the online session"
    later = district.api("GET", district.planned(leave_invited=False)).json
    assert (later["counts"]["gone"], later["coverage_after"]) == (1, 1.0)


def test_a_secretary_plans_for_the_own_branch_alone(district: District) -> None:
    secretary = make_token(make_staff("secretary", Role.SECRETARY, district.b))
    asked = district.api("POST", "", {"from": "2019-01-01", "to": "2019-12-31"}, secretary)
    work(district.app)
    path = f"/{asked.json['id']}"
    plan = district.api("GET", path, token=secretary).json
    assert {(one["mode"], one["host_org"]) for one in plan["sessions"]} == {
        ("online", "QB"),
        ("group_reading", "QB"),
    }
    assert district.api("POST", "", {"org": "QA"}, secretary).status_code == 404
    assert district.api("POST", f"{path}/apply", {}, secretary).json["new"] == 2
    assert district.api("GET", path).status_code == 200, "those above see it"
    listed = district.api("GET", f"{path}/sessions/1/members?limit=1", token=secretary).json
    rest = district.api("GET", f"{path}/sessions/1/members?cursor={listed['next']}", token=secretary).json
    assert [row["name"] for row in (*listed["items"], *rest["items"])] == ["村民0", "村民1"]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("home_visit", "0", "home_visit"),
        ("home_visit", "many", "home_visit"),
        ("hold_from", str(date(2019, 1, 1)), "hold_from"),
        ("hold_to", "", "hold_to"),
        ("minutes", "100000", "minutes"),
        ("kind", "dancing", "kind"),
        ("evening_at", "soon", "evening_at"),
        ("venue", "长" * 121, "venue"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_asked(
    district: District, field: str, value: str, named: str
) -> None:
    form = {**limits(district.chief.get(f"/reach?{PERIOD}").text), field: value}
    answer = post(district.chief, f"/reach/plans?{PERIOD}", **form)
    assert answer.status_code == 422
    assert f'id="{named}-error"' in answer.text
    assert run_waiting() == 0


def test_the_command_prints_the_plan_of_the_api(district: District) -> None:
    plan = district.api("GET", district.planned()).json
    run = district.app.test_cli_runner().invoke
    options = ["reach", "plan", "--from", "2019-01-01", "--to", "2019-12-31"]
    printed = json.loads(run(args=[*options, "--format", "json"]).output)
    assert {name: plan[name] for name in printed} == printed
    shown = run(args=[*options, "--greedy"]).output
    assert "送学上门" in shown
    assert "100.00%" in shown
    assert run(args=[*options, "--org", "NONE"]).exit_code == 1


def test_without_the_solver_the_plan_is_greedy_and_says_so(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_member("老村民", district.b, birth_date=OLD)
    installed = importlib.util.find_spec("ortools") is not None
    with_it = district.api("GET", district.planned()).json
    assert with_it["solver"] is installed
    monkeypatch.setattr(solver, "has_solver", lambda: False)
    path = district.planned()
    greedy = district.api("GET", path).json
    assert (greedy["solver"], len(greedy["sessions"])) == (False, len(with_it["sessions"]))
    assert "逐场选取" in district.chief.get(f"/reach/plans{path}").text


def test_sessions_are_dated_within_the_window(district: District) -> None:
    first = today() + timedelta(days=30)
    body = {"hold_from": str(first), "hold_to": str(first + timedelta(days=1)), "evening_at": "18:30"}
    path = district.planned(**body)
    done = district.api("POST", f"{path}/apply", {}).json
    days = {date.fromisoformat(one["day"]) for one in done["sessions"]}
    assert days <= {first, first + timedelta(days=1)}
    ids = [one["session"] for one in done["sessions"] if one["mode"] == "online"]
    assert db.session.get_one(TrainingSession, ids[0]).starts_at.strftime("%H:%M") == "10:30"
