"""Binds a phone to a member once, and lets go of it; binding is a convenience, never a condition."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.attendance.errors import CheckInRefused
from app.attendance.rules import RefusalCode
from app.checkin.models import BindCode, MemberBinding
from app.checkin.queries.bind import branches_called, members_with_phone_tail
from app.checkin.queries.lookup import TokenHolder, holders_of_tokens
from app.checkin.rules_bind import BIND_CODE_LIFE, digits_of
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import blind_index, new_token, token_hash
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.throttle import address_subject, allow, check_and_count, forget, give_back
from app.members.roster.rules_row import plain_name
from app.members.services.spans import require_member

# Failures only; the arithmetic of guessing is in docs/decisions/0026.
TRIES_WINDOW = timedelta(minutes=15)
A_DAY = timedelta(days=1)
# A hall shares one address: what counts against it is wide, and every success there takes away its own try
# and two failures, so that a hall of any size goes on. A member's own first success alone: whoever binds
# the same person again and again gains no guesses by it.
TRIES_PER_ADDRESS = 300
TRIES_PER_ADDRESS_A_DAY = 1500
FAILURES_A_SUCCESS = 3
TRIES_PER_BROWSER = 8
TRIES_PER_TARGET = 5
TRIES_PER_TARGET_A_DAY = 10
# More than anybody has; the oldest is let go of, so that nobody is turned away for it.
PHONES_OF_A_MEMBER = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """How a member says who they are: a one-time code, or name, phone tail and branch code."""

    one_time_code: str = ""
    name: str = ""
    phone_tail: str = ""
    org_code: str = ""


def holder(token: str) -> TokenHolder:
    """The member of a bound phone. Raises CheckInRefused (unknown_member, revoked)."""
    digest = token_hash(token)
    found = holders_of_tokens(db.session(), [digest]).get(digest)
    if found is None:
        raise CheckInRefused(RefusalCode.UNKNOWN_MEMBER)
    if found.revoked:
        raise CheckInRefused(RefusalCode.REVOKED)
    return found


def holders(tokens: list[str]) -> list[tuple[str, TokenHolder]]:
    """The good ones among a browser's tokens, in their order: a family may share one phone."""
    by_hash = holders_of_tokens(db.session(), [token_hash(token) for token in tokens])
    found = [(token, by_hash.get(token_hash(token))) for token in tokens]
    return [(token, member) for token, member in found if member is not None and not member.revoked]


def create_binding(member_id: int, scope: Scope, now: datetime, *, proof: str = "api") -> str:
    """A new token for a member's phone or app; shown once. Raises NotFound."""
    with writing() as session:
        _require_member(session, member_id, scope, now)
        return _bind(session, member_id, proof, scope.user_id, now)


