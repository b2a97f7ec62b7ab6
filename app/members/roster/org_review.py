"""The steps between the upload of a tree and its import: kept for a day, looked at, applied."""

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
from app.members.roster.org_books import rejected_book as book_of_rejected
from app.members.roster.orgs import OrgPlan, OrgTable, import_orgs, read_orgs
from app.members.roster.problems import row_words


@dataclass(frozen=True, slots=True)
class TreeReview:
    """What an import of the tree would do; `rejected` holds (row number, what is wrong), as in the file."""

    plan: OrgPlan
    as_of: date | None
    skipped: Sequence[str]
    rejected: Sequence[tuple[int, Sequence[str]]]


def begin(store: SealedFiles, content: bytes, as_of: date | None, scope: Scope, now: datetime) -> str:
    """Read an upload, keep it, and return its token.

    Raises FileRefused or InvalidInput, and keeps nothing then.
    """
    store.forget_old(now)
    import_orgs(read_orgs(content), office_date(now), now, scope=scope, as_of=as_of, dry_run=True)
    token = store.new()
    store.keep(token, "table", content)
    wish = {"user_id": scope.user_id, "as_of": as_of.isoformat() if as_of else None}
    store.keep(token, "wish", json.dumps(wish).encode())
    return token


def look(store: SealedFiles, token: str, scope: Scope, now: datetime) -> TreeReview:
    """What the caller's own upload would do now; raises NotFound for another's, and after a day."""
    return _run(store, token, scope, now, dry_run=True)


def apply(store: SealedFiles, token: str, scope: Scope, now: datetime) -> TreeReview:
    """Import the upload and delete it; where rows are rejected, keep it and store nothing."""
    done = _run(store, token, scope, now, dry_run=False)
    if not done.plan.rejected:
        store.forget(token)
    return done


def discard(store: SealedFiles, token: str, scope: Scope) -> None:
    """Delete the caller's own upload without importing it."""
    _wish(store, token, scope)
    store.forget(token)


def rejected_book(store: SealedFiles, token: str, scope: Scope, now: datetime) -> bytes:
    """All rejected rows of the upload as a marked workbook."""
    as_of = _wish(store, token, scope)
    content = store.read(token, "table")
    table = read_orgs(content)
    plan = import_orgs(table, office_date(now), now, scope=scope, as_of=as_of, dry_run=True)
    return book_of_rejected(content, plan.rejected, table.source.titles)


def _run(store: SealedFiles, token: str, scope: Scope, now: datetime, *, dry_run: bool) -> TreeReview:
    as_of = _wish(store, token, scope)
    table = read_orgs(store.read(token, "table"))
    plan = import_orgs(table, office_date(now), now, scope=scope, as_of=as_of, dry_run=dry_run)
    return TreeReview(plan, as_of, table.source.skipped, _rejected(plan, table))


def _rejected(plan: OrgPlan, table: OrgTable) -> list[tuple[int, list[str]]]:
    source = table.source
    return [
        (
            place.row,
            [row_words(problem, place, source.headers, source.titles) for problem in plan.rejected[place]],
        )
        for place in sorted(plan.rejected, key=lambda place: (place.sheet, place.row))
    ]


def _wish(store: SealedFiles, token: str, scope: Scope) -> date | None:
    """The day that the uploader has set."""
    kept: Mapping[str, Any] = json.loads(store.read(token, "wish"))
    if kept["user_id"] != scope.user_id:
        raise NotFound()
    return date.fromisoformat(kept["as_of"]) if kept["as_of"] else None
