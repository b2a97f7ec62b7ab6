"""A member's card, and the bound phones one by one."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.cards import BindingsAnswer, CardAnswer, CardStateAnswer
from app.checkin.queries.access import bound_phones
from app.checkin.queries.cards import newest_card
from app.checkin.services.bindings import revoke_binding
from app.checkin.services.cards import issue_card, revoke_card
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.members.queries.scoped import find_member


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


def _require(member_id: int) -> None:
    if find_member(db.session(), member_id, current_scope(), today()) is None:
        raise NotFound()
