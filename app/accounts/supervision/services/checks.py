"""What the use cases of supervision share: finding whom they act on, and words for wrong days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from app.accounts.models import Instructor, SupervisionTeam
from app.accounts.supervision.commands import Overseer, OverseerKind, Span
from app.accounts.supervision.queries import OverseerFilter, overseer_page
from app.accounts.supervision.rules import DayFault, day_fault, latest_start
from app.core.access import Scope
from app.core.errors import FieldError, NotFound, WrongState
from app.core.i18n import day_text, lazy

LONGEST_NAME = 80
LONGEST_PLACE = 100


def require_overseer(
    session: Session, overseer: Overseer, scope: Scope, on: date, *, whole: bool = False
) -> Instructor | SupervisionTeam:
    """The row, locked: two changes of one instructor's or team's units wait for each other.

    whole: the person or team as such is to be changed, or an account is to see all of their units; so
    every unit of theirs must lie within the scope, or else WrongState.
    """
    row: Instructor | SupervisionTeam | None
    if overseer.kind is OverseerKind.INSTRUCTOR:
        row = session.get(Instructor, overseer.id, with_for_update=True)
    else:
        row = session.get(SupervisionTeam, overseer.id, with_for_update=True)
    page = overseer_page(session, overseer, scope, OverseerFilter(on, unassigned=True))
    if row is None or page is None:
        raise NotFound()
    if whole and not page.is_whole:
        words = lazy("还联系着您负责范围以外的支部,请由上级管理员修改。")
        raise WrongState(words, code="also_elsewhere")
    return row


def name_errors(name: str, work_place: str | None = None) -> Iterator[FieldError]:
    """What is wrong with a trimmed name and with where somebody works."""
    if not name:
        yield FieldError("name", "required", lazy("请填写名称。"))
    elif len(name) > LONGEST_NAME or not name.isprintable():
        yield FieldError("name", "invalid", lazy("请不要超过 %(n)s 个字,也不要有特殊符号。", n=LONGEST_NAME))
    if len(work_place or "") > LONGEST_PLACE:
        yield FieldError("work_place", "too_long", lazy("请不要超过 %(n)s 个字。", n=LONGEST_PLACE))


def day_errors(span: Span, today: date) -> Iterator[FieldError]:
    """What is wrong with the days of a row."""
    fault = day_fault(span.starts_on, span.ends_on, today)
    if fault is DayFault.OUT_OF_RANGE:
        words = lazy(
            "开始日期不在合理范围内,最晚可以填 %(day)s。请检查年份。", day=day_text(latest_start(today))
        )
        yield FieldError("from", fault.value, words)
    elif fault is DayFault.BEFORE_FROM:
        yield FieldError("to", fault.value, lazy("结束日期要晚于开始日期。"))
