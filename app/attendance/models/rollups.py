"""What the ledger adds up to, a member and a year: read by reports, derived from rows, never edited.

A trigger on `attendance` notes in `stale_days` whose day has changed, whoever changed it, and the
transaction that did so adds those years up again before it commits (`services.rollups`). A row of an open
session counts in nothing yet, so checking in costs no upkeep. No foreign keys: what is derived must not
stand in the way of what it is derived from.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class _Days:
    """The days with a counted row, a bit each: bit 0 of `days_3` is 1 March.

    So that any range of days is answered from the summaries, exactly.
    """

    days_1: Mapped[int] = mapped_column()
    days_2: Mapped[int] = mapped_column()
    days_3: Mapped[int] = mapped_column()
    days_4: Mapped[int] = mapped_column()
    days_5: Mapped[int] = mapped_column()
    days_6: Mapped[int] = mapped_column()
    days_7: Mapped[int] = mapped_column()
    days_8: Mapped[int] = mapped_column()
    days_9: Mapped[int] = mapped_column()
    days_10: Mapped[int] = mapped_column()
    days_11: Mapped[int] = mapped_column()
    days_12: Mapped[int] = mapped_column()


class MemberYear(_Days, Base):
    """One member's counted attendance of one calendar year; no row: none.

    person_times, class_person_times, minutes: as in the figure person_times. credited_minutes,
    made_up_minutes and home_minutes (of visits) are cut to the half-day's and the day's cap of that year's
    rule.
    """

    __tablename__ = "member_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_times: Mapped[int] = mapped_column()
    class_person_times: Mapped[int] = mapped_column()
    minutes: Mapped[int] = mapped_column()
    credited_minutes: Mapped[int] = mapped_column()
    made_up_minutes: Mapped[int] = mapped_column()
    home_minutes: Mapped[int] = mapped_column()


class MemberYearKind(_Days, Base):
    """The same by kind of session: what the totals of a kind are the sums of."""

    __tablename__ = "member_year_kinds"
    # Kind by kind in one piece: a range of days is counted by kind without sorting.
    __table_args__ = (Index(None, "member_id", "year"), {"sqlite_with_rowid": False})

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    class_person_times: Mapped[int] = mapped_column()
    # Sessions that belong to no class; with the classes the trainings that a rule counts.
    single_sessions: Mapped[int] = mapped_column()


class YearFigures(Base):
    """Distinct members of the whole office in a year: of one kind, or (kind_key "") of all, each once."""

    __tablename__ = "year_figures"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    members: Mapped[int] = mapped_column()
    class_person_times: Mapped[int] = mapped_column()


class DayFigures(Base):
    """What adds up of a day, of the whole office and one kind: any range is the sum of its days."""

    __tablename__ = "day_figures"

    office_date: Mapped[date] = mapped_column(Date, primary_key=True)
    kind_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_times: Mapped[int] = mapped_column()
    minutes: Mapped[int] = mapped_column()


class StaleDay(Base):
    """A member's day that the ledger has changed and nobody has added up yet; written by triggers.

    While there is one, figures of that year are counted from the rows. `writer`: the transaction that
    made the change (PostgreSQL; 0 on SQLite, which has one writer at a time); -1: nobody's, for the job.
    """

    __tablename__ = "stale_days"

    id: Mapped[int] = mapped_column(primary_key=True)
    office_date: Mapped[date] = mapped_column(Date, index=True)
    member_id: Mapped[int] = mapped_column()
    writer: Mapped[int] = mapped_column(BigInteger, index=True)
