"""Rules of the flags in a roster: which dated group rows a "是" opens and a "否" ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.vocabulary import FOREVER, Group
from app.members.roster.rules_row import RosterRow, means_retired, plain_text

# A roster calls someone mobile only after six months away (published rule), so "是" without a date
# says: away for at least that long. Counting from the day of the import would hide them for half a year.
MOBILE_MONTHS = 6

ROSTER_GROUPS = (Group.LOST_CONTACT, Group.MOBILE, Group.RETIRED)


class Act(StrEnum):
    """What happens to one group row."""

    OPEN = "open"
    CLOSE = "close"
    ERASE = "erase"
    REOPEN = "reopen"
    MOVE = "move"  # another place of a mobile member


@dataclass(frozen=True, slots=True)
class GroupSpan:
    """A stored row of a group."""

    group: Group
    starts_on: date
    ends_on: date
    is_in: bool = True
    direction: str | None = None
    to_place: str | None = None


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """One change to the row that starts on `starts_on`; `ends_on` is its end afterwards."""

    act: Act
    group: Group
    starts_on: date
    ends_on: date = FOREVER
    to_place: str | None = None


def group_edits(
    row: RosterRow, old_job: object, spans: Sequence[GroupSpan], on: date, *, is_transferred: bool = False
) -> list[GroupEdit]:
    """What the row changes in the member's groups from day `on`. A blank cell changes nothing.

    spans: the member's rows of ROSTER_GROUPS at all dates. A row that says "by hand outside" is the
    office's own word and stays.
    """
    edits: list[GroupEdit] = []
    for group, wanted in _wanted(row, old_job).items():
        of_group = [span for span in spans if span.group is group]
        if group is Group.MOBILE and is_transferred:
            # A transfer ends the absence; who is still away starts to count anew (published rule).
            edits.extend(_closed(of_group, on))
            of_group = [span for span in of_group if span.ends_on <= on or span.starts_on >= on]
            if wanted and not _live(of_group, on):
                edits.append(GroupEdit(Act.OPEN, group, on, to_place=row.away_at))
            continue
        if wanted:
            edits.extend(_opened(row, group, of_group, on))
        elif wanted is False:
            edits.extend(_closed(of_group, on))
    return edits


def _wanted(row: RosterRow, old_job: object) -> dict[Group, bool | None]:
    job = row.values.get("job")
    retired = None
    # The same job again says nothing new: somebody may have set the group otherwise since.
    before = plain_text(old_job) if isinstance(old_job, str) else None
    if job is not None and job != before:
        retired = True if means_retired(job) else False if means_retired(before) else None
    return {Group.LOST_CONTACT: row.is_lost_contact, Group.MOBILE: row.is_mobile, Group.RETIRED: retired}


def _live(spans: Sequence[GroupSpan], on: date) -> list[GroupSpan]:
    return [span for span in spans if span.ends_on > on]


def _opened(row: RosterRow, group: Group, spans: Sequence[GroupSpan], on: date) -> Iterator[GroupEdit]:
    live = _live(spans, on)
    place = row.away_at if group is Group.MOBILE else None
    for span in live:
        if place and span.direction != "in" and span.to_place != place:
            yield GroupEdit(Act.MOVE, group, span.starts_on, span.ends_on, place)
    if live:
        return
    ended_today = [span for span in spans if span.ends_on == on and span.is_in]
    if ended_today:
        # Taken back on the same day: it never ended.
        yield GroupEdit(Act.REOPEN, group, ended_today[-1].starts_on)
        return
    starts_on = on
    if group is Group.MOBILE:
        starts_on = min(row.away_since or months_before(on, MOBILE_MONTHS), on)
    yield GroupEdit(Act.OPEN, group, max([starts_on, *(span.ends_on for span in spans)]), to_place=place)


def _closed(spans: Sequence[GroupSpan], on: date) -> Iterator[GroupEdit]:
    for span in _live(spans, on):
        # Someone who came here from elsewhere is not what 是否流动党员 says.
        if not span.is_in or span.direction == "in":
            continue
        if span.starts_on >= on:
            yield GroupEdit(Act.ERASE, span.group, span.starts_on)
        else:
            yield GroupEdit(Act.CLOSE, span.group, span.starts_on, on)


def months_before(day: date, months: int) -> date:
    """The same day some months earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))
