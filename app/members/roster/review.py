"""The steps between upload and import: what would happen, what is decided about it, and the import itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date, utc_now
from app.core.crypto import new_token
from app.core.db import db, writing
from app.core.errors import FieldError, InvalidInput, NotFound, WrongState
from app.core.i18n import lazy
from app.core.sealed_files import SealedFiles
from app.core.tasks import TaskRun, TaskView, forget_task, start_task, task_of
from app.core.vocabulary import OrgKind, TaskState
from app.members.commands import OrgDraft
from app.members.queries.tree import org_by_code
from app.members.roster.apply import import_roster, preview_roster
from app.members.roster.branches import with_codes
from app.members.roster.columns import remember_columns, remembered_columns
from app.members.roster.files import refuse_wrong_files
from app.members.roster.kept import Review, columns_data, columns_from, review_data, review_from
from app.members.roster.marked import marked_book
from app.members.roster.plan import Plan
from app.members.roster.problems import HeaderUnknown
from app.members.roster.reading import read_roster
from app.members.roster.rules_columns import FileColumn
from app.members.roster.rules_decisions import Decisions
from app.members.roster.uploads import Wish, keep_wish, upload_store, wish_of
from app.members.services.orgs import org_errors

REVIEW, APPLY, MARK = "roster_review", "roster_apply", "roster_mark"


def begin_review(store: SealedFiles, content: bytes, wish: Wish, scope: Scope, now: datetime) -> str:
    """Keep an upload, put its review to the worker, and return its token.

    Raises FileRefused for what can be told without reading the file, InvalidInput for the wish, and keeps
    nothing then. Clears what is older than a day.
    """
    store.forget_old(now)
    _check(wish, scope, now)
    refuse_wrong_files(content)
    token = store.new()
    store.keep(token, "table", content)
    look_again(store, token, wish, scope, now)
    return token


def look_again(store: SealedFiles, token: str, wish: Wish, scope: Scope, now: datetime) -> None:
    """Put the upload to the worker once more, with other wishes or because the tree has changed.

    Raises WrongState while it is being imported.
    """
    _forget_import(token, scope)
    for part in ("review", "marked"):
        store.forget_part(token, part)
    task = new_token(16)
    keep_wish(store, token, replace(wish, task=task), scope)
    start_task(REVIEW, _order(token, scope), scope.user_id, now, task)


def map_columns(
    store: SealedFiles, token: str, fields: Mapping[int, str], scope: Scope, now: datetime
) -> None:
    """Take over which column (position) holds which field, for the office's next rosters too, and look again.

    Raises InvalidInput for fields that do not go together, WrongState while it is being imported.
    """
    refuse_while_importing(db.session(), token, scope)
    wish = wish_of(store, token, scope.user_id)
    remember_columns(_kept_columns(store, token), fields, scope, now)
    look_again(store, token, wish, scope, now)


def decide(store: SealedFiles, token: str, decisions: Decisions, scope: Scope, now: datetime) -> None:
    """Take over what was decided and look again. Raises InvalidInput for a branch that cannot be created,
    WrongState while it is being imported."""
    refuse_while_importing(db.session(), token, scope)
    wish = wish_of(store, token, scope.user_id)
    session = db.session()
    coded = with_codes(session, decisions.creates.items())
    codes = [new.code.lower() for new in coded.values()]
    for text, new in coded.items():
        draft = OrgDraft(new.code, new.name, OrgKind.BRANCH, new.parent_code, new.sector)
        errors = org_errors(session, draft, scope, office_date(now))
        if codes.count(new.code.lower()) > 1:
            errors.append(FieldError("code", "taken", lazy("两个支部的编码一样,请换一个。")))
        if errors:
            raise InvalidInput(errors=[replace(error, field=f"{text}:{error.field}") for error in errors])
    look_again(store, token, replace(wish, decisions=replace(decisions, creates=coded)), scope, now)


def begin_apply(store: SealedFiles, token: str, scope: Scope, now: datetime) -> None:
    """Put the import to the worker; a second time does no harm. Raises NotFound, WrongState."""
    known = find_task(db.session(), token, APPLY, scope.user_id)
    if known is not None and (not known.has_ended or known.result.get("applied")):
        return
    wish_of(store, token, scope.user_id)
    if not store.has(token, "review"):
        raise WrongState(lazy("还没有核对完,请稍候。"))
    forget_task(token, scope.user_id)
    try:
        start_task(APPLY, _order(token, scope), scope.user_id, now, token)
    except IntegrityError:
        # Two clicks at once: the other one has put it.
        db.session.rollback()


def discard_upload(store: SealedFiles, token: str, scope: Scope) -> None:
    """Delete the caller's own upload without importing it. Raises WrongState while it is being imported."""
    refuse_while_importing(db.session(), token, scope)
    wish = wish_of(store, token, scope.user_id)
    _forget_import(token, scope)
    forget_task(wish.task, scope.user_id)
    store.forget(token)


def refuse_while_importing(session: Session, token: str, scope: Scope) -> None:
    """Raises WrongState from when the import was put until it has ended: it is not taken from under itself,
    and whoever put it hears what became of it."""
    known = find_task(session, token, APPLY, scope.user_id)
    if known is not None and not known.has_ended:
        raise WrongState(lazy("正在导入,请等它结束。"))


