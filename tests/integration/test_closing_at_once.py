"""What is done in the very moment in which a unit is closed waits for the closing, or the closing for it.

On PostgreSQL somebody else holds what must be waited for; SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.db import db, is_postgresql, lock_shared_or_alone, writing
from app.core.vocabulary import Group, OrgKind, Post, Role, SessionState
from app.members.commands import GroupSpan, MobileDetails, PostDraft, PostKey
from app.members.models import Member, OrgPost
from app.members.services.closing import close_org, merge_orgs
from app.members.services.groups import set_group
from app.members.services.placing import lock_tree
from app.members.services.posts import appoint, correct_post
from app.members.services.transfer_requests import ask_transfer
from app.trainings.commands import SessionDraft
from app.trainings.rules import Step
from app.trainings.services.classes import Wish, create_class, save_changes, save_new
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.lifecycle import open_or_close, publish_session, take_step
from app.trainings.services.series import create_series
from tests.factories import LONG_AGO, NOW, make_member, make_org, make_session, make_staff

TODAY = date(2019, 6, 3)
TZ = ZoneInfo("Asia/Shanghai")
RULES: dict[str, Any] = {"tz": TZ, "elderly_age": 60}
Act = Callable[[dict[str, Any]], object]


@pytest.fixture
def office(ctx: Flask) -> dict[str, Any]:
    """Branches A (with a member who is its secretary), B and C below R; a draft and an open session of C."""
    root = make_org("R", kind=OrgKind.COMMITTEE)
    a, b, c = (make_org(code, root) for code in "ABC")
    user = make_staff("管理员", Role.ADMINISTRATOR, root)
    member = make_member("张三", a)
    with writing() as session:
        session.add(OrgPost(member_id=member.id, org_id=a.id, post=Post.SECRETARY, starts_on=LONG_AGO))
    return {
        "member": member.id,
        "draft": make_session(c, state=SessionState.DRAFT, starts_at=NOW + timedelta(days=1)).id,
        "open": make_session(c, state=SessionState.OPEN).id,
        "planned": make_session(c, state=SessionState.PUBLISHED).id,
        "all": Scope((root.id,), user.id),
        "of_a": Scope((a.id,), user.id),
        "b": b.id,
    }


def must_wait(hold: Callable[[Session], object], act: Callable[[], object], at: str) -> None:
    """An act waits while somebody else holds something, and the statement that waits says `at`."""
    if not is_postgresql(db.session()):
        return
    with Session(db.engine) as other:
        hold(other)
        with pytest.raises(OperationalError, match=f"(?s)lock timeout.*{at}"):
            impatiently(act)


def impatiently(act: Callable[[], object]) -> None:
    with writing() as session:
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        act()


def refer_to_member(other: Session, member_id: int) -> None:
    """What a row that points at the member locks."""
    row = select(Member.id).where(Member.id == member_id)
    other.execute(row.with_for_update(read=True, key_share=True))


def change_member(other: Session, member_id: int) -> None:
    """What whoever changes a member's dates locks; a new row that only points there does not wait."""
    other.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))


def sitting() -> SessionDraft:
    starts_at = NOW + timedelta(days=1)
    return SessionDraft("学习", "theme_day", "in_person", starts_at, starts_at + timedelta(hours=2), "C")


ACTS: dict[str, Act] = {
    "a transfer is asked for": lambda o: ask_transfer(o["member"], "B", o["of_a"], NOW),
    "a host is named": lambda o: set_group(
        GroupSpan(o["member"], Group.MOBILE, TODAY, mobile=MobileDetails("out", "本区", "深圳", "B")),
        o["all"],
        NOW,
    ),
    "a class is made": lambda o: create_class("班", "theme_day", "C", o["all"], NOW),
    "a session is drafted": lambda o: create_session(sitting(), o["all"], NOW, **RULES),
    "a session is saved": lambda o: save_new(sitting(), Wish("班", publish=True), o["all"], NOW, **RULES),
    "a session is changed": lambda o: update_session(o["draft"], sitting(), o["all"], NOW, **RULES),
    "a session is changed and published": lambda o: save_changes(
        o["draft"], sitting(), Wish(publish=True), o["all"], NOW, **RULES
    ),
    "a series is made": lambda o: create_series(sitting(), "FREQ=WEEKLY;COUNT=2", o["all"], NOW, **RULES),
    "a session is published": lambda o: publish_session(o["draft"], o["all"], NOW, **RULES),
    "a session is opened": lambda o: take_step(o["planned"], Step.OPEN, o["all"], NOW, tz=TZ),
    "the scheduler opens": lambda o: open_or_close(o["planned"], NOW, TZ),
}


@pytest.mark.parametrize("what", ACTS)
def test_whatever_names_a_unit_waits_for_a_change_of_the_tree(office: dict[str, Any], what: str) -> None:
    must_wait(lock_tree, lambda: ACTS[what](office), at="FROM org_units.*FOR SHARE")
    ACTS[what](office)


@pytest.mark.parametrize(
    "act",
    [
        lambda office: close_org("B", TODAY, office["all"], NOW),
        lambda office: merge_orgs("A", "B", TODAY, office["all"], NOW),
    ],
)
def test_a_closing_waits_for_check_ins_before_it_locks_any_member(office: dict[str, Any], act: Act) -> None:
    def check_in(other: Session) -> None:
        lock_shared_or_alone(other, office["open"], alone=False)
        refer_to_member(other, office["member"])

    # Were a member locked first, the check-in and the closing could wait for each other.
    must_wait(check_in, lambda: act(office), at="pg_advisory_xact_lock")
    act(office)


@pytest.mark.parametrize(
    "act",
    [
        lambda office: appoint(
            PostDraft("A", office["member"], Post.DEPUTY_SECRETARY, TODAY), office["all"], NOW
        ),
        lambda office: correct_post(
            "A", PostKey(office["member"], Post.SECRETARY, LONG_AGO), TODAY, None, office["all"], NOW
        ),
    ],
)
def test_a_post_waits_for_a_change_of_its_holder(office: dict[str, Any], act: Act) -> None:
    must_wait(
        lambda other: change_member(other, office["member"]),
        lambda: act(office),
        at="FROM members.*FOR (NO KEY )?UPDATE",
    )
    act(office)
