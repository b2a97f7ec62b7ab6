"""Plans what the branches held in the year: theme days and group studies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from app.core.vocabulary import CountMark, Group, OrgSector
from app.demo import words
from app.demo.desk import Desk
from app.demo.habits import Habit
from app.demo.plan import Declared, Plan, slot
from app.demo.shares import split
from app.demo.tree import BRANCHES_AT_FULL_SIZE, Unit
from app.demo.year import MARKET

THEME_DAYS = 2_148  # of 450 branches, as is the next
GROUP_STUDIES = 3_726
DECLARED_ONLY_SHARE = 0.06
REGULAR_SHARE = 34 / 450  # branches whose regular meetings are all on record
VISITED_AT_ONCE = 3
FEWEST_STUDIES, MOST_STUDIES = 2, 22
_NEW_ORG = (OrgSector.NON_PUBLIC, OrgSector.SOCIAL_ORG)


@dataclass(frozen=True, slots=True)
class Gathering:
    """What is common to a kind of branch meeting: its name, kind, way, time and length."""

    title: str
    kind: str
    mode: str
    starts: time
    minutes: int


def at_scale(count: int, branches: int) -> int:
    """A figure of 450 branches, in proportion for another number of them."""
    return round(count * branches / BRANCHES_AT_FULL_SIZE)


def plan_theme_days(desk: Desk) -> list[Plan]:
    """Exactly 2,148 at full size, at most one a branch and month; regular branches hold all twelve."""
    branches = desk.district.branches
    regular = regular_branches(desk)
    total = at_scale(THEME_DAYS, len(branches))
    spare = [unit for unit in branches if unit.id not in regular]
    counts = split(total - 12 * len(regular), [desk.rng.uniform(0.75, 1.25) for _ in spare], low=1, high=12)
    months = {unit.id: 12 for unit in branches if unit.id in regular}
    months.update({unit.id: count for unit, count in zip(spare, counts, strict=True)})
    plans = []
    for unit in branches:
        about = desk.rng.randint(3, 26)
        for month in sorted(desk.rng.sample(range(1, 13), months[unit.id])):
            topic = words.TOPICS[(month * 5 + unit.id) % len(words.TOPICS)]
            minutes = desk.rng.choice((180, 180, 210, 210))
            starts = desk.rng.choice((time(9), time(14), time(14, 30)))
            what = Gathering(f"{month}月主题党日:{topic}", "theme_day", "in_person", starts, minutes)
            plans.append(whole_branch(desk, unit, what, month, about))
    return plans


def regular_branches(desk: Desk) -> set[int]:
    """Branches whose regular meetings are on record; the demo secretary's is among them."""
    branches = desk.district.branches
    step = max(1, round(1 / REGULAR_SHARE))
    start = branches.index(secretary_branch(branches)) % step
    return {unit.id for unit in branches[start::step]}


def secretary_branch(branches: list[Unit]) -> Unit:
    """The branch of the demo secretary: a community's, of middling size, under the first street."""
    street = [u for u in branches if u.code.startswith("SF01-") and u.sector is OrgSector.COMMUNITY]
    return min(street or branches, key=lambda unit: (abs(unit.size - 36), unit.id))


