"""Lists members of a scope as they stand on a date: filtered, searched, in order, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group
from app.members.models import Member, Membership, OrgUnit
from app.members.queries.as_of import members_as_of
from app.members.queries.find import Found, MemberFilter, find_after, find_members
from app.members.queries.masked import masked_phone
from app.members.queries.search import matches, sought
from app.members.queries.tree import subtree_ids

__all__ = [
    "MemberFilter",
    "MemberListPage",
    "MemberRow",
    "is_longer",
    "member_ids",
    "member_list",
    "member_list_page",
]


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
    sort_key: tuple[str, int]


@dataclass(frozen=True, slots=True)
class MemberListPage:
    """Some members of a list and the number of all; `at_least`: and perhaps more."""

    rows: tuple[MemberRow, ...]
    total: int
    at_least: bool


def member_list(
    session: Session,
    scope: Scope,
    wanted: MemberFilter,
    *,
    limit: int,
    after: tuple[str, int] | None = None,
) -> list[MemberRow]:
    """The first members of the scope, or those after a row's `sort_key`.

    In the order of pinyin, then id; names searched for in characters by themselves.
    """
    return _rows(session, wanted, find_after(session, scope, wanted, limit=limit, after=after))


def member_list_page(
    session: Session, scope: Scope, wanted: MemberFilter, *, limit: int, offset: int
) -> MemberListPage:
    """The same by position, with the number of all."""
    found: Found = find_members(session, scope, wanted, limit=limit, offset=offset)
    return MemberListPage(tuple(_rows(session, wanted, found.ids)), found.total, found.at_least)


def member_ids(scope: Scope, wanted: MemberFilter) -> Select[int]:
    """Ids of all that `member_list` holds: its definition."""
    standing = (
        members_as_of(wanted.on, wanted.elderly_age)
        .where(
            Membership.org_id.in_(subtree_ids(scope.org_ids, wanted.on)),
            matches(wanted.q, wanted.anywhere),
        )
        .subquery("standing")
    )
    query = select(standing.c.member_id)
    if wanted.org_id is not None:
        query = query.where(standing.c.org_id.in_(subtree_ids([wanted.org_id], wanted.on)))
    if wanted.group is not None:
        query = query.where(standing.c.groups.bitwise_and(wanted.group.bit) != 0)
    return query


def is_longer(session: Session, scope: Scope, wanted: MemberFilter, most: int) -> bool:
    """Whether `member_list` holds more than `most`; counts no further."""
    some = member_ids(scope, wanted).limit(most + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > most


def _rows(session: Session, wanted: MemberFilter, ids: Sequence[int]) -> list[MemberRow]:
    """The members of `ids`, in that order."""
    if not ids:
        return []
    order = sought(wanted.q, wanted.anywhere)[0].order
    query = members_as_of(wanted.on, wanted.elderly_age, member_ids=ids).add_columns(
        Member.name, OrgUnit.code, OrgUnit.name, Member.phone_sealed, order
    )
    rows = {
        member: MemberRow(
            member,
            name,
            org_id,
            code,
            org_name,
            Group.from_bits(bits),
            masked_phone(sealed),
            (key, member),
        )
        for member, org_id, bits, name, code, org_name, sealed, key in session.execute(query)
    }
    return [rows[member] for member in ids]
