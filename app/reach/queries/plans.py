"""SELECTs of what a plan's pages show beside the plan itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.tasks import TaskView, any_task
from app.core.vocabulary import Group, SessionState
from app.members.models import Member, OrgPlacement, OrgUnit
from app.members.queries.as_of import members_as_of
from app.members.queries.masked import masked_phone
from app.members.queries.tree import placed_on, subtree_ids
from app.reach.commands import PlanOrder
from app.trainings.models import TrainingSession

REACH_PLAN = "reach_plan"


@dataclass(frozen=True, slots=True)
class PlannedMember:
    """A member of a proposed session; branch and groups of today."""

    id: int
    name: str
    org_code: str
    org_name: str
    groups: tuple[Group, ...]
    phone_masked: str | None


@dataclass(frozen=True, slots=True)
class MadeSession:
    """What became of a proposed session."""

    id: int
    title: str
    state: SessionState
    starts_at: datetime
    host_name: str


def plan_task(session: Session, token: str, scope: Scope, today: date) -> tuple[TaskView, PlanOrder]:
    """The plan, whoever asked for it; raises NotFound unless its whole place lies within the scope."""
    found = any_task(session, token, REACH_PLAN)
    order = PlanOrder.from_data(found.order)
    if not holds_all(session, order.place_ids, scope, today):
        raise NotFound()
    return found, order


def holds_all(session: Session, org_ids: Collection[int], scope: Scope, today: date) -> bool:
    """Whether every one of the units lies within the scope."""
    query = select(OrgPlacement.org_id).where(
        OrgPlacement.org_id.in_(org_ids),
        placed_on(today),
        OrgPlacement.org_id.in_(subtree_ids(scope.org_ids, today)),
    )
    return bool(org_ids) and set(session.scalars(query)) >= set(org_ids)


def planned_members(
    session: Session, member_ids: Sequence[int], scope: Scope, today: date, elderly_age: int
) -> list[PlannedMember]:
    """Those of `member_ids` who are within the scope today, by branch and name."""
    standing = members_as_of(today, elderly_age, member_ids=list(member_ids)).subquery("standing")
    query = (
        select(Member, OrgUnit.code, OrgUnit.name, standing.c.groups)
        .join(standing, standing.c.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == standing.c.org_id)
        .where(standing.c.org_id.in_(subtree_ids(scope.org_ids, today)))
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
    )
    return [
        PlannedMember(
            member.id, member.name, code, name, Group.from_bits(bits), masked_phone(member.phone_sealed)
        )
        for member, code, name, bits in session.execute(query)
    ]


def made_sessions(
    session: Session, ids: Collection[int], scope: Scope, now: datetime
) -> dict[int, MadeSession]:
    """The sessions made of a plan by id, as far as they lie within the scope."""
    row = TrainingSession
    query = (
        select(row.id, row.title, row.state, row.starts_at, OrgUnit.name)
        .join(OrgUnit, OrgUnit.id == row.host_org_id)
        .where(row.id.in_(list(ids)), row.host_org_id.in_(subtree_ids(scope.org_ids, office_date(now))))
        .order_by(row.starts_at, row.id)
    )
    return {found[0]: MadeSession(*found) for found in session.execute(query)}