def plan_group_studies(desk: Desk) -> list[Plan]:
    """Exactly 3,726 at full size: at the door, online, read together, at night school, or as usual."""
    branches = desk.district.branches
    total = at_scale(GROUP_STUDIES, len(branches))
    weights = [desk.rng.uniform(0.7, 1.3) for _ in branches]
    counts = split(total, weights, low=FEWEST_STUDIES, high=MOST_STUDIES)
    plans = []
    for unit, count in zip(branches, counts, strict=True):
        frail, away = _hard_to_reach(desk, unit)
        visits = min(count // 3, -(-len(frail) // VISITED_AT_ONCE))
        online = min(count // 4, 1 if away < 4 else 2) if away else 0
        for i in range(count):
            if i < visits:
                plans.append(_home_visit(desk, unit, frail[i * VISITED_AT_ONCE : (i + 1) * VISITED_AT_ONCE]))
            elif i < visits + online:
                plans.append(_online(desk, unit))
            else:
                plans.append(_study(desk, unit))
    return plans


def _hard_to_reach(desk: Desk, unit: Unit) -> tuple[list[int], int]:
    """Members to be taught at home (exempt and oldest first), and how many are away."""
    frail, away = [], 0
    for person in desk.people_in[unit.id]:
        if desk.habits.is_unreached[person.id - 1]:
            continue
        habit = desk.habits.of_member[person.id - 1]
        if habit in (Habit.EXEMPT, Habit.OLD):
            frail.append((habit is Habit.OLD, person.birth_date, person.id))
        away += habit is Habit.MOBILE
    return [member_id for _, _, member_id in sorted(frail)], away


def _home_visit(desk: Desk, unit: Unit, members: list[int]) -> Plan:
    mode = "home_visit" if desk.rng.random() < 0.75 else "on_site_help"
    title = "送学上门:为老党员读一读" if mode == "home_visit" else "现场帮学:结对学习"
    what = Gathering(title, "group_study", mode, desk.rng.choice((time(9, 30), time(15))), 90)
    day = desk.diary(unit.id).any_day()
    when = slot(day, what.starts, what.minutes, desk.tz)
    return Plan(
        what.title, what.kind, mode, unit.id, day, when.starts_at, when.ends_at, 90, members=tuple(members)
    )


def _online(desk: Desk, unit: Unit) -> Plan:
    """For those away; on a day when the branch has none away yet, for the whole branch."""
    topic = desk.rng.choice(words.TOPICS)
    day = desk.diary(unit.id).any_day()
    when = slot(day, time(19, 30), 120, desk.tz)
    plan = Plan(
        f"线上送学:{topic}",
        "group_study",
        "online",
        unit.id,
        day,
        when.starts_at,
        when.ends_at,
        120,
        orgs=(unit.id,),
        groups=(Group.MOBILE,),
    )
    if desk.roll.expected(plan):
        return plan
    return _study(desk, unit)


def _study(desk: Desk, unit: Unit) -> Plan:
    topic = desk.rng.choice(words.TOPICS)
    minutes = desk.rng.choice((180, 180, 210, 210))
    starts = desk.rng.choice((time(9), time(14, 30), time(15)))
    title, mode = f"集中学习:{topic}", "in_person"
    if unit.sector is OrgSector.VILLAGE and desk.rng.random() < 0.65:
        title, mode = f"集中领学:{topic}", "group_reading"
    elif unit.sector in _NEW_ORG and desk.rng.random() < 0.65:
        title, mode, starts, minutes = f"党员夜校:{topic}", "night_school", time(19), 150
    return whole_branch(desk, unit, Gathering(title, "group_study", mode, starts, minutes))


def whole_branch(
    desk: Desk, unit: Unit, what: Gathering, month: int | None = None, about: int | None = None
) -> Plan:
    """A meeting of everyone in the branch; now and then only a head count was reported."""
    diary = desk.diary(unit.id)
    day = diary.any_day() if month is None else diary.in_month(month, about)
    when = slot(day, what.starts, what.minutes, desk.tz)
    # Never on a branch's first days: each branch has meetings with names.
    only_declared = len(diary.taken) > 3 and desk.rng.random() < DECLARED_ONLY_SHARE
    lecture = what.kind == "party_lecture" and desk.rng.random() < 0.4
    return Plan(
        what.title,
        what.kind,
        what.mode,
        unit.id,
        day,
        when.starts_at,
        when.ends_at,
        what.minutes,
        orgs=(unit.id,),
        venue=desk.bookings.venue(MARKET, day) if what.mode == "night_school" else None,
        lecturers=desk.bookings.speakers(day, 1) if lecture else (),
        declared=_declared(desk, unit) if only_declared else None,
        is_recorded=not only_declared,
    )


def _declared(desk: Desk, unit: Unit) -> Declared:
    count = max(1, round(unit.size * desk.rng.uniform(0.6, 0.9)))
    if count < 20:
        return Declared(count, CountMark.EXACT)
    rounded = count // 10 * 10
    mark = desk.rng.choice((CountMark.EXACT, CountMark.NEARLY, CountMark.OVER))
    if mark is CountMark.EXACT:
        return Declared(count, mark)
    return Declared(rounded + (10 if mark is CountMark.NEARLY else 0), mark)
