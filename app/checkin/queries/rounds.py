"""SELECTs of rounds of home visits: whom to take along, what was taken, and by whom it was recorded."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from app.attendance.models import Attendance, ReviewItem
from app.checkin.models import VisitRound, VisitRoundMember
from app.core.vocabulary import Group, Method, ReviewKind, ReviewState, Status
from app.members.models import Member, OrgUnit
from app.members.queries.staff_names import STAFF
from app.trainings.models import ExpectedAttendee

# No other device's name begins like this.
ROUND_DEVICE = "round-"
_OF_ROUND = re.compile(rf"{ROUND_DEVICE}([0-9]{{1,18}})-[0-9a-f-]{{36}}")


@dataclass(frozen=True, slots=True)
class Unvisited:
    """Somebody expected and not recorded. taken: is on a round that still runs."""

    member_id: int
    name: str
    org_name: str
    groups: int
    taken: bool


@dataclass(frozen=True, slots=True)
class UnvisitedBranch:
    """A branch, and how many of it are expected and not recorded."""

    org_id: int
    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Carried:
    """One person of a round as the phone knows them: nothing that leads to the member elsewhere."""

    ref: str
    name: str
    org_name: str
    pinyin: str


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round of a session; recorded and waiting: its ticks in the ledger, and before a person.

    heard_at: when the last of its ticks came in, as far as the ledger and the reviews tell.
    """

    id: int
    taken_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    people: int
    recorded: int
    waiting: int
    heard_at: datetime | None

    def runs(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of a member, and who recorded it (None: themselves)."""

    status: Status
    method: Method
    recorded_by: str | None


def round_device(round_id: int, device: str) -> str:
    """The phone of a round among all devices; no phone can pass itself off as that of another round."""
    return f"{ROUND_DEVICE}{round_id}-{device}"


def unvisited(
    session: Session,
    session_id: int,
    now: datetime,
    *,
    org_id: int | None = None,
    group: Group | None = None,
    limit: int,
) -> tuple[list[Unvisited], int]:
    """Those expected and not recorded, by branch and name, and how many match."""
    wanted = [*_not_recorded(session_id)]
    if org_id is not None:
        wanted.append(ExpectedAttendee.org_id == org_id)
    if group is not None:
        wanted.append(ExpectedAttendee.groups.op("&")(group.bit) != 0)
    total = session.scalar(select(func.count()).select_from(ExpectedAttendee).where(*wanted)) or 0
    running = select(VisitRoundMember.member_id).join(VisitRound, VisitRound.id == VisitRoundMember.round_id)
    running = running.where(
        VisitRound.session_id == session_id, VisitRound.revoked_at.is_(None), VisitRound.expires_at > now
    )
    query = (
        select(
            ExpectedAttendee.member_id,
            Member.name,
            OrgUnit.name,
            ExpectedAttendee.groups,
            case((ExpectedAttendee.member_id.in_(running), 1), else_=0),
        )
        .join(Member, Member.id == ExpectedAttendee.member_id)
        .join(OrgUnit, OrgUnit.id == ExpectedAttendee.org_id)
        .where(*wanted)
        .order_by(OrgUnit.code, Member.pinyin, Member.id)
        .limit(limit)
    )
    rows = session.execute(query)
    found = [Unvisited(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]
    return found, total


def unvisited_branches(session: Session, session_id: int) -> list[UnvisitedBranch]:
    """Branches with somebody expected and not recorded, by code."""
    query = (
        select(OrgUnit.id, OrgUnit.name, func.count())
        .join(ExpectedAttendee, ExpectedAttendee.org_id == OrgUnit.id)
        .where(*_not_recorded(session_id))
        .group_by(OrgUnit.id)
        .order_by(OrgUnit.code)
    )
    return [UnvisitedBranch(*row) for row in session.execute(query)]


def _not_recorded(session_id: int) -> list[ColumnElement[bool]]:
    recorded = select(Attendance.member_id).where(
        Attendance.session_id == session_id, Attendance.member_id == ExpectedAttendee.member_id
    )
    return [ExpectedAttendee.session_id == session_id, ~recorded.exists()]


def carried(session: Session, round_id: int, org_ids: Mapping[int, int]) -> list[Carried]:
    """The people of a round by branch and name; `org_ids`: the branch that each is shown under."""
    query = select(VisitRoundMember.ref, Member.id, Member.name, Member.pinyin, Member.pinyin_initials)
    query = query.join(Member, Member.id == VisitRoundMember.member_id)
    rows = session.execute(query.where(VisitRoundMember.round_id == round_id)).all()
    units = select(OrgUnit.id, OrgUnit.code, OrgUnit.name).where(OrgUnit.id.in_(set(org_ids.values())))
    orgs = {row.id: row for row in session.execute(units)}
    named = sorted(rows, key=lambda row: (orgs[org_ids[row.id]].code, row.pinyin, row.id))
    return [
        Carried(row.ref, row.name, orgs[org_ids[row.id]].name, f"{row.pinyin_initials} {row.pinyin}")
        for row in named
    ]


def round_members(session: Session, round_id: int, refs: Collection[str]) -> dict[str, int]:
    """Members of a round by the refs that its phone knows them by."""
    query = select(VisitRoundMember.ref, VisitRoundMember.member_id)
    query = query.where(VisitRoundMember.round_id == round_id, VisitRoundMember.ref.in_(refs))
    return dict(session.execute(query).all())


def known_of(session: Session, session_id: int, member_ids: Collection[int]) -> dict[int, Known]:
    """What the ledger says of these members, with the name of the staff user who said it."""
    query = (
        select(Attendance.member_id, Attendance.status, Attendance.method, STAFF.c.display_name)
        .outerjoin(STAFF, STAFF.c.id == Attendance.recorded_by_id)
        .where(Attendance.session_id == session_id, Attendance.member_id.in_(member_ids))
    )
    return {row[0]: Known(*row[1:]) for row in session.execute(query)}


def has_rounds(session: Session, session_id: int) -> bool:
    """Whether anybody ever took a list of this session along."""
    return (
        session.scalar(select(VisitRound.id).where(VisitRound.session_id == session_id).limit(1)) is not None
    )


def has_open_tick(session: Session, session_id: int, round_id: int, member_id: int) -> bool:
    """Whether a tick of the member, from a phone of the round, waits for a person."""
    query = select(ReviewItem.id).where(
        ReviewItem.session_id == session_id,
        ReviewItem.kind == ReviewKind.LATE_TICK,
        ReviewItem.state == ReviewState.OPEN,
        ReviewItem.member_id == member_id,
        ReviewItem.device.startswith(round_device(round_id, ""), autoescape=True),
    )
    return session.scalar(query.limit(1)) is not None


def rounds_of(session: Session, session_id: int) -> list[RoundRow]:
    """All rounds of a session, the latest first, with what has come in of each."""
    people = select(func.count()).where(VisitRoundMember.round_id == VisitRound.id).scalar_subquery()
    query = (
        select(VisitRound, STAFF.c.display_name, people)
        .join(STAFF, STAFF.c.id == VisitRound.created_by_id)
        .where(VisitRound.session_id == session_id)
        .order_by(VisitRound.id.desc())
    )
    found = session.execute(query).all()
    in_ledger = _by_round(
        session, Attendance, Attendance.session_id == session_id, func.count(), Attendance.received_at
    )
    is_tick = and_(ReviewItem.session_id == session_id, ReviewItem.kind == ReviewKind.LATE_TICK)
    is_open = func.sum(case((ReviewItem.state == ReviewState.OPEN, 1), else_=0))
    late = _by_round(session, ReviewItem, is_tick, is_open, ReviewItem.raised_at)
    return [
        RoundRow(
            row.id,
            taken_by,
            row.created_at,
            row.expires_at,
            row.revoked_at,
            number,
            in_ledger.get(row.id, _NOTHING)[0],
            late.get(row.id, _NOTHING)[0],
            max((when for of in (in_ledger, late) if (when := of.get(row.id, _NOTHING)[1])), default=None),
        )
        for row, taken_by, number in found
    ]


_NOTHING: tuple[int, datetime | None] = (0, None)


def _by_round(
    session: Session, table: Any, wanted: ColumnElement[bool], number: ColumnElement[int], when: Any
) -> dict[int, tuple[int, datetime | None]]:
    """How many rows of the table there are a round, told by their device, and the latest of their times."""
    of_rounds = table.device.startswith(ROUND_DEVICE, autoescape=True)
    query = select(table.device, number, func.max(when)).where(wanted, of_rounds)
    found: dict[int, tuple[int, datetime | None]] = {}
    for device, count, latest in session.execute(query.group_by(table.device)):
        told = _OF_ROUND.fullmatch(device)
        if told is None:
            continue
        round_id = int(told[1])
        before, heard = found.get(round_id, _NOTHING)
        found[round_id] = (before + count, max(heard, latest) if heard else latest)
    return found
