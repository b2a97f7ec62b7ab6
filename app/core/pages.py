"""What every page needs: navigation, language and elder-mode switches, asset addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, redirect, request, url_for

from app.core.access import PUBLIC, permission, safe_next
from app.core.i18n import LANGUAGES, Text, chosen_language, lazy
from app.core.labels import METHOD_LABELS
from app.core.office import base_url
from app.core.security import csrf
from app.core.vocabulary import LOW_ASSURANCE_METHODS, Role

bp = Blueprint("core", __name__)
YEAR_SECONDS = 365 * 24 * 3600

ROLE_LABELS: dict[Role, Text] = {
    Role.ADMINISTRATOR: lazy("管理员"),
    Role.ORGANISER: lazy("组织者"),
    Role.SECRETARY: lazy("支部书记"),
    Role.SUPERVISOR: lazy("督导员"),
}


@dataclass(frozen=True, slots=True)
class Room:
    """An entry of the navigation; shown only to those who hold its permission."""

    key: str
    label: Text
    endpoint: str
    icon: str
    permission: str
    on_phone: bool = False
    # Whose pages belong here; with a dot, a single page of a blueprint that belongs elsewhere.
    blueprints: tuple[str, ...] = ()

    def holds(self, endpoint: str) -> bool:
        moved = any(endpoint in room.blueprints for room in ROOMS)
        return (endpoint if moved else endpoint.split(".", maxsplit=1)[0]) in self.blueprints


ROOMS = (
    Room("today", lazy("今日"), "home.today", "house", "home.read", True, ("home",)),
    Room(
        "sessions",
        lazy("场次"),
        "trainings.index",
        "easel",
        "sessions.read",
        True,
        ("trainings", "attendance", "checkin"),
    ),
    Room("calendar", lazy("日历"), "trainings.calendar", "calendar3", "sessions.read"),
    Room(
        "members",
        lazy("党员"),
        "members.index",
        "people",
        "members.read",
        True,
        ("members", "members_import", "cards", "checkin.member_access", "supervision"),
    ),
    Room(
        "reports", lazy("报表"), "reports.index", "bar-chart", "reports.read", True, ("reports", "deliveries")
    ),
    Room(
        "reach",
        lazy("未覆盖"),
        "reach.index",
        "person-exclamation",
        "reports.read",
        False,
        ("reach", "reports.uncovered"),
    ),
    Room(
        "settings",
        lazy("设置"),
        "office.index",
        "gear",
        "settings.write",
        False,
        ("office", "attendance.locks", "attendance.save_lock", "attendance.unlock", "attendance.save_unlock"),
    ),
)


@dataclass(frozen=True, slots=True)
class NavEntry:
    key: str
    label: Text
    href: str
    icon: str
    active: bool
    on_phone: bool


# Without a token: forged, it changes the reader's own language and nothing else; and the pages that a
# whole hall opens in one minute need no session for it.
@bp.post("/preference")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask_wtf has no types
@permission(PUBLIC)
def set_preference() -> Response:
    """Keep the reader's language or elder mode in a cookie and return to the page."""
    response: Response = redirect(_page_before(request.form.get("next")))  # type: ignore[assignment]
    secure = current_app.extensions["settings"].secure_cookies
    lang = request.form.get("lang", "")
    if lang in LANGUAGES:
        response.set_cookie("lang", lang, max_age=YEAR_SECONDS, samesite="Lax", secure=secure, httponly=True)
    elder = request.form.get("elder", "")
    if elder in ("0", "1"):
        response.set_cookie(
            "elder", elder, max_age=YEAR_SECONDS, samesite="Lax", secure=secure, httponly=True
        )
    return response


def _page_before(wanted: str | None) -> str:
    """Where the reader was; a page that only answered a form leads to the page above it."""
    path, question, query = safe_next(wanted, "/").partition("?")
    routes = current_app.url_map.bind("localhost")
    while not routes.test(path, "GET"):
        path, question, query = path.rstrip("/").rpartition("/")[0] or "/", "", ""
    return path + question + query


@lru_cache(maxsize=512)
def _content_hash(path: str, modified_ns: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file with its content's hash, so that browsers may keep it for ever.

    In production files do not change while the server runs, and are looked at once.
    """
    if current_app.extensions["settings"].is_production:
        return _kept_address(name)
    return _address(name)


def _address(name: str) -> str:
    path = Path(str(current_app.static_folder)) / name
    return url_for("static", filename=name, v=_content_hash(str(path), path.stat().st_mtime_ns))


_kept_address = lru_cache(maxsize=512)(_address)


def _navigation() -> list[NavEntry]:
    staff = g.get("staff")
    if staff is None:
        return []
    here = request.endpoint or ""
    exact = {room.endpoint for room in ROOMS}
    return [
        NavEntry(
            room.key,
            room.label,
            url_for(room.endpoint),
            room.icon,
            here == room.endpoint or (here not in exact and room.holds(here)),
            room.on_phone,
        )
        for room in ROOMS
        if staff.may(room.permission) and room.endpoint in current_app.view_functions
    ]


def _context() -> dict[str, Any]:
    staff, settings = g.get("staff"), current_app.extensions["settings"]
    language = chosen_language()
    return {
        "asset": asset,
        "locale": language,
        "html_lang": "en" if language == "en" else "zh-Hans",
        "elder": request.cookies.get("elder") == "1",
        "me": {"display_name": staff.display_name, "role_label": ROLE_LABELS[staff.main_role]}
        if staff
        else None,
        "nav": _navigation(),
        "office_name": settings.office_name,
        # What a person types by hand; without the scheme.
        "site": base_url().split("://")[-1],
        "method_labels": METHOD_LABELS,
        "low_assurance": LOW_ASSURANCE_METHODS,
        "request_id": g.get("request_id", ""),
        # Where the switches of language and type size lead back to.
        "here": request.full_path,
        "may": staff.may if staff else (lambda _permission: False),
    }


def init_pages(app: Flask) -> None:
    """Register the switches and give every template its context."""
    app.register_blueprint(bp)
    app.context_processor(_context)
