"""The OpenAPI document is valid, and the API keeps to it whatever is sent."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.definitions import OPENAPI_31

from app import create_app
from app.core.db import writing
from app.core.vocabulary import OrgKind, Role, SessionState
from app.members.models import TransferRequest
from tests import databases
from tests.databases import test_settings as settings_for
from tests.factories import (
    attend,
    make_instructor,
    make_member,
    make_official,
    make_org,
    make_session,
    make_staff,
    make_team,
    make_token,
)

DOCUMENT = "/api/v1/openapi.json"
LARGEST_ID = 2**31 - 1
TIMES = ("starts_at", "ends_at", "accepted_on", "on")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d.*)?$")
# A well-formed request may still name what is not there, or a date that makes no sense.
CHECKS = schemathesis.checks
LEFT_OUT = [CHECKS.positive_data_acceptance]


class Served:
    """Stands for the application of the running test; remembers what is behind it."""

    app: Flask
    headers: dict[str, str]
    ids: dict[str, list[int]]

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def load() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        described = create_app(settings_for(f"sqlite:///{folder}/described.sqlite3", Path(folder)))
        return schemathesis.openapi.from_dict(described.test_client().get(DOCUMENT).get_json())


SERVED = Served()
SCHEMA = load()
SCHEMA.app = SERVED


@SCHEMA.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Most generated ids become ids of something that is there; what is no id stays wrong."""
    for name, value in (path_parameters or {}).items():
        ids = SERVED.ids.get(name)
        if ids and type(value) is int and 1 <= value <= LARGEST_ID and value % 5:
            path_parameters[name] = ids[value % len(ids)]
        # Most codes become that of a branch, so that some changes of the tree succeed.
        if name == "code" and isinstance(value, str) and 0 < len(value) < 40:
            path_parameters[name] = "QC"
    return path_parameters


@SCHEMA.hook
def map_body(context: Any, body: Any) -> Any:
    """Words that stand for something become words that do, so that some requests succeed; wrong ones stay."""
    known = {
        "org_code": "QA",
        "into": "QA",
        "parent_code": "Q",
        "host_org": "QA",
        "kind": "theme_day",
        "mode": "in_person",
        "starts_at": "2026-03-02T09:00:00+08:00",
        "ends_at": "2026-03-02T11:00:00+08:00",
        "accepted_on": "2020-05-01",
        "on": "2020-05-01",
    }
    if isinstance(body, dict):
        for name, word in known.items():
            value = body.get(name)
            is_right = isinstance(value, str) and 0 < len(value) <= 40
            if is_right and (name not in TIMES or MOMENT.match(value)):
                body[name] = word
    return body


def serve(app: Flask) -> Served:
    """An API with something behind it: units, members, a session in each state."""
    databases.empty(app)
    # All in one transaction: this is done for every operation.
    with app.app_context(), writing() as db_session:
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        branch = make_org("QA", root)
        make_member("李四", make_org("QC", root))
        people = [make_member(f"张{i}", branch, phone=f"1390000000{i}") for i in range(3)]
        soon = datetime.now(UTC) + timedelta(minutes=5)
        sessions = [make_session(branch, state=state, starts_at=soon) for state in SessionState]
        for person in people[:2]:
            attend(sessions[3], person)
        elsewhere = make_org("QB", root)
        places = {"from_org_id": branch.id, "to_org_id": elsewhere.id, "asked_at": datetime.now(UTC)}
        asked = [TransferRequest(member_id=person.id, **places) for person in people[1:]]
        db_session.add_all(asked)
        db_session.flush()
        token = make_token(make_staff("管理员", Role.ADMINISTRATOR, root))
        teams = [make_team(f"组{i}", branch) for i in range(2)]
        SERVED.ids = {
            "member_id": [person.id for person in people],
            "session_id": [session.id for session in sessions],
            "request_id": [request.id for request in asked],
            "instructor_id": [make_instructor(f"指{i}", branch).id for i in range(2)],
            "team_id": [team.id for team in teams],
            "official_id": [make_official(teams[0], f"员{i}").id for i in range(2)],
        }
    SERVED.app = app
    SERVED.headers = {"Authorization": f"Bearer {token}"}
    return SERVED


@pytest.fixture
def served(sqlite_app: Flask) -> Iterator[Served]:
    yield serve(sqlite_app)
    databases.require_true_summaries(sqlite_app)


@pytest.fixture
def served_by_postgresql(postgresql_app: Flask) -> Iterator[Served]:
    yield serve(postgresql_app)
    databases.require_true_summaries(postgresql_app)


def token_was_spoilt(case: Any) -> bool:
    """Whether only a wrong header was to be refused: the test sends the right token all the same."""
    header = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    return header is not None and header.mode is schemathesis.GenerationMode.NEGATIVE


def keeps_to_the_document(case: Any, served: Served) -> None:
    left_out = [*LEFT_OUT, CHECKS.negative_data_rejection] if token_was_spoilt(case) else LEFT_OUT
    case.call_and_validate(headers=served.headers, excluded_checks=left_out)


USUAL = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


@SCHEMA.parametrize()
@settings(max_examples=15, **USUAL)
def test_every_operation_answers_as_documented(case: Any, served: Served) -> None:
    keeps_to_the_document(case, served)


# Few: what is sent and how it is refused depends on no database, and what one takes of texts and numbers
# that the other does not, the first of every operation's examples tell.
@SCHEMA.parametrize()
@settings(max_examples=3, **USUAL)
def test_every_operation_answers_so_on_postgresql(case: Any, served_by_postgresql: Served) -> None:
    keeps_to_the_document(case, served_by_postgresql)


def test_every_operation_stands_in_a_chapter_of_the_docs() -> None:
    document = SCHEMA.raw_schema
    chapters = {tag["name"] for tag in document["tags"]}
    used = {tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]}
    assert used == chapters


def test_the_document_is_valid_openapi(app: Flask) -> None:
    spec = app.test_client().get(DOCUMENT).get_json()
    assert spec["openapi"].startswith("3.1")
    problems = [
        f"{list(error.instance_path)}: {error.message}"
        for error in jsonschema_rs.validator_for(OPENAPI_31).iter_errors(spec)
    ]
    assert problems == []
