"""What the buttons of a roster and of the list to look at post, as text and as what it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.numbers import whole
from app.core.vocabulary import ExcuseReason, ReviewState, Status

# What a roster's buttons offer; made-up study is recorded where the make-up is.
OFFERED = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.EXCUSED, Status.ABSENT)
NOT_RECORDED = "not_recorded"


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


def read_chosen(texts: Sequence[str]) -> list[int]:
    """Ids of the people ticked on the page. Raises NotFound: the page offers no other values."""
    ids = [whole(text) for text in texts]
    if None in ids:
        raise NotFound()
    return [member_id for member_id in ids if member_id is not None]


def read_decision(posted: Mapping[str, str]) -> ReviewState:
    """The button of an item to look at. Raises InvalidInput."""
    text = posted.get("decision", "")
    if text not in (ReviewState.FINE, ReviewState.NOT_THERE):
        raise InvalidInput.field("decision", "unknown", lazy("请选择“没问题”或“不在场”。"))
    return ReviewState(text)
