"""The steps between upload and import: what would happen, kept for paging, and the import itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.sealed_files import SealedFiles
from app.members.phones import mask_phone
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.books import error_book
from app.members.roster.plan import Counts, ImportDates, Plan
from app.members.roster.problems import row_words
from app.members.roster.reading import Roster, read_roster
from app.members.roster.rules_columns import Header
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RosterRow
from app.members.rules import SINCE_EVER

SHOWN_ROWS = 200
TABS = ("rejected", "created", "changed", "unchanged")


@dataclass(frozen=True, slots=True)
class Review:
    """What an import would do. `rows` holds the first SHOWN_ROWS of each tab, phones masked."""

    counts: Counts
    transferred: int
    since_ever: int
    skipped: Sequence[str]
    as_of: date | None
    accepted_on: date | None
    rows: Mapping[str, Sequence[Mapping[str, Any]]]

    def count_of(self, tab: str) -> int:
        return int(getattr(self.counts, "updated" if tab == "changed" else tab))


@dataclass(frozen=True, slots=True)
class Wish:
    """The days that the uploader has set; None leaves them to the import."""

    as_of: date | None = None
    accepted_on: date | None = None

    def dates(self, now: datetime) -> ImportDates:
        today = office_date(now)
        return ImportDates(today, self.accepted_on or today, self.as_of)


def begin_review(store: SealedFiles, content: bytes, wish: Wish, scope: Scope, now: datetime) -> str:
    """Read an upload, keep it with what it would do, and return its token.

    Raises FileRefused or InvalidInput, and keeps nothing then. Clears what is older than a day.
    """
    store.forget_old(now)
    dates = wish.dates(now)
    roster = read_roster(content, dates.today)
    plan = preview_roster(roster, dates, scope)
    token = store.new()
    store.keep(token, "table", content)
    _keep(store, token, plan, roster, wish, scope)
    return token


def open_review(store: SealedFiles, token: str, scope: Scope, now: datetime) -> Review:
    """The review of the caller's own upload; raises NotFound for another's, and after a day."""
    store.forget_old(now)
    kept = _kept(store, token, scope)
    rows = {**kept["rows"], "rejected": _rejected_rows(kept)}
    wish = _wish(kept)
    return Review(
        Counts(*kept["counts"]),
        kept["transferred"],
        kept["since_ever"],
        kept["skipped"],
        wish.as_of,
        wish.accepted_on,
        rows,
    )


def apply_upload(store: SealedFiles, token: str, scope: Scope, now: datetime) -> Plan:
    """Import the upload and delete it; where rows are rejected, keep it with the new review instead."""
    wish = _wish(_kept(store, token, scope))
    dates = wish.dates(now)
    roster = read_roster(store.read(token, "table"), dates.today)
    plan = import_roster(roster, dates, scope, now)
    if plan.is_clean:
        store.forget(token)
    else:
        _keep(store, token, plan, roster, wish, scope)
    return plan


def discard_upload(store: SealedFiles, token: str, scope: Scope) -> None:
    """Delete the caller's own upload without importing it."""
    _kept(store, token, scope)
    store.forget(token)


def rejected_book(store: SealedFiles, token: str, scope: Scope, now: datetime) -> bytes:
    """All rejected rows of the upload as a marked workbook."""
    wish = _wish(_kept(store, token, scope))
    content = store.read(token, "table")
    roster = read_roster(content, office_date(now))
    plan = preview_roster(roster, wish.dates(now), scope)
    return error_book(content, plan.rejected, roster.titles)


def _keep(store: SealedFiles, token: str, plan: Plan, roster: Roster, wish: Wish, scope: Scope) -> None:
    counts = plan.counts
    first = sorted(plan.rejected, key=lambda place: (place.sheet, place.row))[:SHOWN_ROWS]
    kept = {
        "user_id": scope.user_id,
        "as_of": wish.as_of.isoformat() if wish.as_of else None,
        "accepted_on": wish.accepted_on.isoformat() if wish.accepted_on else None,
        "counts": [counts.created, counts.updated, counts.unchanged, counts.rejected],
        "transferred": sum(1 for member in plan.changed if member.is_transferred),
        "since_ever": plan.since_ever,
        "skipped": roster.skipped,
        "titles": roster.titles,
        "headers": [[n, h.row_number, dict(h.positions), dict(h.titles)] for n, h in roster.headers.items()],
        "rejected": [_problem_data(place, problem) for place in first for problem in plan.rejected[place]],
        "rows": _row_data(plan),
    }
    store.keep(token, "review", json.dumps(kept, ensure_ascii=False).encode())


def _row_data(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    created = [
        {**_person(new.row), "starts_on": None if new.starts_on == SINCE_EVER else new.starts_on.isoformat()}
        for new in plan.created[:SHOWN_ROWS]
    ]
    changed = [
        {**_person(m.row), "changes": [[c.field, c.old, c.new] for c in m.changes]}
        for m in plan.changed[:SHOWN_ROWS]
    ]
    unchanged = [_person(row) for row in plan.unchanged[:SHOWN_ROWS]]
    return {"created": created, "changed": changed, "unchanged": unchanged}


def _person(row: RosterRow) -> dict[str, Any]:
    return {
        "row": row.place.row,
        "name": row.name,
        "branch": row.branch or row.branch_code,
        "phone": mask_phone(row.phone) if row.phone else "",
    }


def _problem_data(place: Place, problem: Problem) -> list[Any]:
    other = [problem.other.sheet, problem.other.row] if problem.other else None
    return [place.sheet, place.row, problem.code, problem.field, dict(problem.params), other]


def _rejected_rows(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In the reader's language of now, not of the upload."""
    headers = {number: Header(row, positions, titles) for number, row, positions, titles in kept["headers"]}
    rows: dict[Place, list[str]] = {}
    for sheet, row, code, field, params, other in kept["rejected"]:
        place = Place(sheet, row)
        problem = Problem(code, field, params, Place(*other) if other else None)
        rows.setdefault(place, []).append(row_words(problem, place, headers, kept["titles"]))
    return [{"row": place.row, "words": words} for place, words in rows.items()]


def _kept(store: SealedFiles, token: str, scope: Scope) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(store.read(token, "review"))
    if kept["user_id"] != scope.user_id:
        raise NotFound()
    return kept


def _wish(kept: Mapping[str, Any]) -> Wish:
    days = (date.fromisoformat(kept[name]) if kept[name] else None for name in ("as_of", "accepted_on"))
    return Wish(*days)
