"""Creates the branches that a roster names and the tree does not have, as somebody decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import OrgKind
from app.members.commands import OrgDraft
from app.members.models import OrgUnit
from app.members.queries.tree import ids_by_code, org_by_code
from app.members.roster.plan import Asked, Plan
from app.members.roster.rules_decisions import Decisions, NewBranch, free_codes
from app.members.services.orgs import create_org


def create_decided(session: Session, asked: Asked, scope: Scope, now: datetime) -> tuple[Asked, int]:
    """Create the branches that were decided on; what is asked then, and how many were created.

    Within the caller's transaction. One that is there already, by an import that was cut off after it was
    stored, is taken as it is. Raises InvalidInput for one that cannot be created.
    """
    decisions = asked.decisions
    if not decisions.creates:
        return asked, 0
    means = dict(decisions.means)
    known = {unit.code: unit.name for unit in session.scalars(select(OrgUnit))}
    created = 0
    for text, new in decisions.creates.items():
        code = new.code or next(free_codes(known, new.parent_code))
        if known.get(code) != new.name or code not in ids_by_code(session, [code], scope, asked.today):
            create_org(OrgDraft(code, new.name, OrgKind.BRANCH, new.parent_code, new.sector), scope, now)
            created += 1
        known[code] = new.name
        means[text] = code
    return replace(asked, decisions=replace(decisions, means=means, creates={})), created


def with_codes(session: Session, new: Iterable[tuple[str, NewBranch]]) -> dict[str, NewBranch]:
    """The branches to be created, each with a code that no unit has."""
    taken = set(session.scalars(select(OrgUnit.code)))
    coded = {}
    for text, branch in new:
        code = branch.code or next(free_codes(taken, branch.parent_code))
        taken.add(code)
        coded[text] = replace(branch, code=code)
    return coded


def creating_unknown(session: Session, plan: Plan, parent_code: str, scope: Scope, on: date) -> Decisions:
    """Decisions that create every unknown branch of the plan below one unit. Raises InvalidInput."""
    if org_by_code(session, parent_code, scope, on) is None:
        raise InvalidInput.field("parent_code", "unknown", lazy("没有找到上级党组织。"))
    names = [text for text, unknown in plan.unknown.items() if unknown.may_be_created]
    return Decisions(creates=with_codes(session, ((name, NewBranch(parent_code, name)) for name in names)))
