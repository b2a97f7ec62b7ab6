"""Changes some facts of an instructor, an official or an assignment; what is not mentioned stays."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Instructor
from app.accounts.supervision.commands import (
    DayChanges,
    OfficialChanges,
    OfficialDraft,
    Overseer,
    OverseerKind,
    PersonChanges,
    RowKey,
)
from app.accounts.supervision.services.checks import require_overseer
from app.accounts.supervision.services.officials import change_official, require_official
from app.accounts.supervision.services.people import link_account, save_instructor
from app.accounts.supervision.services.units import change_assignment, find_assignment
from app.core.access import Scope
from app.core.clock import office_date
from app.core.db import writing
from app.members.commands import KEEP


def edit_instructor(instructor_id: int, changes: PersonChanges, scope: Scope, now: datetime) -> None:
    """Name, place of work and account together: all of it or, where one is refused, none."""
    overseer = Overseer(OverseerKind.INSTRUCTOR, instructor_id)
    with writing() as session:
        require_overseer(session, overseer, scope, office_date(now), whole=True)
        row = session.get_one(Instructor, instructor_id)
        name = row.name if changes.name is KEEP else changes.name
        work_place = row.work_place if changes.work_place is KEEP else changes.work_place
        save_instructor(instructor_id, name, work_place, scope, now)
        if changes.username is not KEEP:
            link_account(overseer, changes.username, scope, now)


def edit_official(
    team_id: int, official_id: int, changes: OfficialChanges, scope: Scope, now: datetime
) -> None:
    """The same for an official, with their days and whether they lead the team."""
    person = changes.person
    with writing() as session:
        row = require_official(session, team_id, official_id, scope, office_date(now))
        draft = OfficialDraft(
            row.name if person.name is KEEP else person.name,
            changes.days.of(row.starts_on, row.ends_on),
            row.work_place if person.work_place is KEEP else person.work_place,
            row.is_leader if changes.is_leader is KEEP else changes.is_leader,
        )
        change_official(team_id, official_id, draft, scope, now)
        if person.username is not KEEP:
            link_account(Overseer(OverseerKind.TEAM, team_id), person.username, scope, now, official_id)


def edit_assignment(overseer: Overseer, key: RowKey, days: DayChanges, scope: Scope, now: datetime) -> None:
    """Give one assignment another first day, another end, or both."""
    with writing() as session:
        require_overseer(session, overseer, scope, office_date(now))
        row = find_assignment(session, overseer, key, scope, office_date(now)).row
        change_assignment(overseer, key, days.of(row.starts_on, row.ends_on), scope, now)
