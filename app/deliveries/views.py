"""The page that says which reports are made each month, and everybody's inbox."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.office import mail_server
from app.core.paging import PAGE_SIZE, Page, page_number
from app.deliveries.forms import ScheduleForm
from app.deliveries.queries import inbox as inbox_items
from app.deliveries.queries import inbox_item, receivers, schedule_rows
from app.deliveries.rules import next_first
from app.deliveries.services.inbox import mark_opened
from app.deliveries.services.schedules import save_schedule, set_wanted, try_again
from app.deliveries.store import PART, report_store
from app.members.queries.tree import tree
from app.reports.exports.workbook import XLSX_TYPE
from app.reports.forms_by_name import FORMS
from app.reports.labels import month_label

bp = Blueprint("deliveries", __name__)
SCHEDULE_PATH = "/report-schedules/<int:schedule_id>"


@bp.get("/report-schedules")
@permission("deliveries.write")
def schedules() -> Any:
    """Which reports are made each month, and a form for one more."""
    return _page(ScheduleForm(data={"username": current_staff().username}))


@bp.post("/report-schedules")
@permission("deliveries.write")
def save() -> Any:
    form = ScheduleForm(request.form)
    _offer(form)
    if not form.validate():
        return _page(form), 422
    try:
        save_schedule(form.draft(), current_scope(), utc_now(), mail_is_set_up=mail_server() is not None)
    except InvalidInput as refused:
        form.add_errors(refused.errors)
        return _page(form), 422
    flash(_("已保存。"), "success")
    return redirect(url_for("deliveries.schedules"))


@bp.post(f"{SCHEDULE_PATH}/pause")
@permission("deliveries.write")
def pause(schedule_id: int) -> Any:
    set_wanted(schedule_id, False, current_scope(), utc_now())
    flash(_("已停用,不再制作。以前的报表还在收件箱里。"), "success")
    return redirect(url_for("deliveries.schedules"))


@bp.post(f"{SCHEDULE_PATH}/resume")
@permission("deliveries.write")
def resume(schedule_id: int) -> Any:
    set_wanted(schedule_id, True, current_scope(), utc_now())
    flash(_("已恢复,从本月的报表起制作。"), "success")
    return redirect(url_for("deliveries.schedules"))


@bp.post(f"{SCHEDULE_PATH}/retry")
@permission("deliveries.write")
def retry(schedule_id: int) -> Any:
    if try_again(schedule_id, current_scope(), utc_now()):
        flash(_("马上再做一次,几分钟后请回来看。"), "success")
    return redirect(url_for("deliveries.schedules"))


@bp.get("/inbox")
@permission("home.read")
def inbox() -> Any:
    """The reports that were made for the one who asks."""
    staff, number = current_staff(), page_number()
    reads = staff.scope_if_held("reports.read")
    items, total = inbox_items(
        db.session(), reads, staff.id, today(), limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE
    )
    return render_template(
        "deliveries/inbox.html", page=Page(items, number, total), forms=FORMS, month_label=month_label
    )


# A post, not a link: it notes that the report was opened, and nothing is noted by fetching ahead.
@bp.post("/inbox/<int:delivery_id>/open")
@permission("home.read")
def open_report(delivery_id: int) -> Any:
    """The workbook; noted as opened."""
    staff = current_staff()
    reads = staff.scope_if_held("reports.read")
    item = inbox_item(db.session(), delivery_id, reads, staff.id, today())
    if item is None:
        raise NotFound()
    content = report_store().read(item.file_key, PART)
    mark_opened(item.id, utc_now())
    response = Response(content, content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{item.file_name}"'
    return response


def _offer(form: ScheduleForm) -> None:
    session, scope, day = db.session(), current_scope(), today()
    units = tree(session, scope, day)
    top = min((row.path.count("/") for row in units), default=0)
    # The tree's own order, each unit moved in by its depth.
    shown = [
        (row.code, " " * 2 * (row.path.count("/") - top) + row.name)
        for row in sorted(units, key=lambda row: [int(part) for part in row.path.strip("/").split("/")])
    ]
    users = [
        (name, label if label == name else _("%(label)s(%(name)s)", label=label, name=name))
        for name, label in receivers(session, scope, day)
    ]
    form.offer([(each.name, each.label) for each in FORMS.values()], shown, users)


def _page(form: ScheduleForm) -> str:
    if form.report.choices is None:
        _offer(form)
    number, day = page_number(), today()
    rows, total = schedule_rows(
        db.session(), current_scope(), day, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE
    )
    return render_template(
        "deliveries/schedules.html",
        form=form,
        page=Page(rows, number, total),
        forms=FORMS,
        month_label=month_label,
        next_on=next_first(day),
        mail_is_set_up=mail_server() is not None,
    )
