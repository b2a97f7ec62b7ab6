"""Writes a planned roster import: everything in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import last_act, record_act
from app.core.crypto import blind_index, seal
from app.core.db import db, is_postgresql, writing
from app.core.errors import InvalidInput
from app.core.i18n import lazy
from app.core.statistics import MANY, take_statistics
from app.core.vocabulary import FOREVER, Group
from app.members.models import GroupMembership, Member, Membership, OrgPost
from app.members.pinyin import name_pinyin
from app.members.roster import queries
from app.members.roster.branches import create_decided
from app.members.roster.plan import Asked, ChangedMember, NewMember, Plan, Tell, silent
from app.members.roster.planning import plan_roster
from app.members.roster.reading import Roster
from app.members.roster.rules_groups import Act, GroupEdit
from app.members.rules import after_transfer
from app.members.services.placing import hold_tree, lock_tree

_MEMBERS = cast(Table, Member.__table__)
_MEMBERSHIPS = cast(Table, Membership.__table__)
_GROUPS = cast(Table, GroupMembership.__table__)
_POSTS = cast(Table, OrgPost.__table__)
# Acts after which a plan may be out of date: what changes members and units, whatever it is called.
_PLANNED_ON = ("member.", "members.import", "org.", "orgs.")
_NO_CHANGE = ("member.show_phone", "member.distinct")
# How often a plan is made without the lock before it is made under it.
_ROUNDS = 3


class _NotClean(Exception):
    """Undoes the branches that were created for a plan that turned out to have rejected rows."""


def import_roster(roster: Roster, asked: Asked, scope: Scope, now: datetime, tell: Tell = silent) -> Plan:
    """Store the roster, unless one row or more is rejected: then nothing is stored.

    The plan is made before the transaction that applies it, because SQLite has one write lock and check-ins
    wait for it; when somebody changed members or units in between, it is made again, and at last inside.
    Raises InvalidInput for days in the future and for branches that cannot be created.
    """
    _check(asked)
    plan = _import(roster, asked, scope, now, tell)
    if plan.is_clean and len(plan.created) >= MANY:
        take_statistics("members", "memberships", "group_memberships")
    return plan


def _import(roster: Roster, asked: Asked, scope: Scope, now: datetime, tell: Tell) -> Plan:
    # What hangs on branches that are about to be created can only be planned once they are there.
    for _ in range(0 if asked.decisions.creates else _ROUNDS):
        seen = _last_change(db.session())
        plan = plan_roster(db.session(), roster, asked, scope, tell)
        if not plan.is_clean:
            return plan
        with writing() as session:
            hold_tree(session)
            _hold_members(session, plan)
            if _last_change(session) == seen:
                _store(session, plan, (asked, 0), scope, now, tell)
                return plan
    return _plan_and_store(roster, asked, scope, now, tell)


def _plan_and_store(roster: Roster, asked: Asked, scope: Scope, now: datetime, tell: Tell) -> Plan:
    plan = Plan()
    try:
        with writing() as session:
            lock_tree(session)
            asked, branches = create_decided(session, asked, scope, now)
            seen = None
            # Once more where somebody came in between; then the members are held.
            while seen is None or _last_change(session) != seen:
                seen = _last_change(session)
                plan = plan_roster(session, roster, asked, scope, tell)
                if not plan.is_clean:
                    raise _NotClean
                _hold_members(session, plan)
            _store(session, plan, (asked, branches), scope, now, tell)
    except _NotClean:
        return plan
    return plan


def _last_change(session: Session) -> int:
    return last_act(session, _PLANNED_ON, but=_NO_CHANGE)


def _hold_members(session: Session, plan: Plan) -> None:
    """Lock whom the import changes, in the order of ids as everybody does."""
    ids = sorted(member.member_id for member in plan.changed)
    for portion in _chunks(ids):
        locked = select(_MEMBERS.c.id).where(_MEMBERS.c.id.in_(portion)).order_by(_MEMBERS.c.id)
        session.execute(locked.with_for_update())


def _store(
    session: Session, plan: Plan, made: tuple[Asked, int], scope: Scope, now: datetime, tell: Tell
) -> None:
    """Write the plan; made: what was asked, and how many branches were created for it."""
    asked, branches = made
    if plan.created or plan.changed:
        _create(session, plan.created, scope, now, tell)
        _change(session, plan.changed, asked, scope, now)
        moved = sum(1 for member in plan.changed if member.is_transferred)
        record_act(
            session, "members.import", "members", scope.user_id, now,
            created=len(plan.created), updated=len(plan.changed),
            unchanged=len(plan.unchanged), transferred=moved, branches=branches,
        )  # fmt: skip


def preview_roster(roster: Roster, asked: Asked, scope: Scope, tell: Tell = silent) -> Plan:
    """What `import_roster` would do; stores nothing."""
    _check(asked)
    return plan_roster(db.session(), roster, asked, scope, tell)


def _check(asked: Asked) -> None:
    """An import tells what is, not what will be."""
    for name, day in (("accepted_on", asked.accepted_on), ("as_of", asked.as_of)):
        if day is not None and day > asked.today:
            raise InvalidInput.field(name, "future", lazy("日期不能在今天以后。"))


def _create(session: Session, created: Sequence[NewMember], scope: Scope, now: datetime, tell: Tell) -> None:
    # In portions, so that the rows of a large roster never stand in memory all at once.
    for start in range(0, len(created), queries.CHUNK):
        tell("writing", start, len(created))
        portion = created[start : start + queries.CHUNK]
        ids = _new_ids(session, len(portion))
        session.execute(
            insert(_MEMBERS),
            [{"id": member_id, **_member_row(new, now)} for member_id, new in zip(ids, portion, strict=True)],
        )
        session.execute(
            insert(_MEMBERSHIPS),
            [
                {"member_id": member_id, "org_id": new.org_id, "starts_on": new.starts_on, "ends_on": FOREVER}
                for member_id, new in zip(ids, portion, strict=True)
            ],
        )
        pairs = ((member_id, new.groups) for member_id, new in zip(ids, portion, strict=True))
        _edit_groups(session, pairs, scope, now)


def _new_ids(session: Session, number: int) -> Sequence[int]:
    """Ids for new members, taken beforehand: asking for them with the rows makes one long statement of each
    portion, and reading those took PostgreSQL's driver longer than everything else."""
    if is_postgresql(session):
        sequence = func.pg_get_serial_sequence(_MEMBERS.name, _MEMBERS.c.id.name)
        return session.scalars(
            select(func.nextval(sequence)).select_from(func.generate_series(1, number))
        ).all()
    # SQLite has one writer, and this is it.
    last = session.scalar(select(func.max(_MEMBERS.c.id))) or 0
    return range(last + 1, last + 1 + number)


