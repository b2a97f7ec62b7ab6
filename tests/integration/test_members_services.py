"""Members are added, corrected, transferred and grouped; every change is dated and logged."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.crypto import blind_index, unseal
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, Post, Role
from app.members.commands import GroupSpan, MemberChanges, MemberDraft, MobileDetails, OrgDraft
from app.members.models import GroupMembership, Member, Membership, OrgPost
from app.members.queries.as_of import standing_of
from app.members.queries.member_page import member_page
from app.members.queries.tree import org_by_code
from app.members.rules import SINCE_EVER
from app.members.services.branch_history import correct_branch, correct_branch_start
from app.members.services.exemptions import approve_exempt, decline_exempt
from app.members.services.groups import erase_group, remove_group, set_group
from app.members.services.members import create_member, show_phone, update_member
from app.members.services.orgs import create_org, rename_org
from app.members.services.transfers import end_membership, transfer_member
from tests.factories import LONG_AGO, NOW, count, make_member, make_org, make_staff, put_in_group

TODAY = date(2019, 6, 3)


@pytest.fixture
@writing()
def district(ctx: Flask) -> dict[str, Any]:
    """Root R with branches A and B below it and group A1 below A; administrator of R, secretary of A."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a, b = make_org("A", root), make_org("B", root, sector=OrgSector.VILLAGE)
    a1 = make_org("A1", a, kind=OrgKind.GROUP)
    administrator = make_staff("admin", Role.ADMINISTRATOR, root)
    secretary = make_staff("secretary", Role.SECRETARY, a)
    return {
        "R": root,
        "A": a,
        "B": b,
        "A1": a1,
        "all": Scope((root.id,), administrator.id),
        "of_a": Scope((a.id,), secretary.id),
    }


def branch_on(member_id: int, day: date) -> int | None:
    standing = standing_of(db.session(), member_id, day, 60)
    return standing.org_id if standing else None


def groups_on(member_id: int, day: date) -> set[Group]:
    standing = standing_of(db.session(), member_id, day, 60)
    return set(Group.from_bits(standing.groups)) if standing else set()


def codes(error: InvalidInput) -> set[tuple[str, str]]:
    return {(e.field, e.code) for e in error.errors}


def acts() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_new_member_has_search_keys_and_a_sealed_phone(district: dict[str, Any]) -> None:
    draft = MemberDraft(
        "单 雄信", "A", starts_on=date(2019, 5, 1), phone="+86 139 0000 0001", birth_date=date(1950, 1, 2)
    )
    member_id = create_member(draft, district["all"], NOW)
    row = db.session.get_one(Member, member_id)
    assert (row.name, row.pinyin, row.pinyin_initials) == ("单雄信", "shanxiongxin", "sxx")
    assert row.phone_sealed is not None
    assert unseal(row.phone_sealed, "phone") == "13900000001"
    assert row.phone_index == blind_index("13900000001", "phone")
    assert row.phone_tail_index == blind_index("0001", "phone_tail")
    assert branch_on(member_id, date(2019, 4, 30)) is None
    assert branch_on(member_id, date(2019, 5, 1)) == district["A"].id
    assert acts() == ["member.create"]


def test_without_a_first_day_a_member_counts_as_always_there(district: dict[str, Any]) -> None:
    always = make_org("V", district["R"], starts_on=SINCE_EVER)
    member_id = create_member(MemberDraft("张三", "V"), district["all"], NOW)
    assert branch_on(member_id, date(1990, 1, 1)) == always.id
    page = member_page(db.session(), member_id, district["all"], TODAY, 60)
    assert page is not None
    assert page.branches[0].since is None


