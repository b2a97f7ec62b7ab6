"""Assigns units to instructors and teams, ends and corrects assignments, takes back mistaken ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import InstructorAssignment, TeamAssignment
from app.accounts.supervision.commands import Assigned, Overseer, OverseerKind, RowKey, Span
from app.accounts.supervision.queries import assignments_of, last_path
from app.accounts.supervision.rules import MOST_UNITS, is_held, last_day, shared_days
from app.accounts.supervision.services.checks import day_errors, require_overseer
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import Text, day_text, lazy, listed
from app.core.vocabulary import FOREVER
from app.members.models import OrgUnit
from app.members.queries.tree import ids_by_code, is_inside

Row = InstructorAssignment | TeamAssignment
# So many units are named in a refusal; the others are counted.
MOST_NAMED = 5


def assign_units(
    overseer: Overseer, org_codes: Sequence[str], span: Span, scope: Scope, now: datetime
) -> Assigned:
    """The units are theirs for these days, all or none.

    A unit that already is for all of the days stays as it is, so that a repeat does no harm; one that
    already is for some of them is refused by name.
    """
    today = office_date(now)
    wanted = list(dict.fromkeys(code.strip() for code in org_codes if code.strip()))
    with writing() as session:
        require_overseer(session, overseer, scope, today)
        known = ids_by_code(session, wanted, scope, today)
        rows = _rows(session, overseer)
        errors = [*day_errors(span, today), *_unit_errors(wanted, known)]
        new = {code: org_id for code, org_id in known.items() if not _is_theirs(rows, org_id, span)}
        errors = errors or [*_overlap_errors(session, rows, new, span), *_too_many(rows, new, today)]
        if errors:
            raise InvalidInput(errors=errors)
        for org_id in new.values():
            session.add(_row(overseer, org_id, span))
        if new:
            record_act(
                session, f"{overseer.kind.value}.assign", str(overseer), scope.user_id, now,
                orgs=sorted(new.values()), **_days(span),
            )  # fmt: skip
    return Assigned(len(new), len(known) - len(new))


def change_assignment(overseer: Overseer, key: RowKey, span: Span, scope: Scope, now: datetime) -> None:
    """Give one assignment other days: that is how it ends, is prolonged or is corrected."""
    today = office_date(now)
    with writing() as session:
        require_overseer(session, overseer, scope, today)
        found = find_assignment(session, overseer, key, scope, today)
        errors = list(day_errors(span, today))
        if errors:
            raise InvalidInput(errors=errors)
        spans = [(row.starts_on, row.ends_on) for row in found.rows]
        met = shared_days(spans, span.starts_on, span.ends_on, replaced=key.starts_on)
        if met is not None:
            words = lazy("与 %(day)s 开始的一段重叠,请先修改那一段。", day=day_text(met[0]))
            raise InvalidInput.field("from", "overlaps", words)
        if (found.row.starts_on, found.row.ends_on) == (span.starts_on, span.ends_on or FOREVER):
            return
        # The first day is part of the key: the row is written anew.
        session.delete(found.row)
        session.flush()
        session.add(_row(overseer, found.org_id, span))
        record_act(
            session, f"{overseer.kind.value}.reassign", str(overseer), scope.user_id, now,
            org=found.org_id, before=key.starts_on.isoformat(), **_days(span),
        )  # fmt: skip


def delete_assignment(overseer: Overseer, key: RowKey, scope: Scope, now: datetime) -> None:
    """Take back an assignment entered by mistake, as if it had never been."""
    with writing() as session:
        today = office_date(now)
        require_overseer(session, overseer, scope, today)
        found = find_assignment(session, overseer, key, scope, today)
        session.delete(found.row)
        record_act(
            session, f"{overseer.kind.value}.unassign", str(overseer), scope.user_id, now,
            org=found.org_id, starts_on=key.starts_on.isoformat(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The row that was asked for, and all of theirs for that unit."""

    org_id: int
    row: Row
    rows: list[Row]


