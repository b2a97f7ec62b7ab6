"""Every figure of a bulletin by name: its value, the words it is written with, and the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.core.vocabulary import CountMark, Group
from app.reports.labels import marked_count
from app.reports.queries import BulletinNumbers, CoverageRow, PersonTimesRow
from app.reports.rules_bulletin import BULLETIN_GROUPS, KIND_PARTS, MODE_PARTS, Backing
from app.reports.tables.model import Ask, Door

BACKING_LABELS: dict[Backing, Text] = {
    Backing.LECTURERS: lazy("授课、宣讲的讲师"),
    Backing.EXEMPLARS: lazy("宣讲的先进典型"),
    Backing.INSTRUCTORS: lazy("指导员"),
    Backing.TEAMS: lazy("督导组"),
    Backing.OFFICIALS: lazy("督导组干部"),
    Backing.GUIDED: lazy("指导支部"),
    Backing.MODEL: lazy("示范支部"),
}
_PART_LABELS: dict[str, Text] = {
    "sessions": lazy("场次"),
    "person_times": lazy("人次"),
    "classes": lazy("班次"),
    "class_person_times": lazy("班次人次"),
    "declared_person_times": lazy("上报人次"),
    "members": lazy("人数"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the bulletin. words: as the text has it, with 近/余 where it was reported so."""

    name: str
    label: str
    value: int | float
    words: str
    door: Door
    is_rate: bool = False


def bulletin_figures(numbers: BulletinNumbers, ask: Ask) -> dict[str, Figure]:
    """All figures, those of `figure_names`, in the order of the table."""
    found = [*_totals(numbers, ask), *_coverage("", _("党员"), numbers.coverage.total, ask)]
    kinds = {row.key: row for row in numbers.by_kind.rows}
    for key, label in numbers.kinds.items():
        row = kinds.get(key, PersonTimesRow(key, label))
        found += _counts("kind", key, label, row, KIND_PARTS, numbers, ask)
    modes = {row.key: row for row in numbers.by_mode.rows}
    for key, label in numbers.modes.items():
        row = modes.get(key, PersonTimesRow(key, label))
        found += _counts("mode", key, label, row, MODE_PARTS, numbers, ask)
    groups = {row.key: row for row in numbers.coverage.rows}
    for group in BULLETIN_GROUPS:
        label = str(GROUP_LABELS[group])
        found += _coverage(f"group_{group.value}_", label, groups[group.value], ask, group)
    for which, label_text in BACKING_LABELS.items():
        door = ask.door("reports.bulletin_rows", what=which.value)
        found.append(_count(which.value, str(label_text), numbers.backing[which], door))
    return {figure.name: figure for figure in found}


def _count(name: str, label: str, value: int, door: Door, mark: CountMark | None = CountMark.EXACT) -> Figure:
    return Figure(name, label, value, marked_count(value, mark), door)


def _rate(name: str, label: str, value: float | None, door: Door) -> Figure:
    """A share as 95.31%; of nobody it is 0 and written as a dash."""
    words = "—" if value is None else f"{value * 100:.2f}%"
    return Figure(name, label, value or 0.0, words, door, is_rate=True)


def _totals(numbers: BulletinNumbers, ask: Ask) -> list[Figure]:
    row = numbers.by_kind.total
    parts = ("sessions", "person_times", "members", "declared_person_times")
    return [
        _count(
            part,
            str(_("全部%(part)s", part=_PART_LABELS[part])),
            getattr(row, part),
            _door(ask, part),
            numbers.marks[""] if part == "declared_person_times" else CountMark.EXACT,
        )
        for part in parts
    ]


def _counts(
    sort: str,
    key: str,
    label: str,
    row: PersonTimesRow,
    parts: tuple[str, ...],
    numbers: BulletinNumbers,
    ask: Ask,
) -> list[Figure]:
    marks = {"declared_person_times": numbers.marks.get(key, CountMark.EXACT)}
    return [
        _count(
            f"{sort}_{key}_{part}",
            f"{label} · {_PART_LABELS[part]}",
            getattr(row, part),
            _door(ask, part, **{sort: key}),
            marks.get(part, CountMark.EXACT),
        )
        for part in parts
    ]


def _door(ask: Ask, part: str, **narrowed: str) -> Door:
    """The list with as many lines as the count says."""
    if part == "sessions":
        return ask.door("reports.session_rows", **narrowed)
    if part == "classes":
        return ask.door("reports.session_rows", each="class", **narrowed)
    if part == "declared_person_times":
        return ask.door("reports.session_rows", declared="1", **narrowed)
    each = {"class_person_times": {"each": "class"}, "members": {"each": "member"}}.get(part, {})
    return ask.door("reports.attendance_rows", **each, **narrowed)


def _coverage(
    prefix: str, label: str, row: CoverageRow, ask: Ask, group: Group | None = None
) -> list[Figure]:
    of = {"group": group.value} if group else {}
    members = ask.door("reports.member_rows", **of)
    covered = ask.door("reports.member_rows", covered="1", **of)
    rate = ask.door("reports.coverage")
    found = [
        _count(f"{prefix}members" if group else "party_members", label, row.members, members),
        _count(f"{prefix}covered", str(_("%(group)s · 已覆盖", group=label)), row.covered, covered),
        _rate(f"{prefix}coverage", str(_("%(group)s · 覆盖率(全体)", group=label)), row.coverage, rate),
    ]
    if group:
        return found
    required = ask.door("reports.member_rows", required="1")
    reached = ask.door("reports.member_rows", required="1", covered="1")
    return [
        *found,
        _count("required", str(_("应训")), row.required, required),
        _count("required_covered", str(_("应训 · 已覆盖")), row.required_covered, reached),
        _rate("required_coverage", str(_("覆盖率(应训)")), row.required_coverage, rate),
    ]
