"""The database knows what its tables hold, and so plans its reads for their size."""

from __future__ import annotations

from flask import Flask

from app.core.db import db, is_postgresql, writing
from app.core.jobs import take_statistics
from app.members.models import Member
from tests.factories import NOW
from tests.statistics import known_rows


def test_sqlite_is_told_by_the_hour_and_postgresql_looks_by_itself(ctx: Flask) -> None:
    with writing() as session:
        session.add_all(
            Member(
                name=f"党员{number}", pinyin="dangyuan", pinyin_initials="dy", created_at=NOW, updated_at=NOW
            )
            for number in range(1500)
        )
    looked = take_statistics(NOW)
    if is_postgresql(db.session()):
        assert looked == 0
    else:
        assert looked == 1
        assert known_rows("members") > 700
