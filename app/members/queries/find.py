"""Finds the first members of a list without looking at everybody: from whichever end is shorter.

Whoever is sought among few (a branch, a rare group, a full name) is gathered from there and sorted; whoever
is sought among many is met early when the list's own order is walked. Which of the two is decided here, by
rough counts, and not left to the database: SQLite has no statistics to decide by, and PostgreSQL's do not
know how a scope and a group overlap. What is found is always exactly what `members.member_ids` defines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.vocabulary import Group
from app.members.models import GroupMembership, Member, Membership
from app.members.queries.as_of import hand_row, is_old, units_giving
from app.members.queries.search import Sought, sought
from app.members.queries.tree import covers_all, subtree_ids

# Rough counts stop here; those of names that begin alike go on longer, in an index that is read fast.
MOST_COUNTED = 50_000
MOST_ALIKE = 150_000
# So many rows may be looked at to say exactly how many there are: a district's worth.
COUNT_BUDGET = 15_000
# Beyond, the number is said as "so many and more": the larger one if it costs no more rows than this.
CAPS = (1_000, 200)
CAP_BUDGET = 6_000
# To guess with: no index knows how many members are elderly.
_ELDERLY_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members are wanted: as they stand on `on`, below `org_id`, in `group`, found by `q`.

    anywhere: characters of `q` may stand in the middle of the name.
    """

    on: date
    elderly_age: int
    org_id: int | None = None
    group: Group | None = None
    q: str | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Ids in the order of the list, and how many there are in all; `at_least`: and perhaps more."""

    ids: tuple[int, ...]
    total: int
    at_least: bool


class _From(Enum):
    """Which condition the database starts from."""

    ORDER = "order"
    SOUGHT = "sought"
    UNITS = "units"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class _Part:
    """One way to be sought, in one way of being in the group; parts add up.

    units: None for everywhere. by_hand: in the group by a row; else by the rule, unless a row says otherwise.
    """

    way: Sought
    units: tuple[int, ...] | None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Rough numbers of members. A number that reached its limit stands for any larger one.

    walked: in the part of the order in which all that are sought lie. group_share: of everybody.
    """

    everybody: int
    walked: int
    sought: int
    in_units: int
    in_group: int
    group_share: float
    can_start: tuple[_From, ...]

    def start(self, need: int | None) -> tuple[float, _From]:
        """Rows to be looked at for the first `need` hits (None: all), and where to start for that few."""
        share = self.sought / self.walked * self.in_units / self.everybody * self.group_share
        walk = self.walked if need is None else min(self.walked, need / max(share, 1e-9))
        sizes = {_From.SOUGHT: self.sought, _From.UNITS: self.in_units, _From.GROUP: self.in_group}
        ways = [(float(walk), _From.ORDER), *((float(sizes[start]), start) for start in self.can_start)]
        return min(ways, key=lambda way: way[0])


@dataclass(frozen=True, slots=True)
class _Plan:
    """The parts with their sizes, and the number of members in the units alone."""

    parts: tuple[tuple[_Part, _Sizes], ...]
    in_units: int

    def rows(self, need: int | None) -> float:
        """Rows to be looked at."""
        return sum(sizes.start(need)[0] for _, sizes in self.parts)


def find_members(
    session: Session, scope: Scope, wanted: MemberFilter, *, limit: int, offset: int = 0
) -> Found:
    """One page by number, and the number of all. offset: at most MOST_COUNTED; so many rows are sorted."""
    plan, end = _plan(session, scope, wanted), offset + limit
    if wanted.group is None and plan.parts and plan.parts[0][0].way == Sought():
        # Nothing is asked but the place: that number is counted without looking at anybody.
        is_beyond = plan.in_units <= offset < MOST_COUNTED
        ids = () if is_beyond else _first(session, wanted, plan, end)
        return Found(ids[offset:], plan.in_units, plan.in_units >= MOST_COUNTED)
    if plan.rows(None) <= COUNT_BUDGET:
        ids = _first(session, wanted, plan, None)
        return Found(ids[offset:end], len(ids), False)
    cap = max(end, next((cap for cap in CAPS if plan.rows(cap) <= CAP_BUDGET), CAPS[-1]))
    ids = _first(session, wanted, plan, cap + 1)
    return Found(ids[offset:end], min(len(ids), cap), len(ids) > cap)


def find_after(
    session: Session, scope: Scope, wanted: MemberFilter, *, limit: int, after: tuple[str, int] | None = None
) -> tuple[int, ...]:
    """The first ids of the list, or those after a row's key, without any count."""
    return _first(session, wanted, _plan(session, scope, wanted), limit, after)


def _plan(session: Session, scope: Scope, wanted: MemberFilter) -> _Plan:
    ways = sought(wanted.q, wanted.anywhere)
    units = _units(session, scope, wanted) if ways else ()
    parts = [part for way in ways for part in _parts(session, way, units, wanted)]
    sizes, in_units = _measure(session, parts, units, wanted)
    return _Plan(tuple(zip(parts, sizes, strict=True)), in_units)


def _units(session: Session, scope: Scope, wanted: MemberFilter) -> tuple[int, ...] | None:
    """Ids of the units looked at; None when nothing lies outside."""
    everywhere = covers_all(session, scope.org_ids, wanted.on)
    if everywhere and wanted.org_id is None:
        return None
    query = subtree_ids(scope.org_ids if wanted.org_id is None else [wanted.org_id], wanted.on)
    if wanted.org_id is not None and not everywhere:
        placed = query.selected_columns[0]
        query = query.where(placed.in_(subtree_ids(scope.org_ids, wanted.on)))
    return tuple(session.scalars(query))


