"""Pages of the roster import: upload, review, apply; and the empty roster to download."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.datastructures import CombinedMultiDict

from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.core.paging import Page, page_number
from app.members.import_forms import FIELD_LABELS, GROUP_ACTS, ImportForm
from app.members.roster import review
from app.members.roster.books import template_book
from app.members.roster.files import MAX_BYTES
from app.members.roster.problems import FileRefused
from app.members.roster.uploads import upload_store

bp = Blueprint("members_import", __name__, url_prefix="/members/import")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Beside the file, the form's other fields and the borders between them.
_FORM_BYTES = 64 * 1024


@bp.url_value_preprocessor
def allow_a_roster(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A roster may be larger than other bodies. Here, because the check for CSRF reads the form before
    any hook of a blueprint runs, and this one runs before both."""
    if endpoint == "members_import.upload":
        request.max_content_length = MAX_BYTES + _FORM_BYTES


@bp.get("")
@permission("members.import")
def start() -> str:
    return render_template("members/import.html", form=ImportForm())


@bp.post("")
@permission("members.import")
def upload() -> Any:
    form = ImportForm(CombinedMultiDict([request.files, request.form]))
    if form.validate():
        content = form.file.data.read(MAX_BYTES + 1)
        wish = review.Wish(form.as_of.data, form.accepted_on.data)
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
def show(token: str) -> str:
    found = review.open_review(upload_store(), token, current_scope(), utc_now())
    filled = [tab for tab in review.TABS if found.count_of(tab)]
    tab = request.args.get("tab", "")
    tab = tab if tab in review.TABS else filled[0] if filled else "created"
    rows = found.rows[tab]
    page = Page(rows, 1, len(rows))
    number = min(page_number(), page.pages)
    page = Page(rows[(number - 1) * page.size : number * page.size], number, len(rows))
    return render_template(
        "members/import_review.html",
        token=token,
        review=found,
        tab=tab,
        page=page,
        shown_rows=review.SHOWN_ROWS,
        fields=FIELD_LABELS,
        groups={group.value: label for group, label in GROUP_LABELS.items()},
        acts=GROUP_ACTS,
    )


@bp.post("/<token>/apply")
@permission("members.import")
def apply(token: str) -> Any:
    plan = review.apply_upload(upload_store(), token, current_scope(), utc_now())
    if not plan.is_clean:
        flash(_("有 %(n)s 行要修改,没有保存任何内容。", n=plan.counts.rejected), "warning")
        return redirect(url_for(".show", token=token))
    counts = plan.counts
    words = _(
        "已导入:新增 %(created)s 人,更新 %(updated)s 人,%(unchanged)s 人没有变化。",
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
    )
    flash(words, "success")
    return redirect(url_for("members.index"))


@bp.post("/<token>/discard")
@permission("members.import")
def discard(token: str) -> Any:
    review.discard_upload(upload_store(), token, current_scope())
    flash(_("没有导入,上传的文件已删除。"), "info")
    return redirect(url_for(".start"))


@bp.get("/<token>/rejected.xlsx")
@permission("members.import")
def rejected_book(token: str) -> Response:
    book = review.rejected_book(upload_store(), token, current_scope(), utc_now())
    return _workbook(book, _("需要修改.xlsx"))


@bp.get("/template.xlsx")
@permission("members.import")
def template() -> Response:
    return _workbook(template_book(), _("党员花名册.xlsx"))


def _workbook(book: bytes, name: str) -> Response:
    return send_file(BytesIO(book), mimetype=_XLSX, as_attachment=True, download_name=name)
