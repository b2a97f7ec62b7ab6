"""A small district of 2019, and what can happen to its ledger; for tests that replay events in any order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.attendance.models import Attendance, DayFigures, MemberYear, MemberYearKind
from app.attendance.rules_absence import Studied, Way
from app.attendance.services.adjust import withdraw
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.leave import ask_leave, decide_leave, withdraw_leave
from app.attendance.services.locks import lock_period, unlock_period
from app.attendance.services.make_up import drop_make_up, finish_make_up, plan_make_up
from app.attendance.services.record import Sighting, record_attendance
from app.attendance.services.stay import set_stay
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import AppError
from app.core.vocabulary import ExcuseReason, Group, Method, SessionState, Status
from app.members.commands import GroupSpan
from app.members.services import groups, transfers
from app.members.services.merging import Merge, merge_members
from app.trainings.models import LockedPeriod, TrainingClass, TrainingSession
from app.trainings.rules import Stay, Step
from app.trainings.services.lifecycle import publish_session, take_step
from app.trainings.services.on_the_day import set_delivered
from tests.factories import expect, make_member, make_session
from tests.recount import adjusted_rows, linked_rows, require_said

TZ = ZoneInfo("Asia/Shanghai")
RULES: dict[str, Any] = {"tz": TZ, "elderly_age": 60}
NOW = datetime(2019, 12, 1, 2, tzinfo=UTC)
TODAY = NOW.date()
MEMBERS = 4
# (start, kind, mode, class or none, minutes): two on one day, and some of another year.
SESSIONS = [
    (datetime(2018, 11, 5, 1, tzinfo=UTC), "theme_day", "in_person", None, 90),
    (datetime(2018, 12, 31, 2, tzinfo=UTC), "central_training", "in_person", 0, 300),
    (datetime(2019, 1, 31, 1, tzinfo=UTC), "central_training", "in_person", 0, 180),
    (datetime(2019, 3, 5, 0, tzinfo=UTC), "central_training", "online", None, 240),
    (datetime(2019, 3, 5, 3, tzinfo=UTC), "theme_day", "home_visit", None, 330),
    (datetime(2019, 6, 20, 6, tzinfo=UTC), "theme_day", "in_person", 1, 60),
]


class World:
    """Sessions that are open and people whom half of them expect each, so that the others can make up."""

    def __init__(self, orgs: dict[str, Any], user_id: int) -> None:
        self.orgs, self.scope = orgs, Scope((orgs["R"].id,), user_id)
        births = [date(1950, 1, 1), date(1959, 3, 5), date(1985, 5, 5), None]
        with writing() as session:
            people = [make_member(f"人{n}", orgs["AB"[n % 2]], birth_date=births[n]) for n in range(MEMBERS)]
            made = [
                TrainingClass(title=f"班{n}", kind_key=kind, host_org_id=orgs["R"].id, created_at=NOW)
                for n, kind in enumerate(("central_training", "theme_day"))
            ]
            session.add_all(made)
            session.flush()
            self.members = [member.id for member in people]
            self.sessions = []
            for at, (starts, kind, mode, number, minutes) in enumerate(SESSIONS):
                class_id = None if number is None else made[number].id
                row = make_session(
                    orgs["R"], kind=kind, mode=mode, starts_at=starts, minutes=minutes,
                    state=SessionState.OPEN, class_id=class_id,
                )  # fmt: skip
                expect(row, *people[at % 2 :: 2])
                self.sessions.append(row.id)

    def do(self, name: str, *more: Any) -> str:
        """One event, and what became of it. What is refused leaves the ledger as it was; what is locked
        stands still."""
        before, still = ledger(), self.locked()
        try:
            getattr(self, f"do_{name}")(*more)
        except AppError:
            db.session.rollback()
            assert ledger() == before, "a refused change changed something"
            told = f"{name} refused"
        else:
            told = f"{name} done{' beside a lock' if still else ''}"
        # What is unlocked may move; and of two records that are one person `do_merge` asks for itself.
        now = self.locked() if still and name != "merge" else {}
        for lock_id in still.keys() & now.keys():
            assert now[lock_id] == still[lock_id], f"{name} moved what is locked"
        return told

    # The door and the roster.

    def do_record(self, at: int, who: int, method: Method) -> None:
        record_attendance(Sighting(self.sessions[at], self.members[who], method, NOW), NOW, **RULES)

    def do_correct(self, at: int, who: int, status: Status) -> None:
        excuse = ExcuseReason.SICK if status is Status.EXCUSED else None
        said = staff_sighting(self.sessions[at], self.members[who], status, excuse, self.scope.user_id, NOW)
        set_status(said, "核对", self.scope, NOW, **RULES)

    def do_take_back(self, at: int, who: int) -> None:
        take_back(self.sessions[at], self.members[who], "记错", self.scope, NOW)

    def do_times(self, at: int, who: int, came: int | None, left: int | None) -> None:
        starts = SESSIONS[at][0]
        stay = Stay(*(None if after is None else starts + timedelta(minutes=after) for after in (came, left)))
        set_stay(self.sessions[at], self.members[who], stay, self.scope, NOW, tz=TZ, reason="核对")

    def do_withdraw(self, at: int, who: int) -> None:
        withdraw(self.sessions[at], self.members[who], self.scope, NOW)

    # Sessions.

    def do_step(self, at: int, step: Step) -> None:
        if step is Step.PUBLISH:
            publish_session(self.sessions[at], self.scope, NOW, **RULES)
        else:
            take_step(self.sessions[at], step, self.scope, NOW, tz=TZ)

    def do_cancel(self, at: int) -> None:
        take_step(self.sessions[at], Step.CANCEL, self.scope, NOW, tz=TZ)

    def do_deliver(self, at: int, minutes: int | None) -> None:
        set_delivered(self.sessions[at], minutes, self.scope, NOW, tz=TZ)

    # Leave and what is made up.

    def do_ask(self, at: int, who: int) -> None:
        ask_leave(self.sessions[at], self.members[who], ExcuseReason.SICK, None, NOW)

    def do_decide(self, at: int, who: int, approve: bool) -> None:
        decide_leave(self.sessions[at], self.members[who], approve, self.scope, NOW, **RULES)

    def do_withdraw_leave(self, at: int, who: int) -> None:
        withdraw_leave(self.sessions[at], self.members[who], None, NOW)

    def do_plan(self, at: int, who: int, via: int) -> None:
        way = Way(via_session_id=self.sessions[via])
        plan_make_up(self.sessions[at], self.members[who], way, self.scope, NOW, tz=TZ)

    def do_finish(self, at: int, who: int, minutes: int | None) -> None:
        studied = Studied(TODAY, minutes)
        finish_make_up(self.sessions[at], self.members[who], studied, self.scope, NOW, tz=TZ)

    def do_drop(self, at: int, who: int) -> None:
        drop_make_up(self.sessions[at], self.members[who], self.scope, NOW, tz=TZ)

    # People.

    def do_transfer(self, who: int, code: str, day: int) -> None:
        on = date(2019, 1, 1) + timedelta(days=day)
        transfers.transfer_member(self.members[who], code, on, self.scope, NOW)

    def do_leave_district(self, who: int, day: int) -> None:
        on = date(2019, 1, 1) + timedelta(days=day)
        transfers.end_membership(self.members[who], on, self.scope, NOW)

    def do_put(self, who: int, group: Group, day: int) -> None:
        span = GroupSpan(self.members[who], group, date(2019, 1, 1) + timedelta(days=day), None)
        groups.set_group(span, self.scope, NOW)

    def do_merge(self, kept: int, other: int) -> None:
        """No row of a locked day is lost or changed, but where both were recorded at one session."""
        ids, everywhere, before = (self.members[kept], self.members[other]), every_row(), self.locked_rows()
        merge_members(Merge(*ids), self.scope, NOW)
        self.members = [ids[0] if member_id == ids[1] else member_id for member_id in self.members]
        counted = self.locked_rows()
        both = [{session for session, member in everywhere if member == one} for one in ids]
        if not both[0] & both[1]:
            moved = {(at, ids[0] if one == ids[1] else one): row for (at, one), row in before.items()}
            assert counted == moved, "a merge moved what is locked"

    # Locks.

    def do_lock(self, at: int, whole_year: bool, closes: bool) -> None:
        """As administrators do: what is still open is closed first (closes); all of it or nothing."""
        day = SESSIONS[at][0].astimezone(TZ).date()
        with writing() as session:
            for row in session.scalars(select(TrainingSession).order_by(TrainingSession.id)).all():
                same_month = whole_year or row.office_date.month == day.month
                inside = row.office_date.year == day.year and same_month
                if closes and inside and row.state is SessionState.OPEN:
                    take_step(row.id, Step.CLOSE, self.scope, NOW, tz=TZ)
            lock_period(day.year, None if whole_year else day.month, self.scope, NOW)

    def do_unlock(self, number: int) -> None:
        """What waited is said now, and nothing else is but what make-ups come to."""
        held = list(self.locked())
        if not held:
            return
        waiting, links, before = adjusted_rows(), linked_rows(), every_row()
        unlock_period(held[number % len(held)], "查漏", self.scope, NOW, **RULES)
        still = adjusted_rows()
        said = {key: status for key, status in waiting.items() if key not in still}
        require_said(said, links, before, every_row())

    # What is asked.

    def locked(self) -> dict[int, Any]:
        """By lock in force: every row of its days, and every summary of its days, months or year."""
        found = db.session.execute(
            select(LockedPeriod.id, LockedPeriod.first_on, LockedPeriod.last_on).where(
                LockedPeriod.unlocked_at.is_(None)
            )
        ).all()
        return {lock_id: _of_days(first, last) for lock_id, first, last in found}

    def locked_rows(self) -> dict[tuple[int, int], Any]:
        """What rows of locked days count, by session and member."""
        days = {row.office_date for _id, (rows, *_more) in self.locked().items() for row in rows}
        kept = ("status", "is_held", "minutes", "morning_minutes", "org_id", "groups")
        table = Attendance.__table__
        found = db.session.execute(select(table).where(table.c.office_date.in_(days)))
        return {(row.session_id, row.member_id): tuple(row._mapping[name] for name in kept) for row in found}


def _of_days(first: date, last: date) -> tuple[Any, ...]:
    """In a locked year a member's summaries stand still too; a month is a part of them."""
    days = [
        db.session.execute(
            select(table).where(table.c.office_date.between(first, last)).order_by(*table.primary_key)
        ).all()
        for table in (Attendance.__table__, DayFigures.__table__)
    ]
    if (first.month, last.month) != (1, 12):
        return tuple(days)
    years = [
        db.session.execute(select(table).where(table.c.year == first.year).order_by(*table.primary_key)).all()
        for table in (MemberYear.__table__, MemberYearKind.__table__)
    ]
    return (*days, *years)


def ledger() -> list[str]:
    return sorted(map(repr, db.session.execute(select(Attendance.__table__)).all()))


def every_row() -> dict[tuple[int, int], Any]:
    """Every row, by session and member."""
    found = db.session.execute(select(Attendance.__table__))
    return {(row.session_id, row.member_id): row for row in found}
