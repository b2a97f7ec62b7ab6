"""What can be wrong with a row, as data; the words are in problems.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the file: sheets are numbered from 0, rows as the spreadsheet shows them."""

    sheet: int
    row: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a row; `field` names the column, None the row as a whole.

    `params` fill the words; they never hold a phone or an ID number. `other` points to another row.
    """

    code: str
    field: str | None = None
    params: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    other: Place | None = None