def test_nobody_belongs_to_a_unit_before_its_first_day(district: dict[str, Any]) -> None:
    opened, everyone = date(2019, 5, 1), district["all"]
    new = make_org("N", district["R"], name="新支部", starts_on=opened)
    eve = opened - timedelta(days=1)
    joined = create_member(MemberDraft("张三", "N"), everyone, NOW)
    assert (branch_on(joined, eve), branch_on(joined, opened)) == (None, new.id)
    moved = make_member("李四", district["A"]).id
    for attempt, field in (
        (lambda: create_member(MemberDraft("王五", "N", starts_on=eve), everyone, NOW), "starts_on"),
        (lambda: transfer_member(moved, "N", eve, everyone, NOW), "accepted_on"),
        (lambda: correct_branch(moved, LONG_AGO, "N", everyone, NOW), "org_code"),
        (lambda: correct_branch_start(joined, opened, eve, everyone, NOW), "starts_on"),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert codes(refused.value) == {(field, "too_early")}
        assert "新支部从 2019年5月1日 起才有" in str(refused.value.errors[0].detail)
    transfer_member(moved, "N", opened, everyone, NOW)
    assert (branch_on(moved, eve), branch_on(moved, opened)) == (district["A"].id, new.id)


def test_everything_wrong_with_a_draft_is_said_at_once_and_nothing_is_stored(
    district: dict[str, Any],
) -> None:
    draft = MemberDraft(
        " ", "nowhere", starts_on=TODAY + timedelta(days=1), phone="12345", sex="x",
        birth_date=date(2100, 1, 1), joined_party_on=date(2010, 1, 1), confirmed_on=date(2009, 1, 1),
        job="长" * 101, surname_pinyin="shān",
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        create_member(draft, district["all"], NOW)
    assert codes(refused.value) == {
        ("name", "required"), ("org_code", "unknown"), ("starts_on", "out_of_range"), ("phone", "invalid"),
        ("sex", "invalid"), ("birth_date", "out_of_range"), ("confirmed_on", "before_joined"),
        ("job", "too_long"), ("surname_pinyin", "invalid"),
    }  # fmt: skip
    assert count(Member) == 0


def test_a_second_entry_of_the_same_name_and_number_is_refused(district: dict[str, Any]) -> None:
    create_member(MemberDraft("张三", "A", phone="13900000001"), district["all"], NOW)
    create_member(MemberDraft("李四", "A", phone="13900000001"), district["all"], NOW)  # a couple's phone
    with pytest.raises(InvalidInput) as refused:
        create_member(MemberDraft("张三", "B", phone="139 0000 0001"), district["all"], NOW)
    assert codes(refused.value) == {("phone", "already_there")}
    assert count(Member) == 2


def test_a_correction_changes_only_what_it_mentions(district: dict[str, Any]) -> None:
    member_id = create_member(MemberDraft("曾子", "A", phone="13900000001", job="教师"), district["all"], NOW)
    update_member(member_id, MemberChanges(name="曾参", job=None), district["all"], NOW)
    row = db.session.get_one(Member, member_id)
    assert (row.name, row.pinyin, row.job) == ("曾参", "zengcan", None) or row.pinyin == "zengshen"
    assert row.phone_sealed is not None
    update_member(member_id, MemberChanges(surname_pinyin="ceng", phone=""), district["all"], NOW)
    assert row.pinyin.startswith("ceng")
    assert (row.phone_sealed, row.phone_index, row.phone_tail_index) == (None, None, None)
    details = list(
        db.session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "member.update").order_by(AuditEntry.id)
        )
    )
    assert details == [{"fields": ["job", "name"]}, {"fields": ["phone", "surname_pinyin"]}]


def test_a_correction_that_changes_nothing_leaves_no_trace(district: dict[str, Any]) -> None:
    member_id = create_member(MemberDraft("张三", "A", phone="13900000001"), district["all"], NOW)
    update_member(member_id, MemberChanges(name="张 三", phone="139-0000-0001"), district["all"], NOW)
    assert acts() == ["member.create"]


def test_showing_a_phone_is_logged_without_the_number(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"], phone="13900000001")
    assert show_phone(member.id, district["of_a"], NOW) == "13900000001"
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.detail) == ("member.show_phone", f"member:{member.id}", {})
    assert entry.actor_id == district["of_a"].user_id


