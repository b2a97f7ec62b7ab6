"""Cards in bulk: all or none, sorted, never twice; and the command that prints them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from app.attendance.errors import CheckInRefused
from app.checkin import jobs
from app.checkin.commands import CardOrder, Printing
from app.checkin.models import MemberCard
from app.checkin.queries.cards import CardCounts, Unit, card_counts, printable_cards
from app.checkin.services import card_sheets
from app.checkin.services.card_sheets import CARD_SHEETS, ask_for_sheets, make_sheets
from app.checkin.services.cards import holder_by_card, issue_card
from app.checkin.sheet_store import PART, sheet_store
from app.core.access import Scope
from app.core.audit import AuditEntry
from app.core.db import db, writing
from app.core.errors import NotFound, WrongState
from app.core.tasks import run_waiting, task_of
from app.core.vocabulary import OrgKind, TaskState
from tests.factories import count, make_member, make_org

ASKED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = ASKED + timedelta(minutes=5)


class District:
    @writing()
    def __init__(self) -> None:
        self.root = make_org("Q", kind=OrgKind.COMMITTEE)
        self.b = make_org("QB", self.root, name="乙支部")
        self.a = make_org("QA", self.root, name="甲支部")
        self.last = make_member("张三", self.a, pinyin="zhangsan")
        self.first = make_member("安一", self.a, pinyin="anyi")
        self.other = make_member("李四", self.b, pinyin="lisi")
        self.scope = Scope((self.root.id,), None)
        self.steps: list[tuple[str, int, int]] = []

    def make(self, printing: Printing, at: datetime = ASKED, org: Any = None) -> card_sheets.MadeSheets:
        order = CardOrder(printing, org.id if org else None, at)
        return make_sheets(order, self.scope, "办公室", at, lambda *step: self.steps.append(step))

    def counts(self) -> CardCounts:
        return card_counts(db.session(), Unit(self.scope, ASKED.date()))


@pytest.fixture
def district(ctx: Flask) -> District:
    return District()


def test_cards_come_by_branch_and_pinyin(district: District) -> None:
    made = district.make(Printing.NEW)
    assert (made.issued, made.stopped, made.branches, made.sheets.pages) == (3, 0, 2, 2)
    cards = printable_cards(db.session(), Unit(district.scope, ASKED.date()))
    assert [card.name for card in cards] == ["安一", "张三", "李四"]
    assert [card.number for card in cards] == sorted(card.number for card in cards), "numbered as printed"
    assert district.steps[0][0] == "issuing"
    assert district.steps[-1] == ("drawing", 3, 3)


def test_one_act_in_the_log_says_how_many(district: District) -> None:
    district.make(Printing.NEW, org=district.a)
    [act] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "card.issue_many"))
    assert (act.subject, act.detail) == (
        f"org:{district.a.id}",
        {"printing": "new", "issued": 2, "stopped": 0},
    )


def test_new_cards_leave_those_alone_who_have_one(district: District) -> None:
    old = issue_card(district.first.id, district.scope, ASKED - timedelta(days=1))
    made = district.make(Printing.NEW)
    assert (made.issued, made.sheets.cards) == (2, 2)
    assert holder_by_card(old).name == "安一"


def test_printing_all_keeps_what_works(district: District) -> None:
    old = issue_card(district.first.id, district.scope, ASKED - timedelta(days=1))
    made = district.make(Printing.ALL)
    assert (made.issued, made.stopped, made.sheets.cards) == (2, 0, 3)
    assert holder_by_card(old).name == "安一"


def test_renewing_stops_what_was_there_before(district: District) -> None:
    old = issue_card(district.first.id, district.scope, ASKED - timedelta(days=1))
    made = district.make(Printing.RENEW)
    assert (made.issued, made.stopped, made.sheets.cards) == (3, 1, 3)
    with pytest.raises(CheckInRefused) as refused:
        holder_by_card(old)
    assert refused.value.code == "revoked"


@pytest.mark.parametrize("printing", list(Printing))
def test_an_order_done_again_after_a_crash_prints_the_same_cards(
    district: District, printing: Printing
) -> None:
    issue_card(district.first.id, district.scope, ASKED - timedelta(days=1))
    once = district.make(printing)
    again = district.make(printing)
    assert again == once, "counts and document"
    assert district.counts().with_card == 3


def test_a_worker_that_dies_while_drawing_issues_nothing_twice(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = CardOrder(Printing.RENEW, None, datetime.now(UTC))
    token = ask_for_sheets(order, district.scope, {}, sheet_store().new())

    def die(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(card_sheets, "draw_sheets", die)
        with pytest.raises(KeyboardInterrupt):
            run_waiting()
    ids = set(db.session.scalars(select(MemberCard.id)))
    assert len(ids) == 3
    run_waiting(lambda: datetime.now(UTC) + timedelta(hours=1))
    task = task_of(db.session(), token, CARD_SHEETS, None)
    assert (task.state, task.result["issued"]) == (TaskState.DONE, 3)
    assert set(db.session.scalars(select(MemberCard.id))) == ids


def test_the_document_is_sealed_and_forgotten_after_a_day(district: District) -> None:
    token = ask_for_sheets(
        CardOrder(Printing.NEW, None, datetime.now(UTC)), district.scope, {}, sheet_store().new()
    )
    run_waiting()
    kept = [path.read_bytes() for path in sheet_store()._folder.glob(f"{token}.*")]
    assert len(kept) == 1
    assert b"%PDF" not in kept[0]
    assert sheet_store().read(token, PART).startswith(b"%PDF")
    jobs.forget_old_sheets(datetime.now(UTC) + timedelta(hours=25))
    with pytest.raises(NotFound):
        sheet_store().read(token, PART)


def test_no_transaction_is_open_while_the_sheets_are_drawn(district: District) -> None:
    seen = []

    def told(step: str, done: int, total: int) -> None:
        if step == "drawing":
            seen.append(db.session().in_transaction())

    make_sheets(CardOrder(Printing.NEW, None, ASKED), district.scope, "办公室", ASKED, told)
    assert seen == [False] * 3, "a connection that idles in one is ended by PostgreSQL"


def test_nothing_to_print_is_refused(district: District) -> None:
    district.make(Printing.NEW)
    with pytest.raises(WrongState):
        district.make(Printing.NEW, at=LATER)


def test_who_has_left_gets_no_card(district: District) -> None:
    from app.members.models import Membership

    with writing() as session:
        row = session.scalars(select(Membership).where(Membership.member_id == district.last.id)).one()
        row.ends_on = ASKED.date()
    assert district.make(Printing.ALL).sheets.cards == 2


def test_the_command_writes_the_sheets_and_its_counts(district: District, folder: Path, ctx: Flask) -> None:
    out = folder / "cards.pdf"
    run = ctx.test_cli_runner()
    done = run.invoke(args=["cards", "print", str(out), "--org", "QA"])
    assert (done.exit_code, done.stdout) == (0, "cards=2 pages=1 issued=2 stopped=0\n")
    assert out.stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
    document = pypdfium2.PdfDocument(out)
    assert len(document) == 1
    document.close()
    nobody = run.invoke(args=["cards", "print", str(out), "--org", "QA"])
    assert nobody.exit_code == 1
    assert "没有要印的卡" in nobody.stderr
    unknown = run.invoke(args=["cards", "print", str(out), "--org", "XX"])
    assert unknown.exit_code == 1
    assert count(MemberCard) == 2
