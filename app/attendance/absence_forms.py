"""What the buttons of leave and of make-ups post, as what they ask for; raises InvalidInput."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.attendance.rules_absence import Studied, Way
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.numbers import whole
from app.core.vocabulary import ExcuseReason, LeaveState

_AGAIN: Text = lazy("没有认出这个选择,请刷新页面后再点一次。")
_ANSWERS = (LeaveState.APPROVED, LeaveState.DECLINED)


def read_reason(posted: Mapping[str, str]) -> ExcuseReason:
    """The category of a leave; there is nothing else to say."""
    text = posted.get("reason", "")
    if text not in set(ExcuseReason):
        raise InvalidInput.field("reason", "unknown", lazy("请选择公假、事假或病假。"))
    return ExcuseReason(text)


def read_decision(posted: Mapping[str, str]) -> LeaveState:
    text = posted.get("decision", "")
    if text not in _ANSWERS:
        raise InvalidInput.field("decision", "unknown", lazy("请选择“批准”或“不批准”。"))
    return LeaveState(text)


def read_way(posted: Mapping[str, str]) -> Way:
    """`via`: a session; without it `mode`."""
    if not posted.get("via"):
        return Way(mode_key=posted.get("mode", "")[:40] or "home_visit")
    via = whole(posted["via"])
    if via is None:
        raise InvalidInput.field("via", "unknown", _AGAIN)
    return Way(via)


def read_studied(posted: Mapping[str, str], today: date) -> Studied:
    """A blank day is today, blank minutes are as long as the session that was missed."""
    day, minutes = posted.get("done_on", "").strip(), posted.get("minutes", "").strip()
    try:
        done_on = date.fromisoformat(day) if day else today
    except ValueError:
        raise InvalidInput.field("done_on", "date", lazy("日期请写成 2019-04-28 这样。")) from None
    number = whole(minutes) if minutes else None
    if minutes and number is None:
        raise InvalidInput.field("minutes", "number", lazy("分钟数请填 1 到 1440 之间的整数。"))
    return Studied(done_on, number, posted.get("mode", "")[:40] or "home_visit")