def test_the_scope_holds_its_own_and_lower_units_and_nothing_else(district: dict[str, Any]) -> None:
    own, child = make_member("己", district["A"]), make_member("下", district["A1"])
    parent, sibling = make_member("上", district["R"]), make_member("旁", district["B"])
    scope = district["of_a"]
    span = {"group": Group.LOST_CONTACT, "starts_on": TODAY}
    tries = [
        lambda m: update_member(m.id, MemberChanges(job="会计"), scope, NOW),
        lambda m: set_group(GroupSpan(m.id, **span), scope, NOW),
        lambda m: remove_group(m.id, Group.LOST_CONTACT, scope, NOW, on=TODAY + timedelta(days=1)),
        lambda m: transfer_member(m.id, "A1" if m is own else "A", TODAY, scope, NOW),
        lambda m: end_membership(m.id, TODAY + timedelta(days=2), scope, NOW),
        lambda m: show_phone(m.id, scope, NOW),
    ]
    for attempt in tries:
        attempt(own)
        attempt(child)
        for outside in (parent, sibling):
            with pytest.raises(NotFound):
                attempt(outside)
    for code in ("R", "B", "nowhere"):
        with pytest.raises(InvalidInput):
            create_member(MemberDraft("张三", code), scope, NOW)
        with pytest.raises(InvalidInput):
            transfer_member(own.id, code, TODAY, scope, NOW)


def test_a_transfer_takes_effect_on_the_day_of_acceptance(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    accepted = date(2019, 3, 1)
    transfer_member(member.id, "B", accepted, district["all"], NOW)
    assert branch_on(member.id, accepted - timedelta(days=1)) == district["A"].id
    assert branch_on(member.id, accepted) == district["B"].id
    assert Group.RURAL not in groups_on(member.id, accepted - timedelta(days=1))
    assert Group.RURAL in groups_on(member.id, accepted)
    transfer_member(member.id, "B", accepted, district["all"], NOW)
    assert acts() == ["member.transfer"]


def test_a_transfer_ends_the_absence_and_the_posts_of_the_old_branch(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    away = date(2018, 1, 1)
    set_group(GroupSpan(member.id, Group.MOBILE, away), district["all"], NOW)
    with writing() as session:
        for org in ("A", "R"):
            session.add(
                OrgPost(member_id=member.id, org_id=district[org].id, post=Post.SECRETARY, starts_on=away)
            )
    accepted = date(2019, 3, 1)
    transfer_member(member.id, "B", accepted, district["all"], NOW)
    assert Group.MOBILE in groups_on(member.id, accepted - timedelta(days=1))
    assert Group.MOBILE not in groups_on(member.id, accepted)
    ends = {row.org_id: row.ends_on for row in db.session.scalars(select(OrgPost))}
    assert ends == {district["A"].id: accepted, district["R"].id: FOREVER}


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("B", date(1999, 12, 31), ("accepted_on", "too_early")),
        ("B", TODAY + timedelta(days=93), ("accepted_on", "too_far")),
        ("A", TODAY, ("org_code", "same_branch")),
    ],
)
def test_a_transfer_that_does_not_fit_is_refused_with_words(
    district: dict[str, Any], code: str, day: date, expected: tuple[str, str]
) -> None:
    member = make_member("张三", district["A"])
    with pytest.raises(InvalidInput) as refused:
        transfer_member(member.id, code, day, district["all"], NOW)
    assert codes(refused.value) == {expected}
    assert count(Membership) == 1


def test_leaving_the_district_ends_branch_groups_and_posts_and_a_transfer_brings_back(
    district: dict[str, Any],
) -> None:
    member = make_member("张三", district["A"])
    put_in_group(member, Group.LOST_CONTACT)
    left = date(2019, 4, 1)
    end_membership(member.id, left, district["of_a"], NOW)
    assert branch_on(member.id, left - timedelta(days=1)) == district["A"].id
    assert branch_on(member.id, left) is None
    # Still the last branch's to look at, and nobody else's.
    page = member_page(db.session(), member.id, district["of_a"], TODAY, 60)
    assert page is not None
    assert page.branch is None
    assert page.group_rows[0].last_day == left - timedelta(days=1)
    transfer_member(member.id, "A1", TODAY, district["of_a"], NOW)
    assert branch_on(member.id, TODAY) == district["A1"].id
    assert groups_on(member.id, TODAY) == set()