def find_assignment(session: Session, overseer: Overseer, key: RowKey, scope: Scope, today: date) -> Found:
    """Raises NotFound outside the scope; a closed unit counts where it hung last."""
    unit = session.execute(select(OrgUnit.id, last_path(today)).where(OrgUnit.code == key.org_code)).first()
    if unit is None or not is_inside(unit[1] or "", scope):
        raise NotFound()
    rows = [row for row in _rows(session, overseer) if row.org_id == unit[0]]
    row = next((row for row in rows if row.starts_on == key.starts_on), None)
    if row is None:
        raise NotFound(lazy("没有这条记录,可能刚被改过。请刷新页面再看。"))
    return Found(unit[0], row, rows)


def _rows(session: Session, overseer: Overseer) -> list[Row]:
    model, whose = assignments_of(overseer.kind)
    found: Any = session.scalars(select(model).where(whose == overseer.id))
    return list(found)


def _row(overseer: Overseer, org_id: int, span: Span) -> Row:
    days = {"starts_on": span.starts_on, "ends_on": span.ends_on or FOREVER}
    if overseer.kind is OverseerKind.INSTRUCTOR:
        return InstructorAssignment(instructor_id=overseer.id, org_id=org_id, **days)
    return TeamAssignment(team_id=overseer.id, org_id=org_id, **days)


def _is_theirs(rows: Sequence[Row], org_id: int, span: Span) -> bool:
    spans = [(row.starts_on, row.ends_on) for row in rows if row.org_id == org_id]
    return is_held(spans, span.starts_on, span.ends_on)


def _unit_errors(wanted: Sequence[str], known: dict[str, int]) -> list[FieldError]:
    if not wanted:
        return [FieldError("org_codes", "required", lazy("请选择至少一个党组织。"))]
    missing = [code for code in wanted if code not in known]
    if not missing:
        return []
    words = lazy("没有找到这些党组织:%(codes)s。", codes=_some(missing))
    return [FieldError("org_codes", "unknown", words)]


def _overlap_errors(
    session: Session, rows: Sequence[Row], new: dict[str, int], span: Span
) -> list[FieldError]:
    met = {}
    for code, org_id in new.items():
        spans = [(row.starts_on, row.ends_on) for row in rows if row.org_id == org_id]
        shared = shared_days(spans, span.starts_on, span.ends_on)
        if shared is not None:
            met[code] = shared
    if not met:
        return []
    names = dict(session.execute(select(OrgUnit.code, OrgUnit.name).where(OrgUnit.code.in_(met))).all())
    words = lazy(
        "这些党组织在其中一些日子已由其联系,请先修改原来的日期:%(names)s。",
        names=_some([f"{names[code]}({_span_text(*days)})" for code, days in met.items()]),
    )
    return [FieldError("org_codes", "overlaps", words)]


def _too_many(rows: Sequence[Row], new: dict[str, int], today: date) -> list[FieldError]:
    if sum(row.ends_on > today for row in rows) + len(new) <= MOST_UNITS:
        return []
    words = lazy("一位指导员或一个督导组最多联系 %(n)s 个党组织;再多请直接选它们的上级党组织。", n=MOST_UNITS)
    return [FieldError("org_codes", "too_many", words)]


def _some(names: Sequence[str]) -> Text:
    if len(names) <= MOST_NAMED:
        return listed(names)
    return lazy("%(names)s等 %(n)s 个", names=listed(names[:MOST_NAMED]), n=len(names))


def _span_text(starts_on: date, ends_on: date) -> str:
    return f"{day_text(starts_on)}–{day_text(last_day(ends_on))}"


def _days(span: Span) -> dict[str, str | None]:
    return {
        "starts_on": span.starts_on.isoformat(),
        "ends_on": span.ends_on.isoformat() if span.ends_on else None,
    }
