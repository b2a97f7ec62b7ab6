"""Decides who came to each planned session, how that was noticed, and when it was written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from app.core.vocabulary import COUNTED_STATUSES, ExcuseReason, Group, Method, Status
from app.demo.habits import Habit, Habits
from app.demo.plan import Expected, Plan

# Chance that someone invited comes, by habit: in a room, at home or side by side, online.
_IN_ROOM = {
    Habit.LOST: 0.0,
    Habit.EXEMPT: 0.04,
    Habit.MOBILE: 0.07,
    Habit.OLD: 0.32,
    Habit.ELDERLY: 0.74,
    Habit.POST: 0.95,
    Habit.ORDINARY: 0.85,
}
_AT_HOME, _ONLINE = 0.93, 0.72
# Share of sessions whose organiser wrote down everyone who did not come.
_COMPLETE_ROSTER = 0.4
_EXTRA_SHARE = 0.04
_OLD_OR_RURAL = Group.ELDERLY.bit | Group.RURAL.bit


@dataclass(frozen=True, slots=True)
class Attendee:
    """One attendance: who, how it ended, how and when it was recorded."""

    member_id: int
    org_id: int
    groups: int
    status: Status
    method: Method
    occurred_at: datetime
    received_at: datetime
    excuse_reason: ExcuseReason | None = None
    is_extra: bool = False


class Turnout:
    """Works through the sessions in order; a member comes to one a day."""

    def __init__(self, rng: Random, habits: Habits) -> None:
        self.rng = rng
        self.habits = habits
        self.engaged: set[tuple[int, date]] = set()
        self.counted: set[int] = set()

    def of(self, plan: Plan, expected: Sequence[Expected], nearby: Sequence[Expected] = ()) -> list[Attendee]:
        """Rows of one session; `nearby` may drop in uninvited."""
        if not plan.is_recorded:
            return []
        rows = self._exactly(plan, expected) if plan.attended is not None else self._by_chance(plan, expected)
        rows += self._extras(plan, expected, nearby)
        for row in rows:
            if row.status in COUNTED_STATUSES:
                self.engaged.add((row.member_id, plan.day))
                self.counted.add(row.member_id)
        return rows

    def _exactly(self, plan: Plan, expected: Sequence[Expected]) -> list[Attendee]:
        """The planned number come, those without another engagement first; the others are excused."""
        order = sorted(
            expected, key=lambda row: ((row.member_id, plan.day) in self.engaged, self.rng.random())
        )
        count = plan.attended or 0
        came = [self._came(plan, row) for row in order[:count]]
        return came + [self._missed(plan, row, excused=self.rng.random() < 0.8) for row in order[count:]]

    def _by_chance(self, plan: Plan, expected: Sequence[Expected]) -> list[Attendee]:
        is_complete = self.rng.random() < _COMPLETE_ROSTER
        rows = []
        for row in expected:
            is_elsewhere = (row.member_id, plan.day) in self.engaged
            if not is_elsewhere and self.rng.random() < self._chance(plan, row):
                rows.append(self._came(plan, row))
            elif is_complete:
                rows.append(self._not_there(plan, row, is_elsewhere))
        return rows

    def _chance(self, plan: Plan, row: Expected) -> float:
        if self.habits.is_unreached[row.member_id - 1]:
            return 0.0
        if plan.mode in ("home_visit", "on_site_help"):
            return _AT_HOME
        habit = self.habits.of_member[row.member_id - 1]
        base = _ONLINE if plan.mode == "online" and habit is Habit.MOBILE else _IN_ROOM[habit]
        return min(0.98, base * self.habits.of_branch[row.org_id])

    def _not_there(self, plan: Plan, row: Expected, is_elsewhere: bool) -> Attendee:
        """On leave, absent, or later made up; who was at another session that day had official leave."""
        can_make_up = not self.habits.is_unreached[row.member_id - 1] and not is_elsewhere
        if can_make_up and self.rng.random() < 0.08:
            return self.made_up(plan, row)
        return self._missed(plan, row, excused=is_elsewhere or self.rng.random() < 0.4, official=is_elsewhere)

    def _came(self, plan: Plan, row: Expected, is_extra: bool = False) -> Attendee:
        status = self.rng.choices((Status.PRESENT, Status.LATE, Status.LEFT_EARLY), (95, 4, 1))[0]
        early, late = (5, 40) if status is Status.LATE else (-20, 4)
        occurred_at = plan.starts_at + timedelta(seconds=self.rng.randint(early * 60, late * 60))
        method = self._method(plan, row)
        return Attendee(
            row.member_id,
            row.org_id,
            row.groups,
            status,
            method,
            occurred_at,
            self._received(plan, method, occurred_at),
            is_extra=is_extra,
        )

    def _method(self, plan: Plan, row: Expected) -> Method:
        if plan.mode in ("home_visit", "on_site_help"):
            return self.rng.choice((Method.STAFF_ENTRY, Method.STAFF_ENTRY, Method.PAPER))
        if plan.mode == "online":
            return self.rng.choices((Method.MEMBER_SCAN, Method.SHORT_CODE, Method.STAFF_ENTRY), (3, 6, 1))[0]
        ways = (Method.MEMBER_SCAN, Method.SHORT_CODE, Method.STAFF_SCAN, Method.STAFF_ENTRY, Method.PAPER)
        old_or_rural = row.groups & _OLD_OR_RURAL
        return self.rng.choices(ways, (18, 4, 24, 20, 34) if old_or_rural else (62, 6, 12, 8, 12))[0]

    def _received(self, plan: Plan, method: Method, occurred_at: datetime) -> datetime:
        """Scans at once; ticks within the session; sheets of paper and home visits on a later day."""
        if method is Method.PAPER:
            return plan.ends_at + timedelta(minutes=self.rng.randint(60, 3 * 24 * 60))
        if method is Method.STAFF_ENTRY:
            return max(occurred_at, plan.starts_at) + timedelta(minutes=self.rng.randint(0, 90))
        return occurred_at + timedelta(seconds=self.rng.randint(0, 2))

    def _missed(self, plan: Plan, row: Expected, *, excused: bool, official: bool = False) -> Attendee:
        reasons = (ExcuseReason.OFFICIAL, ExcuseReason.PERSONAL, ExcuseReason.SICK)
        reason = ExcuseReason.OFFICIAL if official else self.rng.choices(reasons, (4, 3, 3))[0]
        noted_at = plan.ends_at + timedelta(minutes=self.rng.randint(0, 25))
        return Attendee(
            row.member_id,
            row.org_id,
            row.groups,
            Status.EXCUSED if excused else Status.ABSENT,
            Method.STAFF_ENTRY,
            noted_at,
            noted_at,
            excuse_reason=reason if excused else None,
        )

    def made_up(self, plan: Plan, row: Expected) -> Attendee:
        """Studied later what was missed."""
        when = plan.ends_at + timedelta(days=self.rng.randint(1, 14), minutes=self.rng.randint(0, 120))
        method = self.rng.choice((Method.STAFF_ENTRY, Method.PAPER))
        return Attendee(row.member_id, row.org_id, row.groups, Status.MADE_UP, method, when, when)

    def _extras(self, plan: Plan, expected: Sequence[Expected], nearby: Sequence[Expected]) -> list[Attendee]:
        if not nearby or plan.attended is not None or self.rng.random() >= _EXTRA_SHARE:
            return []
        invited = {row.member_id for row in expected}
        can_come = [
            row
            for row in nearby
            if row.member_id not in invited
            and (row.member_id, plan.day) not in self.engaged
            and not self.habits.is_unreached[row.member_id - 1]
        ]
        chosen = self.rng.sample(can_come, min(len(can_come), self.rng.randint(1, 3)))
        return [self._came(plan, row, is_extra=True) for row in chosen]

    def visit_the_rest(
        self, plans: Sequence[Plan], expected: Sequence[Sequence[Expected]], rows: list[list[Attendee]]
    ) -> None:
        """Whoever can be reached but came to nothing makes up one of the sessions that invited them."""
        missed: dict[int, list[tuple[int, Expected]]] = {}
        for i, plan in enumerate(plans):
            if plan.is_recorded and plan.attended is None:
                for invited in expected[i]:
                    number = invited.member_id
                    if number not in self.counted and not self.habits.is_unreached[number - 1]:
                        missed.setdefault(number, []).append((i, invited))
        for number, chances in missed.items():
            i, invited = self.rng.choice(chances)
            rows[i] = [row for row in rows[i] if row.member_id != number]
            rows[i].append(self.made_up(plans[i], invited))
            self.counted.add(number)
