"""Phones and apps that stand for a member."""

from __future__ import annotations

from typing import Any

from app.api.v1.blueprint import bp
from app.api.v1.members import MEMBER_PATH
from app.api.v1.operation import operation
from app.api.v1.schemas.cards import BindCodeAnswer
from app.api.v1.schemas.members import BindingAnswer
from app.checkin.rules_bind import BIND_CODE_LIFE
from app.checkin.services.bindings import create_bind_code, create_binding, revoke_bindings
from app.core.access import current_scope, permission
from app.core.clock import utc_now


@bp.post(f"{MEMBER_PATH}/bindings")
@permission("members.write")
@operation(
    "绑定手机",
    "Bind a phone",
    answers={201: BindingAnswer()},
    detail=(
        "member_token 只显示这一次,凭它可以为这位党员签到。",
        "member_token is shown this once; whoever holds it checks in as this member.",
    ),
)
def bind(member_id: int) -> dict[str, str]:
    return {"member_token": create_binding(member_id, current_scope(), utc_now())}


@bp.delete(f"{MEMBER_PATH}/bindings")
@permission("members.write")
@operation("解除全部绑定", "Revoke every bound phone", answers={204: None})
def unbind(member_id: int) -> tuple[None, int]:
    revoke_bindings(member_id, current_scope(), utc_now())
    return None, 204


@bp.post(f"{MEMBER_PATH}/bind-code")
@permission("members.write")
@operation(
    "生成绑定码",
    "Make a one-time code",
    answers={201: BindCodeAnswer()},
    detail=(
        "八位数字,本人在手机上输入后即绑定,只能用一次;以前没用的码停用。",
        "Eight digits that the member types on a phone to bind it, once; an older unused code stops working.",
    ),
)
def make_bind_code(member_id: int) -> dict[str, Any]:
    now = utc_now()
    return {"code": create_bind_code(member_id, current_scope(), now), "expires_at": now + BIND_CODE_LIFE}
