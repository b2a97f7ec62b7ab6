"""Hands out members as a roster that can be imported again without any change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import db, writing
from app.core.vocabulary import Group
from app.members.queries.masked import masked_phone, whole_phone
from app.members.queries.members import MemberFilter
from app.members.roster import queries
from app.members.roster.books import roster_book
from app.members.roster.plan import Tell, silent
from app.members.roster.rules_groups import GroupSpan

_FACTS = tuple(name for name in queries.FACTS if name != "is_migrant_worker")


def export_roster(
    wanted: MemberFilter, scope: Scope, now: datetime, *, with_phones: bool, tell: Tell = silent
) -> bytes:
    """The wanted members as .xlsx, by branch; phones masked unless asked for, and asking is logged first."""
    if with_phones:
        with writing() as session:
            record_act(session, "members.export_phones", "members", scope.user_id, now, org=wanted.org_id)
    session = db.session()
    members = queries.members_to_export(session, scope, wanted)
    return roster_book(_rows(session, members, wanted.on, with_phones), len(members), tell)


def _rows(
    session: Session, members: Sequence[Any], on: date, with_phones: bool
) -> Iterator[Mapping[str, str]]:
    spans = queries.roster_groups(session)
    phone_of = whole_phone if with_phones else masked_phone
    for member in members:
        facts: dict[str, str] = {name: str(getattr(member, name) or "") for name in _FACTS}
        yield {
            **facts,
            "name": member.name,
            "branch": member.org_name,
            "branch_code": member.org_code,
            "phone": phone_of(member.phone_sealed) or "",
            "is_migrant_worker": _yes_no(member.is_migrant_worker),
            **_group_cells(spans.get(member.id, ()), on),
        }


def _group_cells(spans: Sequence[GroupSpan], on: date) -> dict[str, str]:
    """The flags of the day; blank, which says nothing, where rows of later days or of another kind stand."""
    cells: dict[str, str] = {}
    for group, name in ((Group.LOST_CONTACT, "is_lost_contact"), (Group.MOBILE, "is_mobile")):
        live = [span for span in spans if span.group is group and span.ends_on > on]
        plain = [s for s in live if s.is_in and s.direction != "in" and s.starts_on <= on]
        cells[name] = _yes_no(bool(plain) if len(plain) == len(live) else None)
        if group is Group.MOBILE and plain and cells[name]:
            cells |= {"away_since": plain[0].starts_on.isoformat(), "away_at": plain[0].to_place or ""}
    return cells


def _yes_no(flag: bool | None) -> str:
    return "" if flag is None else "是" if flag else "否"
