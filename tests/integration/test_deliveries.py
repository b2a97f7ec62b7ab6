"""Reports made by rule: once each, by the reader's scope of that moment, whatever dies in between."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import RoleGrant
from app.core.access import Scope
from app.core.db import db, writing
from app.core.errors import InvalidInput
from app.core.vocabulary import DeliveryState, OrgKind, Role
from app.deliveries import jobs
from app.deliveries.commands import ScheduleDraft
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.deliveries.queries import unopened_and_stopped
from app.deliveries.rules import LEASE, months_due
from app.deliveries.services.making import claim_next, finish
from app.deliveries.services.schedules import save_schedule, set_wanted, try_again
from app.deliveries.store import PART, report_store
from app.reports.forms_by_name import FORMS
from tests.factories import attend, make_account, make_member, make_org, make_session, make_staff
from tests.smtp_sink import SmtpSink, smtp_sink

JUNE = datetime(2019, 6, 10, 1, tzinfo=UTC)
# The first instant of July in the office, and the last of June.
FIRST = datetime(2019, 6, 30, 16, tzinfo=UTC)
BEFORE = FIRST - timedelta(seconds=1)


class World:
    """A district with two branches; a reader of one of them; one session with one member in June."""

    @writing()
    def __init__(self) -> None:
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.branch, self.other = make_org("QA", self.root), make_org("QB", self.root)
        self.admin = make_staff("管理员", Role.ADMINISTRATOR, self.root)
        self.reader = make_staff("书记", Role.SECRETARY, self.branch)
        self.scope = Scope((self.root.id,), self.admin.id)
        attend(make_session(self.branch, starts_at=JUNE), make_member("=张三", self.branch))
        make_member("李四", self.branch, phone="13900000001")

    def want(self, report: str = "coverage", **changes: Any) -> int:
        draft = replace(ScheduleDraft(report, "QA", "书记", "zh_Hans_CN"), **changes)
        return save_schedule(draft, self.scope, JUNE, mail_is_set_up=True)


@pytest.fixture
def world(ctx: Flask) -> World:
    return World()


@pytest.fixture
def sink(ctx: Flask) -> Iterator[SmtpSink]:
    from app.settings import SmtpServer

    usual = ctx.extensions["settings"]
    with smtp_sink() as sink:
        server = SmtpServer("127.0.0.1", sink.port, "none", "", "", "office@example.cn")
        ctx.extensions["settings"] = replace(usual, smtp=server, base_url="https://study.example.cn")
        yield sink
    ctx.extensions["settings"] = usual


def deliveries() -> list[ReportDelivery]:
    db.session.rollback()
    return list(db.session.scalars(select(ReportDelivery).order_by(ReportDelivery.id)))


def files() -> set[str]:
    folder = report_store().folder
    return {path.name for path in folder.glob("*")} if folder.is_dir() else set()


@pytest.mark.parametrize(
    ("since", "today", "months"),
    [
        (date(2019, 6, 10), date(2019, 6, 30), []),
        (date(2019, 6, 10), date(2019, 7, 1), [6]),
        (date(2019, 6, 30), date(2019, 7, 1), [6]),
        (date(2018, 1, 1), date(2019, 2, 15), [11, 12, 1]),
        (date(2019, 5, 2), date(2019, 7, 9), [5, 6]),
    ],
)
def test_months_that_are_due(since: date, today: date, months: list[int]) -> None:
    found = months_due(since, today)
    assert [month.first.month for month in found] == months
    assert all(month.whole_month for month in found)


def test_a_report_is_made_once_from_the_first_of_the_month_on(ctx: Flask, world: World) -> None:
    world.want("uncovered")
    assert jobs.make_monthly_report(BEFORE) == 0
    assert jobs.make_monthly_report(FIRST) == 1
    assert jobs.make_monthly_report(FIRST) == jobs.make_monthly_report(FIRST + timedelta(days=1)) == 0
    (made,) = deliveries()
    assert (made.state, made.first_on, made.last_on) == (
        DeliveryState.READY,
        date(2019, 6, 1),
        date(2019, 6, 30),
    )
    assert made.file_name == "uncovered_QA_2019-06.xlsx"
    assert made.file_key is not None
    sealed = (report_store().folder / f"{made.file_key}.{PART}").read_bytes()
    assert not sealed.startswith(b"PK"), "what is on disk is sealed"
    sheet = load_workbook(io.BytesIO(report_store().read(made.file_key, PART))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(cell.value == "李四" for cell in cells)
    assert not any("13900000001" in str(cell.value) for cell in cells), "phones stay masked"
    assert all(cell.data_type != "f" for cell in cells)


def test_each_form_is_the_one_that_the_command_writes(ctx: Flask, world: World, tmp_path: Any) -> None:
    """Cell by cell, for every form that can be made by rule."""
    for name in FORMS:
        world.want(name)
    while jobs.make_monthly_report(FIRST):
        pass
    month, year = ["--from", "2019-06-01", "--to", "2019-06-30"], ["--year", "2019"]
    for row in deliveries():
        schedule = db.session.get_one(ReportSchedule, row.schedule_id)
        form, path = FORMS[schedule.report], tmp_path / f"{schedule.report}.xlsx"
        dates = [*(year if form.by_year else month), "--on", "2019-06-30"]
        asked = ["report", form.name, *dates, "--org", "QA", "--format", "xlsx", "--output", str(path)]
        result = ctx.test_cli_runner().invoke(args=asked)
        assert result.exit_code == 0, result.output
        assert row.file_key is not None
        ours = load_workbook(io.BytesIO(report_store().read(row.file_key, PART))).active
        theirs = load_workbook(path).active
        # What is due of the duties is asked as of the month's end here, and as of today there.
        lines = slice(2, 3) if form.name == "duties" else slice(None)
        assert list(ours.values)[lines] == list(theirs.values)[lines], form.name
    assert {db.session.get_one(ReportSchedule, row.schedule_id).report for row in deliveries()} == set(FORMS)


def test_months_in_which_the_server_was_down_are_made_three_back(ctx: Flask, world: World) -> None:
    schedule_id = world.want()
    november = datetime(2019, 11, 5, tzinfo=UTC)
    while jobs.make_monthly_report(november):
        pass
    assert [row.first_on.month for row in deliveries()] == [8, 9, 10]
    # Paused over a month's end: that month is nobody's.
    set_wanted(schedule_id, False, world.scope, november)
    set_wanted(schedule_id, True, world.scope, datetime(2020, 1, 3, tzinfo=UTC))
    while jobs.make_monthly_report(datetime(2020, 2, 2, tzinfo=UTC)):
        pass
    assert [row.first_on.month for row in deliveries()] == [8, 9, 10, 1]


def test_a_killed_maker_loses_its_claim_and_the_report_is_made_again_once(ctx: Flask, world: World) -> None:
    world.want()
    jobs.put_due(date(2019, 7, 1))
    dead = claim_next(FIRST)
    assert dead is not None
    assert claim_next(FIRST) is None, "nobody else takes it while the lease runs"
    before = files()
    key = report_store().new()
    report_store().keep(key, PART, b"half a report")
    later = FIRST + LEASE
    assert jobs.make_monthly_report(later) == 1
    assert not finish(dead, key, "late.xlsx", later), "the dead one's answer comes too late"
    (made,) = deliveries()
    assert (made.attempts, made.file_name) == (2, "coverage_QA_2019-06.xlsx")
    # What the dead one left is cleared by age; what a row names stays.
    orphan = report_store().folder / f"{key}.{PART}"
    for path in (orphan, report_store().folder / f"{made.file_key}.{PART}"):
        os.utime(path, (0, 0))
    jobs.forget_old_reports(later)
    assert not orphan.exists()
    assert len(files() - before) == 1


def test_two_schedulers_at_once_make_each_report_once(ctx: Flask, world: World) -> None:
    for report in ("coverage", "ledger", "person-times"):
        world.want(report)
    before, together, made = files(), threading.Barrier(4), []

    def run() -> None:
        with ctx.app_context():
            together.wait()
            for _ in range(3):
                made.append(jobs.make_monthly_report(FIRST))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while (more := jobs.make_monthly_report(FIRST)) == 1:
        made.append(more)
    rows = deliveries()
    assert sum(made) == len(rows) == 3
    assert {(row.state, row.attempts) for row in rows} == {(DeliveryState.READY, 1)}
    assert len(files() - before) == 3, "no file is left over"


def test_three_attempts_then_given_up_until_somebody_asks_again(
    ctx: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule_id = world.want()

    def broken(*_: Any) -> bytes:
        raise ValueError("no")

    now = FIRST
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "xlsx_bytes", broken)
        for attempt in (1, 2, 3):
            assert jobs.make_monthly_report(now) == jobs.make_monthly_report(now) == 0
            assert deliveries()[0].attempts == attempt
            now += LEASE
    assert deliveries()[0].state is DeliveryState.GIVEN_UP
    asked = (db.session(), world.reader.id, world.scope, date(2019, 7, 1))
    assert jobs.make_monthly_report(now) == 0, "mended, but given up"
    assert unopened_and_stopped(*asked) == (0, 1)
    assert try_again(schedule_id, world.scope, now) == 1
    assert jobs.make_monthly_report(now) == 1
    assert unopened_and_stopped(*asked) == (1, 0)


def test_a_report_that_kills_its_maker_each_time_is_given_up(ctx: Flask, world: World) -> None:
    world.want()
    jobs.put_due(date(2019, 7, 1))
    for times in range(3):
        assert claim_next(FIRST + times * LEASE) is not None
    assert claim_next(FIRST + 3 * LEASE) is None
    assert deliveries()[0].state is DeliveryState.GIVEN_UP


@pytest.mark.parametrize("lost", ["role", "account"])
def test_it_is_not_made_for_somebody_who_may_not_see_it_any_more(ctx: Flask, world: World, lost: str) -> None:
    world.want()
    with writing() as session:
        reader = session.merge(world.reader)
        if lost == "account":
            reader.is_active = False
        else:
            reader.grants = [RoleGrant(role=Role.SECRETARY, org_id=world.other.id)]
    assert jobs.make_monthly_report(FIRST) == 0
    (row,) = deliveries()
    assert (row.state, row.file_key) == (DeliveryState.WITHHELD, None)


def test_who_may_be_sent_what(world: World) -> None:
    make_account("无职责")
    organiser = make_staff("组织者", Role.ORGANISER, world.branch)
    own = Scope((world.branch.id,), organiser.id)
    draft = ScheduleDraft("coverage", "QA", "书记", "en")
    first = save_schedule(draft, own, JUNE, mail_is_set_up=False)
    assert save_schedule(draft, own, JUNE, mail_is_set_up=False) == first, "a repeat makes no second one"
    wrong = [
        (replace(draft, org_code="QB"), own, "org_code"),
        (replace(draft, username="管理员"), own, "username"),  # stands above the organiser
        (replace(draft, username="无职责"), world.scope, "username"),
        (replace(draft, org_code="QB"), world.scope, "username"),  # the reader may not see that unit
        (replace(draft, email="a@b.cn"), own, "email"),  # no mail server
        (replace(draft, language="fr"), own, "language"),
    ]
    for asked, scope, field in wrong:
        with pytest.raises(InvalidInput) as refused:
            save_schedule(asked, scope, JUNE, mail_is_set_up=False)
        assert [error.field for error in refused.value.errors] == [field]
    for email in ("x", "a@b", "a b@c.cn", "a@b.cn\nBcc: x@y.cn", "<a@b.cn>", "甲@b.cn"):
        with pytest.raises(InvalidInput):
            save_schedule(replace(draft, email=email), own, JUNE, mail_is_set_up=True)
    assert len(list(db.session.scalars(select(ReportSchedule)))) == 1


def test_the_note_is_sent_once_with_a_link_and_no_name(ctx: Flask, world: World, sink: SmtpSink) -> None:
    world.want("uncovered", email="shuji@example.cn", language="en")
    world.want("ledger")
    assert jobs.send_notes(FIRST) == 0, "nothing is made yet"
    jobs.make_monthly_report(FIRST)
    jobs.make_monthly_report(FIRST)
    assert jobs.send_notes(FIRST) == 1
    assert jobs.send_notes(FIRST) == jobs.send_notes(FIRST + timedelta(hours=2)) == 0
    (mail,) = sink.mails
    assert (mail["To"], mail["From"]) == ("shuji@example.cn", "office@example.cn")
    assert not mail.is_multipart(), "nothing is attached"
    text = mail.get_content()
    assert "https://study.example.cn/inbox" in text
    assert not any(name in text for name in ("李四", "张三", "书记"))


def test_a_note_that_was_not_taken_is_sent_later_and_a_lost_answer_may_send_twice(
    ctx: Flask, world: World, sink: SmtpSink
) -> None:
    world.want(email="shuji@example.cn")
    jobs.make_monthly_report(FIRST)
    sink.refuses = True
    assert jobs.send_notes(FIRST) == 0
    sink.refuses = False
    assert jobs.send_notes(FIRST + timedelta(minutes=59)) == 0, "not at once again"
    sink.loses_answer = True
    assert jobs.send_notes(FIRST + timedelta(hours=1)) == 0
    sink.loses_answer = False
    assert jobs.send_notes(FIRST + timedelta(hours=2)) == 1
    assert jobs.send_notes(FIRST + timedelta(hours=3)) == 0
    assert len({mail["Message-ID"] for mail in sink.mails}) == 1, "mail programs know it again"
    assert len(sink.mails) == 2


def test_two_senders_at_once_send_one_note(ctx: Flask, world: World, sink: SmtpSink) -> None:
    world.want(email="shuji@example.cn")
    jobs.make_monthly_report(FIRST)
    together = threading.Barrier(4)

    def run() -> None:
        with ctx.app_context():
            together.wait()
            jobs.send_notes(FIRST)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.mails) == 1


def test_reports_are_forgotten_after_400_days(ctx: Flask, world: World) -> None:
    world.want()
    jobs.make_monthly_report(FIRST)
    (made,) = deliveries()
    path = report_store().folder / f"{made.file_key}.{PART}"
    os.utime(path, (FIRST.timestamp(), FIRST.timestamp()))
    assert jobs.forget_old_reports(FIRST + timedelta(days=399)) == 0
    assert path.exists()
    assert jobs.forget_old_reports(FIRST + timedelta(days=400)) == 1
    assert deliveries() == []
    assert not path.exists()
