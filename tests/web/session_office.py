"""A small district with a browser for each kind of staff, for tests of the pages of sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.clock import today
from app.core.db import writing
from app.core.vocabulary import OrgKind, Role
from tests.factories import make_member, make_org, make_staff, sign_in


class Office:
    """A district with two branches, three members in the first and one in the second."""

    @writing()
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("Q", kind=OrgKind.COMMITTEE, name="示范区党委")
        self.a = make_org("QA", self.root, name="甲支部")
        self.b = make_org("QB", self.root, name="乙支部")
        self.people = [
            make_member(f"张{word}", self.a, pinyin=f"zhang{letter}", initials=f"z{letter}")
            for word, letter in (("一", "a"), ("二", "b"), ("三", "c"))
        ]
        self.guest = make_member("李四", self.b, pinyin="lisi", initials="ls")

    def browser(self, role: Role = Role.ORGANISER, org: Any = None) -> FlaskClient:
        user = make_staff(f"{role}{(org or self.root).code}", role, org or self.root)
        return sign_in(self.app.test_client(), user)

    def typed(self, **changes: Any) -> dict[str, Any]:
        """What somebody types into the form of a session; None leaves a field out."""
        values: dict[str, Any] = {
            "title": "主题党日",
            "kind": "theme_day",
            "mode": "in_person",
            "day": str(today() + timedelta(days=1)),
            "starts": "14:30",
            "ends": "16:30",
            "host": "QA",
            "venue": "党校",
            "lecturer_name": ["陈老师", "王老师"],
            "lecturer_role": ["lecturer", "host"],
            "class_id": "",
            "orgs": ["QA"],
            "mark": "exact",
            "step": "draft",
        }
        return {name: value for name, value in {**values, **changes}.items() if value is not None}

    def saved(self, browser: FlaskClient, **changes: Any) -> int:
        """Save a session through the form; its id."""
        answer = post(browser, "/sessions/new", **self.typed(**changes))
        found = re.fullmatch(r"/sessions/(\d+)", answer.location or "")
        assert found, answer.text
        return int(found[1])

    def opened(self, browser: FlaskClient, **changes: Any) -> int:
        """A session whose check-in has begun."""
        session_id = self.saved(browser, **{"step": "publish", **changes})
        post(browser, f"/sessions/{session_id}/open")
        return session_id


def token_of(browser: FlaskClient) -> str:
    """The CSRF token that this browser was given with its first page."""
    if browser not in _tokens:
        found = re.findall(r'<meta name="csrf-token" content="([^"]+)"', browser.get("/sessions").text)
        _tokens[browser] = found[0]
    return _tokens[browser]


_tokens: WeakKeyDictionary[FlaskClient, str] = WeakKeyDictionary()


def post(browser: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Submit a form with the token that this browser was given."""
    headers = {"HX-Request": "true"} if fields.pop("htmx", False) else {}
    return browser.post(path, data={"csrf_token": token_of(browser), **fields}, headers=headers)


def tick(browser: FlaskClient, session_id: int, member: Any, status: str, **more: Any) -> TestResponse:
    """One tap on the roster."""
    return post(browser, f"/sessions/{session_id}/roster/{member.id}", status=status, **more)
