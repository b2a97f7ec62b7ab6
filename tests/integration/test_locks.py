"""A locked month stands still whatever is tried; corrections wait beside it, and unlocking makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.models import (
    Adjustment,
    Attendance,
    AttendanceChange,
    MemberYear,
    ReviewItem,
    YearFigures,
)
from app.attendance.rules import HourRule
from app.attendance.services.adjust import withdraw
from app.attendance.services.bulk import Act, Noted, Rest, take_back_all, tick_all, tick_rest
from app.attendance.services.correct import set_status, staff_sighting, take_back
from app.attendance.services.decide_review import Decision, decide, reopen
from app.attendance.services.duty_rules import DutyDraft, save_duty_rule
from app.attendance.services.locks import lock_period, unlock_period
from app.attendance.services.policy import save_policy
from app.attendance.services.put_back import put_back
from app.attendance.services.record import Said, Sighting, record_attendance
from app.attendance.services.sign_out import sign_out
from app.attendance.services.stay import set_stay, sign_out_by_staff
from app.checkin.services.batch import Batch, BatchItem, record_batch
from app.checkin.services.card_scan import CardRead, record_card, sign_out_card
from app.checkin.services.cards import issue_card
from app.checkin.services.staff import record_staff
from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, hold_calendar, lock_shared_or_alone, writing
from app.core.errors import AppError, InvalidInput, NotFound, WrongState
from app.core.vocabulary import Method, OrgKind, ReviewState, Role, SessionState, Status
from app.members.services.closing import close_org
from app.members.services.merging import Merge, merge_members
from app.reports.queries import (
    CorrectionsAsked,
    Waits,
    adjusted,
    corrections,
    coverage,
    person_times,
    place_in_scope,
)
from app.reports.rules import EVERYTHING, By, CoverageBy, Period, Slice, Snapshot
from app.trainings.commands import LecturerDraft, SessionDraft
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.rules import Stay, Step
from app.trainings.services.classes import Wish, save_changes
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.lifecycle import due_ids, publish_session, take_step
from app.trainings.services.on_the_day import HeadCount, set_delivered, set_head_count
from app.trainings.services.series import create_series
from tests.factories import (
    NOW,
    attend,
    count,
    make_member,
    make_org,
    make_session,
    make_staff,
)
from tests.integration.test_closing_at_once import RULES, TZ, must_wait

LATER = datetime(2019, 7, 10, 2, 0, tzinfo=UTC)
JUNE, JULY = Period.of_month(2019, 6), Period.of_month(2019, 7)
ENDS = NOW + timedelta(hours=2)


class Office:
    """June 2019 is over: somebody came, somebody was absent, somebody late; one was never recorded."""

    @writing()
    def __init__(self) -> None:
        root = make_org("R", kind=OrgKind.COMMITTEE)
        self.a, self.b = make_org("A", root), make_org("B", root)
        self.user = make_staff("管理员", Role.ADMINISTRATOR, root)
        self.scope = Scope((root.id,), self.user.id)
        self.came, self.away, self.late, self.new = (make_member(f"党员{n}", self.a) for n in range(4))
        self.held = make_session(self.a, asks_sign_out=True, late_after_minutes=10, closed_at=ENDS)
        attend(self.held, self.came)
        attend(self.held, self.away, status=Status.ABSENT)
        attend(self.held, self.late, status=Status.LATE, came_at=NOW + timedelta(minutes=30))
        attend(self.held, make_member("补", self.b), nonce=Act(self.held.id, "k" * 22).nonce)
        with writing() as session:
            session.add(
                ExpectedAttendee(session_id=self.held.id, member_id=self.new.id, org_id=self.a.id, groups=0)
            )
        self.draft = make_session(self.a, state=SessionState.DRAFT, starts_at=NOW + timedelta(days=2))
        self.card = issue_card(self.came.id, self.scope, LATER)
        in_july = NOW + timedelta(days=40)
        self.next = make_session(self.a, state=SessionState.PUBLISHED, starts_at=in_july)
        self.place = place_in_scope(db.session(), self.scope, None, LATER.date())

    def saw(self, member: Any, status: Status, method: Method = Method.STAFF_ENTRY) -> Sighting:
        sighting = staff_sighting(self.held.id, member.id, status, None, self.user.id, LATER)
        return replace(sighting, method=method)

    def correct(self, member: Any, status: Status, reason: str = "补交了签到表") -> None:
        set_status(self.saw(member, status), reason, self.scope, LATER, **RULES)

    def lock(self, month: int | None = 6, now: datetime = LATER) -> int:
        return lock_period(2019, month, self.scope, now)

    def unlock(self, lock_id: int) -> int:
        return unlock_period(lock_id, "补报", self.scope, LATER, **RULES).applied

    def said(self, member: Any) -> Said:
        return Said.by(db.session.get_one(Attendance, (self.held.id, member.id)))

    def figures(self) -> tuple[Any, ...]:
        """Every row of June and what reports say of it."""
        session = db.session()
        session.rollback()
        session.expire_all()
        rows: list[Any] = []
        for table in (Attendance, MemberYear, YearFigures):
            columns = table.__table__.columns
            rows.append(session.execute(select(*columns).order_by(*columns.values()[:2])).all())
        kept = [c for c in TrainingSession.__table__.columns if c.name not in ("title", "updated_at")]
        of_june = TrainingSession.office_date.between(JUNE.first, JUNE.last)
        rows.append(session.execute(select(*kept).where(of_june).order_by(TrainingSession.id)).all())
        snapshot = Snapshot(JUNE.last, 60)
        return (
            *rows,
            person_times(session, JUNE, self.place, By.KIND),
            coverage(session, JUNE, snapshot, self.place, CoverageBy.ORG),
        )

    def adjusted(self, period: Period = JUNE) -> tuple[int, int, int, int]:
        found = adjusted(db.session(), period, self.place)
        return found.count, found.added, found.removed, found.minutes


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office()


def sitting(**more: Any) -> SessionDraft:
    """The held session, as its form would send it."""
    draft = SessionDraft("学习", "theme_day", "in_person", NOW, ENDS, "A", late_after_minutes=10)
    return replace(draft, asks_sign_out=True, **more)


def changed(**more: Any) -> Callable[[Office], object]:
    return lambda o: update_session(o.held.id, sitting(**more), o.scope, LATER, **RULES)


def act(o: Office) -> Act:
    return Act(o.held.id, "k" * 22)


# Every way in which a row or a session of June could change; none names a reason.
TRIED: dict[str, Callable[[Office], object]] = {
    "staff record": lambda o: record_staff(o.saw(o.new, Status.PRESENT), o.scope, LATER, **RULES),
    "a sheet is entered": lambda o: record_attendance(
        o.saw(o.new, Status.PRESENT, Method.PAPER), LATER, **RULES
    ),
    "a program records": lambda o: record_attendance(o.saw(o.away, Status.LATE, Method.API), LATER, **RULES),
    "a member scans": lambda o: record_attendance(
        o.saw(o.new, Status.PRESENT, Method.MEMBER_SCAN), LATER, **RULES
    ),
    "a member signs out": lambda o: sign_out(o.held.id, o.came.id, LATER, tz=TZ),
    "staff sign out": lambda o: sign_out_by_staff(o.held.id, o.came.id, o.scope, LATER, tz=TZ),
    "a tap changes": lambda o: o.correct(o.away, Status.PRESENT, ""),
    "a tap takes back": lambda o: take_back(o.held.id, o.came.id, " ", o.scope, LATER),
    "times are set": lambda o: set_stay(
        o.held.id, o.came.id, Stay(NOW + timedelta(minutes=40), None), o.scope, LATER, tz=TZ
    ),
    "a card is read": lambda o: record_card(CardRead(o.held.id, o.card), o.scope, LATER, **RULES),
    "a card is read at leaving": lambda o: sign_out_card(
        CardRead(o.held.id, o.card), o.scope, LATER, tz=TZ
    ),
    "many are ticked": lambda o: tick_all(
        act(o), {o.new.id: Noted(Status.PRESENT)}, o.scope, LATER, **RULES
    ),
    "the rest is ticked": lambda o: tick_rest(
        act(o), Rest(Noted(Status.ABSENT)), o.scope, LATER, **RULES
    ),
    "many are taken back": lambda o: take_back_all(act(o), o.scope, LATER),
    "a scan is undone": lambda o: put_back(
        (o.held.id, o.came.id), o.said(o.came), None, o.scope, LATER, tz=TZ
    ),
    "it is reopened": lambda o: take_step(o.held.id, Step.REOPEN, o.scope, LATER, tz=TZ),
    "a draft is published": lambda o: publish_session(o.draft.id, o.scope, LATER, **RULES),
    "one is created": lambda o: create_session(sitting(), o.scope, LATER, **RULES),
    "a series reaches into it": lambda o: create_series(
        sitting(starts_at=NOW - timedelta(days=35), ends_at=ENDS - timedelta(days=35)),
        "FREQ=WEEKLY;COUNT=6", o.scope, LATER, **RULES,
    ),
    "one is moved into it": lambda o: update_session(
        o.next.id, sitting(starts_at=NOW + timedelta(days=9), ends_at=ENDS + timedelta(days=9)),
        o.scope, LATER, **RULES,
    ),
    "its kind changes": changed(kind="seminar"),
    "its mode changes": changed(mode="online"),
    "its times change": changed(ends_at=ENDS + timedelta(hours=1)),
    "its credit changes": changed(credited_minutes=45),
    "its host changes": lambda o: update_session(
        o.held.id, replace(sitting(), host_org_code="B"), o.scope, LATER, **RULES
    ),
    "its lecturer changes": changed(lecturers=(LecturerDraft("李老师"),)),
    "its rule on lateness changes": lambda o: update_session(
        o.held.id, replace(sitting(), late_after_minutes=60), o.scope, LATER, **RULES
    ),
    "a head count is declared": changed(declared_person_times=12),
    "a class is made for it": lambda o: save_changes(
        o.held.id, sitting(), Wish(new_class="班"), o.scope, LATER, **RULES
    ),
    "it broke off": lambda o: set_delivered(o.held.id, 30, o.scope, LATER, tz=TZ),
    "heads are counted": lambda o: set_head_count(o.held.id, HeadCount(9, 1), o.scope, LATER),
}  # fmt: skip


def test_nothing_that_is_tried_changes_a_locked_month(office: Office) -> None:
    office.lock()
    before, acts = office.figures(), count(AuditEntry)
    told = {}
    for what, attempt in TRIED.items():
        try:
            attempt(office)
        except AppError as refused:
            told[what] = refused.code
        assert office.figures() == before, what
    assert told == dict.fromkeys(TRIED, "locked")
    assert count(AuditEntry) == acts
    assert count(Adjustment) == 0
    # Nothing published or open is left in it, so that the door need not ask.
    assert due_ids(LATER) == []


def test_words_about_a_locked_session_and_its_drafts_stay_free(office: Office) -> None:
    office.lock()
    before = office.figures()
    renamed = replace(sitting(), title="主题党日(更名)", note="改了错字")
    update_session(office.held.id, renamed, office.scope, LATER, **RULES)
    assert office.figures()[:2] == before[:2]
    assert db.session.get_one(TrainingSession, office.held.id).title == "主题党日(更名)"
    later = replace(
        sitting(), starts_at=LATER + timedelta(days=3), ends_at=LATER + timedelta(days=3, hours=1)
    )
    update_session(office.draft.id, later, office.scope, LATER, **RULES)
    publish_session(office.draft.id, office.scope, LATER, **RULES)
    with pytest.raises(InvalidInput):
        save_policy(HourRule(2019, 60, 240, 480, 32, 56, 1), office.scope, LATER)
    with pytest.raises(InvalidInput) as refused:
        save_duty_rule(DutyDraft("theme_day", 2019, "yearly"), office.scope, LATER)
    assert [error.code for error in refused.value.errors] == ["locked"]


def test_a_month_is_locked_when_it_is_over_and_nothing_in_it_runs(office: Office) -> None:
    with pytest.raises(InvalidInput):
        office.lock(7)
    with pytest.raises(InvalidInput):
        office.lock(13)
    with pytest.raises(NotFound):
        lock_period(2019, 6, Scope((office.a.id,), office.user.id), LATER)
    office.lock(5)
    in_june = make_session(office.a, title="没结束的", state=SessionState.PUBLISHED)
    with pytest.raises(WrongState) as refused:
        office.lock()
    assert "没结束的" in str(refused.value.detail)
    take_step(in_june.id, Step.CANCEL, office.scope, LATER, tz=TZ)
    locked = office.lock()
    assert office.lock() == locked
    # A year over its months; unlocked again, the months stay as they were.
    take_step(office.next.id, Step.CANCEL, office.scope, LATER, tz=TZ)
    new_year = datetime(2020, 1, 2, tzinfo=UTC)
    year = office.lock(None, new_year)
    with pytest.raises(WrongState):
        office.lock(8, new_year)
    office.correct(office.away, Status.PRESENT)
    assert office.unlock(year) == 0
    with pytest.raises(InvalidInput):
        unlock_period(locked, "  ", office.scope, LATER, **RULES)
    assert office.unlock(locked) == 1
    assert office.unlock(locked) == 0
    acts = list(db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("period.%"))))
    assert (acts.count("period.lock"), acts.count("period.unlock")) == (3, 2)


def test_corrections_wait_beside_the_figures_until_it_is_unlocked(office: Office) -> None:
    lock = office.lock()
    before = office.figures()
    office.correct(office.away, Status.PRESENT)
    office.correct(office.away, Status.PRESENT, "又说了一遍")
    office.correct(office.new, Status.LATE)
    take_back(office.held.id, office.came.id, "本人没有来", office.scope, LATER)
    half = Stay(NOW + timedelta(minutes=60), None)
    said = set_stay(office.held.id, office.late.id, half, office.scope, LATER, tz=TZ, reason="核对录像")
    assert (said.status, said.minutes) == (Status.LATE, 60)
    assert office.figures() == before
    # Two come to it with two hours each, one leaves it, one is credited half an hour less than its row.
    assert office.adjusted() == (4, 2, 1, 120 + 120 - 120 + 60 - 120)
    assert office.adjusted(JULY) == (0, 0, 0, 0)
    # Back to what the row says: nothing has to wait any more. What is withdrawn is told, and counts nowhere.
    take_back(office.held.id, office.new.id, "看错了", office.scope, LATER)
    assert withdraw(office.held.id, office.came.id, office.scope, LATER)
    assert not withdraw(office.held.id, office.came.id, office.scope, LATER)
    assert office.adjusted() == (2, 1, 0, 120 + 60 - 120)
    assert office.figures() == before
    listed = corrections(db.session(), JUNE, office.place, CorrectionsAsked(), EVERYTHING).items
    assert [item.after_lock for item in listed].count(Waits.WAITING) == 2
    assert [item.after_lock for item in listed].count(Waits.WITHDRAWN) == 2
    # The number beside the figures opens as many lines.
    waiting = corrections(db.session(), JUNE, office.place, CorrectionsAsked(only_waiting=True), EVERYTHING)
    assert (waiting.count, {item.after_lock for item in waiting.items}) == (2, {Waits.WAITING})

    assert office.unlock(lock) == 2
    assert office.adjusted() == (0, 0, 0, 0)
    assert office.said(office.away).status is Status.PRESENT
    assert office.said(office.late).came_at == half.came_at
    assert office.said(office.came).status is Status.PRESENT
    total = person_times(db.session(), JUNE, office.place, By.KIND).total
    assert (total.person_times, total.minutes) == (4, 120 * 3 + 60)
    made = db.session.scalars(select(AttendanceChange)).all()
    assert {(row.reason, row.changed_by_id) for row in made} == {
        ("补交了签到表", office.user.id),
        ("核对录像", office.user.id),
    }
    # Told once, by the date on which it was found.
    again = corrections(db.session(), JUNE, office.place, CorrectionsAsked(), EVERYTHING)
    assert again.count == 4
    assert sum(item.after_lock is Waits.APPLIED for item in again.items) == 2
    # Page by page the same.
    first = corrections(db.session(), JUNE, office.place, CorrectionsAsked(), Slice(3))
    rest = corrections(db.session(), JUNE, office.place, CorrectionsAsked(), Slice(3, after=first.next))
    assert (*first.items, *rest.items) == again.items


def test_the_list_is_of_the_branch_and_can_be_narrowed(office: Office) -> None:
    office.correct(office.came, Status.EXCUSED, "改为请假")
    take_back(office.held.id, office.away.id, "没有通知", office.scope, LATER)
    office.lock()
    office.correct(office.late, Status.PRESENT, "录像可见")

    def reasons(org: str | None = None, **asked: Any) -> list[str]:
        place = place_in_scope(db.session(), office.scope, org, LATER.date())
        found = corrections(db.session(), JUNE, place, CorrectionsAsked(**asked), EVERYTHING)
        return [item.reason for item in found.items]

    assert set(reasons()) == set(reasons("A")) == {"改为请假", "没有通知", "录像可见"}
    assert reasons("B") == []
    assert reasons(only_after_lock=True) == ["录像可见"]
    assert reasons(member_id=office.away.id) == ["没有通知"]
    assert len(reasons(session_id=office.held.id)) == 3
    assert reasons("B", session_id=office.held.id) == []
    assert reasons(by_id=office.user.id + 1) == []


def test_a_late_tick_found_fine_waits_as_an_adjustment(office: Office) -> None:
    lock = office.lock()
    before = office.figures()
    item = BatchItem(
        "00000000-0000-4000-8000-000000000001", office.held.id, office.new.id,
        Status.PRESENT, Method.STAFF_ENTRY, NOW,
    )  # fmt: skip
    batch = Batch("手机", [item], office.user.id)
    assert [a.result for a in record_batch(batch, office.scope, LATER, **RULES)] == ["needs_review"]
    odd = db.session.scalars(select(ReviewItem)).one()
    assert odd.evidence["why"] == "locked"
    fine = Decision(ReviewState.FINE)
    assert decide(odd.id, fine, office.scope, LATER, **RULES)
    assert not decide(odd.id, fine, office.scope, LATER, **RULES)
    assert office.adjusted() == (1, 1, 0, 120)
    assert reopen(odd.id, office.scope, LATER, **RULES)
    assert office.adjusted() == (0, 0, 0, 0)
    assert decide(odd.id, fine, office.scope, LATER + timedelta(minutes=1), **RULES)
    assert office.figures()[0] == before[0]
    assert office.unlock(lock) == 1
    assert office.said(office.new).status is Status.PRESENT
    # Taken back now, it is taken out of the ledger again.
    assert reopen(odd.id, office.scope, LATER, **RULES)
    assert db.session.get(Attendance, (office.held.id, office.new.id)) is None


def test_of_two_records_of_one_person_one_adjustment_waits(office: Office) -> None:
    lock = office.lock()
    twin = make_member("党员1", office.a)
    office.correct(office.away, Status.EXCUSED, "有假条")
    office.correct(twin, Status.PRESENT, "签到表上有名")
    merge_members(Merge(office.away.id, twin.id), office.scope, LATER)
    assert office.adjusted() == (1, 1, 0, 120)
    with pytest.raises(AppError):
        close_org("A", date(2019, 6, 1), office.scope, LATER)
    assert office.unlock(lock) == 1
    assert office.said(office.away).status is Status.PRESENT


def test_locking_and_a_correction_wait_for_each_other(office: Office) -> None:
    def somebody_corrects(other: Any) -> None:
        lock_shared_or_alone(other, office.held.id, alone=False)

    must_wait(somebody_corrects, office.lock, at="pg_advisory_xact_lock")
    for what in (
        lambda: office.correct(office.away, Status.PRESENT),
        lambda: create_session(sitting(), office.scope, LATER, **RULES),
        lambda: merge_members(Merge(office.away.id, office.new.id), office.scope, LATER),
        lambda: take_step(office.held.id, Step.REOPEN, office.scope, LATER, tz=TZ),
    ):
        must_wait(lambda other: hold_calendar(other, alone=True), what, at="pg_advisory_xact_lock_shared")
    office.lock()
    office.correct(office.away, Status.PRESENT)
    assert office.adjusted() == (1, 1, 0, 120)
