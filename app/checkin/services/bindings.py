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
from app.checkin.queries.lookup import TokenHolder, holders_of_tokens
from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import blind_index, new_token, token_hash
from app.core.db import db, writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.throttle import address_subject, check_and_count, forget
from app.members.models import Member, Membership, OrgUnit
from app.members.services.spans import require_member

BIND_CODE_LIFE = timedelta(days=7)
TRIES_WINDOW = timedelta(minutes=15)
# A hall shares one address: the limit by address is wide, the one by target or browser narrow.
TRIES_PER_ADDRESS = 200
TRIES_PER_BROWSER = 8
TRIES_PER_TARGET = 5


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
                code_hash=_code_hash(code),
                created_by_id=scope.user_id,
                created_at=now,
                expires_at=now + BIND_CODE_LIFE,
            )
        )
        record_act(session, "binding.code", f"member:{member_id}", scope.user_id, now)
        return code


def bind_phone(proof: Proof, browser: str, address: str, now: datetime) -> str:
    """Bind the asking browser by proof; returns its token. Raises InvalidInput, TooManyTries."""
    _count_tries(proof, browser, address, now)
    with writing() as session:
        if proof.one_time_code:
            member_id, how = _by_code(session, proof.one_time_code, now), "one_time_code"
        else:
            member_id, how = _by_name_and_phone(session, proof, now), "name_and_phone"
        token = _bind(session, member_id, how, None, now)
        forget(session, "bind_browser", browser)
        return token


def _count_tries(proof: Proof, browser: str, address: str, now: datetime) -> None:
    place = address_subject(address)
    # A transaction of its own: a refused try counts too.
    with writing() as session:
        check_and_count(session, "bind_address", place, now, limit=TRIES_PER_ADDRESS, window=TRIES_WINDOW)
        check_and_count(session, "bind_browser", browser, now, limit=TRIES_PER_BROWSER, window=TRIES_WINDOW)
        if not proof.one_time_code:
            target = f"{proof.name}/{proof.org_code}"
            check_and_count(session, "bind_target", target, now, limit=TRIES_PER_TARGET, window=TRIES_WINDOW)


def _unused_code(session: Session, now: datetime) -> str:
    while True:
        code = f"{secrets.randbelow(10**8):08d}"
        if session.scalars(_live_codes(code, now)).first() is None:
            return code


def _live_codes(code: str, now: datetime) -> Select[BindCode]:
    return select(BindCode).where(
        BindCode.code_hash == _code_hash(code), BindCode.used_at.is_(None), BindCode.expires_at > now
    )


def _by_code(session: Session, code: str, now: datetime) -> int:
    digits = "".join(str(int(char)) for char in code if char.isdecimal())
    rows = session.scalars(_live_codes(digits, now).with_for_update()).all()
    # Two members drew the same digits in the same moment: neither may be taken for the other.
    if len(rows) != 1:
        raise InvalidInput.field(
            "one_time_code", "wrong", lazy("这个绑定码不对,或已经用过、过期。请向党支部要一个新的。")
        )
    rows[0].used_at = now
    return rows[0].member_id


def _by_name_and_phone(session: Session, proof: Proof, now: datetime) -> int:
    today = office_date(now)
    tail = "".join(str(int(char)) for char in proof.phone_tail if char.isdecimal())
    found = session.scalars(
        select(Member.id)
        .join(Membership, Membership.member_id == Member.id)
        .join(OrgUnit, OrgUnit.id == Membership.org_id)
        .where(
            Member.name == proof.name.strip(),
            Member.phone_tail_index == blind_index(tail, "phone_tail"),
            OrgUnit.code == proof.org_code.strip(),
            Membership.starts_on <= today,
            Membership.ends_on > today,
        )
    ).all()
    if len(found) != 1:
        # One answer for every reason: which part was wrong is nobody else's business.
        raise InvalidInput.field(
            "name", "no_match", lazy("没有对上。请核对姓名、手机尾号和支部代码,或向党支部要一个绑定码。")
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
    return token


def _code_hash(code: str) -> bytes:
    return blind_index(code, "bind_code")


def _require_member(session: Session, member_id: int, scope: Scope, now: datetime) -> None:
    require_member(session, member_id, scope, office_date(now))
