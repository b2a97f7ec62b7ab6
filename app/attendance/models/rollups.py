"""What the ledger adds up to, a member and a year: read by reports, derived from rows, never edited.

A trigger on `attendance` notes in `stale_years` whose year has changed, whoever changed it, and the
transaction that did so recomputes those before it commits (`services.rollups`). A row of an open session
counts in nothing yet, so checking in costs no upkeep. No foreign keys: what is derived must not stand in the
way of what it is derived from.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class MemberYear(Base):
    """One member's counted attendance of one calendar year; no row: none.

    person_times, class_person_times, minutes: as in the figure person_times. credited_minutes,
    made_up_minutes and home_minutes (of visits) are cut to the half-day's and the day's cap of that year's
    rule. months: bit 0 is set where January has a counted row, and so on.
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
    central_classes: Mapped[int] = mapped_column()
    months: Mapped[int] = mapped_column()
    last_on: Mapped[date] = mapped_column(Date)

    __table_args__ = (CheckConstraint("months BETWEEN 0 AND 4095", name="months"),)


class MemberYearKind(Base):
    """The same by kind of session: what the totals of a kind are the sums of."""

    __tablename__ = "member_year_kinds"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_times: Mapped[int] = mapped_column()
    class_person_times: Mapped[int] = mapped_column()
    minutes: Mapped[int] = mapped_column()


class YearFigures(Base):
    """The whole office's totals of a year: of one kind, or (kind_key "") of all, each member once."""

    __tablename__ = "year_figures"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    members: Mapped[int] = mapped_column()
    person_times: Mapped[int] = mapped_column()
    class_person_times: Mapped[int] = mapped_column()
    minutes: Mapped[int] = mapped_column(BigInteger)


class StaleYear(Base):
    """A member's year that the ledger has changed and nobody has recomputed yet; written by triggers.

    While there is one, figures of that year are counted from the rows. `writer`: the transaction that
    made the change (PostgreSQL; 0 on SQLite, which has one writer at a time).
    """

    __tablename__ = "stale_years"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column()
    member_id: Mapped[int] = mapped_column()
    writer: Mapped[int] = mapped_column(BigInteger, index=True)
