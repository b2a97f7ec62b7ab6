"""Pages of the roster import: upload, review, apply; and the empty roster to download."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import CombinedMultiDict

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.paging import Page, page_number
from app.core.progress import progress_answer
from app.core.tasks import TaskView
from app.core.vocabulary import TaskState
from app.members.import_forms import ImportForm
from app.members.queries.tree import tree
from app.members.roster import kept, review
from app.members.roster.books import template_book
from app.members.roster.files import MAX_BYTES
from app.members.roster.problems import FileRefused
from app.members.roster.uploads import Wish, upload_store
from app.members.roster.words import FIELD_LABELS, GROUP_ACTS, GROUPS
from app.members.views.blueprint import org_choices, workbook
from app.members.views.import_blueprint import STEPS, bp

__all__ = ["bp"]

_BROKEN_OFF = lazy("处理时出了点问题,没有保存任何内容。请重新上传;如果仍不行,请告诉系统管理员。")


@bp.get("")
@permission("members.import")
def start() -> str:
    return render_template("members/import.html", form=_form())


@bp.post("")
@permission("members.import")
def upload() -> Any:
    form = _form(CombinedMultiDict([request.files, request.form]))
    if form.validate():
        content = form.file.data.read(MAX_BYTES + 1)
        wish = Wish(form.as_of.data, form.accepted_on.data, form.full_org.data or "")
        try:
            token = review.begin_review(upload_store(), content, wish, current_scope(), utc_now())
        except FileRefused as refused:
            form.file.errors = [refused.detail]
        except InvalidInput as refused:
            for error in refused.errors:
                form[error.field].errors = [error.detail]
        else:
            return redirect(url_for(".show", token=token))
    return render_template("members/import.html", form=form), 422


@bp.get("/<token>")
@permission("members.import")
def show(token: str) -> Any:
    """How far the upload is: progress, what it would do, or what was imported."""
    found = review.standing_of(upload_store(), token, current_scope(), utc_now())
    back = (_("回到党员名单"), url_for("members.index"))
    title = _("正在导入花名册") if found.task.kind == review.APPLY else _("正在核对花名册")
    if (answer := progress_answer(found.task, title, STEPS, back=back)) is not None:
        return answer
    if found.applied is not None:
        return render_template("members/import_done.html", counts=found.applied)
    if found.columns:
        return redirect(url_for(".columns", token=token))
    if found.review is None:
        form = _form()
        form.file.errors = [found.task.words or _BROKEN_OFF]
        return render_template("members/import.html", form=form)
    return _review_page(token, found.review, _what_happened(found.task))


def _form(data: Any = None) -> ImportForm:
    form = ImportForm(data)
    choices = org_choices(tree(db.session(), current_scope(), today()))
    form.full_org.offer([("", _("不是,只是一部分人")), *choices])
    return form


def _what_happened(task: TaskView) -> Text:
    """Why the import that was asked for did not take place; "" before it was asked for."""
    if task.kind != review.APPLY:
        return ""
    if task.state is TaskState.DONE:
        return lazy("核对以后又有了变化,有 %(n)s 行要修改,没有保存任何内容。", n=task.result["rejected"])
    return task.words or _BROKEN_OFF


def _review_page(token: str, found: kept.Review, happened: Text) -> str:
    filled = [tab for tab in kept.TABS if found.count_of(tab)]
    tab = request.args.get("tab", "")
    tab = tab if tab in kept.TABS else filled[0] if filled else "created"
    rows = found.rows[tab]
    number = min(page_number(), Page(rows, 1, len(rows)).pages)
    page = Page(rows, number, len(rows))
    page = Page(rows[(number - 1) * page.size : number * page.size], number, len(rows))
    return render_template(
        "members/import_review.html",
        token=token,
        review=found,
        happened=happened,
        tab=tab,
        page=page,
        fields=FIELD_LABELS,
        groups=GROUPS,
        acts=GROUP_ACTS,
    )


@bp.post("/<token>/apply")
@permission("members.import")
def apply(token: str) -> Any:
    review.begin_apply(upload_store(), token, current_scope(), utc_now())
    return redirect(url_for(".show", token=token))


@bp.post("/<token>/discard")
@permission("members.import")
def discard(token: str) -> Any:
    review.discard_upload(upload_store(), token, current_scope())
    flash(_("没有导入,上传的文件已删除。"), "info")
    return redirect(url_for(".start"))


@bp.get("/template.xlsx")
@permission("members.import")
def template() -> Response:
    return workbook(template_book(), _("党员花名册.xlsx"))
