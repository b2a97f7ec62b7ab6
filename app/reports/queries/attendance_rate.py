"""The figure attendance_rate: of those on the expected lists, who came, who made it up, who did neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.core.vocabulary import ATTENDED_STATUSES, COUNTED_STATUSES, Group, Status
from app.reports.labels import group_label, month_label
from app.reports.queries.person_times import LONGEST_FULL_MONTHS, month_of
from app.reports.queries.place import (
    Place,
    held_in,
    inside,
    kind_names,
    mode_names,
    org_rows,
    units_below,
)
from app.reports.rules import Period, RateBy, share
from app.trainings.models import ExpectedAttendee, TrainingClass, TrainingSession

# The id of a line: a class's own, or minus a session's that has no class.
LINE = func.coalesce(TrainingSession.class_id, -TrainingSession.id)


@dataclass(frozen=True, slots=True)
class RateRow:
    """Places on expected lists, those taken, those made up; `key` and `label` are empty in the total."""

    key: str
    label: str
    expected: int = 0
    attended: int = 0
    made_up: int = 0

    @property
    def attendance_rate(self) -> float | None:
        """With make-ups; None where nobody was expected."""
        return share(self.attended + self.made_up, self.expected)

    @property
    def attendance_rate_without(self) -> float | None:
        """Without make-ups."""
        return share(self.attended, self.expected)

    @property
    def missing(self) -> int:
        return self.expected - self.attended - self.made_up


@dataclass(frozen=True, slots=True)
class AttendanceRate:
    """The total and its rows; rows of groups overlap, so they may add up to more."""

    total: RateRow
    rows: tuple[RateRow, ...]


# (expected, attended, made up)
Turnout = tuple[int, int, int]
NOBODY: Turnout = (0, 0, 0)


def attendance_rate(
    session: Session, period: Period, place: Place, by: RateBy, line: int | None = None
) -> AttendanceRate:
    """(attended + made up) / expected, and the same without make-ups, over held sessions of the period.

    expected: the lists fixed at publishing, a member once a session, who belonged to the place by the
    list's own branch, in the groups of the list. attended, made up: those of them with a row that counts;
    no row is in the denominator alone. Extra attendance is in neither. line: only this class, or minus one
    session's id. Source: domain.md, "Figures".
    """
    units = units_below(place, period) if by is RateBy.ORG else None
    found = turnout(session, period, place, by, units, line)
    total = RateRow("", "", *_sum(found.values()))
    if by is RateBy.GROUP:
        return AttendanceRate(total, tuple(group_rates(found)))
    rows = [
        RateRow(shown, label, *found.get(key, NOBODY))
        for key, shown, label in _labels(session, by, period, place, set(found))
    ]
    return AttendanceRate(total, tuple(rows))


def session_rate(session: Session, period: Period, place: Place, session_id: int) -> RateRow:
    """The rate of one held session of the period."""
    return attendance_rate(session, period, place, RateBy.KIND, -session_id).total


def on_the_list() -> ColumnElement[bool]:
    """The counted row of somebody expected."""
    return and_(
        Attendance.session_id == ExpectedAttendee.session_id,
        Attendance.member_id == ExpectedAttendee.member_id,
        Attendance.is_held.is_(True),
        Attendance.status.in_(COUNTED_STATUSES),
    )


def expected_in(period: Period, place: Place, line: int | None = None) -> list[ColumnElement[bool]]:
    """Conditions of places on the lists of held sessions; `TrainingSession` and `ExpectedAttendee` joined."""
    found = [*held_in(period), inside(place, ExpectedAttendee.org_id, TrainingSession.office_date)]
    if line is not None:
        is_class = line > 0
        found.append(TrainingSession.class_id == line if is_class else TrainingSession.id == -line)
    return found


def turnout(
    session: Session, period: Period, place: Place, by: RateBy, units: Any = None, line: int | None = None
) -> dict[Any, Turnout]:
    """Turnout by the key of `by`: by set of Group bits for groups, by `unit_id` of `units` for units."""
    keys: dict[RateBy, tuple[Any, ...]] = {
        # Units hang elsewhere from a day on: gathered by day first, so that the tree is joined to few rows.
        RateBy.ORG: (ExpectedAttendee.org_id, TrainingSession.office_date),
        RateBy.GROUP: (ExpectedAttendee.groups,),
        RateBy.KIND: (TrainingSession.kind_key,),
        RateBy.MODE: (TrainingSession.mode_key,),
        RateBy.MONTH: (month_of(TrainingSession.office_date),),
        RateBy.CLASS: (LINE,),
    }
    came = case((Attendance.status.in_(ATTENDED_STATUSES), 1), else_=0)
    made_up = case((Attendance.status == Status.MADE_UP, 1), else_=0)
    gathered: Any = (
        select(
            *[key.label(f"key{index}") for index, key in enumerate(keys[by])],
            func.count().label("expected"),
            func.sum(came).label("attended"),
            func.sum(made_up).label("made_up"),
        )
        .select_from(TrainingSession)
        .join(ExpectedAttendee, ExpectedAttendee.session_id == TrainingSession.id)
        .outerjoin(Attendance, on_the_list())
        .where(*expected_in(period, place, line))
        .group_by(*keys[by])
    )
    if by is RateBy.ORG:
        gathered = _by_unit(gathered.subquery("gathered"), units)
    return {key: (expected, came, made_up) for key, expected, came, made_up in session.execute(gathered)}


def _by_unit(gathered: Any, units: Any) -> Any:
    that_day = and_(
        units.c.org_id == gathered.c.key0,
        units.c.starts_on <= gathered.c.key1,
        units.c.ends_on > gathered.c.key1,
    )
    sums = [cast(func.sum(gathered.c[name]), Integer) for name in ("expected", "attended", "made_up")]
    return select(units.c.unit_id, *sums).join(units, that_day).group_by(units.c.unit_id)


def _sum(found: Iterable[Turnout]) -> Turnout:
    expected = attended = made_up = 0
    for one in found:
        expected, attended, made_up = expected + one[0], attended + one[1], made_up + one[2]
    return expected, attended, made_up


def group_rates(found: dict[Any, Turnout]) -> list[RateRow]:
    """One row a group, of turnout by set of Group bits; groups overlap."""
    return [
        RateRow(group.value, group_label(group), *_sum(t for bits, t in found.items() if bits & group.bit))
        for group in Group
    ]


def _labels(
    session: Session, by: RateBy, period: Period, place: Place, keys: set[Any]
) -> list[tuple[Any, str, str]]:
    """(key found, key shown, label) of every row, in the order of the table."""
    if by in (RateBy.KIND, RateBy.MODE):
        names = kind_names(session) if by is RateBy.KIND else mode_names(session)
        return [(key, key, label) for key, label in names.items() if key in keys]
    if by is RateBy.MONTH:
        months = period.months()
        shown = months if len(months) <= LONGEST_FULL_MONTHS else sorted(keys)
        return [(month, month, month_label(month)) for month in shown]
    return _lines(session, period, keys) if by is RateBy.CLASS else org_rows(session, place, period, keys)


def _lines(session: Session, period: Period, keys: set[int]) -> list[tuple[Any, str, str]]:
    """Classes and single sessions by their first day."""
    titles: dict[int, list[str]] = defaultdict(list)
    query = (
        select(LINE, func.coalesce(TrainingClass.title, TrainingSession.title))
        .select_from(TrainingSession)
        .outerjoin(TrainingClass, TrainingClass.id == TrainingSession.class_id)
        .where(*held_in(period))
        .order_by(TrainingSession.office_date, TrainingSession.id)
    )
    for line, title in session.execute(query):
        if line in keys:
            titles[line].append(title)
    return [(line, str(line), found[0]) for line, found in titles.items()]
