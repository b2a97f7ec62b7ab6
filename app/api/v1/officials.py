"""Officials of supervision teams."""

from __future__ import annotations

from typing import Any

from app.accounts.supervision import services
from app.accounts.supervision.commands import (
    DayChanges,
    OfficialChanges,
    OfficialDraft,
    Overseer,
    OverseerKind,
    PersonChanges,
    Span,
)
from app.api.v1.blueprint import bp
from app.api.v1.operation import operation
from app.api.v1.schemas.supervision import OfficialBody, OfficialChangesBody, OverseerAnswer
from app.api.v1.supervision import TEAM_PATH, overseer_body
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.members.commands import KEEP

_OFFICIAL_PATH = f"{TEAM_PATH}/officials/<int:official_id>"


@bp.post(f"{TEAM_PATH}/officials")
@permission("supervision.write")
@operation(
    "新增督导组成员",
    "Add an official to a team",
    body=OfficialBody(),
    answers={201: OverseerAnswer()},
    errors=(409,),
)
def add_team_official(team_id: int, body: dict[str, Any]) -> dict[str, Any]:
    draft = OfficialDraft(
        body["name"], Span(body["from_"], body.get("to")), body.get("work_place"), body["is_leader"]
    )
    services.add_official(team_id, draft, current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.TEAM, team_id))


@bp.patch(_OFFICIAL_PATH)
@permission("supervision.write")
@operation(
    "更正督导组成员",
    "Correct an official of a team",
    body=OfficialChangesBody(),
    answers={200: OverseerAnswer()},
    errors=(409,),
    detail=(
        "没有写的字段保持不变,写 null 表示清空。写 to 即离开督导组。同时只有一位组长。",
        "What is left out stays as it is, null makes it blank. `to` is how somebody leaves. One leader at a"
        " time.",
    ),
)
def change_team_official(team_id: int, official_id: int, body: dict[str, Any]) -> dict[str, Any]:
    person = PersonChanges(**{key: body[key] for key in ("name", "work_place", "username") if key in body})
    days = DayChanges(body.get("from_", KEEP), body.get("to", KEEP))
    changes = OfficialChanges(person, days, body.get("is_leader", KEEP))
    services.edit_official(team_id, official_id, changes, current_scope(), utc_now())
    return overseer_body(Overseer(OverseerKind.TEAM, team_id))


@bp.delete(_OFFICIAL_PATH)
@permission("supervision.write")
@operation(
    "删除误登的督导组成员",
    "Take back an official entered by mistake",
    answers={204: None},
    errors=(409,),
)
def delete_team_official(team_id: int, official_id: int) -> tuple[None, int]:
    services.delete_official(team_id, official_id, current_scope(), utc_now())
    return None, 204
