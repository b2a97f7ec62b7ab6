"""The yearly bulletin as page, text, Word and table, and the Word template that the office may replace."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from wtforms import FileField, Form

from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.i18n import is_english, lazy
from app.reports import forms
from app.reports.bulletin import Bulletin, backing_table, bulletin_of, bulletin_table
from app.reports.docx_template import DOCX_TYPE, MAX_BYTES, TemplateRefused
from app.reports.queries import backing_lines, bulletin_numbers
from app.reports.rules_bulletin import Backing
from app.reports.services.bulletin_template import (
    own_template,
    reset_template,
    save_template,
    shipped_template,
)
from app.reports.views.frame import Question, answer, bp, cut, file_answer, marked, page_of, question

TEXT_TYPE = "text/plain; charset=utf-8"


# Much more than a template may have: one that is too large is answered beside the form, not by a dead end.
_MOST_READ = 10 * MAX_BYTES


@bp.url_value_preprocessor
def allow_a_template(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Here, because the check for CSRF reads the form before any hook of a blueprint runs."""
    if endpoint == "reports.save_bulletin_template":
        request.max_content_length = _MOST_READ


class TemplateForm(Form):  # type: ignore[misc]
    """A Word template."""

    file = FileField(lazy("Word 模板(.docx)"))


def _bulletin() -> tuple[Question, Bulletin]:
    asked = question(by_year=True)
    ask = asked.ask
    forms.require_begun(ask.period, asked.today)
    numbers = bulletin_numbers(asked.session, ask.period, ask.snapshot, ask.place)
    return asked, bulletin_of(numbers, ask)


@bp.get("/bulletin", endpoint="bulletin")
@permission("reports.read")
def bulletin_page() -> Any:
    asked, found = _bulletin()
    stem, wanted = asked.ask.file_stem("bulletin"), request.args.get("format")
    if wanted == "txt":
        # With a mark in front, so that every editor takes it for what it is.
        return file_answer(found.text.encode("utf-8-sig"), TEXT_TYPE, f"{stem}.txt")
    if wanted == "docx":
        return file_answer(found.docx(_template()), DOCX_TYPE, f"{stem}.docx")
    table = marked(asked, bulletin_table(found.figures, asked.ask))
    args: dict[str, Any] = {name: value for name, value in request.args.items() if name != "format"}
    documents = {kind: url_for("reports.bulletin", **{**args, "format": kind}) for kind in ("docx", "txt")}
    return answer("reports/bulletin.html", asked, table, bulletin=found, documents=documents)


@bp.get("/rows/bulletin")
@permission("reports.read")
def bulletin_rows() -> Any:
    """The people or units behind a number of the bulletin."""
    which = forms.word_of(request.args, "what", Backing, Backing.LECTURERS) or Backing.LECTURERS
    asked = question()
    ask = asked.ask
    count, lines = backing_lines(asked.session, which, ask.period, ask.snapshot.on, ask.place, cut())
    table = backing_table(which, lines, ask)
    return answer("reports/rows.html", asked, table, page=page_of(table, count), sums="")


def _template() -> bytes:
    """English readers get the shipped English one: the office's own is in its own language."""
    shipped = shipped_template(english=is_english())
    return shipped if is_english() else own_template(db.session()) or shipped


@bp.get("/bulletin/template")
@permission("settings.write")
def bulletin_template() -> Any:
    """Which template is used, and what it may name."""
    return _template_page(TemplateForm())


@bp.get("/bulletin/template.docx")
@permission("settings.write")
def bulletin_template_file() -> Response:
    return file_answer(
        own_template(db.session()) or shipped_template(english=False), DOCX_TYPE, "bulletin-template.docx"
    )


@bp.post("/bulletin/template")
@permission("settings.write")
def save_bulletin_template() -> Any:
    form = TemplateForm(request.files)
    upload = request.files.get("file")
    content = upload.stream.read(MAX_BYTES + 1) if upload else b""
    if not content:
        form.file.errors = [str(_("请选择一个 Word 文件。"))]
        return _template_page(form), 422
    try:
        is_filled = save_template(content, _bulletin()[1].placeholders, current_scope(), utc_now())
    except TemplateRefused as refusal:
        form.file.errors = [str(refusal.detail)]
        return _template_page(form), refusal.status
    flash(_("已保存。以后的年度综述用这个模板。"), "success")
    if not is_filled:
        flash(_("这个模板里没有占位符,年度综述里不会有数字。请对照下面的名称写上。"), "warning")
    return redirect(url_for("reports.bulletin_template"))


@bp.post("/bulletin/template/reset")
@permission("settings.write")
def reset_bulletin_template() -> Any:
    reset_template(current_scope(), utc_now())
    flash(_("已恢复为自带的模板。"), "success")
    return redirect(url_for("reports.bulletin_template"))


def _template_page(form: TemplateForm) -> str:
    _asked, found = _bulletin()
    return render_template(
        "reports/bulletin_template.html",
        form=form,
        bulletin=found,
        is_own=own_template(db.session()) is not None,
    )
