"""Every route says who may use it, refuses a post without CSRF token, and the API refuses strangers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from app.core.access import MEMBER, PERMISSIONS, PUBLIC

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
# Unsafe routes outside /api/ that need no CSRF token, each with its reason.
WITHOUT_CSRF: dict[str, str] = {
    "/preference": "forged, it changes the reader's own language or type size and nothing else",
    "/checkin": "the ticket in the form is bound to a cookie of this browser, which no other site can read",
    "/rounds/<int:round_id>/ticks": "no cookie is looked at: the round's token comes in a header of its own",
    "/checkin/leave": "the same",
    "/j": "the same",
}
# Routes of the API that answer without a token, each with its reason.
OPEN_API = {
    "/api/v1/openapi.json": "the description holds no data",
    "/api/v1/docs": "the description holds no data",
    "/api/v1/calendar.ics": "calendar programs send their token in the address",
    "/api/v1/checkins": "a member's phone brings its own member_token in the body",
}


def view_functions(app: Flask) -> Iterator[tuple[str, Any]]:
    """(where, function) of every route, one for each method of a class-based view."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        view = app.view_functions[rule.endpoint]
        shown = getattr(view, "view_class", None)
        if shown is None:
            yield f"{rule} ({rule.endpoint})", view
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule} ({rule.endpoint})", getattr(shown, method.lower())


def address(rule: Rule) -> str:
    """An address that the rule matches; whether something is there does not matter."""
    values = {
        name: (1 if isinstance(converter, IntegerConverter) else _sample(type(converter).__name__))
        for name, converter in rule._converters.items()
    }
    built = rule.build(values)
    assert built is not None, f"no address for {rule}"
    return built[1]


def _sample(converter: str) -> Any:
    return {
        "UUIDConverter": "00000000-0000-4000-8000-000000000000",
        "FloatConverter": 1.0,
    }.get(converter, "x")


def test_every_route_declares_its_permission(app: Flask) -> None:
    allowed = {*PERMISSIONS, PUBLIC, MEMBER}
    undeclared = [
        where
        for where, view in view_functions(app)
        if getattr(view, "declared_permission", None) not in allowed
    ]
    assert undeclared == []


def test_every_unsafe_page_refuses_without_a_csrf_token(app: Flask) -> None:
    client = app.test_client()
    answered = []
    for rule in app.url_map.iter_rules():
        if str(rule).startswith("/api/") or str(rule) in WITHOUT_CSRF:
            continue
        for method in sorted((rule.methods or set()) & UNSAFE):
            response = client.open(address(rule), method=method, data={"any": "thing"})
            if response.status_code != 400:
                answered.append(f"{method} {rule}: {response.status_code}")
    assert answered == []


def test_exceptions_to_csrf_are_routes_that_exist(app: Flask) -> None:
    assert set(WITHOUT_CSRF) <= {str(rule) for rule in app.url_map.iter_rules()}


def test_every_api_route_answers_401_without_a_token(app: Flask) -> None:
    client = app.test_client()
    answered = []
    for rule in app.url_map.iter_rules():
        if not str(rule).startswith("/api/v1") or str(rule) in OPEN_API:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            response = client.open(address(rule), method=method, json={} if method in UNSAFE else None)
            if response.status_code != 401:
                answered.append(f"{method} {rule}: {response.status_code}")
    assert answered == []


def test_pages_for_staff_lead_strangers_to_the_sign_in_page(app: Flask) -> None:
    client = app.test_client()
    shown = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        permission = getattr(view, "declared_permission", PUBLIC)
        if (
            str(rule).startswith("/api/")
            or permission in (PUBLIC, MEMBER)
            or "GET" not in (rule.methods or ())
        ):
            continue
        response = client.get(address(rule))
        if response.status_code != 302 or not response.location.startswith("/sign-in?next="):
            shown.append(f"{rule}: {response.status_code}")
    assert shown == []
