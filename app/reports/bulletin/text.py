"""Writes a bulletin's paragraphs; every number in them is a figure with its door."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.i18n import day_text
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.reports.bulletin.figures import Figure
from app.reports.queries import BulletinNumbers
from app.reports.rules_bulletin import BULLETIN_GROUPS
from app.reports.tables.model import Ask

_SLOT = re.compile(r"%\((\w+)\)s")
# Ways of delivery that the bulletin tells of by themselves, where there were any.
_WAYS = ("home_visit", "on_site_help", "group_reading", "online", "night_school")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, or the words of a figure."""

    text: str
    figure: Figure | None = None


Clause = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`key` is its placeholder in a Word template."""

    key: str
    parts: Clause

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


def paragraphs(numbers: BulletinNumbers, figures: dict[str, Figure], ask: Ask) -> tuple[Paragraph, ...]:
    """Those that have something to say, in order; what did not happen is left out of them."""
    found = [
        ("training", _training(numbers, figures, ask)),
        ("activities", _activities(numbers, figures)),
        ("speakers", _speakers(figures)),
        ("reach", _reach(numbers, figures)),
        ("guidance", _guidance(numbers, figures)),
    ]
    return tuple(Paragraph(key, parts) for key, parts in found if parts)


def _clause(message: str, **bits: Figure | str | Clause) -> Clause:
    """The message with its %(names)s filled in."""
    found: list[Part] = []
    pieces = _SLOT.split(message)
    for index, piece in enumerate(pieces):
        bit: Figure | str | Clause = bits[piece] if index % 2 else piece
        if isinstance(bit, Figure):
            found.append(Part(bit.words, bit))
        elif isinstance(bit, str):
            found.append(Part(bit))
        else:
            found.extend(bit)
    return tuple(part for part in found if part.text)


def _joined(clauses: Iterable[Clause], between: str) -> Clause:
    found: list[Part] = []
    for clause in clauses:
        if clause:
            found += [Part(between), *clause] if found else clause
    return tuple(found)


def _sentence(clauses: Iterable[Clause]) -> Clause:
    body = _joined(clauses, _(";"))
    return (*body, Part(_("。"))) if body else ()


def _training(numbers: BulletinNumbers, figures: dict[str, Figure], ask: Ask) -> Clause:
    total = figures["sessions"]
    if not total.value:
        return ()
    year = ask.period.first.year
    is_over = numbers.on >= numbers.period.last
    words = {"year": str(year), "place": ask.place.label, "day": day_text(numbers.on)}
    lead = _("%(year)s年,%(place)s") if is_over else _("%(year)s年截至%(day)s,%(place)s")
    sums = _clause(
        _("共举办各类学习%(sessions)s场次,%(people)s人次参加,去重后%(members)s人"),
        sessions=total,
        people=figures["person_times"],
        members=figures["members"],
    )
    declared = figures["declared_person_times"]
    told = _clause(_("另有只上报人数的%(people)s人次,单列不并入"), people=declared) if declared.value else ()
    central = _central("central_training", numbers, figures)
    rotation = _central("rotation_class", numbers, figures)
    return _sentence([(*_clause(lead, **words), *sums), central, rotation, told])


def _central(key: str, numbers: BulletinNumbers, figures: dict[str, Figure]) -> Clause:
    """集中培训16期…: by class, in which a member counts once; by session where there are no classes."""
    sessions, classes = figures[f"kind_{key}_sessions"], figures[f"kind_{key}_classes"]
    if not sessions.value:
        return ()
    if classes.value:
        return _clause(
            _("其中%(kind)s%(classes)s期%(sessions)s场次,参训%(people)s班次人次"),
            kind=numbers.kinds[key],
            classes=classes,
            sessions=sessions,
            people=figures[f"kind_{key}_class_person_times"],
        )
    return _clause(
        _("其中%(kind)s%(sessions)s场次,参训%(people)s人次"),
        kind=numbers.kinds[key],
        sessions=sessions,
        people=figures[f"kind_{key}_person_times"],
    )


def _activities(numbers: BulletinNumbers, figures: dict[str, Figure]) -> Clause:
    held = []
    for key, label in numbers.kinds.items():
        sessions, declared = figures[f"kind_{key}_sessions"], figures[f"kind_{key}_declared_person_times"]
        if key in ("central_training", "rotation_class") or not sessions.value:
            continue
        if declared.value:
            words = _("%(kind)s%(sessions)s场次(另上报%(people)s人次)")
        else:
            words = _("%(kind)s%(sessions)s场次")
        held.append(_clause(words, kind=label, sessions=sessions, people=declared))
    return _sentence([_clause(_("开展%(kinds)s"), kinds=_joined(held, _("、")))]) if held else ()


def _speakers(figures: dict[str, Figure]) -> Clause:
    lecturers, exemplars = figures["lecturers"], figures["exemplars"]
    if lecturers.value and exemplars.value:
        words = _("%(lecturers)s名讲师、%(exemplars)s名先进典型参与授课和宣讲")
    elif lecturers.value:
        words = _("%(lecturers)s名讲师参与授课和宣讲")
    elif exemplars.value:
        words = _("%(exemplars)s名先进典型参与宣讲")
    else:
        return ()
    return _sentence([_clause(words, lecturers=lecturers, exemplars=exemplars)])


def _reach(numbers: BulletinNumbers, figures: dict[str, Figure]) -> Clause:
    if not figures["party_members"].value:
        return ()
    everyone = _clause(
        _("%(day)s在册党员%(members)s名,已覆盖%(covered)s名,覆盖率(全体)%(rate)s"),
        day=day_text(numbers.on),
        members=figures["party_members"],
        covered=figures["covered"],
        rate=figures["coverage"],
    )
    required = _clause(
        _("应训%(members)s名,已覆盖%(covered)s名,覆盖率(应训)%(rate)s"),
        members=figures["required"],
        covered=figures["required_covered"],
        rate=figures["required_coverage"],
    )
    groups = _joined(_groups(figures), _(","))
    among = _clause(_("其中%(groups)s(各类有交叉)"), groups=groups) if groups else ()
    ways = _joined(_ways(numbers, figures), _("、"))
    sent = _clause(_("通过%(ways)s送学"), ways=ways) if ways else ()
    return _sentence([everyone, required, among, sent])


def _groups(figures: dict[str, Figure]) -> list[Clause]:
    return [
        _clause(
            _("%(group)s%(members)s名、已覆盖%(covered)s名"),
            group=str(GROUP_LABELS[group]),
            members=figures[f"group_{group.value}_members"],
            covered=figures[f"group_{group.value}_covered"],
        )
        for group in BULLETIN_GROUPS
        if figures[f"group_{group.value}_members"].value
    ]


def _ways(numbers: BulletinNumbers, figures: dict[str, Figure]) -> list[Clause]:
    return [
        _clause(
            _("%(mode)s%(sessions)s场次%(people)s人次"),
            mode=numbers.modes[key],
            sessions=figures[f"mode_{key}_sessions"],
            people=figures[f"mode_{key}_person_times"],
        )
        for key in _WAYS
        if key in numbers.modes and figures[f"mode_{key}_sessions"].value
    ]


def _guidance(numbers: BulletinNumbers, figures: dict[str, Figure]) -> Clause:
    """Who looks after branches on the day, and the branches' tags."""
    clauses = []
    if figures["instructors"].value:
        clauses.append(_clause(_("选派%(people)s名指导员联系支部"), people=figures["instructors"]))
    if figures["teams"].value:
        words = _("%(teams)s个督导组%(people)s名干部开展督导")
        clauses.append(_clause(words, teams=figures["teams"], people=figures["officials"]))
    if figures["guided_branches"].value:
        clauses.append(_clause(_("指导支部%(n)s个"), n=figures["guided_branches"]))
    if figures["model_branches"].value:
        clauses.append(_clause(_("示范支部%(n)s个"), n=figures["model_branches"]))
    day = _clause(_("截至%(day)s,"), day=day_text(numbers.on))
    return _sentence([(*day, *clauses[0]), *clauses[1:]]) if clauses else ()
