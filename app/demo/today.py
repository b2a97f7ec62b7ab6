"""Plans the sessions around today: the past two weeks, one that is open now, and the weeks to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.core.vocabulary import Group, LecturerRole, OrgSector, SessionState
from app.demo import words
from app.demo.assemble import DemoYear, Held
from app.demo.branch_year import secretary_branch
from app.demo.plan import Course, Plan, Slot, slot
from app.demo.tree import Unit
from app.demo.turnout import Attendee, Turnout
from app.demo.year import BOOKSHOP, MARKET, MEETING_CENTRE, PARTY_SCHOOL

OPEN_SINCE = timedelta(minutes=10)
OPEN_FOR = timedelta(hours=2, minutes=10)
EXPECTED_NOW = 60
ALREADY_IN = 12
CLASS_DELEGATES = 120
PAST_DAYS = (1, 2, 3, 5, 6, 8, 9, 11, 12, 13)


@dataclass(frozen=True, slots=True)
class Today:
    """Sessions around now, and the class that three of them belong to."""

    courses: tuple[Course, ...]
    sessions: tuple[Held, ...]


def build_today(seed: int, demo: DemoYear, now: datetime, tz: ZoneInfo) -> Today:
    """Sessions around `now`. None of them lies in the demo year, whose counts stay as they are."""
    planner = _Planner(Random(f"{seed}:today"), demo, now, tz)
    plans = [*planner.past(), planner.open_now(), *planner.coming(), *planner.lessons(), *planner.drafts()]
    plans = [plan for plan in plans if plan.day.year != demo.district.year]
    plans.sort(key=lambda plan: plan.starts_at)
    turnout = Turnout(planner.rng, demo.habits)
    sessions = tuple(_held(demo, turnout, plan, now) for plan in plans)
    return Today((planner.course(),), sessions)


def _held(demo: DemoYear, turnout: Turnout, plan: Plan, now: datetime) -> Held:
    """A draft has no expected list yet; only what has begun has attendance, none of it in the future."""
    if plan.state is SessionState.DRAFT:
        return Held(plan, (), ())
    expected = demo.roll.expected(plan)
    if plan.state is SessionState.PUBLISHED:
        return Held(plan, tuple(expected), ())
    if plan.state is SessionState.OPEN:
        rows = turnout.of(replace(plan, attended=min(ALREADY_IN, len(expected))), expected)[:ALREADY_IN]
    else:
        rows = turnout.of(plan, expected)
    return Held(plan, tuple(expected), tuple(_not_later(row, now) for row in rows))


def _not_later(row: Attendee, now: datetime) -> Attendee:
    if row.received_at <= now:
        return row
    return replace(row, occurred_at=min(row.occurred_at, now), received_at=now)


def _with(plan: Plan, state: SessionState, venue: int | None) -> Plan:
    return replace(plan, state=state, venue=venue)


class _Planner:
    """Plans by days before and after today."""

    def __init__(self, rng: Random, demo: DemoYear, now: datetime, tz: ZoneInfo) -> None:
        self.rng = rng
        self.now = now
        self.tz = tz
        self.branches = demo.district.branches
        self.own = secretary_branch(self.branches)
        self.units = demo.district.units
        self.postings = demo.district.postings
        self.today = now.astimezone(tz).date()

    def past(self) -> list[Plan]:
        """Branch meetings of the past two weeks, the demo secretary's branch among them."""
        street = [u for u in self.branches if u.code.startswith("SF01-")]
        others = self.rng.sample([u for u in street if u.id != self.own.id], min(len(street) - 1, 9))
        plans = []
        for i, days in enumerate(PAST_DAYS):
            unit = (self.own if i in (1, 6) else others[i % len(others)]) if others else self.own
            topic = self.rng.choice(words.TOPICS)
            is_theme = i % 2 == 1
            title, kind = ("主题党日:", "theme_day") if is_theme else ("集中学习:", "group_study")
            plans.append(
                self._plan(title + topic, kind, unit, self._slot(-days, time(14, 30), 180), orgs=(unit.id,))
            )
        return plans

    def open_now(self) -> Plan:
        """Began ten minutes ago, ends in two hours; about sixty are expected."""
        begun = (self.now - OPEN_SINCE).replace(second=0, microsecond=0)
        when = Slot(begun.astimezone(self.tz).date(), begun, begun + OPEN_FOR)
        beside = [u for u in self.branches if u.code.startswith("SF01-") and u.id != self.own.id]
        lacking = EXPECTED_NOW - self.own.size
        other = min(beside, key=lambda u: (abs(u.size - lacking), u.id), default=self.own)
        orgs = tuple(sorted({self.own.id, other.id}))
        speakers = ((1, LecturerRole.LECTURER),)
        plan = self._plan("联合主题党日:基层治理案例学习", "theme_day", self.own, when, orgs=orgs)
        return replace(plan, state=SessionState.OPEN, lecturers=speakers, venue=3)

    def coming(self) -> list[Plan]:
        """Six published sessions of the next three weeks, one for each way of study."""
        village = self._first(OrgSector.VILLAGE)
        company = self._first(OrgSector.NON_PUBLIC)
        street, town, market = self.units[1], self.units[4], self.units[2]
        plans = [
            self._plan("主题党日:优良家风故事会", "theme_day", self.own, self._slot(2, time(14, 30), 180),
                       orgs=(self.own.id,)),
            self._plan("送学上门:为老党员读一读", "group_study", self.own, self._slot(4, time(9, 30), 90),
                       orgs=(self.own.id,), groups=(Group.ELDERLY,), mode="home_visit"),
            self._plan("线上送学:惠民政策宣讲", "group_study", town, self._slot(7, time(19, 30), 120),
                       orgs=(town.id,), groups=(Group.MOBILE,), mode="online"),
            self._plan("党员夜校:安全生产常识", "group_study", market, self._slot(10, time(19), 120),
                       orgs=(company.id,), mode="night_school"),
            self._plan("集中领学:乡村振兴政策解读", "group_study", village, self._slot(14, time(9), 150),
                       orgs=(village.id,), mode="group_reading"),
            self._plan("基层治理大课堂", "open_lecture", street, self._slot(18, time(9), 150),
                       members=self._in_office("SF01-")),
        ]  # fmt: skip
        venues = (None, None, None, MARKET, None, PARTY_SCHOOL)
        return [_with(plan, SessionState.PUBLISHED, venue) for plan, venue in zip(plans, venues, strict=True)]

    def course(self) -> Course:
        return Course(f"{self.today.year}年村(社区)书记轮训班", "rotation_class", 1)

    def lessons(self) -> list[Plan]:
        """The three sessions of the coming class; the same members are expected at each."""
        inside = {u.id for u in self.branches if u.sector in (OrgSector.VILLAGE, OrgSector.COMMUNITY)}
        posts = [posting.member_id for posting in self.postings if posting.org_id in inside]
        members = tuple(sorted(self.rng.sample(posts, min(len(posts), CLASS_DELEGATES))))
        root = self.units[0]
        titles = ("第一课 基层党建实务", "第二课 社区治理案例", "第三课 现场教学与交流")
        return [
            replace(
                self._plan(title, "rotation_class", root, self._slot(days, time(9), 180), members=members),
                state=SessionState.PUBLISHED,
                course=1,
                venue=PARTY_SCHOOL,
                lecturers=((number + 2, LecturerRole.LECTURER),),
            )
            for number, (title, days) in enumerate(zip(titles, (5, 6, 8), strict=True))
        ]

    def drafts(self) -> list[Plan]:
        """Two that nobody has published yet."""
        plans = [
            self._plan("读书班(筹备中)", "reading_class", self.units[0], self._slot(12, time(9), 150),
                       members=tuple(p.member_id for p in self.postings[:24])),
            self._plan("先进典型事迹报告会(筹备中)", "model_report", self.units[0],
                       self._slot(20, time(14, 30), 120), members=self._in_office("SF02-")),
        ]  # fmt: skip
        venues = (BOOKSHOP, MEETING_CENTRE)
        return [_with(plan, SessionState.DRAFT, venue) for plan, venue in zip(plans, venues, strict=True)]

    def _in_office(self, codes: str) -> tuple[int, ...]:
        """Post holders of the branches whose codes begin so."""
        inside = {unit.id for unit in self.branches if unit.code.startswith(codes)}
        return tuple(posting.member_id for posting in self.postings if posting.org_id in inside)

    def _first(self, sector: OrgSector) -> Unit:
        return next((unit for unit in self.branches if unit.sector is sector), self.own)

    def _slot(self, days: int, starts: time, minutes: int) -> Slot:
        return slot(self.today + timedelta(days=days), starts, minutes, self.tz)

    def _plan(
        self,
        title: str,
        kind: str,
        host: Unit,
        when: Slot,
        *,
        orgs: Sequence[int] = (),
        groups: Sequence[Group] = (),
        members: Sequence[int] = (),
        mode: str = "in_person",
    ) -> Plan:
        minutes = int((when.ends_at - when.starts_at).total_seconds() // 60)
        return Plan(
            title, kind, mode, host.id, when.day, when.starts_at, when.ends_at, minutes,
            orgs=tuple(orgs), groups=tuple(groups), members=tuple(members),
        )  # fmt: skip
