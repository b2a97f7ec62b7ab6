"""The duty matrix: what each branch held in each month, against how often it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.core.i18n import localised
from app.core.vocabulary import OrgKind
from app.members.models import OrgFormerNature, OrgPlacement, OrgUnit
from app.members.queries.tree import KIND_THEN, former_on, placed_on
from app.reports.queries.cut import cut_rows
from app.reports.queries.person_times import month_of
from app.reports.queries.place import Place, held_in, inside_on
from app.reports.rules import FIRST_PAGE, DutyScore, Key, Period, Slice, duty_score, share, snapshot_day
from app.trainings.models import SessionKind, TrainingSession
from app.trainings.queries.duty_rules import duty_frequencies


@dataclass(frozen=True, slots=True)
class DutyKind:
    """A kind of session that branches owe; frequency: monthly, quarterly or yearly."""

    key: str
    label: str
    frequency: str


@dataclass(frozen=True, slots=True)
class DutyCount:
    """One branch and one duty: sessions held in each of twelve months; periods met of those due."""

    kind: str
    months: tuple[int, ...]
    met: int
    due: int

    @property
    def months_met(self) -> int:
        return sum(1 for count in self.months if count)

    @property
    def rate(self) -> float | None:
        return share(self.met, self.due)


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One branch with all its duties."""

    org_code: str
    org_name: str
    duties: tuple[DutyCount, ...]

    @property
    def months(self) -> tuple[int, ...]:
        """Duty sessions of all kinds in each month."""
        return tuple(sum(counts) for counts in zip(*(duty.months for duty in self.duties), strict=True))

    @property
    def months_met(self) -> int:
        """Months with at least one duty session."""
        return sum(1 for count in self.months if count)

    @property
    def met(self) -> int:
        return sum(duty.met for duty in self.duties)

    @property
    def due(self) -> int:
        return sum(duty.due for duty in self.duties)

    @property
    def rate(self) -> float | None:
        return share(self.met, self.due)


@dataclass(frozen=True, slots=True)
class ExcludedBranch:
    """A branch of the place without duties in the year: closed by then, or not yet opened."""

    org_code: str
    org_name: str
    closed_on: date | None
    opens_on: date | None


@dataclass(frozen=True, slots=True)
class Duties:
    """`count` branches of the place, the asked part of them by code; `on`: the day it is as of.

    excluded: branches without a row, by name. groups, above: party groups, whose sessions count for
    their branch, and committees and general branches, which owe none themselves.
    """

    year: int
    on: date
    count: int
    kinds: tuple[DutyKind, ...]
    rows: tuple[DutyRow, ...]
    next: Key | None
    excluded: tuple[ExcludedBranch, ...] = ()
    groups: int = 0
    above: int = 0


def duties(
    session: Session,
    year: int,
    place: Place,
    today: date,
    cut: Slice = FIRST_PAGE,
) -> Duties:
    """Held sessions of every duty kind, by hosting branch and month.

    A session hosted by a party group counts for the branch that the group hangs under. Branches are
    those of the place on the year's last day, or today while it runs; see `duty_score` for what is due.
    """
    period = Period.of_year(year)
    on = snapshot_day(period, today)
    kinds = duty_kinds(session, year)
    branches: Any = (
        select(OrgUnit.code, OrgUnit.id, OrgUnit.name, OrgUnit.opened_on)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .outerjoin(OrgFormerNature, former_on(on))
        .where(KIND_THEN == OrgKind.BRANCH, inside_on(place, OrgUnit.id, on))
    )
    count = session.scalar(select(func.count()).select_from(branches.subquery())) or 0
    found, following = cut_rows(session, branches, (OrgUnit.code, OrgUnit.id), cut)
    held = _held(session, period, kinds, [row.id for row in found])
    rows = []
    for code, org_id, name, opened_on in found:
        counts = []
        for kind in kinds:
            months = tuple(held.get((org_id, kind.key, f"{year:04d}-{m:02d}"), 0) for m in range(1, 13))
            score: DutyScore = duty_score(kind.frequency, months, year, opened_on, on)
            counts.append(DutyCount(kind.key, months, score.met, score.due))
        rows.append(DutyRow(code, name, tuple(counts)))
    after = (found[-1].code, found[-1].id) if following else None
    groups, above = _other_units(session, place, on)
    excluded = _excluded(session, place, on)
    return Duties(year, on, count, kinds, tuple(rows), after, excluded, groups, above)


