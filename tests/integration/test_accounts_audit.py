"""The audit chain: every change is found, and writers that append at once keep it whole."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.core.audit import AuditEntry, first_bad_entry, record_act
from app.core.db import db, writing
from app.core.vocabulary import Role
from tests.factories import NOW, count, make_org, make_staff

ROWS = 5
TAMPERED: dict[str, st.SearchStrategy[Any]] = {
    "at": st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    "actor_id": st.none(),
    "action": st.text("abc.", min_size=1, max_size=20),
    "subject": st.text("abc:123", min_size=1, max_size=20),
    "detail": st.dictionaries(st.text("abc", min_size=1), st.integers() | st.text("xyz"), max_size=3),
    "previous_hash": st.binary(min_size=32, max_size=32),
    "entry_hash": st.binary(min_size=32, max_size=32),
    "id": st.integers(10, 10_000),
}


@pytest.fixture
def chain(ctx: Flask) -> int:
    """ROWS entries by one actor; returns the actor's id."""
    actor = make_staff("actor", Role.ADMINISTRATOR, make_org("A"))
    with writing() as session:
        for number in range(ROWS):
            record_act(session, "session.publish", f"session:{number}", actor.id, NOW, n=number, kinds=["a"])
    return int(actor.id)


def test_an_untouched_chain_holds(chain: int) -> None:
    assert first_bad_entry(db.session()) is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_with_any_column_of_any_row_is_found(chain: int, data: st.DataObject) -> None:
    row = data.draw(st.integers(1, ROWS))
    column = data.draw(st.sampled_from(sorted(TAMPERED)))
    value = data.draw(TAMPERED[column])
    db.session.rollback()
    kept = db.session.get(AuditEntry, row)
    assert kept is not None
    if getattr(kept, column) == value:
        return
    db.session.execute(update(AuditEntry).where(AuditEntry.id == row).values({column: value}))
    # The row itself; moved to the end, the one that followed it or itself in its new place.
    assert first_bad_entry(db.session()) in {row, row + 1, value if column == "id" else row}
    db.session.rollback()
    assert first_bad_entry(db.session()) is None


@pytest.mark.parametrize("row", range(1, ROWS))
def test_a_row_taken_out_is_found(chain: int, row: int) -> None:
    db.session.execute(delete(AuditEntry).where(AuditEntry.id == row))
    assert first_bad_entry(db.session()) == row + 1
    db.session.rollback()


def test_two_rows_that_change_places_are_found(chain: int) -> None:
    for number, place in ((2, 99), (3, 2), (99, 3)):
        db.session.execute(update(AuditEntry).where(AuditEntry.id == number).values(id=place))
    assert first_bad_entry(db.session()) == 2
    db.session.rollback()


def test_a_chain_made_anew_without_the_key_is_found(chain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.core import audit

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(audit, "purpose_key", lambda _purpose: b"guessed" * 4)
        previous = audit.GENESIS
        for entry in db.session.scalars(db.select(AuditEntry).order_by(AuditEntry.id)):
            entry.previous_hash = previous
            entry.entry_hash = previous = audit._entry_hash(entry)
        db.session.flush()
        assert first_bad_entry(db.session()) is None
    assert first_bad_entry(db.session()) == 1
    db.session.rollback()


def test_a_time_in_another_zone_reads_back_as_it_was_hashed(ctx: Flask) -> None:
    with writing() as session:
        record_act(session, "probe", "x:1", None, NOW.astimezone(timezone(timedelta(hours=8))))
    assert first_bad_entry(db.session()) is None


def test_writers_that_append_at_once_keep_one_chain(app: Flask) -> None:
    writers, each = 6, 8
    failures: list[BaseException] = []

    def append(writer: int) -> None:
        try:
            with app.app_context():
                for number in range(each):
                    with writing() as session:
                        record_act(session, "probe", f"writer:{writer}", None, NOW, n=number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=append, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with app.app_context():
        assert count(AuditEntry) == writers * each
        assert first_bad_entry(db.session()) is None


def test_an_act_that_is_rolled_back_leaves_no_entry_and_no_gap(ctx: Flask) -> None:
    def fail_after_recording() -> None:
        with writing() as session:
            record_act(session, "probe", "x:1", None, NOW)
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_recording()
    with writing() as session:
        record_act(session, "probe", "x:2", None, NOW)
    assert db.session.scalars(db.select(AuditEntry.id)).all() == [1]
