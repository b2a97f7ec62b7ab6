"""Pages between upload and import: which column holds what, open questions, every row's result."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from app.core import labels
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, WrongState
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.progress import progress_answer
from app.core.tasks import task_of
from app.core.vocabulary import OrgKind, TaskState
from app.members.import_forms import ASKED_AT_ONCE, chosen_fields, decided
from app.members.queries.tree import OrgRow, tree
from app.members.roster import review
from app.members.roster.rules_columns import column_letter
from app.members.roster.rules_decisions import Decisions
from app.members.roster.uploads import upload_store
from app.members.roster.words import FIELD_LABELS
from app.members.views.blueprint import workbook
from app.members.views.import_blueprint import STEPS, bp


@bp.get("/<token>/columns")
@permission("members.import")
def columns(token: str) -> str:
    return _columns_page(token)


@bp.post("/<token>/columns")
@permission("members.import")
def save_columns(token: str) -> Any:
    store, scope, now = upload_store(), current_scope(), utc_now()
    found = review.file_columns(store, token, scope)
    fields = chosen_fields(request.form, found)
    try:
        review.map_columns(store, token, fields, scope, now)
    except InvalidInput as refused:
        return _columns_page(token, fields, [str(error.detail) for error in refused.errors]), 422
    return redirect(url_for(".show", token=token))


def _columns_page(token: str, fields: dict[int, str] | None = None, errors: list[str] | None = None) -> str:
    found = review.file_columns(upload_store(), token, current_scope())
    chosen = fields if fields is not None else {column.position: column.field for column in found}
    return render_template(
        "members/import_columns.html",
        token=token,
        columns=found,
        chosen=chosen,
        errors=errors or [],
        letter=column_letter,
        choices=FIELD_LABELS.items(),
        is_unknown=not {"name", "branch"} <= {column.field for column in found},
    )


@bp.get("/<token>/questions")
@permission("members.import")
def questions(token: str) -> Any:
    # Not yet looked at, or already imported: the upload's own page says so.
    return _questions_page(token) or redirect(url_for(".show", token=token))


@bp.post("/<token>/questions")
@permission("members.import")
def decide(token: str) -> Any:
    store, scope, now = upload_store(), current_scope(), utc_now()
    review.refuse_while_importing(db.session(), token, scope)
    standing = review.standing_of(store, token, scope, now)
    if standing.review is None or standing.wish is None:
        raise WrongState(lazy("还没有核对完,请稍候。"))
    is_reset = "reset" in request.form
    decisions = Decisions() if is_reset else decided(request.form, standing.review, standing.wish.decisions)
    try:
        review.decide(store, token, decisions, scope, now)
    except InvalidInput as refused:
        words = [f"{error.field.rpartition(':')[0]}:{error.detail}" for error in refused.errors]
        return _questions_page(token, words), 422
    return redirect(url_for(".show", token=token))


def _questions_page(token: str, errors: list[str] | None = None) -> str | None:
    """None while there is no review to ask about."""
    standing = review.standing_of(upload_store(), token, current_scope(), utc_now())
    if standing.review is None or standing.wish is None:
        return None
    units = tree(db.session(), current_scope(), today())
    return render_template(
        "members/import_questions.html",
        token=token,
        review=standing.review,
        wish=standing.wish,
        given=request.form,
        errors=errors or [],
        most=ASKED_AT_ONCE,
        branches=[row for row in units if row.kind in (OrgKind.BRANCH, OrgKind.GROUP)],
        parents=[row for row in units if row.kind is not OrgKind.GROUP],
        parent_of=_parents(units),
        fields=FIELD_LABELS,
        labels=labels,
    )


def _parents(units: list[OrgRow]) -> dict[str, str]:
    """Code of a unit → code of the one above, "" → that of the topmost: where a new branch probably hangs."""
    top = min(units, key=lambda row: row.depth).code if units else ""
    return {"": top, **{row.code: row.parent_code or top for row in units}}


@bp.post("/<token>/marked")
@permission("members.import")
def mark(token: str) -> Any:
    task = review.begin_marking(upload_store(), token, current_scope(), utc_now())
    return redirect(url_for(".marking", token=token, task=task))


@bp.get("/<token>/marked/<task>")
@permission("members.import")
def marking(token: str, task: str) -> Any:
    found = task_of(db.session(), task, review.MARK, current_scope().user_id)
    back = (_("回到核对结果"), url_for(".show", token=token))
    if (answer := progress_answer(found, _("正在生成核对结果表"), STEPS, back=back)) is not None:
        return answer
    is_made = found.state is TaskState.DONE
    return render_template("members/import_marked.html", token=token, is_made=is_made, words=found.words)


@bp.get("/<token>/marked.xlsx")
@permission("members.import")
def marked(token: str) -> Response:
    return workbook(review.marked_content(upload_store(), token, current_scope()), _("核对结果.xlsx"))
