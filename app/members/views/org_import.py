"""Pages of the import of the tree: upload, review, apply."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import CombinedMultiDict

from app.core import labels
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.paging import Page, page_number
from app.members.org_forms import TreeFileForm
from app.members.roster import org_review
from app.members.roster.files import MAX_BYTES
from app.members.roster.org_books import tree_book
from app.members.roster.problems import FileRefused
from app.members.roster.uploads import tree_store
from app.members.views.blueprint import bp, workbook

_TABS = ("rejected", "created", "changed", "unchanged")


@bp.get("/orgs/import")
@permission("orgs.write")
def import_tree() -> str:
    return render_template("members/org_import.html", form=TreeFileForm())


@bp.post("/orgs/import")
@permission("orgs.write")
def upload_tree() -> Any:
    form = TreeFileForm(CombinedMultiDict([request.files, request.form]))
    if form.validate():
        content = form.file.data.read(MAX_BYTES + 1)
        try:
            token = org_review.begin(tree_store(), content, form.as_of.data, current_scope(), utc_now())
        except FileRefused as refused:
            form.file.errors = [refused.detail]
        except InvalidInput as refused:
            form.as_of.errors = [error.detail for error in refused.errors]
        else:
            return redirect(url_for("members.review_tree", token=token))
    return render_template("members/org_import.html", form=form), 422


@bp.get("/orgs/import/template.xlsx")
@permission("orgs.write")
def tree_template() -> Response:
    return workbook(tree_book(()), _("组织架构.xlsx"))


@bp.get("/orgs/import/<token>")
@permission("orgs.write")
def review_tree(token: str) -> str:
    found = org_review.look(tree_store(), token, current_scope(), utc_now())
    plan = found.plan
    rows = dict(zip(_TABS, (found.rejected, plan.created, plan.changed, plan.unchanged), strict=True))
    tab = request.args.get("tab", "")
    tab = tab if tab in rows else next((name for name in _TABS if rows[name]), "created")
    size = Page((), 1, 0).size
    number = min(page_number(), max(1, -(-len(rows[tab]) // size)))
    page = Page(rows[tab][(number - 1) * size : number * size], number, len(rows[tab]))
    return render_template(
        "members/org_review.html", token=token, review=found, rows=rows, tab=tab, page=page, labels=labels
    )


@bp.post("/orgs/import/<token>/apply")
@permission("orgs.write")
def apply_tree(token: str) -> Any:
    try:
        done = org_review.apply(tree_store(), token, current_scope(), utc_now())
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
        return redirect(url_for("members.review_tree", token=token))
    if done.plan.rejected:
        flash(_("有 %(n)s 行要修改,没有保存任何内容。", n=len(done.plan.rejected)), "warning")
        return redirect(url_for("members.review_tree", token=token))
    counts = done.plan.counts
    words = _(
        "已导入:新增 %(created)s 个组织,更新 %(updated)s 个。", created=counts.created, updated=counts.updated
    )
    flash(words, "success")
    return redirect(url_for("members.orgs"))


@bp.post("/orgs/import/<token>/discard")
@permission("orgs.write")
def discard_tree(token: str) -> Any:
    org_review.discard(tree_store(), token, current_scope())
    flash(_("没有导入,上传的文件已删除。"), "info")
    return redirect(url_for("members.import_tree"))


@bp.get("/orgs/import/<token>/rejected.xlsx")
@permission("orgs.write")
def rejected_tree(token: str) -> Response:
    book = org_review.rejected_book(tree_store(), token, current_scope(), utc_now())
    return workbook(book, _("需要修改.xlsx"))
