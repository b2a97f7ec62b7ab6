"""Adds units to the organisation tree and renames them; where a unit hangs is a dated row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.vocabulary import OrgKind
from app.members.commands import OrgDraft
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import OrgRow, org_by_code
from app.members.rules import SINCE_EVER

# No slash: the code stands in addresses.
_CODE = re.compile(r"[^\s/\\?#%]{1,40}")
DEEPEST = 20


def create_org(draft: OrgDraft, scope: Scope, now: datetime) -> int:
    """Hang a new unit below one within the scope; returns its id.

    Raises InvalidInput with every wrong field.
    """
    today = office_date(now)
    with writing() as session:
        parent = org_by_code(session, draft.parent_code, scope, today) if draft.parent_code else None
        errors = [*_draft_errors(session, draft, parent, today)]
        if errors or parent is None:
            raise InvalidInput(errors=errors)
        unit = OrgUnit(
            code=draft.code,
            name=draft.name.strip(),
            kind=draft.kind,
            sector=draft.sector,
            opened_on=draft.opened_on,
            created_at=now,
        )
        session.add(unit)
        session.flush()
        session.add(
            OrgPlacement(
                org_id=unit.id,
                parent_id=parent.id,
                path=f"{parent.path}{unit.id}/",
                starts_on=draft.opened_on or SINCE_EVER,
            )
        )
        record_act(session, "org.create", f"org:{unit.id}", scope.user_id, now, parent=parent.id)
        return unit.id


def rename_org(code: str, name: str, scope: Scope, now: datetime) -> None:
    """Correct a unit's name, at all dates."""
    with writing() as session:
        known = org_by_code(session, code, scope, office_date(now))
        if known is None:
            raise NotFound()
        errors = [*_name_errors(name)]
        if errors:
            raise InvalidInput(errors=errors)
        unit = session.get_one(OrgUnit, known.id)
        if unit.name != name.strip():
            unit.name = name.strip()
            record_act(session, "org.rename", f"org:{unit.id}", scope.user_id, now)


def org_errors(session: Session, draft: OrgDraft, scope: Scope, today: date) -> list[FieldError]:
    """Why `create_org` would refuse the unit; empty when it would not."""
    parent = org_by_code(session, draft.parent_code, scope, today) if draft.parent_code else None
    return [*_draft_errors(session, draft, parent, today)]


def _draft_errors(
    session: Session, draft: OrgDraft, parent: OrgRow | None, today: date
) -> Iterator[FieldError]:
    if not _CODE.fullmatch(draft.code):
        yield FieldError("code", "invalid", lazy("编码请用 1 到 40 个字母或数字,不要有空格和斜线。"))
    elif session.scalar(select(OrgUnit.id).where(OrgUnit.code == draft.code)) is not None:
        yield FieldError("code", "taken", lazy("这个编码已有党组织使用,请换一个。"))
    yield from _name_errors(draft.name)
    if draft.opened_on is not None and not SINCE_EVER <= draft.opened_on <= today:
        yield FieldError("opened_on", "out_of_range", lazy("成立日期不能在今天之后,也不能太早。"))
    if parent is None:
        yield FieldError("parent_code", "unknown", lazy("没有找到上级党组织。"))
    elif parent.kind is OrgKind.GROUP or parent.depth >= DEEPEST:
        yield FieldError("parent_code", "cannot_hold", lazy("党小组下不能再设组织。"))


def _name_errors(name: str) -> Iterator[FieldError]:
    if not 0 < len(name.strip()) <= 200:
        yield FieldError("name", "invalid", lazy("请填写名称,不超过 200 个字。"))