def revoke_bindings(member_id: int, scope: Scope, now: datetime) -> int:
    """Let go of every phone of a member; returns how many. Raises NotFound."""
    with writing() as session:
        _require_member(session, member_id, scope, now)
        revoked = session.execute(
            update(MemberBinding)
            .where(MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(MemberBinding.id)
        ).all()
        record_act(session, "binding.revoke", f"member:{member_id}", scope.user_id, now, count=len(revoked))
        return len(revoked)


def revoke_binding(member_id: int, binding_id: int, scope: Scope, now: datetime) -> bool:
    """Let go of one phone of a member; False when that was done before. Raises NotFound."""
    with writing() as session:
        _require_member(session, member_id, scope, now)
        binding = session.get(MemberBinding, binding_id)
        if binding is None or binding.member_id != member_id:
            raise NotFound()
        if binding.revoked_at is not None:
            return False
        binding.revoked_at = now
        record_act(session, "binding.revoke", f"member:{member_id}", scope.user_id, now, count=1)
        return True


def forget_phone(token: str, now: datetime) -> None:
    """The member lets go of this phone."""
    with writing() as session:
        session.execute(
            update(MemberBinding)
            .where(MemberBinding.token_hash == token_hash(token), MemberBinding.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def create_bind_code(member_id: int, scope: Scope, now: datetime) -> str:
    """Eight digits that bind one phone within a week; an older unused code stops working."""
    with writing() as session:
        _require_member(session, member_id, scope, now)
        session.execute(
            update(BindCode)
            .where(BindCode.member_id == member_id, BindCode.used_at.is_(None))
            .values(expires_at=now)
        )
        code = _unused_code(session, now)
        session.add(
            BindCode(
                member_id=member_id,
                code_hash=code_hash(code),
                created_by_id=scope.user_id,
                created_at=now,
                expires_at=now + BIND_CODE_LIFE,
            )
        )
        record_act(session, "binding.code", f"member:{member_id}", scope.user_id, now)
        return code


def bind_phone(proof: Proof, browser: str, address: str, now: datetime) -> str:
    """Bind the asking browser by proof; returns its token. Raises InvalidInput, TooManyTries."""
    orgs = [] if proof.one_time_code else branches_called(db.session(), proof.org_code)
    limits = _limits(proof, orgs, browser, address)
    # Counted before it is looked at, in a transaction of its own: a refused try counts too, and of many
    # guesses at the same moment each one does. What turns out well is given back.
    with writing() as session:
        for limit in limits:
            check_and_count(session, limit.kind, limit.subject, now, limit=limit.tries, window=limit.window)
    with writing() as session:
        if proof.one_time_code:
            member_id, how = _by_code(session, proof.one_time_code, now), "one_time_code"
        else:
            member_id, how = _by_name_and_phone(session, proof, orgs, now), "name_and_phone"
        token = _bind(session, member_id, how, None, now)
        for limit in limits:
            limit.forgive(session, member_id, now)
        return token


@dataclass(frozen=True, slots=True)
class _Limit:
    """Failures of one kind that one subject has in a window. shared: by people who know nothing of each
    other, so that a success speaks for some of them and not for all."""

    kind: str
    subject: str
    tries: int
    window: timedelta
    shared: bool = False

    def forgive(self, session: Session, member_id: int, now: datetime) -> None:
        if not self.shared:
            forget(session, self.kind, self.subject)
            return
        kind, window = f"{self.kind}_ok", self.window
        first = allow(session, kind, f"member:{member_id}", now, limit=1, window=window)
        give_back(session, self.kind, self.subject, FAILURES_A_SUCCESS if first else 1)


def _limits(proof: Proof, orgs: list[int], browser: str, address: str) -> list[_Limit]:
    place = address_subject(address)
    limits = [
        _Limit("bind_address", place, TRIES_PER_ADDRESS, TRIES_WINDOW, shared=True),
        _Limit("bind_address_day", place, TRIES_PER_ADDRESS_A_DAY, A_DAY, shared=True),
        _Limit("bind_browser", browser, TRIES_PER_BROWSER, TRIES_WINDOW),
    ]
    if not proof.one_time_code:
        # However the branch was spelt: another spelling is no fresh start.
        target = f"{plain_name(proof.name).casefold()}/{min(orgs, default='')}"
        limits += [
            _Limit("bind_target", target, TRIES_PER_TARGET, TRIES_WINDOW),
            _Limit("bind_target_day", target, TRIES_PER_TARGET_A_DAY, A_DAY),
        ]
    return limits


def _unused_code(session: Session, now: datetime) -> str:
    while True:
        code = f"{secrets.randbelow(10**8):08d}"
        if session.scalars(live_codes(code, now)).first() is None:
            return code


def live_codes(code: str, now: datetime) -> Select[BindCode]:
    """Codes with these digits that still bind a phone; more than one binds none."""
    return select(BindCode).where(
        BindCode.code_hash == code_hash(code), BindCode.used_at.is_(None), BindCode.expires_at > now
    )


def _by_code(session: Session, code: str, now: datetime) -> int:
    rows = session.scalars(live_codes(digits_of(code), now).with_for_update()).all()
    # Two members drew the same digits in the same moment: neither may be taken for the other.
    if len(rows) != 1:
        raise InvalidInput.field(
            "one_time_code", "wrong", lazy("这个绑定码不对,或已经用过、过期。请向党支部要一个新的。")
        )
    rows[0].used_at = now
    return rows[0].member_id


def _by_name_and_phone(session: Session, proof: Proof, orgs: list[int], now: datetime) -> int:
    tail = digits_of(proof.phone_tail)[-4:]
    people = members_with_phone_tail(session, blind_index(tail, "phone_tail"), orgs, office_date(now))
    name = plain_name(proof.name).casefold()
    found = [member_id for member_id, known_as in people if plain_name(known_as).casefold() == name]
    if len(found) != 1:
        # One answer for every reason: which part was wrong is nobody else's business.
        raise InvalidInput.field(
            "name", "no_match", lazy("没有对上。请核对姓名、手机尾号和支部,或向党支部要一个绑定码。")
        )
    return found[0]


def _bind(session: Session, member_id: int, proof: str, user_id: int | None, now: datetime) -> str:
    token = new_token()
    session.add(
        MemberBinding(
            member_id=member_id,
            token_hash=token_hash(token),
            proof=proof,
            created_by_id=user_id,
            created_at=now,
        )
    )
    record_act(session, "binding.create", f"member:{member_id}", user_id, now, proof=proof)
    _let_go_of_oldest(session, member_id, user_id, now)
    return token


def _let_go_of_oldest(session: Session, member_id: int, user_id: int | None, now: datetime) -> None:
    live = (MemberBinding.member_id == member_id, MemberBinding.revoked_at.is_(None))
    session.flush()
    latest = select(MemberBinding.id).where(*live).order_by(MemberBinding.id.desc())
    old = session.scalars(latest.offset(PHONES_OF_A_MEMBER)).all()
    if old:
        session.execute(update(MemberBinding).where(MemberBinding.id.in_(old)).values(revoked_at=now))
        record_act(session, "binding.revoke", f"member:{member_id}", user_id, now, count=len(old))


def code_hash(code: str) -> bytes:
    """What is stored of a code's digits."""
    return blind_index(code, "bind_code")


def _require_member(session: Session, member_id: int, scope: Scope, now: datetime) -> None:
    require_member(session, member_id, scope, office_date(now))