def test_a_mobile_member_counts_after_six_months_of_absence(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    details = MobileDetails("out", "江岸", "深圳", "B")
    set_group(GroupSpan(member.id, Group.MOBILE, date(2018, 8, 31), mobile=details), district["all"], NOW)
    assert Group.MOBILE not in groups_on(member.id, date(2019, 2, 27))
    assert Group.MOBILE in groups_on(member.id, date(2019, 3, 1))
    row = db.session.scalars(select(GroupMembership)).one()
    assert (row.direction, row.from_place, row.to_place, row.host_org_id) == (
        "out", "江岸", "深圳", district["B"].id,
    )  # fmt: skip


def test_a_birthday_makes_a_member_elderly_on_that_day(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"], birth_date=date(1959, 6, 3))
    assert Group.ELDERLY not in groups_on(member.id, date(2019, 6, 2))
    assert Group.ELDERLY in groups_on(member.id, date(2019, 6, 3))
    with pytest.raises(InvalidInput) as refused:
        set_group(GroupSpan(member.id, Group.ELDERLY, TODAY), district["all"], NOW)
    assert codes(refused.value) == {("group", "by_rule")}


def test_a_row_by_hand_overrides_the_branch_while_it_lasts(district: dict[str, Any]) -> None:
    villager = make_member("张三", district["B"])
    set_group(
        GroupSpan(villager.id, Group.RURAL, date(2019, 1, 1), date(2019, 2, 1), is_in=False),
        district["all"],
        NOW,
    )
    days = (date(2018, 12, 31), date(2019, 1, 1), date(2019, 2, 1))
    assert [Group.RURAL in groups_on(villager.id, day) for day in days] == [True, False, True]
    with pytest.raises(InvalidInput) as refused:
        set_group(GroupSpan(villager.id, Group.LOST_CONTACT, TODAY, is_in=False), district["all"], NOW)
    assert codes(refused.value) == {("is_in", "not_by_rule")}


def test_setting_a_group_again_replaces_its_end_and_is_otherwise_harmless(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    span = GroupSpan(member.id, Group.NEW_ORG, date(2019, 1, 1))
    for _ in range(2):
        set_group(span, district["all"], NOW)
    assert acts() == ["member.group"]
    set_group(GroupSpan(member.id, Group.NEW_ORG, date(2019, 1, 1), date(2019, 2, 1)), district["all"], NOW)
    assert count(GroupMembership) == 1
    assert Group.NEW_ORG not in groups_on(member.id, date(2019, 2, 1))


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "code"),
    [
        (date(2019, 2, 1), None, "overlaps"),
        (date(2018, 1, 1), date(2019, 1, 2), "overlaps"),
        (date(2019, 5, 1), date(2019, 5, 1), "before_from"),
        (date(2030, 1, 1), None, "out_of_range"),
    ],
)
def test_rows_of_one_group_never_overlap(
    district: dict[str, Any], starts_on: date, ends_on: date | None, code: str
) -> None:
    member = make_member("张三", district["A"])
    put_in_group(member, Group.NEW_ORG, starts_on=date(2019, 1, 1), ends_on=date(2019, 4, 1))
    with pytest.raises(InvalidInput) as refused:
        set_group(GroupSpan(member.id, Group.NEW_ORG, starts_on, ends_on), district["all"], NOW)
    assert code in {error.code for error in refused.value.errors}
    assert count(GroupMembership) == 1


def test_removing_a_group_ends_it_today_and_keeps_the_days_before(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    put_in_group(member, Group.LOST_CONTACT, starts_on=date(2019, 1, 1))
    remove_group(member.id, Group.LOST_CONTACT, district["all"], NOW)
    assert Group.LOST_CONTACT in groups_on(member.id, TODAY - timedelta(days=1))
    assert Group.LOST_CONTACT not in groups_on(member.id, TODAY)
    with pytest.raises(NotFound):
        remove_group(member.id, Group.LOST_CONTACT, district["all"], NOW)


def test_a_row_entered_by_mistake_can_be_taken_back_whole(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    put_in_group(member, Group.LOST_CONTACT, starts_on=date(2019, 1, 1))
    erase_group(member.id, Group.LOST_CONTACT, date(2019, 1, 1), district["all"], NOW)
    assert count(GroupMembership) == 0
    with pytest.raises(NotFound):
        erase_group(member.id, Group.LOST_CONTACT, date(2019, 1, 1), district["all"], NOW)


def test_an_exemption_counts_only_once_an_administrator_has_approved_it(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["of_a"], NOW)
    assert groups_on(member.id, TODAY) == set()
    approve_exempt(member.id, TODAY, district["all"], NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}
    # The secretary may shorten what was approved; a longer one waits again.
    later = TODAY + timedelta(days=30)
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY, later), district["of_a"], NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY, later + timedelta(days=1)), district["of_a"], NOW)
    assert groups_on(member.id, TODAY) == set()