def _member_row(new: NewMember, now: datetime) -> dict[str, Any]:
    full, initials = name_pinyin(new.row.name)
    facts = {name: new.row.values.get(name) for name in queries.FACTS}
    return {
        **facts,
        "name": new.row.name,
        "pinyin": full,
        "pinyin_initials": initials,
        **_phone_columns(new.row.phone, new.phone_index),
        "created_at": now,
        "updated_at": now,
    }


def _phone_columns(phone: str | None, index: bytes | None) -> dict[str, bytes | None]:
    return {
        "phone_sealed": seal(phone, "phone") if phone else None,
        "phone_index": index,
        "phone_tail_index": blind_index(phone[-4:], "phone_tail") if phone else None,
    }


def _change(
    session: Session, changed: Sequence[ChangedMember], asked: Asked, scope: Scope, now: datetime
) -> None:
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for member in changed:
        values = dict(member.values)
        if member.has_new_phone:
            values |= _phone_columns(member.row.phone, member.phone_index)
        values["updated_at"] = now
        by_columns.setdefault(tuple(values), []).append({**values, "wanted_id": member.member_id})
    for columns, rows in by_columns.items():
        statement = update(_MEMBERS).where(_MEMBERS.c.id == bindparam("wanted_id"))
        session.execute(statement.values({column: bindparam(column) for column in columns}), rows)
    _transfer(session, [member for member in changed if member.is_transferred], asked)
    _edit_groups(session, ((member.member_id, member.groups) for member in changed), scope, now)


