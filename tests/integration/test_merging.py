"""Two records of one person become one, and nothing that was ever recorded of either is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Table, select

from app.attendance.models import Adjustment, Attendance, AttendanceChange, LeaveRequest, MakeUp
from app.attendance.rules_absence import Studied, Way
from app.attendance.services.leave import ask_leave
from app.attendance.services.make_up import finish_make_up, plan_make_up
from app.attendance.services.review import Finding, raise_item
from app.checkin.models import VisitRound, VisitRoundMember
from app.checkin.services.batch import Batch, BatchItem, record_batch
from app.checkin.services.bindings import create_bind_code, create_binding, holder
from app.checkin.services.cards import holder_by_card, issue_card
from app.core.access import Scope
from app.core.db import Base, db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.vocabulary import (
    FOREVER,
    AudienceKind,
    ExcuseReason,
    Group,
    MakeUpState,
    Method,
    OrgKind,
    Post,
    ReviewKind,
    Role,
    SessionState,
    Status,
    TransferState,
)
from app.members.models import (
    CorrectionRequest,
    Member,
    Membership,
    OrgPost,
    TransferRequest,
    VisitNote,
)
from app.members.queries.as_of import standing_of
from app.members.queries.duplicates import possible_duplicates
from app.members.queries.members import MemberFilter, member_list
from app.members.services.merging import Merge, call_distinct, merge_members
from app.reports.queries import person_times, place_in_scope
from app.reports.rules import By, Period
from app.trainings.models import AudienceRule, ExpectedAttendee, Lecturer
from tests.factories import NOW, attend, count, make_member, make_org, make_session, make_staff, put_in_group

TODAY = date(2019, 6, 3)
PHONE = "13900000001"
TZ = ZoneInfo("Asia/Shanghai")


class World:
    @writing()
    def __init__(self) -> None:
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.a = make_org("QA", self.root)
        self.b = make_org("QB", self.root)
        self.admin = make_staff("admin", Role.ADMINISTRATOR, self.root)
        self.scope = Scope((self.root.id,), self.admin.id)
        self.kept = make_member("张三", self.a, phone=PHONE, starts_on=date(2019, 3, 1), birth_date=None)
        self.other = make_member("张三", self.b, phone=PHONE, starts_on=date(2010, 7, 1))

    def merge(self, *taken: str) -> None:
        merge_members(Merge(self.kept.id, self.other.id, frozenset(taken)), self.scope, NOW)


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


def spans(member_id: int) -> list[tuple[date, date, int]]:
    query = select(Membership.starts_on, Membership.ends_on, Membership.org_id).where(
        Membership.member_id == member_id
    )
    return [tuple(row) for row in db.session.execute(query.order_by(Membership.starts_on))]


def columns_that_name_members() -> list[tuple[Table, str]]:
    return [
        (table, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "members" for key in column.foreign_keys)
    ]


def fill_everything(world: World) -> None:
    """A row of the other record in every table that can name a member."""
    other = world.other
    held, make_up_of = make_session(world.b), make_session(world.b).id
    attend(held, other)
    put_in_group(other, Group.MOBILE, direction="out")
    create_binding(other.id, world.scope, NOW)
    issue_card(other.id, world.scope, NOW)
    create_bind_code(other.id, world.scope, NOW)
    call_distinct((world.kept.id, other.id), world.scope, NOW)
    third = make_member("张三", world.b)
    call_distinct((other.id, third.id), world.scope, NOW)
    with writing() as session:
        third_row = session.get_one(Member, third.id)
        third_row.merged_into_id = other.id
        session.add(OrgPost(member_id=other.id, org_id=world.b.id, post=Post.SECRETARY, starts_on=TODAY))
        session.add(ExpectedAttendee(session_id=held.id, member_id=other.id, org_id=world.b.id, groups=0))
        session.add(AudienceRule(session_id=held.id, kind=AudienceKind.MEMBER, member_id=other.id))
        session.add(Lecturer(name="张三", member_id=other.id))
        session.add(
            LeaveRequest(session_id=held.id, member_id=other.id, reason=ExcuseReason.OFFICIAL, asked_at=NOW)
        )
        session.add(
            MakeUp(
                session_id=make_up_of, member_id=other.id, mode_key="home_visit", planned_at=NOW,
                state=MakeUpState.PLANNED,
            )
        )  # fmt: skip
        session.add(VisitNote(member_id=other.id, note_sealed=b"x", updated_at=NOW))
        session.add(CorrectionRequest(member_id=other.id, about="name", text_sealed=b"x", asked_at=NOW))
        session.add(
            AttendanceChange(
                session_id=held.id, member_id=other.id, status_after=Status.PRESENT, reason="", changed_at=NOW
            )
        )
        session.add(
            Adjustment(
                session_id=held.id, member_id=other.id, status_before=Status.PRESENT, minutes_before=120,
                status_after=Status.ABSENT, minutes_after=0, office_date=held.office_date, org_id=world.b.id,
                groups=0, reason="不在场", made_at=NOW,
            )
        )  # fmt: skip
        session.add(
            TransferRequest(member_id=other.id, from_org_id=world.b.id, to_org_id=world.a.id, asked_at=NOW)
        )
        raise_item(session, held.id, Finding(ReviewKind.LATE_TICK, "tick", {}, member_id=other.id), NOW)
        taken = VisitRound(
            session_id=held.id, token_hash=b"r" * 32, created_by_id=world.scope.user_id, created_at=NOW,
            expires_at=NOW,
        )  # fmt: skip
        session.add(taken)
        session.flush()
        session.add(VisitRoundMember(round_id=taken.id, ref="ref", member_id=other.id))


def test_no_row_of_any_table_names_the_merged_record_any_more(world: World) -> None:
    fill_everything(world)
    named = columns_that_name_members()
    for table, column in named:
        query = select(table.c[column]).where(table.c[column] == world.other.id)
        assert db.session.execute(query).first() is not None, f"nothing to move in {table.name}.{column}"
    world.merge()
    left = [
        f"{table.name}.{column}"
        for table, column in named
        if db.session.execute(select(table.c[column]).where(table.c[column] == world.other.id)).first()
    ]
    assert left == []
    assert db.session.get_one(Member, world.other.id).merged_into_id == world.kept.id


def test_the_days_before_the_kept_record_are_filled_from_the_other(world: World) -> None:
    world.merge()
    assert spans(world.kept.id) == [
        (date(2010, 7, 1), date(2019, 3, 1), world.b.id),
        (date(2019, 3, 1), FOREVER, world.a.id),
    ]
    assert spans(world.other.id) == []
    assert standing_of(db.session(), world.other.id, TODAY, 60) is None


def test_blanks_are_filled_and_values_taken_only_where_asked(world: World) -> None:
    with writing() as session:
        session.get_one(Member, world.kept.id).job = "教师"
        session.get_one(Member, world.other.id).job = "医生"
    world.merge()
    kept = db.session.get_one(Member, world.kept.id)
    assert (kept.birth_date, kept.job) == (date(1985, 5, 5), "教师")
    other = db.session.get_one(Member, world.other.id)
    assert (other.phone_sealed, other.phone_index, other.birth_date, other.pinyin) == (None, None, None, "")


def test_a_value_of_the_other_record_can_be_chosen(world: World) -> None:
    with writing() as session:
        session.get_one(Member, world.kept.id).job = "教师"
        session.get_one(Member, world.other.id).job = "医生"
    world.merge("job", "name")
    assert db.session.get_one(Member, world.kept.id).job == "医生"


def test_a_session_that_recorded_both_counts_once_and_the_history_knows(world: World) -> None:
    both = make_session(world.root)
    attend(both, world.kept, status=Status.ABSENT, is_extra=True)
    attend(both, world.other, status=Status.PRESENT)
    with writing() as session:
        session.add(
            ExpectedAttendee(session_id=both.id, member_id=world.other.id, org_id=world.b.id, groups=0)
        )
    alone = make_session(world.root, starts_at=datetime(2019, 2, 1, 1, tzinfo=UTC))
    attend(alone, world.other)
    world.merge()
    rows = db.session.scalars(select(Attendance).order_by(Attendance.session_id)).all()
    assert [(row.session_id, row.member_id, row.status) for row in rows] == [
        (both.id, world.kept.id, Status.PRESENT),
        (alone.id, world.kept.id, Status.PRESENT),
    ]
    # The branch of the day it was recorded with, not today's.
    assert rows[1].org_id == world.b.id
    change = db.session.scalars(select(AttendanceChange)).one()
    assert (change.member_id, change.status_before, change.status_after) == (
        world.kept.id,
        Status.ABSENT,
        Status.PRESENT,
    )
    period = Period(date(2019, 1, 1), date(2019, 12, 31))
    place = place_in_scope(db.session(), world.scope, None, TODAY)
    total = person_times(db.session(), period, place, By.KIND).total
    assert (total.person_times, total.members) == (2, 1)


def test_phones_and_cards_of_both_go_on_working(world: World) -> None:
    token = create_binding(world.other.id, world.scope, NOW)
    old_card, new_card = (issue_card(m.id, world.scope, NOW) for m in (world.other, world.kept))
    world.merge()
    assert holder(token).member_id == world.kept.id
    assert {holder_by_card(card).member_id for card in (old_card, new_card)} == {world.kept.id}


def test_who_was_extra_under_one_id_and_expected_under_the_other_was_expected(world: World) -> None:
    held = make_session(world.root)
    attend(held, world.kept, is_extra=True)
    with writing() as session:
        session.add(
            ExpectedAttendee(session_id=held.id, member_id=world.other.id, org_id=world.b.id, groups=0)
        )
    world.merge()
    assert db.session.get_one(Attendance, (held.id, world.kept.id)).is_extra is False
    assert count(ExpectedAttendee) == 1


def test_a_second_waiting_transfer_is_withdrawn(world: World) -> None:
    with writing() as session:
        for member, place, target in ((world.kept, world.a, world.b), (world.other, world.b, world.a)):
            session.add(
                TransferRequest(member_id=member.id, from_org_id=place.id, to_org_id=target.id, asked_at=NOW)
            )
    world.merge()
    states = db.session.scalars(select(TransferRequest.state).order_by(TransferRequest.id)).all()
    assert states == [TransferState.WAITING, TransferState.WITHDRAWN]


def test_the_same_merge_again_changes_nothing_and_moves_what_came_late(world: World) -> None:
    world.merge()
    late = make_session(world.root)
    with writing() as session:
        session.add(
            Attendance(
                session_id=late.id, member_id=world.other.id, status=Status.PRESENT, method="member_scan",
                occurred_at=NOW, received_at=NOW, is_held=True, office_date=TODAY, kind_key="theme_day",
                mode_key="in_person", minutes=60, morning_minutes=60, org_id=world.b.id, groups=0,
            )
        )  # fmt: skip
    before = spans(world.kept.id)
    world.merge()
    assert spans(world.kept.id) == before
    assert db.session.scalars(select(Attendance.member_id)).all() == [world.kept.id]


def test_a_tick_that_still_names_the_old_record_counts_for_the_one_kept(world: World) -> None:
    held = make_session(world.root, state=SessionState.OPEN)
    world.merge()
    item = BatchItem("11111111-1111-4111-8111-111111111111", held.id, world.other.id,
                     Status.PRESENT, Method.STAFF_ENTRY, NOW)  # fmt: skip
    for _ in range(2):
        [answer] = record_batch(Batch("phone", [item], None), world.scope, NOW, tz=TZ, elderly_age=60)
        assert answer.result == "recorded"
    assert db.session.scalars(select(Attendance.member_id)).all() == [world.kept.id]


def test_a_group_of_three_is_offered_until_each_pair_is_settled(world: World) -> None:
    third = make_member("张三", world.a, phone=PHONE)
    call_distinct((world.kept.id, world.other.id), world.scope, NOW)
    call_distinct((world.other.id, third.id), world.scope, NOW)
    [left] = possible_duplicates(db.session(), world.scope, TODAY)
    assert (left.first.id, left.second.id) == (world.kept.id, third.id)


def test_a_chain_of_merges_ends_at_the_last_one_kept(world: World) -> None:
    third = make_member("张三", world.a)
    world.merge()
    merge_members(Merge(third.id, world.kept.id), world.scope, NOW)
    leads = db.session.scalars(select(Member.merged_into_id).order_by(Member.id)).all()
    assert leads == [third.id, third.id, None]


def test_duplicates_are_listed_until_they_are_merged_or_called_two(world: World) -> None:
    for name in ("李四", "李四"):
        make_member(name, world.a, birth_date=date(1950, 1, 2))
    make_member("李四", world.b, birth_date=date(1950, 1, 2))
    pairs = possible_duplicates(db.session(), world.scope, TODAY)
    assert [(pair.first.name, pair.by_phone) for pair in pairs] == [("张三", True), ("李四", False)]
    world.merge()
    call_distinct((pairs[1].first.id, pairs[1].second.id), world.scope, NOW)
    assert possible_duplicates(db.session(), world.scope, TODAY) == ()
    assert len(member_list(db.session(), world.scope, MemberFilter(TODAY, 60), limit=50)) == 4


def test_neither_record_may_lie_outside_the_scope(world: World) -> None:
    own = Scope((world.a.id,), world.admin.id)
    for merge in (Merge(world.kept.id, world.other.id), Merge(world.other.id, world.kept.id)):
        with pytest.raises(NotFound):
            merge_members(merge, own, NOW)
    with pytest.raises(NotFound):
        call_distinct((world.kept.id, world.other.id), own, NOW)
    assert possible_duplicates(db.session(), own, TODAY) == ()


def test_a_record_is_not_merged_with_itself(world: World) -> None:
    with pytest.raises(InvalidInput):
        merge_members(Merge(world.kept.id, world.kept.id), world.scope, NOW)


def test_make_ups_and_leave_follow_and_each_session_is_made_up_once(world: World) -> None:
    """Both records missed one session; the other's was made up at a session that the kept one came to."""
    missed, second, via = (make_session(world.root, title=title) for title in ("缺的", "另一场", "补的"))
    for member, org in ((world.kept, world.a), (world.other, world.b)):
        with writing() as session:
            session.add_all(
                ExpectedAttendee(session_id=row.id, member_id=member.id, org_id=org.id, groups=0)
                for row in (missed, second)
            )
    ask_leave(missed.id, world.other.id, ExcuseReason.SICK, None, NOW)
    ask_leave(second.id, world.other.id, ExcuseReason.OFFICIAL, None, NOW)
    attend(missed, world.kept, status=Status.ABSENT)
    attend(via, world.other, is_extra=True)
    plan_make_up(missed.id, world.other.id, Way(via.id), world.scope, NOW, tz=TZ)
    plan_make_up(missed.id, world.kept.id, Way(), world.scope, NOW, tz=TZ)
    finish_make_up(second.id, world.kept.id, Studied(TODAY, 30), world.scope, NOW, tz=TZ)
    world.merge()
    rows = {
        row.session_id: (row.member_id, row.status, row.is_held, row.made_up_for_id)
        for row in db.session.scalars(select(Attendance))
    }
    kept = world.kept.id
    assert rows == {
        missed.id: (kept, Status.MADE_UP, True, None),
        second.id: (kept, Status.MADE_UP, True, None),
        via.id: (kept, Status.PRESENT, False, missed.id),
    }
    done = {
        (row.session_id, row.via_session_id): row.status_before for row in db.session.scalars(select(MakeUp))
    }
    assert done == {(missed.id, via.id): Status.ABSENT, (second.id, None): None}
    assert set(db.session.scalars(select(LeaveRequest.member_id))) == {kept}
