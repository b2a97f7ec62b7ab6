"""Reports made each month: which, of what unit, for whom; and one's own inbox."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.operation import Raw, operation
from app.api.v1.schemas.deliveries import (
    DeliveriesQuery,
    InboxAnswer,
    ReportScheduleAnswer,
    ReportScheduleBody,
    ReportScheduleChangesBody,
    ReportSchedulesAnswer,
    TriedAgainAnswer,
)
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.office import mail_server
from app.deliveries.commands import ScheduleDraft
from app.deliveries.queries import InboxItem, ScheduleRow, inbox, inbox_item, schedule_row, schedule_rows
from app.deliveries.services.inbox import mark_opened
from app.deliveries.services.schedules import save_schedule, set_wanted, try_again
from app.deliveries.store import PART, report_store
from app.reports.exports.workbook import XLSX_TYPE
from app.reports.forms_by_name import FORMS

_SCHEDULE_PATH = "/report-schedules/<int:schedule_id>"
_LETTER_PATH = "/inbox/<int:delivery_id>"


@bp.get("/report-schedules")
@permission("deliveries.write")
@operation(
    "列出定期报表",
    "List monthly reports",
    query=DeliveriesQuery(),
    answers={200: ReportSchedulesAnswer()},
    detail=(
        "范围内各单位的,连同最近几个月的结果。",
        "Those of units in reach, with what became of the latest months.",
    ),
)
def list_report_schedules(query: dict[str, Any]) -> dict[str, Any]:
    rows, total = schedule_rows(db.session(), current_scope(), today(), **query)
    return {"items": rows, "total": total}


@bp.post("/report-schedules")
@permission("deliveries.write")
@operation(
    "新增定期报表",
    "Want a report each month",
    body=ReportScheduleBody(),
    answers={201: ReportScheduleAnswer()},
    detail=(
        "每月1日起做好上个月的报表,放进收件人的收件箱。同一报表、单位、收件人只有一份,再次提交更新语言和邮箱。",
        "Made from the first of each month on, about the month before, into the reader's inbox. One for each"
        " report, unit and reader: a repeat sets language and address.",
    ),
)
def add_report_schedule(body: dict[str, Any]) -> ScheduleRow:
    if body["report"] not in FORMS:
        raise InvalidInput.field("report", "unknown", lazy("没有这种报表。"))
    made = save_schedule(
        ScheduleDraft(**body), current_scope(), utc_now(), mail_is_set_up=mail_server() is not None
    )
    return _row(made)


@bp.patch(_SCHEDULE_PATH)
@permission("deliveries.write")
@operation(
    "停用或恢复定期报表",
    "Pause a monthly report, or let it go on",
    body=ReportScheduleChangesBody(),
    answers={200: ReportScheduleAnswer()},
)
def change_report_schedule(schedule_id: int, body: dict[str, Any]) -> ScheduleRow:
    set_wanted(schedule_id, body["is_active"], current_scope(), utc_now())
    return _row(schedule_id)


@bp.post(f"{_SCHEDULE_PATH}/retry")
@permission("deliveries.write")
@operation("再做一次没有做成的", "Try again what was not made", answers={200: TriedAgainAnswer()})
def retry_report_schedule(schedule_id: int) -> dict[str, int]:
    return {"count": try_again(schedule_id, current_scope(), utc_now())}


@bp.get("/inbox")
@permission("home.read")
@operation("收件箱", "One's own inbox", query=DeliveriesQuery(), answers={200: InboxAnswer()})
def list_inbox(query: dict[str, Any]) -> dict[str, Any]:
    staff = current_staff()
    items, total = inbox(db.session(), staff.scope_if_held("reports.read"), staff.id, today(), **query)
    return {"items": items, "total": total}


@bp.get(f"{_LETTER_PATH}/report.xlsx")
@permission("home.read")
@operation(
    "下载收件箱里的报表",
    "Fetch a report of the inbox",
    answers={200: Raw(XLSX_TYPE)},
    detail=("下载不改变“已打开”。", "Fetching does not mark it as opened."),
)
def read_inbox_report(delivery_id: int) -> bytes:
    return report_store().read(_letter(delivery_id).file_key, PART)


@bp.put(f"{_LETTER_PATH}/opened")
@permission("home.read")
@operation("标为已打开", "Mark as opened", answers={204: None})
def mark_inbox_report_opened(delivery_id: int) -> tuple[None, int]:
    mark_opened(_letter(delivery_id).id, utc_now())
    return None, 204


def _row(schedule_id: int) -> ScheduleRow:
    row = schedule_row(db.session(), schedule_id, current_scope(), today())
    if row is None:
        raise NotFound()
    return row


def _letter(delivery_id: int) -> InboxItem:
    staff = current_staff()
    item = inbox_item(db.session(), delivery_id, staff.scope_if_held("reports.read"), staff.id, today())
    if item is None:
        raise NotFound()
    return item
