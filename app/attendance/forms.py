"""What the buttons of a roster and of the list to look at post, as text and as what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from wtforms import Form, StringField, TimeField
from wtforms.validators import Optional

from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.numbers import whole
from app.core.vocabulary import ExcuseReason, ReviewState, Status
from app.trainings.rules import Stay

# What a roster's buttons offer; made-up study is recorded where the make-up is.
OFFERED = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.EXCUSED, Status.ABSENT)
NOT_RECORDED = "not_recorded"
_KEY = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tick:
    """One button: a status, None to take back what was recorded, and why somebody is on leave."""

    status: Status | None
    excuse: ExcuseReason | None = None


def read_tick(posted: Mapping[str, str]) -> Tick:
    """`status` is a status or "not_recorded"; on leave, a reason may follow ("excused:sick")."""
    text, _colon, excuse = posted.get("status", "").partition(":")
    if text == NOT_RECORDED:
        return Tick(None)
    if text not in OFFERED or excuse not in ("", *ExcuseReason):
        raise InvalidInput.field("status", "unknown", lazy("没有认出这个登记,请刷新页面后再点一次。"))
    return Tick(Status(text), ExcuseReason(excuse) if excuse else None)


def read_key(posted: Mapping[str, str]) -> str | None:
    """The key that the page made for one action, so that sending it again is the same action."""
    key = posted.get("batch", "")
    return key if _KEY.fullmatch(key) else None


def read_chosen(texts: Sequence[str]) -> list[int]:
    """Ids of the people ticked on the page. Raises NotFound: the page offers no other values."""
    ids = [whole(text) for text in texts]
    if None in ids:
        raise NotFound()
    return [member_id for member_id in ids if member_id is not None]


_A_TIME = lazy("请填写时间,例如 14:30。")
_CLOCK = ["%H:%M", "%H:%M:%S"]  # some browsers add seconds


class StayForm(Form):  # type: ignore[misc]
    """When somebody came and left, by the office's clock; empty: not known."""

    came_at = TimeField(lazy("到的时间"), [Optional()], _CLOCK, invalid_value_message=_A_TIME)
    left_at = TimeField(lazy("走的时间"), [Optional()], _CLOCK, invalid_value_message=_A_TIME)
    # Asked for where the period is locked.
    reason = StringField(lazy("原因"))

    @classmethod
    def of(cls, came_at: datetime | None, left_at: datetime | None, tz: ZoneInfo) -> StayForm:
        """The form as it is first shown."""
        found = {"came_at": came_at, "left_at": left_at}
        return cls(data={name: at.astimezone(tz).time() for name, at in found.items() if at is not None})

    def stay(self, starts_at: datetime, ends_at: datetime, tz: ZoneInfo) -> Stay:
        """The times on the session's day, or on the next where the session goes on past midnight."""
        return Stay(*(_moment(at, starts_at, ends_at, tz) for at in (self.came_at.data, self.left_at.data)))

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        for error in errors:
            self[error.field].errors = [*self[error.field].errors, str(error.detail)]


def _moment(at: time | None, starts_at: datetime, ends_at: datetime, tz: ZoneInfo) -> datetime | None:
    if at is None:
        return None
    first = datetime.combine(starts_at.astimezone(tz).date(), at, tz)
    later = first + timedelta(days=1)
    return later if first < starts_at and later <= ends_at else first


def read_decision(posted: Mapping[str, str]) -> ReviewState:
    """The button of an item to look at. Raises InvalidInput."""
    text = posted.get("decision", "")
    if text not in (ReviewState.FINE, ReviewState.NOT_THERE):
        raise InvalidInput.field("decision", "unknown", lazy("请选择“没问题”或“不在场”。"))
    return ReviewState(text)
