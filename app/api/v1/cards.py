"""A member's card, the bound phones one by one, and sheets of cards for many."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.context import require_org
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import Raw, operation
from app.api.v1.schemas.cards import (
    BindingsAnswer,
    CardAnswer,
    CardSheetsAnswer,
    CardSheetsBody,
    CardStateAnswer,
)
from app.checkin.commands import CardOrder
from app.checkin.queries.access import bound_phones
from app.checkin.queries.cards import Unit, card_counts, newest_card
from app.checkin.services.bindings import revoke_binding
from app.checkin.services.card_sheets import CARD_SHEETS, ask_for_sheets
from app.checkin.services.cards import issue_card, revoke_card
from app.checkin.sheet_store import PART, sheet_store
from app.core.access import current_scope, permission
from app.core.clock import office_date, today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.tasks import TaskView, task_of
from app.core.vocabulary import TaskState
from app.members.queries.scoped import find_member

_SHEETS_PATH = "/members/card-sheets"
_COUNTS = ("cards", "pages", "issued", "stopped")


@bp.get(f"{MEMBER_PATH}/card")
@permission("members.read")
@operation(
    "查看党员的签到卡",
    "Read the state of a member's card",
    answers={200: CardStateAnswer()},
    detail=(
        "最近的一张;没有发过卡时各项为 null。二维码的内容不会再显示。",
        "The newest one; null throughout if there never was one. What its QR code says is not shown again.",
    ),
)
def read_card(member_id: int) -> dict[str, Any]:
    _require(member_id)
    card = newest_card(db.session(), member_id)
    if card is None:
        return {"number": None, "issued_at": None, "revoked_at": None}
    return {"number": card.number, "issued_at": card.issued_at, "revoked_at": card.revoked_at}


@bp.post(f"{MEMBER_PATH}/card")
@permission("members.write")
@operation(
    "发签到卡",
    "Issue a member's card",
    answers={201: CardAnswer()},
    detail=(
        "card 是二维码的内容,只显示这一次;以前的卡停用。",
        "card is what the QR code says, shown this once; the card before stops working.",
    ),
)
def make_card(member_id: int) -> dict[str, str]:
    return {"card": issue_card(member_id, current_scope(), utc_now())}


@bp.delete(f"{MEMBER_PATH}/card")
@permission("members.write")
@operation("停用签到卡", "Stop a member's card", answers={204: None})
def stop_card(member_id: int) -> tuple[None, int]:
    revoke_card(member_id, current_scope(), utc_now())
    return None, 204


@bp.get(f"{MEMBER_PATH}/bindings")
@permission("members.read")
@operation("列出绑定的手机", "List bound phones", answers={200: BindingsAnswer()})
def list_bindings(member_id: int) -> dict[str, Any]:
    _require(member_id)
    return {"items": bound_phones(db.session(), member_id)}


@bp.delete(f"{MEMBER_PATH}/bindings/<int:binding_id>")
@permission("members.write")
@operation("解除一部手机的绑定", "Revoke one bound phone", answers={204: None})
def unbind_one(member_id: int, binding_id: int) -> tuple[None, int]:
    revoke_binding(member_id, binding_id, current_scope(), utc_now())
    return None, 204


@bp.post(_SHEETS_PATH)
@permission("members.write")
@operation(
    "印一批签到卡",
    "Print cards for many members",
    body=CardSheetsBody(),
    answers={202: CardSheetsAnswer()},
    errors=(404,),
    detail=(
        "在后台制卡和排版。renew 会停用现在的卡,请先想好。",
        "Cards are issued and drawn by the worker. renew stops the cards that work now; nothing asks again.",
    ),
)
def print_cards(body: dict[str, Any]) -> dict[str, Any]:
    scope, now = current_scope(), utc_now()
    org_id = require_org(body["org"], scope, office_date(now)).id if body.get("org") else None
    counts = card_counts(db.session(), Unit(scope, office_date(now), org_id))
    told = {"members": counts.members, "branches": counts.branches}
    order = CardOrder(body["printing"], org_id, now, body["with_codes"])
    return _sheets(ask_for_sheets(order, scope, told, body.get("id") or sheet_store().new()))


@bp.get(f"{_SHEETS_PATH}/<task_key:sheets_id>")
@permission("members.write")
@operation(
    "查看一批签到卡",
    "Read a print of cards",
    answers={200: CardSheetsAnswer()},
    detail=(
        "只给提交的人看,保留一天。done 之前各项数目为 null。",
        "For whoever asked for it, for a day. The counts of cards are null until it is done.",
    ),
)
def read_card_sheets(sheets_id: str) -> dict[str, Any]:
    return _sheets(sheets_id)


@bp.get(f"{_SHEETS_PATH}/<task_key:sheets_id>/sheets.pdf")
@permission("members.write")
@operation(
    "下载一批签到卡",
    "Fetch the sheets of a print",
    answers={200: Raw("application/pdf")},
    detail=("排好版以后可以下载,保留一天。", "There once it is done, for a day."),
)
def read_card_sheets_pdf(sheets_id: str) -> bytes:
    found = _task(sheets_id)
    if found.state is not TaskState.DONE:
        raise NotFound()
    return sheet_store().read(found.token, PART)


def _task(sheets_id: str) -> TaskView:
    return task_of(db.session(), sheets_id, CARD_SHEETS, current_scope().user_id)


def _sheets(sheets_id: str) -> dict[str, Any]:
    found = _task(sheets_id)
    is_done = found.state is TaskState.DONE
    counts = {name: found.result[name] if is_done else None for name in _COUNTS}
    return {
        "id": found.token,
        "state": found.state.value,
        "step": found.step,
        "done": found.done,
        "total": found.total,
        "detail": found.words or None,
        **counts,
        "lacking": len(found.result["lacking"]) if is_done else None,
    }


def _require(member_id: int) -> None:
    if find_member(db.session(), member_id, current_scope(), today()) is None:
        raise NotFound()
