"""Creates a class with one draft session for every day of a recurrence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.members.services.placing import hold_tree
from app.trainings.commands import SavedSession, SessionDraft
from app.trainings.models import TrainingClass
from app.trainings.rules_recurrence import MOST_OCCURRENCES, RecurrenceRefused, occurrences
from app.trainings.services.checks import check_draft
from app.trainings.services.drafts import add_draft, find_clashes

_REFUSED: dict[str, Text] = {
    "invalid": lazy("重复规则的写法不对,例如 FREQ=WEEKLY;COUNT=4。"),
    "endless": lazy("重复规则要写明次数(COUNT)或截止日期(UNTIL)。"),
    "too_many": lazy("一次最多安排 %(n)s 场。", n=MOST_OCCURRENCES),
    "too_far": lazy("重复安排最长五年,请缩短。"),
    "no_day": lazy("按这条重复规则排不出日期。"),
}


@dataclass(frozen=True, slots=True)
class SavedSeries:
    """The class, and its new sessions by date."""

    class_id: int
    sessions: tuple[SavedSession, ...]


def create_series(
    draft: SessionDraft, recurrence: str, scope: Scope, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> SavedSeries:
    """Store a draft for every occurrence of the RRULE, in the draft's class or in a new one.

    Every time shifts with its day, by the office's clock. All or nothing: raises InvalidInput with
    every wrong field of the first session, or of the first later one that does not fit.
    """
    with writing() as session:
        hold_tree(session)
        checked = check_draft(session, draft, scope, tz)
        try:
            times = occurrences(recurrence, draft.starts_at, draft.ends_at, tz)
        except RecurrenceRefused as refused:
            raise InvalidInput.field("recurrence", refused.code, _REFUSED[refused.code]) from refused
        class_id = draft.class_id or _new_class(session, draft, checked.host_id, scope, now)
        rows = [
            add_draft(
                session,
                replace(draft, starts_at=starts_at, ends_at=ends_at, class_id=class_id),
                scope,
                now,
                tz,
            )
            for starts_at, ends_at in times
        ]
    # Afterwards: looking through a year of overlaps takes seconds, and writers must not wait for it.
    saved = [
        SavedSession(row.id, row.state.value, find_clashes(session, row, scope, now, elderly_age))
        for row in rows
    ]
    return SavedSeries(class_id, tuple(saved))


def _new_class(session: Session, draft: SessionDraft, host_id: int, scope: Scope, now: datetime) -> int:
    row = TrainingClass(title=draft.title.strip(), kind_key=draft.kind, host_org_id=host_id, created_at=now)
    session.add(row)
    session.flush()
    record_act(session, "class.create", f"class:{row.id}", scope.user_id, now)
    return row.id
