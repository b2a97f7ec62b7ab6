"""Who has not been reached, where they belong today, and who is invited to something already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group, SessionState
from app.members.models import Membership
from app.members.queries.tree import subtree_ids, tree
from app.reach.commands import Counts, PlanOrder
from app.reach.rules import Person, Unit, Units, ways_to
from app.reports.queries import CoverageRow, coverage, place_in_scope, uncovered
from app.reports.rules import EVERYTHING, CoverageBy
from app.trainings.models import AudienceRule, ExpectedAttendee, TrainingSession


@dataclass(frozen=True, slots=True)
class Needs:
    """Those to plan for, the units of the place today, their names, and of whom the plan speaks."""

    people: tuple[Person, ...]
    units: Units
    names: dict[int, str]
    counts: Counts


def needs_of(session: Session, order: PlanOrder, today: date) -> Needs:
    """The uncovered list of the report, as far as somebody can be sent to its members.

    Groups are those of the figures' day, as the report shows them; the branch is today's, because that is
    who will be invited. Who has left the place since, or is out of contact, is only counted.
    """
    scope = Scope(order.place_ids, None)
    place = place_in_scope(session, scope, order.org, today)
    found = uncovered(session, order.period, order.snapshot, place, order.group, EVERYTHING)
    units, names = _units(session, scope, today)
    branch_of = _branches(session, order.place_ids, today)
    invited = invited_members(session, today) if order.leaves_invited else set()
    missing = [Person(one.member, branch_of.get(one.member, 0), frozenset(one.groups)) for one in found.items]
    there = [person for person in missing if ways_to(person.groups) and person.org_id in units]
    people = tuple(person for person in there if person.member_id not in invited)
    figures = coverage(session, order.period, order.snapshot, place, CoverageBy.GROUP)
    row = figures.total
    if order.group:
        row = next(row for row in figures.rows if row.key == order.group)
    return Needs(people, units, names, _counts(row, missing, there, people))


def _counts(
    row: CoverageRow, missing: Sequence[Person], there: Sequence[Person], people: Sequence[Person]
) -> Counts:
    required = [person for person in missing if person.is_required]
    lost = sum(Group.LOST_CONTACT in person.groups for person in required)
    here = sum(person.is_required for person in there)
    exempt = len(missing) - len(required)
    return Counts(
        row.members,
        row.covered,
        row.required,
        row.required_covered,
        missing=len(required),
        lost=lost,
        gone=len(required) - lost - here,
        invited=here - sum(person.is_required for person in people),
        exempt=exempt,
        exempt_apart=exempt - (len(there) - here),
    )


def _units(session: Session, scope: Scope, today: date) -> tuple[dict[int, Unit], dict[int, str]]:
    """Every unit of the place, its path cut off above the place's topmost unit."""
    units, names = {}, {}
    for row in tree(session, scope, today):
        steps = [int(step) for step in row.path.strip("/").split("/")]
        start = next(at for at, step in enumerate(steps) if step in scope.org_ids)
        units[row.id] = Unit(row.id, row.code, row.kind, tuple(steps[start:]))
        names[row.id] = row.name
    return units, names


def _branches(session: Session, place_ids: Sequence[int], today: date) -> dict[int, int]:
    query = select(Membership.member_id, Membership.org_id).where(
        Membership.starts_on <= today,
        Membership.ends_on > today,
        Membership.org_id.in_(subtree_ids(place_ids, today)),
    )
    return {row.member_id: row.org_id for row in session.execute(query)}


def invited_members(session: Session, today: date) -> set[int]:
    """Ids of members whom a coming session expects, or a coming draft names; today's sessions count.

    Sessions that are cancelled or over invite nobody. What a draft says of whole branches is no
    invitation yet: that is fixed when it is published.
    """
    coming = TrainingSession.office_date >= today
    expected = (
        select(ExpectedAttendee.member_id)
        .join(TrainingSession, TrainingSession.id == ExpectedAttendee.session_id)
        .where(coming, TrainingSession.state.in_((SessionState.PUBLISHED, SessionState.OPEN)))
    )
    named = (
        select(AudienceRule.member_id)
        .join(TrainingSession, TrainingSession.id == AudienceRule.session_id)
        .where(coming, TrainingSession.state == SessionState.DRAFT, AudienceRule.member_id.is_not(None))
    )
    return {member_id for member_id in session.scalars(union(expected, named)) if member_id is not None}
