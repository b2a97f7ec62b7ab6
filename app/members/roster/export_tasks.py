"""Exports of rosters too long for one request: made by the worker, kept sealed for a day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.db import db
from app.core.sealed_files import SealedFiles
from app.core.tasks import TaskRun, start_task, task_of
from app.core.vocabulary import Group
from app.members.queries.members import MemberFilter
from app.members.roster.export import export_roster
from app.members.roster.uploads import upload_store

EXPORT = "roster_export"
# More takes longer than a page should.
MOST_AT_ONCE = 20_000


def begin_export(wanted: MemberFilter, scope: Scope, now: datetime, *, with_phones: bool) -> str:
    """Put the export to the worker; its token. A search (`q`) may be a name: it is kept sealed beside."""
    order: Mapping[str, Any] = {
        "org_ids": list(scope.org_ids),
        "org_id": wanted.org_id,
        "group": wanted.group,
        "elderly_age": wanted.elderly_age,
        "with_phones": with_phones,
        "is_search": bool(wanted.q),
    }
    store = upload_store()
    token = store.new()
    if wanted.q:
        store.keep(token, "sought", json.dumps([wanted.q, wanted.anywhere]).encode())
    return start_task(EXPORT, order, scope.user_id, now, token)


def run_export(run: TaskRun) -> dict[str, Any]:
    """Make the workbook and keep it under the task's own token."""
    now, order = utc_now(), run.order
    group = Group(order["group"]) if order["group"] else None
    store = upload_store()
    q, anywhere = json.loads(store.read(run.token, "sought")) if order["is_search"] else (None, False)
    wanted = MemberFilter(office_date(now), order["elderly_age"], order["org_id"], group, q, anywhere)
    scope = Scope(tuple(order["org_ids"]), run.user_id)
    book = export_roster(wanted, scope, now, with_phones=order["with_phones"], tell=run.tell)
    store.keep(run.token, "export", book)
    return {}


def exported(store: SealedFiles, token: str, user_id: int | None) -> bytes:
    """The caller's own export; raises NotFound for another's, and before it was made."""
    task_of(db.session(), token, EXPORT, user_id)
    return store.read(token, "export")