def _transfer(session: Session, moved: Sequence[ChangedMember], asked: Asked) -> None:
    """Write the branches of each moved member anew, and end the posts held in the old branch."""
    if not moved:
        return
    wanted = {member.member_id: member.org_id for member in moved}
    spans = queries.branch_spans_of(session, list(wanted))
    rows: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    for member_id, org_id in wanted.items():
        before = spans.get(member_id, [])
        if not before:
            rows.append(_membership(member_id, org_id, asked.accepted_on, FOREVER))
        else:
            after = after_transfer(before, org_id, asked.accepted_on, asked.today)
            rows.extend(_membership(member_id, s.org_id, s.starts_on, s.ends_on) for s in after)
            left.append({"wanted_member": member_id, "wanted_org": before[-1].org_id})
    for ids in _chunks(list(wanted)):
        session.execute(delete(_MEMBERSHIPS).where(_MEMBERSHIPS.c.member_id.in_(ids)))
    session.execute(insert(_MEMBERSHIPS), rows)
    if left:
        _end_posts(session, left, asked.accepted_on)


def _membership(member_id: int, org_id: int, starts_on: date, ends_on: date) -> dict[str, Any]:
    return {"member_id": member_id, "org_id": org_id, "starts_on": starts_on, "ends_on": ends_on}


def _end_posts(session: Session, left: Sequence[dict[str, Any]], day: date) -> None:
    of_old_branch = (_POSTS.c.member_id == bindparam("wanted_member")) & (
        _POSTS.c.org_id == bindparam("wanted_org")
    )
    session.execute(delete(_POSTS).where(of_old_branch, _POSTS.c.starts_on >= day), left)
    session.execute(update(_POSTS).where(of_old_branch, _POSTS.c.ends_on > day).values(ends_on=day), left)


def _edit_groups(
    session: Session, pairs: Iterable[tuple[int, Sequence[GroupEdit]]], scope: Scope, now: datetime
) -> None:
    opened, ended, erased, moved = [], [], [], []
    for member_id, edits in pairs:
        for edit in edits:
            key = {"wanted_member": member_id, "wanted_group": edit.group, "wanted_start": edit.starts_on}
            if edit.act is Act.OPEN:
                opened.append(_group_row(member_id, edit, scope, now))
            elif edit.act is Act.ERASE:
                erased.append(key)
            elif edit.act is Act.MOVE:
                moved.append({**key, "to_place": edit.to_place})
            else:
                ended.append({**key, "ends_on": edit.ends_on})
    mine = (
        (_GROUPS.c.member_id == bindparam("wanted_member"))
        & (_GROUPS.c.group_key == bindparam("wanted_group"))
        & (_GROUPS.c.starts_on == bindparam("wanted_start"))
    )
    # Ends first: a row that opens today may follow one that ends today.
    if erased:
        session.execute(delete(_GROUPS).where(mine), erased)
    if ended:
        session.execute(update(_GROUPS).where(mine).values(ends_on=bindparam("ends_on")), ended)
    if moved:
        session.execute(update(_GROUPS).where(mine).values(to_place=bindparam("to_place")), moved)
    if opened:
        session.execute(insert(_GROUPS), opened)


def _group_row(member_id: int, edit: GroupEdit, scope: Scope, now: datetime) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "group_key": edit.group,
        "starts_on": edit.starts_on,
        "ends_on": edit.ends_on,
        "is_in": True,
        "direction": "out" if edit.group is Group.MOBILE else None,
        "to_place": edit.to_place,
        "created_by_id": scope.user_id,
        "created_at": now,
    }


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), queries.CHUNK):
        yield ids[start : start + queries.CHUNK]