def _forget_import(token: str, scope: Scope) -> None:
    """Drop an import that has ended. Asked again in the same transaction: it may have been put just now."""
    with writing() as session:
        refuse_while_importing(session, token, scope)
        forget_task(token, scope.user_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload is: `task` is what was put last; one of the others is set once it has ended well.

    applied: counts of what was imported. columns: which column holds what must be said first.
    """

    task: TaskView
    review: Review | None = None
    applied: Mapping[str, Any] | None = None
    columns: tuple[FileColumn, ...] = ()
    wish: Wish | None = None


def standing_of(store: SealedFiles, token: str, scope: Scope, now: datetime) -> Standing:
    """The caller's own upload; raises NotFound for another's, and after a day."""
    store.forget_old(now)
    session = db.session()
    applying = find_task(session, token, APPLY, scope.user_id)
    if applying is not None and (not applying.has_ended or applying.result.get("applied")):
        done = applying.result if applying.has_ended else None
        return Standing(applying, applied=done)
    wish = wish_of(store, token, scope.user_id)
    task = task_of(session, wish.task, REVIEW, scope.user_id)
    if not task.has_ended or task.state is not TaskState.DONE:
        return Standing(task, wish=wish)
    if task.result.get("needs") == "columns":
        return Standing(task, columns=tuple(_kept_columns(store, token)), wish=wish)
    # An import that was refused or has broken off tells why above the review.
    return Standing(applying or task, review_from(store.read(token, "review")), wish=wish)


def file_columns(store: SealedFiles, token: str, scope: Scope) -> list[FileColumn]:
    """The columns of the caller's own upload, as the last look at it found them."""
    wish_of(store, token, scope.user_id)
    return _kept_columns(store, token)


def begin_marking(store: SealedFiles, token: str, scope: Scope, now: datetime) -> str:
    """Put the making of the marked workbook to the worker; its token."""
    wish_of(store, token, scope.user_id)
    return start_task(MARK, _order(token, scope), scope.user_id, now)


def marked_content(store: SealedFiles, token: str, scope: Scope) -> bytes:
    """The marked workbook; raises NotFound before it was made."""
    wish_of(store, token, scope.user_id)
    return store.read(token, "marked")


def find_task(session: Session, token: str, kind: str, user_id: int | None) -> TaskView | None:
    try:
        return task_of(session, token, kind, user_id)
    except NotFound:
        return None


# ---- what the worker does ----


def run_review(run: TaskRun) -> dict[str, Any]:
    """Read and compare the upload; keeps the review and returns its counts."""
    store, token, scope = upload_store(), str(run.order["upload"]), _scope(run)
    wish, now = wish_of(store, token, run.user_id), utc_now()
    asked = wish.asked(now)
    mapping = remembered_columns(db.session(), scope)
    try:
        roster = read_roster(store.read(token, "table"), asked.today, run.tell, mapping)
    except HeaderUnknown as unknown:
        if not unknown.columns:
            raise
        store.keep(token, "columns", json.dumps(columns_data(unknown.columns), ensure_ascii=False).encode())
        return {"needs": "columns", "code": unknown.code}
    plan = preview_roster(roster, asked, scope, run.tell)
    store.keep(token, "columns", json.dumps(columns_data(roster.columns), ensure_ascii=False).encode())
    store.keep(token, "review", review_data(plan, roster))
    return _counts(plan)


def run_apply(run: TaskRun) -> dict[str, Any]:
    """Import the upload and delete it; where rows are rejected, keep it with the new review instead."""
    store, token, scope = upload_store(), str(run.order["upload"]), _scope(run)
    if store.has(token, "done"):
        # A worker before this one was stopped after the last step.
        return dict(json.loads(store.read(token, "done")))
    wish, now = wish_of(store, token, run.user_id), utc_now()
    asked = wish.asked(now)
    mapping = remembered_columns(db.session(), scope)
    roster = read_roster(store.read(token, "table"), asked.today, run.tell, mapping)
    plan = import_roster(roster, asked, scope, now, run.tell)
    if not plan.is_clean:
        store.keep(token, "review", review_data(plan, roster))
        return {"applied": False, **_counts(plan)}
    result = {"applied": True, **_counts(plan)}
    store.keep(token, "done", json.dumps(result).encode())
    for part in ("table", "review", "marked", "columns", "wish"):
        store.forget_part(token, part)
    return result


def run_marking(run: TaskRun) -> dict[str, Any]:
    """Make the workbook that shows what becomes of every row."""
    store, token, scope = upload_store(), str(run.order["upload"]), _scope(run)
    asked = wish_of(store, token, run.user_id).asked(utc_now())
    mapping = remembered_columns(db.session(), scope)
    content = store.read(token, "table")
    roster = read_roster(content, asked.today, run.tell, mapping)
    plan = preview_roster(roster, asked, scope, run.tell)
    store.keep(token, "marked", marked_book(content, plan, roster, mapping, store.folder, run.tell))
    return {}


def _counts(plan: Plan) -> dict[str, Any]:
    counts = plan.counts
    return {
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "missing": len(plan.missing),
    }


def _kept_columns(store: SealedFiles, token: str) -> list[FileColumn]:
    return columns_from(json.loads(store.read(token, "columns")))


def _order(token: str, scope: Scope) -> dict[str, Any]:
    return {"upload": token, "org_ids": list(scope.org_ids)}


def _scope(run: TaskRun) -> Scope:
    return Scope(tuple(run.order["org_ids"]), run.user_id)


def _check(wish: Wish, scope: Scope, now: datetime) -> None:
    today = office_date(now)
    for name, day in (("as_of", wish.as_of), ("accepted_on", wish.accepted_on)):
        if day is not None and day > today:
            raise InvalidInput.field(name, "future", lazy("日期不能在今天以后。"))
    if wish.full_org and org_by_code(db.session(), wish.full_org, scope, today) is None:
        raise InvalidInput.field("full_org", "unknown", lazy("没有找到这个党组织。"))