def _parts(session: Session, way: Sought, units: tuple[int, ...] | None, wanted: MemberFilter) -> list[_Part]:
    if wanted.group is None:
        return [_Part(way, units)]
    by_hand = _Part(way, units, by_hand=True)
    if wanted.group is Group.ELDERLY:
        return [_Part(way, units), by_hand]
    giving = units_giving(wanted.group, wanted.on)
    if giving is None:
        return [by_hand]
    known = set(session.scalars(giving))
    inside = known if units is None else known & set(units)
    return [_Part(way, tuple(sorted(inside))), by_hand]


def _measure(
    session: Session, parts: Sequence[_Part], units: tuple[int, ...] | None, wanted: MemberFilter
) -> tuple[list[_Sizes], int]:
    """The sizes of every part and of the units, in one SELECT."""
    counts: dict[Any, Any] = {"everybody": select(func.max(Member.id)).scalar_subquery()}
    for part in parts:
        counts["units", part.units] = _count(Membership, *_standing(wanted.on), *_within(part.units))
        for kind, condition in (("sought", part.way.condition()), ("walked", part.way.walked())):
            if condition is not None and not part.way.inside:
                counts[kind, part.way] = _count(Member, condition, most=MOST_ALIKE)
    counts["units", units] = _count(Membership, *_standing(wanted.on), *_within(units))
    if wanted.group is not None:
        # What the index tells, and no more: those whose row has ended are counted too.
        begun = and_(GroupMembership.group == wanted.group, GroupMembership.starts_on <= wanted.on)
        counts["group"] = _count(GroupMembership, begun)
    found = session.execute(select(*counts.values())).one()
    known = {key: value or 0 for key, value in zip(counts, found, strict=True)}
    return [_sizes(part, known, wanted.group) for part in parts], known["units", units]


def _sizes(part: _Part, known: dict[Any, int], group: Group | None) -> _Sizes:
    everybody = max(known["everybody"], 1)
    starts = []
    if ("sought", part.way) in known:
        starts.append(_From.SOUGHT)
    if part.units is not None:
        starts.append(_From.UNITS)
    share = 1.0
    if part.by_hand:
        starts.append(_From.GROUP)
        share = known["group"] / everybody
    elif group is Group.ELDERLY:
        share = _ELDERLY_SHARE
    walked = max(known.get(("walked", part.way), everybody), 1)
    return _Sizes(
        everybody=everybody,
        walked=walked,
        sought=min(known.get(("sought", part.way), walked), walked),
        in_units=everybody if part.units is None else known["units", part.units],
        in_group=known.get("group", everybody),
        group_share=share,
        can_start=tuple(starts),
    )


def _count(model: Any, *conditions: ColumnElement[bool], most: int = MOST_COUNTED) -> Any:
    some = select(literal(1)).select_from(model).where(*conditions).limit(most).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _first(
    session: Session,
    wanted: MemberFilter,
    plan: _Plan,
    need: int | None,
    after: tuple[str, int] | None = None,
) -> tuple[int, ...]:
    """Ids of the first `need` members in the order of the list (None: of all), after a key."""
    if not plan.parts:
        return ()
    queries = [
        _query(part, sizes.start(need)[1], wanted, need, after).subquery() for part, sizes in plan.parts
    ]
    rows = session.execute(union_all(*[select(query) for query in queries])).all()
    # The databases compare bytes, and so does this: UTF-8 keeps the order of code points.
    met = dict.fromkeys(row.id for row in sorted(rows))
    return tuple(met)[:need]


def _query(
    part: _Part, start: _From, wanted: MemberFilter, need: int | None, after: tuple[str, int] | None
) -> Select[Any]:
    """SELECT sort, id: the first of one part, such that the database can start only where it is meant to."""
    order, way = part.way.order, part.way
    conditions = [
        *_standing(wanted.on),
        *_within(part.units, start is _From.UNITS),
        way.condition(),
        *_in_group(part, start, wanted),
    ]
    if start is _From.ORDER:
        conditions.append(way.walked())
        ordered = order
        if after is not None:
            conditions.append(order >= after[0])
    else:
        ordered = order.concat("")
    if after is not None:
        conditions.append(tuple_(ordered, Member.id) > tuple_(*after))
    query = select(order.label("sort"), Member.id.label("id")).join(
        Membership, Membership.member_id == Member.id
    )
    if start is _From.GROUP:
        query = query.join(GroupMembership, GroupMembership.member_id == Member.id)
    query = query.where(*[condition for condition in conditions if condition is not None])
    return query.order_by(ordered, Member.id).limit(need)


def _standing(on: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Membership.starts_on <= on, Membership.ends_on > on


def _within(units: tuple[int, ...] | None, by_index: bool = True) -> list[ColumnElement[bool]]:
    if units is None:
        return []
    # A sum has no index: without statistics SQLite would start from the units whenever they are named.
    return [(Membership.org_id if by_index else Membership.org_id + 0).in_(units)]


def _in_group(part: _Part, start: _From, wanted: MemberFilter) -> list[ColumnElement[bool]]:
    if wanted.group is None:
        return []
    row = hand_row(wanted.group, wanted.on)
    if start is _From.GROUP:
        return [row, GroupMembership.is_in.is_(True)]
    said = exists().where(GroupMembership.member_id == Member.id, row)
    if part.by_hand:
        return [said.where(GroupMembership.is_in)]
    ruled = [is_old(wanted.on, wanted.elderly_age)] if wanted.group is Group.ELDERLY else []
    return [*ruled, ~said]
