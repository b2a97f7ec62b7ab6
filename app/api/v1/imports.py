"""Rosters: upload, look, apply, with the worker doing the work; and members to take away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from app.api.v1.blueprint import bp
from app.api.v1.context import require_org
from app.api.v1.operation import Raw, Upload, operation
from app.api.v1.schemas.imports import ExportBody, ImportAnswer, ImportsQuery, RejectedQuery
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import TooMuch
from app.core.i18n import lazy
from app.core.office import elderly_age
from app.core.paging import decode_cursor, encode_cursor
from app.core.vocabulary import TaskState
from app.members.queries.members import MemberFilter, is_longer
from app.members.roster import review
from app.members.roster.export import export_roster
from app.members.roster.export_tasks import MOST_AT_ONCE
from app.members.roster.files import MAX_BYTES
from app.members.roster.kept import TABS
from app.members.roster.uploads import Wish, upload_store

IMPORT_PATH = "/members/imports/<task_key:import_id>"
# Beside the file, the borders of a form.
_BORDERS = 64 * 1024
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATES = {
    TaskState.WAITING: "waiting",
    TaskState.RUNNING: "running",
    TaskState.REFUSED: "refused",
    TaskState.FAILED: "failed",
}


@bp.post("/members/imports")
@permission("members.import")
@operation(
    "上传花名册",
    "Upload a roster",
    query=ImportsQuery(),
    body=Upload(),
    answers={202: ImportAnswer()},
    detail=(
        "请求内容是文件本身(.xlsx 或 CSV,不超过 20 MB),或表单里的 file。核对在后台进行,没有保存任何内容。",
        "The body is the file (.xlsx or CSV, 20 MB at most), or `file` of a form. Nothing is stored yet.",
    ),
)
def start_import(query: dict[str, Any]) -> dict[str, Any]:
    request.max_content_length = MAX_BYTES + _BORDERS
    file = request.files.get("file") if request.mimetype == "multipart/form-data" else None
    content = file.read(MAX_BYTES + 1) if file else request.get_data()
    wish = Wish(query.get("as_of"), query.get("accepted_on"), query.get("full_org") or "")
    token = review.begin_review(upload_store(), content, wish, current_scope(), utc_now())
    return _body(token)


@bp.get(IMPORT_PATH)
@permission("members.import")
@operation(
    "查看导入",
    "Read an import",
    query=RejectedQuery(),
    answers={200: ImportAnswer()},
    detail=(
        "要修改的行最多列出前 1000 行。列名认不出和需要人来定的地方,请在导入页面处理。",
        "Lists the first 1,000 rejected rows. Unknown columns and questions are settled on the page.",
    ),
)
def read_import(import_id: str, query: dict[str, Any]) -> dict[str, Any]:
    start = decode_cursor(query["cursor"], (int,))[0] if query.get("cursor") else 0
    return _body(import_id, start, query["limit"])


@bp.post(f"{IMPORT_PATH}/apply")
@permission("members.import")
@operation(
    "导入",
    "Apply an import",
    answers={202: ImportAnswer()},
    errors=(409,),
    detail=(
        "有一行要修改就全部不存;重复提交不会改变什么。",
        "With one rejected row nothing is stored; a repeat changes nothing.",
    ),
)
def apply_import(import_id: str) -> dict[str, Any]:
    review.begin_apply(upload_store(), import_id, current_scope(), utc_now())
    return _body(import_id)


@bp.delete(IMPORT_PATH)
@permission("members.import")
@operation("放弃导入", "Discard an import", answers={204: None})
def discard_import(import_id: str) -> tuple[None, int]:
    review.discard_upload(upload_store(), import_id, current_scope())
    return None, 204


@bp.post("/members/exports")
@permission("members.write")
@operation(
    "导出花名册",
    "Export the roster",
    body=ExportBody(),
    answers={200: Raw(_XLSX)},
    errors=(404,),
    detail=(
        "与导入的列相同,原样导入不会有变化。with_phones 给出完整电话,并记入操作记录。"
        "超过 20000 人答 413,请缩小范围。",
        "In the columns that are imported; imported as it is, it changes nothing. with_phones gives whole"
        " numbers, and that they were asked for is logged. More than 20,000 members: 413; narrow it down.",
    ),
)
def export_members(body: dict[str, Any]) -> bytes:
    scope, day = current_scope(), today()
    org_id = require_org(body["org"], scope, day).id if body.get("org") else None
    wanted = MemberFilter(day, elderly_age(), org_id, body.get("group"), body.get("q") or None)
    if is_longer(db.session(), scope, wanted, MOST_AT_ONCE):
        raise TooMuch(lazy("超过 %(n)s 人。请用党组织、分类或姓名缩小范围,分几次导出。", n=MOST_AT_ONCE))
    return export_roster(wanted, scope, utc_now(), with_phones=body["with_phones"])


def _body(token: str, start: int = 0, limit: int = 100) -> dict[str, Any]:
    found = review.standing_of(upload_store(), token, current_scope(), utc_now())
    state = _STATES.get(found.task.state, "reviewed")
    rows: Sequence[Mapping[str, Any]] = ()
    if found.applied is not None:
        state = "applied"
    elif found.columns:
        state = "needs_columns"
    elif found.review is not None:
        rows = found.review.rows["rejected"]
    counts = found.applied
    if found.review is not None:
        counts = {"updated" if tab == "changed" else tab: found.review.count_of(tab) for tab in TABS}
    return {
        "id": token,
        "state": state,
        "step": found.task.step,
        "done": found.task.done,
        "total": found.task.total,
        "detail": found.task.words or None,
        "counts": counts,
        "questions": found.review.questions if found.review else 0,
        "rejected": [_row(row) for row in rows[start : start + limit]],
        "next": encode_cursor(start + limit) if start + limit < len(rows) else None,
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    problems = [
        {"code": code, "field": name, "detail": words}
        for (code, name), words in zip(row["problems"], row["words"], strict=True)
    ]
    return {"sheet": row["sheet"], "row": row["row"], "problems": problems}
