"""A small district behind the API, and callers who hold its tokens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from werkzeug.test import TestResponse

from app.core.db import writing
from app.core.vocabulary import OrgKind, Role, SessionState
from tests.factories import make_member, make_org, make_session, make_staff, make_token

TZ = ZoneInfo("Asia/Shanghai")
PROBLEM = "application/problem+json"
SESSION: dict[str, Any] = {
    "title": "主题党日",
    "kind": "theme_day",
    "mode": "in_person",
    "starts_at": "2026-03-02T09:00:00+08:00",
    "ends_at": "2026-03-02T11:00:00+08:00",
    "host_org": "QA",
    "audience": {"orgs": ["QA"]},
}


class Caller:
    """Somebody who calls the API with one token, or with none."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        return self.client.open(f"/api/v1{path}", method=method, headers=self.headers, **more)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.call("GET", path, query_string={key.rstrip("_"): value for key, value in query.items()})

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.call("POST", path, **({} if body is None else {"json": body}))

    def put(self, path: str, body: Any) -> TestResponse:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)


def kept(row: Any) -> Any:
    """A row's id alone, which outlives the context that the row was made in."""
    return SimpleNamespace(id=row.id)


class World:
    """The district Q with the branches QA (three members) and QB (one), and users at each place."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context(), writing():
            self.root = kept(make_org("Q", name="区委", kind=OrgKind.COMMITTEE))
            self.a = kept(make_org("QA", self.root, name="甲支部"))
            self.b = kept(make_org("QB", self.root, name="乙支部"))
            people = [
                make_member("张三", self.a, phone="13900000001", pinyin="zhangsan", initials="zs"),
                make_member("李四", self.a, pinyin="lisi", initials="ls", birth_date=date(1950, 1, 1)),
                make_member("王五", self.a, pinyin="wangwu", initials="ww"),
            ]
            self.people = [kept(person) for person in people]
            self.ids = [person.id for person in people]
            self.neighbour_id = make_member("赵六", self.b, pinyin="zhaoliu", initials="zl").id
            self.admin = self.caller("admin", Role.ADMINISTRATOR, self.root)
            self.secretary_a = self.caller("secretary-a", Role.SECRETARY, self.a)
            self.secretary_b = self.caller("secretary-b", Role.SECRETARY, self.b)
            self.supervisor = self.caller("supervisor", Role.SUPERVISOR, self.root)
        self.nobody = Caller(app, None)

    def caller(self, name: str, role: Role, org: Any) -> Caller:
        return Caller(self.app, make_token(make_staff(name, role, org)))

    def session_in(self, state: SessionState, **more: Any) -> int:
        """Id of a session of branch QA that begins in a few minutes."""
        with self.app.app_context():
            starts_at = more.pop("starts_at", datetime.now(UTC) + timedelta(minutes=5))
            session_id: int = make_session(self.a, state=state, starts_at=starts_at, **more).id
        return session_id

    def open_session(self, **changes: Any) -> int:
        """Id of a session made, published and opened through the API."""
        session_id: int = self.admin.post("/sessions", {**SESSION, **changes}).get_json()["id"]
        for step in ("publish", "open"):
            assert self.admin.post(f"/sessions/{session_id}/{step}").status_code == 200
        return session_id

    def bind(self, member_id: int) -> str:
        """A bound phone's token."""
        token: str = self.admin.post(f"/members/{member_id}/bindings").get_json()["member_token"]
        return token


def refusal(response: TestResponse) -> tuple[int, str]:
    """Status and code of a problem; fails for anything else."""
    assert response.content_type == PROBLEM, response.get_data(as_text=True)
    body = response.get_json()
    assert body["status"] == response.status_code
    assert {"type", "title", "detail", "code", "request_id"} <= set(body)
    return response.status_code, body["code"]


def wrong_fields(response: TestResponse) -> dict[str, str]:
    """field → code of a 422."""
    assert refusal(response) == (422, "invalid_input"), response.get_data(as_text=True)
    errors = response.get_json()["errors"]
    assert all(error["detail"] for error in errors)
    return {error["field"]: error["code"] for error in errors}
