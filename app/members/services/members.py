"""Adds members, corrects what is known about them, and shows a telephone number when asked."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import blind_index
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.members.commands import KEEP, MemberChanges, MemberDraft
from app.members.models import Member, Membership
from app.members.phones import normalise_phone
from app.members.queries.masked import whole_phone
from app.members.queries.scoped import find_member
from app.members.queries.tree import ids_by_code, names_by_id, placed_days
from app.members.rules import SINCE_EVER
from app.members.services.facts import clean_facts, fact_errors, write_facts
from app.members.services.placing import hold_tree
from app.members.services.spans import not_yet_there, require_member

_OF_THE_BRANCH = ("org_code", "starts_on")


def create_member(draft: MemberDraft, scope: Scope, now: datetime) -> int:
    """Add a member to a unit within the scope; returns the id. Raises InvalidInput with every wrong field.

    Without a first day the member has been there as long as the unit. Someone of the same name and number
    is taken to be the same person and refused.
    """
    today = office_date(now)
    facts = clean_facts(
        {f.name: getattr(draft, f.name) for f in fields(draft) if f.name not in _OF_THE_BRANCH}
    )
    with writing() as session:
        hold_tree(session)
        errors = list(fact_errors(facts, today))
        org_id = ids_by_code(session, [draft.org_code], scope, today).get(draft.org_code)
        first = SINCE_EVER
        if org_id is None:
            errors.append(FieldError("org_code", "unknown", lazy("没有找到这个党组织。")))
        else:
            first, _closed = placed_days(session, [org_id])[org_id]
        if draft.starts_on is not None and not SINCE_EVER <= draft.starts_on <= today:
            errors.append(
                FieldError("starts_on", "out_of_range", lazy("开始日期不能在今天之后,也不能太早。"))
            )
        elif org_id is not None and draft.starts_on is not None and draft.starts_on < first:
            words = not_yet_there(names_by_id(session, [org_id])[org_id], first)
            errors.append(FieldError("starts_on", "too_early", words))
        if not errors and facts["phone"] and _is_known(session, facts["name"], facts["phone"]):
            errors.append(_known_already())
        if errors or org_id is None:
            raise InvalidInput(errors=errors)
        member = Member(created_at=now, updated_at=now)
        write_facts(member, facts)
        session.add(member)
        session.flush()
        session.add(Membership(member_id=member.id, starts_on=draft.starts_on or first, org_id=org_id))
        record_act(session, "member.create", f"member:{member.id}", scope.user_id, now, org=org_id)
        return member.id


def update_member(member_id: int, changes: MemberChanges, scope: Scope, now: datetime) -> None:
    """Correct what is known about a member. Raises InvalidInput with every wrong field."""
    today = office_date(now)
    said: dict[str, Any] = {f.name: getattr(changes, f.name) for f in fields(changes)}
    facts = clean_facts({key: value for key, value in said.items() if value is not KEEP})
    with writing() as session:
        member = require_member(session, member_id, scope, today)
        errors = list(fact_errors(_with_dates(member, facts), today))
        if errors:
            raise InvalidInput(errors=errors)
        changed = write_facts(member, facts)
        if changed:
            member.updated_at = now
            record_act(
                session, "member.update", f"member:{member.id}", scope.user_id, now, fields=sorted(changed)
            )


def show_phone(member_id: int, scope: Scope, now: datetime) -> str | None:
    """The whole number, None without one; that it was asked for is logged first."""
    with writing() as session:
        member = find_member(session, member_id, scope, office_date(now))
        if member is None:
            raise NotFound()
        record_act(session, "member.show_phone", f"member:{member.id}", scope.user_id, now)
        return whole_phone(member.phone_sealed)


def _with_dates(member: Member, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, and beside a changed date the one that it is compared with."""
    pair = ("joined_party_on", "confirmed_on")
    if not set(pair) & set(facts):
        return facts
    return {**{key: getattr(member, key) for key in pair}, **facts}


def _is_known(session: Session, name: str, phone: str) -> bool:
    query = select(Member.id).where(
        Member.phone_index == blind_index(normalise_phone(phone), "phone"), Member.name == name
    )
    return session.scalar(query.limit(1)) is not None


def _known_already() -> FieldError:
    words = lazy("名册里已有同名、同手机号的党员,不用再新增。如从其他支部转来,请办理组织关系转接。")
    return FieldError("phone", "already_there", words)