def test_nobody_approves_what_they_recorded_and_the_command_line_is_nobody(district: dict[str, Any]) -> None:
    member, everyone = make_member("张三", district["A"]), district["all"]
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), everyone, NOW, approval=everyone)
    nobody = Scope(everyone.org_ids, None)
    for scope in (everyone, nobody):
        with pytest.raises(WrongState) as refused:
            approve_exempt(member.id, TODAY, scope, NOW)
        assert refused.value.code == "second_person"
    assert groups_on(member.id, TODAY) == set()
    second = Scope(everyone.org_ids, make_staff("second", Role.ADMINISTRATOR, district["R"]).id)
    approve_exempt(member.id, TODAY, second, NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}
    assert acts() == ["member.group", "member.exempt_approve"]
    # A longer one is recorded anew: its recorder cannot approve it, whoever recorded the first.
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY, TODAY + timedelta(days=9)), everyone, NOW)
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), second, NOW, approval=second)
    assert groups_on(member.id, TODAY) == set()
    with pytest.raises(WrongState):
        approve_exempt(member.id, TODAY, second, NOW)
    approve_exempt(member.id, TODAY, everyone, NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}


def test_what_nobody_is_known_to_have_recorded_is_signed_before_it_is_approved(
    district: dict[str, Any],
) -> None:
    member = make_member("张三", district["A"])
    put_in_group(member, Group.EXEMPT, starts_on=TODAY)
    with pytest.raises(WrongState):
        approve_exempt(member.id, TODAY, district["all"], NOW)
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["of_a"], NOW)
    approve_exempt(member.id, TODAY, district["all"], NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}


def test_saying_the_same_as_a_row_that_waits_approves_it_for_another_person_in_the_own_place(
    district: dict[str, Any],
) -> None:
    inside, outside = make_member("张三", district["B"]), make_member("李四", district["A"])
    of_b = Scope((district["B"].id,), make_staff("of b", Role.ADMINISTRATOR, district["B"]).id)
    for member in (inside, outside):
        for _ in range(2):
            set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["all"], NOW, approval=of_b)
            set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["all"], NOW)
    assert groups_on(inside.id, TODAY) == {Group.RURAL, Group.EXEMPT}
    assert groups_on(outside.id, TODAY) == set()


def test_a_declined_exemption_is_gone_and_an_approved_one_stays(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["of_a"], NOW)
    decline_exempt(member.id, TODAY, district["all"], NOW)
    assert count(GroupMembership) == 0
    set_group(GroupSpan(member.id, Group.EXEMPT, TODAY), district["of_a"], NOW)
    approve_exempt(member.id, TODAY, district["all"], NOW)
    with pytest.raises(WrongState):
        decline_exempt(member.id, TODAY, district["all"], NOW)
    assert groups_on(member.id, TODAY) == {Group.EXEMPT}


