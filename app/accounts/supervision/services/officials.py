"""Adds officials to supervision teams, changes their days and names, takes back mistaken ones."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import TeamOfficial
from app.accounts.supervision.commands import OfficialDraft, Overseer, OverseerKind
from app.accounts.supervision.rules import shared_days
from app.accounts.supervision.services.checks import day_errors, name_errors, require_overseer
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.vocabulary import FOREVER


def add_official(team_id: int, draft: OfficialDraft, scope: Scope, now: datetime) -> int:
    """Somebody belongs to the team from a day on; the same person again on that day adds nobody."""
    today = office_date(now)
    with writing() as session:
        require_overseer(session, _team(team_id), scope, today, whole=True)
        row = TeamOfficial(team_id=team_id, starts_on=draft.span.starts_on)
        same = select(TeamOfficial).where(
            TeamOfficial.team_id == team_id,
            TeamOfficial.name == draft.name.strip(),
            TeamOfficial.starts_on == draft.span.starts_on,
        )
        row = session.scalars(same).first() or row
        return _save(session, row, draft, scope, now)


def change_official(
    team_id: int, official_id: int, draft: OfficialDraft, scope: Scope, now: datetime
) -> None:
    """Other days, another name, another flag: that is how somebody leaves the team."""
    with writing() as session:
        row = require_official(session, team_id, official_id, scope, office_date(now))
        _save(session, row, draft, scope, now)


def delete_official(team_id: int, official_id: int, scope: Scope, now: datetime) -> None:
    """Take back an official entered by mistake, as if they had never belonged to the team."""
    with writing() as session:
        session.delete(require_official(session, team_id, official_id, scope, office_date(now)))
        record_act(
            session, "team.official_delete", f"team:{team_id}", scope.user_id, now, official=official_id
        )


def _save(session: Session, row: TeamOfficial, draft: OfficialDraft, scope: Scope, now: datetime) -> int:
    name, work_place = draft.name.strip(), (draft.work_place or "").strip() or None
    errors = [*name_errors(name, work_place), *day_errors(draft.span, office_date(now))]
    if draft.is_leader and not errors:
        errors = _leader_errors(session, row, draft)
    if errors:
        raise InvalidInput(errors=errors)
    row.name, row.work_place, row.is_leader = name, work_place, draft.is_leader
    row.starts_on, row.ends_on = draft.span.starts_on, draft.span.ends_on or FOREVER
    is_new = row.id is None
    if is_new or session.is_modified(row):
        session.add(row)
        session.flush()
        act = f"team.official_{'add' if is_new else 'change'}"
        record_act(session, act, f"team:{row.team_id}", scope.user_id, now, official=row.id)
    return row.id


def _leader_errors(session: Session, row: TeamOfficial, draft: OfficialDraft) -> list[FieldError]:
    query = select(TeamOfficial).where(TeamOfficial.team_id == row.team_id, TeamOfficial.is_leader)
    with session.no_autoflush:
        others = [other for other in session.scalars(query) if other.id != row.id]
    spans = [(other.starts_on, other.ends_on) for other in others]
    if shared_days(spans, draft.span.starts_on, draft.span.ends_on) is None:
        return []
    return [FieldError("is_leader", "taken", lazy("这段时间已有组长,请先修改原组长的记录。"))]


def require_official(
    session: Session, team_id: int, official_id: int, scope: Scope, today: date
) -> TeamOfficial:
    """The official's row, once it is known that the caller may change the team; raises NotFound."""
    require_overseer(session, _team(team_id), scope, today, whole=True)
    row = session.get(TeamOfficial, official_id)
    if row is None or row.team_id != team_id:
        raise NotFound()
    return row


def _team(team_id: int) -> Overseer:
    return Overseer(OverseerKind.TEAM, team_id)
