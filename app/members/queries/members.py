"""Lists members of a scope as they stand on a date: filtered, searched, by name in pinyin order."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, false, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.access import Scope
from app.core.crypto import blind_index
from app.core.vocabulary import Group
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.as_of import members_as_of
from app.members.queries.masked import masked_phone
from app.members.queries.tree import subtree_ids

LONGEST_SEARCH = 80
# Above every text that begins with a prefix, in byte order.
_AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members are wanted: as they stand on `on`, below `org_id`, in `group`, found by `q`."""

    on: date
    elderly_age: int
    org_id: int | None = None
    group: Group | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member in a list; `sort_key` continues the list after this row."""

    id: int
    name: str
    org_id: int
    org_code: str
    org_name: str
    groups: tuple[Group, ...]
    phone_masked: str | None
    pinyin: str

    @property
    def sort_key(self) -> tuple[str, int]:
        return self.pinyin, self.id


def member_list(
    session: Session,
    scope: Scope,
    wanted: MemberFilter,
    *,
    limit: int,
    offset: int = 0,
    after: tuple[str, int] | None = None,
) -> list[MemberRow]:
    """Members of the scope by pinyin, then id; from `offset`, or after a row's `sort_key`."""
    found = _found(scope, wanted)
    query = select(found).order_by(found.c.pinyin, found.c.member_id).limit(limit).offset(offset)
    if after is not None:
        query = query.where(tuple_(found.c.pinyin, found.c.member_id) > after)
    return [
        MemberRow(
            row.member_id,
            row.name,
            row.org_id,
            row.org_code,
            row.org_name,
            Group.from_bits(row.groups),
            masked_phone(row.phone_sealed),
            row.pinyin,
        )
        for row in session.execute(query)
    ]


def member_count(session: Session, scope: Scope, wanted: MemberFilter) -> int:
    """How many members `member_list` holds in all."""
    if wanted.group is not None:
        return session.scalar(select(func.count()).select_from(_found(scope, wanted))) or 0
    # Without groups nothing has to be worked out for each member.
    query = select(func.count()).select_from(Membership).where(*_conditions(scope, wanted))
    if wanted.q:
        query = query.join(Member, Member.id == Membership.member_id)
    return session.scalar(query) or 0


def member_ids(scope: Scope, wanted: MemberFilter) -> Select[int]:
    """Ids of all that `member_list` holds."""
    if wanted.group is not None:
        return select(_found(scope, wanted).c.member_id)
    query = select(Membership.member_id).where(*_conditions(scope, wanted))
    return query.join(Member, Member.id == Membership.member_id) if wanted.q else query


def _found(scope: Scope, wanted: MemberFilter) -> Subquery:
    base: Select[Any] = (
        members_as_of(wanted.on, wanted.elderly_age)
        .add_columns(
            Member.name,
            Member.pinyin,
            Member.phone_sealed,
            OrgUnit.code.label("org_code"),
            OrgUnit.name.label("org_name"),
        )
        .where(*_conditions(scope, wanted))
    )
    found = base.subquery("found")
    if wanted.group is None:
        return found
    return select(found).where(found.c.groups.bitwise_and(wanted.group.bit) != 0).subquery("in_group")


def _conditions(scope: Scope, wanted: MemberFilter) -> list[ColumnElement[bool]]:
    conditions = [
        Membership.starts_on <= wanted.on,
        Membership.ends_on > wanted.on,
        Membership.org_id.in_(subtree_ids(scope.org_ids, wanted.on)),
    ]
    if wanted.org_id is not None:
        conditions.append(Membership.org_id.in_(subtree_ids([wanted.org_id], wanted.on)))
    if wanted.q and wanted.q.strip():
        conditions.append(matches(wanted.q))
    return conditions


def matches(text: str) -> ColumnElement[bool]:
    """Members that a search finds: by the beginning of the name, of its pinyin or initials, or by
    the last four digits of the telephone.

    Ranges instead of LIKE: they use the indexes of both databases, and % or _ mean themselves.
    """
    q = unicodedata.normalize("NFKC", text).strip()
    if not q or len(q) > LONGEST_SEARCH:
        return false()
    if q.isascii() and q.isdigit():
        # A whole number would put it into addresses and logs: only its end can be looked for.
        return Member.phone_tail_index == blind_index(q, "phone_tail") if len(q) == 4 else false()
    name = _starts_with(Member.name, "".join(q.split()) if not q.isascii() else q)
    if not q.isascii():
        return name
    letters = "".join(q.lower().split())
    return or_(name, _starts_with(Member.pinyin, letters), _starts_with(Member.pinyin_initials, letters))


def _starts_with(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    return and_(column >= prefix, column < prefix + _AFTER_ALL)
