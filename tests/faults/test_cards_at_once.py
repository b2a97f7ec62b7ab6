"""Two people issue cards to the same members in the same moment: nobody ends with two that work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select

from app.checkin.commands import CardOrder, Printing
from app.checkin.models import MemberCard
from app.checkin.services.card_sheets import make_sheets
from app.checkin.services.cards import issue_card
from app.core.access import Scope
from app.core.db import db
from tests.factories import make_member, make_org

ASKED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ROUNDS = 3


def at_once(app: Flask, acts: list[Callable[[], object]]) -> list[str]:
    """Run the acts in threads that start together; what they were refused with."""
    start, refused = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                act()
            except Exception as error:
                refused.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_orders_and_single_cards_at_once_leave_one_card_each(app: Flask) -> None:
    with app.app_context():
        org = make_org("A")
        ids = [make_member(f"张{number}", org, pinyin=f"zhang{number}").id for number in range(12)]
        scope = Scope((org.id,), None)

    def order(printing: Printing, shift: int) -> object:
        asked_at = ASKED + timedelta(seconds=shift)
        return make_sheets(CardOrder(printing, None, asked_at), scope, "", ASKED, lambda *_step: None)

    for turn in range(ROUNDS):
        refused = at_once(
            app,
            [
                lambda turn=turn: order(Printing.ALL, 10 * turn),
                lambda turn=turn: order(Printing.RENEW, 10 * turn + 1),
                lambda turn=turn: issue_card(ids[0], scope, ASKED + timedelta(seconds=10 * turn + 2)),
                lambda turn=turn: issue_card(ids[-1], scope, ASKED + timedelta(seconds=10 * turn + 3)),
            ],
        )
        assert refused == []
        with app.app_context():
            works = (
                select(MemberCard.member_id, func.count())
                .where(MemberCard.revoked_at.is_(None))
                .group_by(MemberCard.member_id)
            )
            assert [tuple(row) for row in db.session.execute(works.order_by(MemberCard.member_id))] == [
                (member_id, 1) for member_id in ids
            ]
