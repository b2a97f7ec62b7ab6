"""How far the staff of a branch reach: whom they record, what they may leave, what they see of others."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.attendance.services.bulk import Act, Noted, tick_all
from app.attendance.services.correct import set_status, staff_sighting
from app.checkin.services.staff import record_staff
from app.core.access import Scope
from app.core.db import db
from app.core.errors import AppError, InvalidInput
from app.core.vocabulary import SessionState, Status
from app.members.services.transfers import transfer_member
from app.trainings.commands import AudienceDraft, SessionDraft
from app.trainings.queries.choices import open_classes
from app.trainings.queries.sessions import audience_ids
from app.trainings.services.classes import create_class
from app.trainings.services.drafts import create_session, update_session
from app.trainings.services.lifecycle import publish_session
from tests.factories import NOW, attend, make_member, make_org, make_session

RULES: dict[str, Any] = {"tz": ZoneInfo("Asia/Shanghai"), "elderly_age": 60}


class District:
    """A root with two branches; `near` is what the staff of the first branch reach."""

    def __init__(self) -> None:
        self.root = make_org("R")
        self.a, self.b = make_org("A", self.root), make_org("B", self.root)
        self.all, self.near = Scope((self.root.id,), None), Scope((self.a.id,), None)

    def draft(self, host: str = "A", **more: Any) -> SessionDraft:
        times = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=2), **more}
        return SessionDraft(title="学习", kind="theme_day", mode="in_person", host_org_code=host, **times)


@pytest.fixture
def district(ctx: Flask) -> District:
    return District()


def by_roster(session_id: int, member_id: int, scope: Scope) -> None:
    set_status(staff_sighting(session_id, member_id, Status.LATE, None, None, NOW), "", scope, NOW, **RULES)


def by_bulk(session_id: int, member_id: int, scope: Scope) -> None:
    tick_all(Act(session_id, "k" * 22), {member_id: Noted(Status.LATE)}, scope, NOW, **RULES)


def by_api(session_id: int, member_id: int, scope: Scope) -> None:
    record_staff(staff_sighting(session_id, member_id, Status.LATE, None, None, NOW), scope, NOW, **RULES)


@pytest.mark.parametrize("record", [by_roster, by_bulk, by_api])
@pytest.mark.parametrize("who", ["expected", "recorded", "today", "that day", "stranger"])
def test_every_way_of_recording_takes_the_same_people(
    district: District, record: Callable[[int, int, Scope], None], who: str
) -> None:
    member = make_member("王", district.a if who == "that day" else district.b)
    row = make_session(district.a, state=SessionState.OPEN, starts_at=NOW - timedelta(days=9))
    if who == "expected":
        publishing = district.draft(audience=AudienceDraft(member_ids=(member.id,)))
        session_id = create_session(publishing, district.all, NOW, **RULES).id
        publish_session(session_id, district.all, NOW, **RULES)
        row = make_session_open(session_id)
    elif who == "recorded":
        attend(row, member)
    elif who in ("today", "that day"):
        to = "A" if who == "today" else "B"
        transfer_member(member.id, to, NOW.date() - timedelta(days=2), district.all, NOW)
    if who != "stranger":
        record(row.id, member.id, district.near)
        return
    with pytest.raises(AppError) as refused:
        record(row.id, member.id, district.near)
    assert refused.value.status == 404


def make_session_open(session_id: int) -> Any:
    from app.trainings.models import TrainingSession

    row = db.session.get_one(TrainingSession, session_id)
    row.state = SessionState.OPEN
    db.session.commit()
    return row


def test_a_secretary_moves_a_session_that_names_more_than_the_secretary_reaches(district: District) -> None:
    guest = make_member("李", district.b)
    class_id = create_class("全区班", "theme_day", "R", district.all, NOW)
    wide = AudienceDraft(org_codes=("A", "B"), member_ids=(guest.id,))
    stored = create_session(district.draft(audience=wide, class_id=class_id), district.all, NOW, **RULES)
    later: dict[str, Any] = {"starts_at": NOW + timedelta(hours=1), "ends_at": NOW + timedelta(hours=3)}
    moved = district.draft(audience=wide, class_id=class_id, **later)
    update_session(stored.id, moved, district.near, NOW, **RULES)
    orgs, _groups, members = audience_ids(db.session(), stored.id)
    assert (set(orgs), members) == ({district.a.id, district.b.id}, [guest.id])
    assert class_id in dict(open_classes(db.session(), district.near, NOW, keep=class_id))
    assert class_id not in dict(open_classes(db.session(), district.near, NOW))


@pytest.mark.parametrize("field", ["audience.orgs", "audience.members", "class"])
def test_what_is_newly_named_must_lie_within_reach(district: District, field: str) -> None:
    guest = make_member("李", district.b)
    class_id = create_class("全区班", "theme_day", "R", district.all, NOW)
    stored = create_session(district.draft(), district.all, NOW, **RULES)
    named: dict[str, dict[str, Any]] = {
        "audience.orgs": {"audience": AudienceDraft(org_codes=("B",))},
        "audience.members": {"audience": AudienceDraft(member_ids=(guest.id,))},
        "class": {"class_id": class_id},
    }
    with pytest.raises(InvalidInput) as refused:
        update_session(stored.id, district.draft(**named[field]), district.near, NOW, **RULES)
    assert [error.field for error in refused.value.errors] == [field]


def test_clashes_tell_nothing_of_drafts_out_of_reach(district: District) -> None:
    theirs = create_session(district.draft("B", venue="礼堂"), district.all, NOW, **RULES)
    ours = create_session(district.draft("A", venue="礼堂"), district.near, NOW, **RULES)
    assert ours.clashes == ()
    seen = update_session(ours.id, district.draft("A", venue="礼堂"), district.all, NOW, **RULES)
    assert [clash.session_id for clash in seen.clashes] == [theirs.id]
    publish_session(theirs.id, district.all, NOW, **RULES)
    known = update_session(ours.id, district.draft("A", venue="礼堂"), district.near, NOW, **RULES)
    assert [clash.session_id for clash in known.clashes] == [theirs.id]
