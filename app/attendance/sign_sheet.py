"""What stands on a sign-in sheet, blank or filled in; page, PDF and Excel are all drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.i18n import Text, lazy, time_text
from app.core.i18n import gettext as _
from app.core.labels import EXCUSE_LABELS, METHOD_LABELS, NOT_RECORDED_LABEL, STATUS_LABELS
from app.core.vocabulary import ATTENDED_STATUSES, ExcuseReason, Method, Status

HEADS: tuple[Text, ...] = (lazy("序号"), lazy("姓名"), lazy("支部"), lazy("签名"), lazy("备注"))
# Recorded by somebody on the member's behalf: that person's name stands where a signature would.
_BY_STAFF = (Method.STAFF_SCAN, Method.STAFF_ENTRY, Method.IMPORT, Method.API)


class SheetKind(StrEnum):
    """Which sheet: with room to sign, the same for those not recorded yet, or as it was recorded."""

    BLANK = "blank"
    UNRECORDED = "unrecorded"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Noted:
    """What was recorded of one person; status None: nothing. recorder: the staff user's name."""

    status: Status | None
    reason: ExcuseReason | None = None
    method: Method | None = None
    occurred_at: datetime | None = None
    came_at: datetime | None = None
    left_at: datetime | None = None
    recorder: str = ""
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One row of the sheet."""

    number: int
    name: str
    org: str
    signature: str = ""
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return (str(self.number), self.name, self.org, self.signature, self.note)


@dataclass(frozen=True, slots=True)
class SignSheet:
    """facts: lines of (label, value) above the table; running: names the sheet on every page.

    spare: empty lines at the end, for those whom nobody expected.
    """

    title: str
    facts: Sequence[Sequence[tuple[str, str]]]
    lines: Sequence[SheetLine]
    running: str
    spare: int = 0

    @property
    def rows(self) -> list[tuple[str, ...]]:
        return [line.cells for line in self.lines] + [("",) * len(HEADS)] * self.spare


def signature_words(noted: Noted) -> str:
    """In place of the signature of somebody who came: how and when it was recorded, and by whom."""
    if noted.status not in ATTENDED_STATUSES or noted.method is None:
        return ""
    words = str(METHOD_LABELS[noted.method])
    if noted.method is Method.PAPER:
        # When it was typed in says nothing about when somebody came.
        return words
    if noted.recorder and noted.method in _BY_STAFF:
        words = _("%(name)s 代登", name=noted.recorder)
    return f"{time_text(noted.occurred_at)} {words}".strip()


def note_words(noted: Noted) -> str:
    """What the office would write into the last column; nothing for who was there from start to end."""
    words: list[str] = []
    if noted.is_extra:
        words.append(_("列席"))
    if noted.status is None:
        words.append(str(NOT_RECORDED_LABEL))
    elif noted.status is not Status.PRESENT:
        words.append(_status_words(noted.status, noted))
    return " · ".join(words)


def _status_words(status: Status, noted: Noted) -> str:
    label = str(STATUS_LABELS[status])
    if status is Status.EXCUSED and noted.reason:
        return f"{label}({EXCUSE_LABELS[noted.reason]})"
    at = {Status.LATE: noted.came_at, Status.LEFT_EARLY: noted.left_at}.get(status)
    return f"{label} {time_text(at)}" if at else label
