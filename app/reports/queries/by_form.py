"""The summary by kind and mode together, with the sessions of which nobody knows how many came."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import Integer, case, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.attendance.models import Attendance
from app.reports.queries.drill.sessions import uncounted
from app.reports.queries.person_times import PAIR
from app.reports.queries.place import Place, counted_in, held_in, inside, kind_names, mode_names
from app.reports.rules import Period
from app.trainings.models import TrainingSession


@dataclass(frozen=True, slots=True)
class FormRow:
    """One kind in one mode; keys and labels are empty in the total.

    uncounted: held sessions with neither a counted row nor a head count.
    """

    kind: str
    mode: str
    kind_label: str
    mode_label: str
    sessions: int = 0
    person_times: int = 0
    class_person_times: int = 0
    members: int = 0
    declared_person_times: int = 0
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class FormSummary:
    """The deduplicated total and its rows: a member may be in several."""

    total: FormRow
    rows: tuple[FormRow, ...]


_Key = tuple[str, str]


def form_summary(session: Session, period: Period, place: Place) -> FormSummary:
    """The figure person_times by kind and mode, as they were copied from the session onto its rows.

    sessions, declared_person_times, uncounted: held sessions whose host lay within the place on their day.
    person_times, class_person_times, members: counted rows of members whose branch did.
    """
    came, held = _came(session, period, place), _held(session, period, place)
    kinds, modes = kind_names(session), mode_names(session)
    found = [key for key in product(kinds, modes) if key in came or key in held]
    rows = [
        FormRow(*key, kinds[key[0]], modes[key[1]], **_numbers(came.get(key), held.get(key))) for key in found
    ]
    everything = ("", "")
    total = FormRow("", "", "", "", **_numbers(came.get(everything), _added(held)))
    return FormSummary(total, tuple(rows))


def _numbers(came: Any, held: tuple[int, int, int] | None) -> dict[str, Any]:
    names = ("person_times", "class_person_times", "members")
    found = {name: int(getattr(came, name)) for name in names} if came else {}
    if held is not None:
        found |= dict(zip(("sessions", "declared_person_times", "uncounted"), held, strict=True))
    return found


def _came(session: Session, period: Period, place: Place) -> dict[_Key, Any]:
    """Of every kind and mode, and of everything under two empty words: one pass over the rows."""
    keys = (Attendance.kind_key, Attendance.mode_key)
    gathered = (
        select(*keys, PAIR.label("pair"), Attendance.member_id, func.count().label("times"))
        .where(*counted_in(period), inside(place, Attendance.org_id, Attendance.office_date))
        .group_by(*keys, Attendance.class_id, Attendance.member_id)
        .cte("gathered")
        .prefix_with("MATERIALIZED")
    )
    numbers = (
        cast(func.coalesce(func.sum(gathered.c.times), 0), Integer).label("person_times"),
        func.count(gathered.c.pair.distinct()).label("class_person_times"),
        func.count(gathered.c.member_id.distinct()).label("members"),
    )
    by_form = select(gathered.c.kind_key, gathered.c.mode_key, *numbers).group_by(
        gathered.c.kind_key, gathered.c.mode_key
    )
    together = select(literal(""), literal(""), *numbers).select_from(gathered)
    rows = session.execute(union_all(by_form, together))
    return {(row.kind_key, row.mode_key): row for row in rows}


def _held(session: Session, period: Period, place: Place) -> dict[_Key, tuple[int, int, int]]:
    keys = (TrainingSession.kind_key, TrainingSession.mode_key)
    query = (
        select(
            *keys,
            func.count(),
            func.coalesce(func.sum(TrainingSession.declared_person_times), 0),
            func.sum(case((uncounted(), 1), else_=0)),
        )
        .where(*held_in(period), inside(place, TrainingSession.host_org_id, TrainingSession.office_date))
        .group_by(*keys)
    )
    return {(kind, mode): (n, int(said), int(none)) for kind, mode, n, said, none in session.execute(query)}


def _added(held: dict[_Key, tuple[int, int, int]]) -> tuple[int, int, int]:
    sessions, declared, unknown = (sum(column) for column in zip(*held.values(), (0, 0, 0), strict=True))
    return sessions, declared, unknown
