"""Check-ins: by a bound phone, by card, by staff, and the batch of an offline round."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.fields import UNSTORABLE
from app.api.v1.operation import operation
from app.api.v1.schemas.checkins import (
    AlreadyRecordedAnswer,
    BatchAnswer,
    BatchBody,
    CardCheckInBody,
    CodeCheckInBody,
    RecordedAnswer,
    StaffCheckInBody,
)
from app.attendance.services.record import Outcome, Sighting
from app.checkin.rules import parse_long_code
from app.checkin.services.batch import Batch, BatchItem, record_batch
from app.checkin.services.card_scan import CardRead, CardResult, record_card
from app.checkin.services.present import present_code
from app.checkin.services.staff import record_staff
from app.core.access import PUBLIC, current_scope, current_staff, permission
from app.core.clock import utc_now
from app.core.office import code_step_seconds, session_rules
from app.core.quick_door import DOORS, Asked, Door, Told
from app.core.vocabulary import Status

_FORMS = {"code": CodeCheckInBody(), "card": CardCheckInBody(), "member": StaffCheckInBody()}


@bp.post("/checkins")
@permission(PUBLIC)
@operation(
    "签到",
    "Check in",
    body=_FORMS,
    answers={201: RecordedAnswer(), 200: AlreadyRecordedAnswer()},
    errors=(401, 403, 404, 409, 410, 429),
    security=("bearer", None),
    detail=(
        "三种写法:{code, member_token} 由绑定的手机提交,不需要令牌;{session, card} 和"
        " {session, member, method} 由工作人员提交,需要令牌。重复提交回答 already_recorded,不会多记。",
        "Three forms: {code, member_token} comes from a bound phone and needs no bearer token;"
        " {session, card} and {session, member, method} come from staff and need one. A repeat answers"
        " already_recorded. Refusals carry code: code_expired, code_unknown, not_open, closed, cancelled,"
        " unknown_member, revoked, out_of_scope, locked.",
    ),
)
def check_in(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    if "card" in body:
        result = _by_card(body)
        return _answer(result.created, result.status, result.at)
    outcome = _by_phone(body) if "code" in body else _by_staff(body)
    return _answer(outcome.created, outcome.status, outcome.recorded_at)


def _answer(created: bool, status: Status, recorded_at: datetime) -> tuple[dict[str, Any], int]:
    if created:
        return {"result": "recorded", "status": status}, 201
    return {"result": "already_recorded", "status": status, "recorded_at": recorded_at}, 200


@bp.post("/checkins/batch")
@permission("attendance.write")
@operation(
    "补传离线登记",
    "Send an offline round",
    body=BatchBody(),
    answers={200: BatchAnswer()},
    detail=(
        "每条各自回答;id 由设备生成,原样重传得到同样的回答。场次已结束的,登记等人确认,回答 needs_review。"
        "sent_at 是设备发送时的钟点:与服务器相差 5 分钟以上时照样登记,并提醒人看一看。",
        "Each item is answered for itself. Ids are made on the device; a batch sent again answers the same."
        " Where the session is closed the item waits for a person and is answered needs_review. sent_at is"
        " the device's clock as it sends: off by more than 5 minutes, the items are recorded and a person is"
        " told.",
    ),
)
def check_in_batch(body: dict[str, Any]) -> dict[str, Any]:
    items = [
        BatchItem(
            each["id"], each["session"], each["member"], each["status"], each["method"], each["occurred_at"]
        )
        for each in body["items"]
    ]
    scope = current_scope()
    batch = Batch(body["device"], items, scope.user_id, body.get("sent_at"))
    return {"items": record_batch(batch, scope, utc_now(), **session_rules())}


def _by_phone(body: dict[str, Any]) -> Outcome:
    return present_code(
        body["code"],
        body["member_token"],
        body.get("nonce"),
        utc_now(),
        step_seconds=code_step_seconds(),
        **session_rules(),
    )


def _by_card(body: dict[str, Any]) -> CardResult:
    read = CardRead(body["session"], body["card"], body.get("nonce"))
    return record_card(read, current_staff().scope("attendance.write"), utc_now(), **session_rules())


def _by_staff(body: dict[str, Any]) -> Outcome:
    scope, now, nonce = current_staff().scope("attendance.write"), utc_now(), body.get("nonce")
    sighting = Sighting(
        body["session"],
        body["member"],
        body["method"],
        body.get("occurred_at") or now,
        body["status"],
        recorded_by_id=scope.user_id,
        nonce=nonce,
    )
    return record_staff(sighting, scope, now, **session_rules())


_BOUND_PHONE = {"code": 300, "member_token": 200, "nonce": 64}


def quick_check_in(asked: Asked) -> Told | None:
    """A bound phone's first check-in by the quick door; whatever else is sent is read by `check_in`."""
    if not asked.environ.get("CONTENT_TYPE", "").startswith("application/json"):
        return None
    body = json.loads(asked.body)
    if not isinstance(body, dict) or not body.keys() <= _BOUND_PHONE.keys() or len(body) < 2:
        return None
    if not all(isinstance(text, str) and 0 < len(text) <= _BOUND_PHONE[name] for name, text in body.items()):
        return None
    # Six digits are counted as a try, which must not happen twice.
    if UNSTORABLE.search("".join(body.values())) or parse_long_code(body["code"]) is None:
        return None
    outcome = _by_phone(body)
    # A repeat is told with its time, in the form of the schema.
    return Told(201, "application/json", _RECORDED[outcome.status]) if outcome.created else None


_RECORDED = {status: f'{{"result":"recorded","status":"{status}"}}' for status in Status}
DOORS["POST", "/api/v1/checkins"] = Door("/api/v1/checkins", quick_check_in, cookie_free=True)
