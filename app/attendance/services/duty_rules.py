"""Sets how often branches owe a kind of session from a year on; what has been counted keeps its rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import hold_calendar, writing
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import SessionState
from app.trainings.models import DutyRule, SessionKind, TrainingSession
from app.trainings.queries.duty_rules import duty_frequencies
from app.trainings.queries.locks import locked_within

FREQUENCIES = ("monthly", "quarterly", "yearly")
# A rule is made for one of the next years, not for a slip of the keyboard.
YEARS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class DutyDraft:
    """How often the kind is owed from `from_year` on, until a later rule; None: no longer."""

    kind_key: str
    from_year: int
    frequency: str | None


def save_duty_rule(draft: DutyDraft, scope: Scope, now: datetime) -> None:
    """Set the rule of a coming year, or of this one while it has no held session of the kind.

    A repeat, or a rule that says what already holds in that year, changes nothing.
    Raises InvalidInput: the year is over, locked, too far ahead, or has been counted by another rule.
    """
    with writing() as session:
        # No month of it is locked meanwhile.
        hold_calendar(session, alone=False)
        errors = list(_errors(session, draft, office_date(now).year))
        if errors:
            raise InvalidInput(errors=errors)
        if duty_frequencies(session, draft.from_year).get(draft.kind_key) == draft.frequency:
            return
        row = session.get(DutyRule, (draft.kind_key, draft.from_year))
        row = row or DutyRule(kind_key=draft.kind_key, from_year=draft.from_year)
        row.frequency = draft.frequency
        session.add(row)
        record_act(
            session,
            "duty_rule.save",
            f"kind:{draft.kind_key}",
            scope.user_id,
            now,
            from_year=draft.from_year,
            frequency=draft.frequency,
        )


def _errors(session: Session, draft: DutyDraft, this_year: int) -> Iterator[FieldError]:
    if session.get(SessionKind, draft.kind_key) is None:
        yield FieldError("kind_key", "unknown", lazy("没有这个选项,请重新选择。"))
    if draft.frequency is not None and draft.frequency not in FREQUENCIES:
        yield FieldError("frequency", "unknown", lazy("请从列表中选择频次。"))
    year = draft.from_year
    if not this_year <= year <= this_year + YEARS_AHEAD:
        words = lazy(
            "只能为今年或以后的年份设置(%(first)s 到 %(last)s 年)。",
            first=this_year,
            last=this_year + YEARS_AHEAD,
        )
        yield FieldError("from_year", "not_coming", words)
    elif locked_within(session, date(year, 1, 1), date(year, 12, 31)):
        yield FieldError("from_year", "locked", lazy("这一年已有月份锁定,频次请从下一年起改。"))
    elif year == this_year and _was_held(session, draft.kind_key, year):
        yield FieldError("from_year", "counted", lazy("今年已经开展过这一类,频次请从明年起改。"))


def _was_held(session: Session, kind_key: str, year: int) -> bool:
    query = select(TrainingSession.id).where(
        TrainingSession.kind_key == kind_key,
        TrainingSession.state == SessionState.CLOSED,
        TrainingSession.office_date.between(date(year, 1, 1), date(year, 12, 31)),
    )
    return session.scalars(query.limit(1)).first() is not None
