"""SELECTs of how often branches owe each kind of session: the rule of a year is the latest made for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, extract, select
from sqlalchemy.orm import Session

from app.trainings.models import DutyRule


def duty_frequencies(session: Session, year: int) -> dict[str, str]:
    """Kind key → monthly, quarterly or yearly, of the kinds that are owed in the year."""
    query = select(DutyRule).where(DutyRule.from_year <= year).order_by(DutyRule.from_year)
    latest = {rule.kind_key: rule.frequency for rule in session.scalars(query)}
    return {key: often for key, often in latest.items() if often is not None}


def duty_rules(session: Session) -> list[DutyRule]:
    """Every rule, the earliest first."""
    return list(session.scalars(select(DutyRule).order_by(DutyRule.from_year, DutyRule.kind_key)))


def frequency_on(kind_key: Any, day: Any) -> ColumnElement[str | None]:
    """How often a row's kind is owed in the year of its day; NULL: it is not. Both are columns."""
    rule: ColumnElement[str | None] = (
        select(DutyRule.frequency)
        .where(DutyRule.kind_key == kind_key, DutyRule.from_year <= extract("year", day))
        .order_by(DutyRule.from_year.desc())
        .limit(1)
        .scalar_subquery()
    )
    return rule