def _excluded(session: Session, place: Place, on: date) -> tuple[ExcludedBranch, ...]:
    """Branches that lay within the place at their end, or lie there now, and nowhere on the day."""
    there = select(OrgPlacement.org_id).where(placed_on(on))
    query = (
        select(OrgUnit.code, OrgUnit.name, OrgUnit.closed_on, OrgPlacement.starts_on)
        .join(
            OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, OrgPlacement.ends_on == OrgUnit.closed_on)
        )
        .where(OrgUnit.kind == OrgKind.BRANCH, OrgUnit.id.not_in(there))
        .order_by(OrgUnit.code)
    )
    if not place.is_everything:
        query = query.where(or_(False, *[OrgPlacement.path.like(pattern) for pattern in place.patterns]))
    return tuple(
        ExcludedBranch(code, name, closed_on, None)
        if closed_on <= on
        else ExcludedBranch(code, name, None, opens)
        for code, name, closed_on, opens in session.execute(query)
    )


def _other_units(session: Session, place: Place, on: date) -> tuple[int, int]:
    """How many party groups, and how many committees and general branches, the place had on the day."""
    is_group = case((KIND_THEN == OrgKind.GROUP, 1), else_=0)
    query = (
        select(func.coalesce(func.sum(is_group), 0), func.count())
        .select_from(OrgUnit)
        .join(OrgPlacement, and_(OrgPlacement.org_id == OrgUnit.id, placed_on(on)))
        .outerjoin(OrgFormerNature, former_on(on))
        .where(KIND_THEN != OrgKind.BRANCH, inside_on(place, OrgUnit.id, on))
    )
    groups, units = session.execute(query).one()
    return int(groups), int(units) - int(groups)


def duty_kinds(session: Session, year: int) -> tuple[DutyKind, ...]:
    """What branches owed in the year, by the rule of that year, in the office's order."""
    often = duty_frequencies(session, year)
    query = (
        select(SessionKind.key, SessionKind.name_zh, SessionKind.name_en)
        .where(SessionKind.key.in_(often))
        .order_by(SessionKind.position)
    )
    return tuple(DutyKind(key, localised(zh, en), often[key]) for key, zh, en in session.execute(query))


def _held(
    session: Session, period: Period, kinds: tuple[DutyKind, ...], branch_ids: list[int]
) -> dict[tuple[int, str, str], int]:
    """(branch, kind, month) → held sessions."""
    day = TrainingSession.office_date
    branch = case((KIND_THEN == OrgKind.GROUP, OrgPlacement.parent_id), else_=OrgUnit.id).label("branch_id")
    placed = and_(
        OrgPlacement.org_id == OrgUnit.id, OrgPlacement.starts_on <= day, OrgPlacement.ends_on > day
    )
    month = month_of(day)
    query: Any = (
        select(branch, TrainingSession.kind_key, month, func.count())
        .select_from(TrainingSession)
        .join(OrgUnit, OrgUnit.id == TrainingSession.host_org_id)
        .join(OrgPlacement, placed)
        .outerjoin(OrgFormerNature, former_on(day))
        .where(
            *held_in(period),
            TrainingSession.kind_key.in_([kind.key for kind in kinds]),
            branch.in_(branch_ids),
        )
        .group_by("branch_id", TrainingSession.kind_key, month)
    )
    return {(org_id, kind, held_in_month): n for org_id, kind, held_in_month, n in session.execute(query)}
