"""Sets how minutes become study hours from a coming year on; years that have begun keep their rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from app.attendance.models import HourPolicy
from app.attendance.rules import HourRule
from app.attendance.services.rollups import make_stale
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy

# A rule is made for one of the next years, not for a slip of the keyboard.
YEARS_AHEAD = 10


def save_policy(draft: HourRule, scope: Scope, now: datetime) -> None:
    """Add the rule of a coming year, or change it before that year begins. Raises InvalidInput."""
    errors = list(_errors(draft, office_date(now).year))
    if errors:
        raise InvalidInput(errors=errors)
    with writing() as session:
        row = session.get(HourPolicy, draft.from_year) or HourPolicy(from_year=draft.from_year)
        for name, value in asdict(draft).items():
            setattr(row, name, value)
        session.add(row)
        # A session of a coming year may have been closed ahead of its day.
        make_stale(session, draft.from_year)
        record_act(
            session, "hour_policy.save", f"hour_policy:{row.from_year}", scope.user_id, now, **asdict(draft)
        )


def _errors(draft: HourRule, this_year: int) -> Iterator[FieldError]:
    if not this_year < draft.from_year <= this_year + YEARS_AHEAD:
        yield FieldError(
            "from_year", "not_coming", lazy("只能为以后的年份设置(从 %(year)s 年起)。", year=this_year + 1)
        )
    limits = {
        "minutes_per_hour": (30, 120),
        "half_day_cap_minutes": (30, 720),
        "day_cap_minutes": (30, 1440),
        "member_hours": (0, 500),
        "post_hours": (0, 500),
        "post_central_classes": (0, 50),
    }
    for name, (least, most) in limits.items():
        if not least <= getattr(draft, name) <= most:
            words = lazy("应在 %(least)s 到 %(most)s 之间。", least=least, most=most)
            yield FieldError(name, "out_of_range", words)
    if draft.day_cap_minutes < draft.half_day_cap_minutes:
        yield FieldError("day_cap_minutes", "below_half_day", lazy("每天上限不能低于半天上限。"))
