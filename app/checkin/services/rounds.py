"""Hands a round of home visits to a phone, takes its ticks in, and stops it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attendance.queries.recordable import recordable
from app.attendance.rules import RefusalCode
from app.checkin.commands import SentTicks
from app.checkin.models import VisitRound, VisitRoundMember
from app.checkin.queries.rounds import Carried, carried, round_device, round_members
from app.checkin.services.batch import TOO_LATE, Batch, BatchAnswer, BatchItem, record_batch
from app.core.access import Scope
from app.core.audit import record_act
from app.core.crypto import new_token, token_hash
from app.core.db import db, writing
from app.core.errors import Forbidden, InvalidInput, NotFound, TooManyTries, WrongState
from app.core.i18n import lazy
from app.core.throttle import allow
from app.core.vocabulary import Method, SessionState, Status
from app.members.queries.as_of import members_as_of
from app.trainings.models import ExpectedAttendee, TrainingSession
from app.trainings.queries.sessions import scoped_session

ROUND_HOURS = 72
# After its end a phone may still send what it noted; later than this a person looks at each tick.
GRACE = timedelta(days=30)
# Time for an honest phone to come home; what a lost one still sends then is refused.
AFTER_STOP = timedelta(days=14)
MOST_PEOPLE = 500
# Ticks that one request of a phone may bring.
MOST_TICKS = 50
OFFERED_IN = (SessionState.PUBLISHED, SessionState.OPEN)
# What somebody on a visit notes; whoever was not met is not recorded.
ROUND_STATUSES = (Status.PRESENT, Status.EXCUSED)
# The server knows who is meant, so no tick of a round is ever lost: what may not be recorded waits.
_KEEPS = TOO_LATE | {RefusalCode.REVOKED, RefusalCode.OUT_OF_SCOPE, RefusalCode.UNKNOWN_MEMBER}
# A phone sends at most a few batches at a time; a lost one in wrong hands cannot fill the review list.
_SENDINGS, _WINDOW = 120, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class TakenRound:
    """What the phone is handed, once: the token is kept as a hash only."""

    id: int
    token: str
    title: str
    created_at: datetime
    expires_at: datetime
    people: list[Carried]


@dataclass(frozen=True, slots=True)
class KnownRound:
    """The round that a token belongs to. is_revoked: its phone should forget the names now."""

    id: int
    session_id: int
    created_by_id: int
    expires_at: datetime
    revoked_at: datetime | None

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None


def take_round(
    session_id: int, member_ids: Collection[int], scope: Scope, now: datetime, *, elderly_age: int
) -> TakenRound:
    """A new round of these members. Raises NotFound, InvalidInput, WrongState."""
    wanted = sorted(set(member_ids))
    if not 0 < len(wanted) <= MOST_PEOPLE:
        words = lazy("请选 1 到 %(n)s 个人。", n=MOST_PEOPLE)
        raise InvalidInput.field("members", "out_of_range", words)
    if scope.user_id is None:
        raise Forbidden()
    token = new_token()
    with writing() as session:
        row = scoped_session(session, session_id, scope, now)
        if row.state not in OFFERED_IN:
            raise WrongState(lazy("这一场不在进行中,不能带走名单。已结束的请在名单上补登。"))
        if set(wanted) - recordable(session, row, wanted, scope, now):
            raise NotFound()
        made = VisitRound(
            session_id=row.id,
            token_hash=token_hash(token),
            created_by_id=scope.user_id,
            created_at=now,
            expires_at=now + timedelta(hours=ROUND_HOURS),
        )
        session.add(made)
        session.flush()
        # Random, not derived: what is on the phone leads to nobody elsewhere.
        session.add_all(
            VisitRoundMember(round_id=made.id, ref=secrets.token_urlsafe(12), member_id=member_id)
            for member_id in wanted
        )
        session.flush()
        people = carried(session, made.id, _branches(session, row, wanted, elderly_age))
        subject, number = f"session:{row.id}", len(wanted)
        record_act(session, "round.take", subject, scope.user_id, now, round=made.id, members=number)
        return TakenRound(made.id, token, row.title, now, made.expires_at, people)


def _branches(
    session: Session, row: TrainingSession, member_ids: Collection[int], elderly_age: int
) -> dict[int, int]:
    """The branch of each: as on the expected list, else that of the session's day."""
    query = select(ExpectedAttendee.member_id, ExpectedAttendee.org_id)
    listed = query.where(ExpectedAttendee.session_id == row.id, ExpectedAttendee.member_id.in_(member_ids))
    found = dict(session.execute(listed).all())
    others = set(member_ids) - set(found)
    if others:
        as_of = members_as_of(row.office_date, elderly_age, member_ids=others)
        found |= {member_id: org_id for member_id, org_id, _groups in session.execute(as_of)}
    if set(member_ids) - set(found):
        raise NotFound()
    return found


def stop_round(session_id: int, round_id: int, scope: Scope, now: datetime) -> bool:
    """Stop a round: its phone forgets the names, and what it still sends waits for a person.

    After AFTER_STOP it is refused. False when the round was stopped before. Raises NotFound.
    """
    with writing() as session:
        scoped_session(session, session_id, scope, now)
        found = session.get(VisitRound, round_id, with_for_update=True)
        if found is None or found.session_id != session_id:
            raise NotFound()
        if found.revoked_at is not None:
            return False
        found.revoked_at = now
        record_act(session, "round.stop", f"session:{session_id}", scope.user_id, now, round=round_id)
        return True


def known_round(round_id: int, token: str) -> KnownRound:
    """The round, for whoever holds its token. Raises NotFound for any other, there or not."""
    found = db.session().get(VisitRound, round_id)
    if found is None or not hmac.compare_digest(found.token_hash, token_hash(token)):
        raise NotFound()
    return KnownRound(found.id, found.session_id, found.created_by_id, found.expires_at, found.revoked_at)


def record_round(
    taken: KnownRound, sent: SentTicks, scope: Scope | None, now: datetime, *, tz: ZoneInfo, elderly_age: int
) -> list[BatchAnswer]:
    """The ticks of a round, on behalf of whoever took it along. scope: where that user may record now.

    Raises TooManyTries; a tick is either taken in, or answered with a refusal and kept by its phone.
    """
    with writing() as session:
        within = allow(session, "round", str(taken.id), now, limit=_SENDINGS, window=_WINDOW)
    if not within:
        raise TooManyTries()
    members = round_members(db.session(), taken.id, [tick.ref for tick in sent.ticks])
    items = [
        BatchItem(
            tick.id,
            taken.session_id,
            members[tick.ref],
            tick.status,
            Method.STAFF_ENTRY,
            tick.occurred_at,
            tick.excuse_reason,
        )
        for tick in sent.ticks
        if tick.ref in members
    ]
    stopped_long_ago = taken.revoked_at is not None and now > taken.revoked_at + AFTER_STOP
    batch = Batch(
        round_device(taken.id, sent.device),
        items,
        taken.created_by_id,
        sent.sent_at,
        frozenset() if stopped_long_ago else _KEEPS,
        is_revoked=taken.is_revoked or now > taken.expires_at + GRACE,
        of_round=taken.id,
    )
    answers = {each.id: each for each in record_batch(batch, scope, now, tz=tz, elderly_age=elderly_age)}
    strange = RefusalCode.UNKNOWN_MEMBER.value
    return [answers.get(tick.id, BatchAnswer(tick.id, strange)) for tick in sent.ticks]