@pytest.mark.parametrize(
    ("group", "reason", "code"),
    [
        (Group.EXEMPT, "身体不好", "not_for_exempt"),
        (Group.LOST_CONTACT, "长" * 101, "too_long"),
        (Group.LOST_CONTACT, "身份证 420103 19560312 001X", "private_number"),
        (Group.LOST_CONTACT, "电话139-0000-0001", "private_number"),
        (Group.LOST_CONTACT, "座机 027-8230 0001", "private_number"),
    ],
)
def test_a_reason_is_short_and_names_no_number_and_an_exemption_has_none(
    district: dict[str, Any], group: Group, reason: str, code: str
) -> None:
    member = make_member("张三", district["A"])
    with pytest.raises(InvalidInput) as refused:
        set_group(GroupSpan(member.id, group, TODAY, reason=reason), district["all"], NOW)
    assert codes(refused.value) == {("reason", code)}
    assert count(GroupMembership) == 0


def test_the_database_itself_keeps_no_reason_for_an_exemption(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    with pytest.raises(IntegrityError):
        put_in_group(member, Group.EXEMPT, reason="身体不好")


def test_a_reason_stays_until_another_is_said(district: dict[str, Any]) -> None:
    member = make_member("张三", district["A"])
    span = GroupSpan(member.id, Group.LOST_CONTACT, TODAY, reason=" 2019-01-01 起电话不通 ")
    set_group(span, district["of_a"], NOW)
    set_group(
        GroupSpan(member.id, Group.LOST_CONTACT, TODAY, TODAY + timedelta(days=5)), district["all"], NOW
    )
    page = member_page(db.session(), member.id, district["all"], TODAY, 60)
    assert page is not None
    row = page.group_rows[0]
    assert (row.reason, row.recorded_by, row.recorded_at) == ("2019-01-01 起电话不通", "secretary", NOW)
    set_group(GroupSpan(member.id, Group.LOST_CONTACT, TODAY, reason=None), district["all"], NOW)
    assert db.session.scalars(select(GroupMembership.reason)).one() is None


def test_a_unit_hangs_below_its_parent_from_its_first_day(district: dict[str, Any]) -> None:
    org_id = create_org(
        OrgDraft("A2", "第二党小组", OrgKind.GROUP, "A", opened_on=date(2019, 2, 1)), district["of_a"], NOW
    )
    row = org_by_code(db.session(), "A2", district["of_a"], TODAY)
    assert row is not None
    assert (row.id, row.parent_code, row.path) == (
        org_id,
        "A",
        f"/{district['R'].id}/{district['A'].id}/{org_id}/",
    )
    assert org_by_code(db.session(), "A2", district["of_a"], date(2019, 1, 31)) is None
    rename_org("A2", "机关党小组", district["of_a"], NOW)
    assert acts() == ["org.create", "org.change"]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (OrgDraft("A", "重复", OrgKind.BRANCH, "R"), ("code", "taken")),
        (OrgDraft("a/b", "斜线", OrgKind.BRANCH, "R"), ("code", "invalid")),
        (OrgDraft("X", " ", OrgKind.BRANCH, "R"), ("name", "invalid")),
        (OrgDraft("X", "无上级", OrgKind.BRANCH, None), ("parent_code", "unknown")),
        (OrgDraft("X", "组下", OrgKind.BRANCH, "A1"), ("parent_code", "cannot_hold")),
        (
            OrgDraft("X", "将来", OrgKind.BRANCH, "R", opened_on=date(2030, 1, 1)),
            ("opened_on", "out_of_range"),
        ),
    ],
)
def test_a_unit_that_does_not_fit_is_refused(
    district: dict[str, Any], draft: OrgDraft, expected: tuple[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        create_org(draft, district["all"], NOW)
    assert codes(refused.value) == {expected}


def test_units_outside_the_scope_can_neither_be_renamed_nor_built_upon(district: dict[str, Any]) -> None:
    for code in ("R", "B", "nowhere"):
        with pytest.raises(NotFound):
            rename_org(code, "新名", district["of_a"], NOW)
        with pytest.raises(InvalidInput):
            create_org(OrgDraft("X", "新支部", OrgKind.BRANCH, code), district["of_a"], NOW)
