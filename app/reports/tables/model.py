"""What a table of figures is made of; knows neither HTML nor files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from app.core.i18n import Text, day_text
from app.core.i18n import gettext as _
from app.reports.labels import as_of_label, period_label, until_label
from app.reports.queries import Place
from app.reports.rules import Period, Snapshot

Value = str | int | float | date | None
Params = dict[str, str]
TITLE_SEPARATOR = " · "


class Look(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    COUNT = "count"
    RATE = "rate"  # 0..1
    HOURS = "hours"
    DAY = "day"
    STATUS = "status"  # Status values, shown by symbol and word


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `definition` is a key of DEFINITIONS; `series`: drawn in the chart beside the table."""

    key: str
    label: Text
    look: Look = Look.TEXT
    definition: str | None = None
    series: bool = False
    # Width in characters of a column of text; numbers need less.
    width: int = 12
    # Left out of the cards that rows become on phones; the row's own page has it.
    on_phone: bool = True
    nowrap: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """The page with the rows behind a number: an endpoint and its address's parameters."""

    endpoint: str
    params: Params


@dataclass(frozen=True, slots=True)
class Cell:
    """A value; `door` leads to what is behind it, `words` stands for it where words are shown."""

    value: Value
    door: Door | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    key: str
    cells: tuple[Cell, ...]
    needs_attention: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`about`: which part of the office, printed under the title; `notes`: the definitions below the rows.

    low_assurance: how many of the person-times behind the table came by a code on paper, in words, with
    the door to their rows; None: none did. adjustments: what came to light after the period was locked.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[Text, ...]
    total: TableRow | None = None
    about: tuple[str, ...] = ()
    low_assurance: Cell | None = None
    adjustments: Cell | None = None

    @property
    def all_notes(self) -> tuple[Text, ...]:
        """The definitions, and before them what is less sure about the figures, and what they leave out."""
        told = (self.low_assurance, self.adjustments)
        return (*[str(cell.words) for cell in told if cell is not None], *self.notes)


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for: place, period and day, and the parameters that lead back to them.

    words: the further filters, as a person reads them.
    """

    place: Place
    period: Period
    snapshot: Snapshot
    params: Params = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def door(self, endpoint: str, **more: str) -> Door:
        return Door(endpoint, {**self.params, **more})

    def title(self, what: Text) -> str:
        """What and when: 人次 · 2019年."""
        return TITLE_SEPARATOR.join((str(what), period_label(self.period)))

    def title_as_of(self, what: Text) -> str:
        """What, when and whose: 覆盖率 · 2019年 · 截至2019年12月31日, or 按2019年6月30日在册党员."""
        return TITLE_SEPARATOR.join((self.title(what), as_of_label(self.period, self.snapshot.on)))

    def title_until(self, what: Text) -> str:
        """What, when and until when, of what does not depend on the members of a day."""
        return TITLE_SEPARATOR.join((self.title(what), until_label(self.snapshot.on)))

    def about(self, *, of_members: bool = False) -> tuple[str, ...]:
        """The organisation and the filters; of_members: also the day and the age that decide who counts."""
        found = [self.place.label, *self.words]
        if of_members:
            if age := self.params.get("age"):
                found.append(str(_("老年党员年龄:%(n)s岁", n=age)))
            found.append(str(_("党员以%(day)s为准", day=day_text(self.snapshot.on))))
        return tuple(word for word in found if word)

    def file_stem(self, name: str) -> str:
        """A file's name in letters that every system takes: coverage_SF01_2019."""
        code = re.sub(r"[^A-Za-z0-9]+", "-", self.place.code or "").strip("-")
        if self.place.code and not code:
            code = f"org{self.place.org_ids[0]}"
        first, last = self.period.first.isoformat(), self.period.last.isoformat()
        dates = f"{first}_{last}"
        if self.period.whole_year:
            dates = first[:4]
        elif self.period.whole_month:
            dates = first[:7]
        return "_".join(part for part in (name, code, dates) if part)

    def unit_params(self, code: str, is_own: bool) -> Params:
        """Parameters of one row of a by-organisation table."""
        if is_own:
            return {"org": code, "own": "1"}
        several_or_itself = self.place.code is None or self.place.code == code
        return {"org": code} if several_or_itself else {"org": code, "under": self.place.code or ""}
