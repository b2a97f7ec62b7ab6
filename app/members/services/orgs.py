"""Adds units to the tree, and changes what they are called, what they are and where they hang."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import Text, day_text, lazy
from app.core.labels import ORG_KIND_LABELS
from app.core.vocabulary import FOREVER, OrgKind
from app.members.commands import KEEP, OrgChanges, OrgDraft
from app.members.models import OrgUnit
from app.members.queries.tree import OrgRow, names_by_id, org_by_code
from app.members.rules import AHEAD, SINCE_EVER
from app.members.rules_tree import CODE, DEEPEST, Hang, TreeRefused, may_hang, moved
from app.members.services.naming import last_change, last_rename, write_name, write_nature
from app.members.services.placing import Tree, lock_tree, refusal_words


def create_org(draft: OrgDraft, scope: Scope, now: datetime) -> int:
    """Hang a new unit below one within the scope; returns its id.

    Opened before the parent had a place, it has one from the parent's first day on. Raises InvalidInput
    with every wrong field.
    """
    today = office_date(now)
    with writing() as session:
        lock_tree(session)
        parent = org_by_code(session, draft.parent_code, scope, today) if draft.parent_code else None
        errors = [*_draft_errors(session, draft, parent, today)]
        if errors or parent is None:
            raise InvalidInput(errors=errors)
        unit = OrgUnit(
            code=draft.code,
            name=draft.name.strip(),
            kind=draft.kind,
            sector=draft.sector,
            opened_on=draft.opened_on,
            created_at=now,
        )
        session.add(unit)
        session.flush()
        tree = Tree(session)
        first = max(draft.opened_on or SINCE_EVER, tree.since(parent.id))
        _write(tree, {unit.id: [Hang(first, FOREVER, parent.id)]}, first, "parent_code", session)
        record_act(session, "org.create", f"org:{unit.id}", scope.user_id, now, parent=parent.id)
        return unit.id


def rename_org(code: str, name: str, scope: Scope, now: datetime, *, since: date | None = None) -> None:
    """Another name from `since` on; None: the spelling was wrong at all dates. See `change_org`."""
    change_org(code, OrgChanges(name=name, name_from=since), scope, now)


def change_org(code: str, changes: OrgChanges, scope: Scope, now: datetime) -> None:
    """Change a unit's name, kind or sector from a day on, or correct it at all dates.

    Figures of earlier days keep what the unit was then; its former names go on finding it in rosters.
    Raises NotFound, and InvalidInput with every wrong field.
    """
    today = office_date(now)
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, today)
        unit = session.get_one(OrgUnit, row.id)
        kind = unit.kind if changes.kind is KEEP else changes.kind
        sector = unit.sector if changes.sector is KEEP else changes.sector
        tree = Tree(session)
        errors = [*_change_errors(session, row, changes, kind, tree, today)]
        if errors:
            raise InvalidInput(errors=errors)
        fields = ["name"] if changes.name is not KEEP and changes.name.strip() != unit.name else []
        fields += ["kind"] if kind is not unit.kind else []
        fields += ["sector"] if sector is not unit.sector else []
        if changes.name is not KEEP:
            write_name(session, unit, changes.name.strip(), changes.name_from)
        write_nature(session, unit, kind, sector, changes.changed_from)
        if fields:
            days = {"name_from": changes.name_from, "changed_from": changes.changed_from}
            said = {key: day.isoformat() for key, day in days.items() if day is not None}
            record_act(session, "org.change", f"org:{unit.id}", scope.user_id, now, fields=fields, **said)


def move_org(code: str, parent_code: str, on: date, scope: Scope, now: datetime) -> int:
    """The unit, with all below it, hangs under another one from a day on; returns how many units moved.

    Both must lie within the scope. Back under the former parent on the day of the last move, that move
    is undone; the same again changes nothing. Earlier days, and what was recorded on them, stay as they
    were. Raises NotFound and InvalidInput.
    """
    today = office_date(now)
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, today)
        parent = org_by_code(session, parent_code, scope, today)
        if parent is None:
            raise InvalidInput.field("parent_code", "unknown", lazy("没有找到上级党组织。"))
        if not may_hang(row.kind, parent.kind):
            raise InvalidInput.field("parent_code", "cannot_hold", rank_words(row.kind, parent.kind))
        if not SINCE_EVER < on <= today + AHEAD:
            words = lazy("日期太远,最晚可以填 %(day)s。", day=day_text(today + AHEAD))
            raise InvalidInput.field("on", "out_of_range", words)
        tree = Tree(session)
        history = tree.parents(row.id)
        if (history[-1].starts_on, history[-1].parent_id) == (on, parent.id):
            return 0
        try:
            after = moved(history, parent.id, on)
        except TreeRefused as refused:
            field = "parent_code" if refused.code == "same_parent" else "on"
            raise InvalidInput.field(field, refused.code, refusal_words(refused, {})) from refused
        count = _write(tree, {row.id: after}, on, "parent_code", session)
        record_act(
            session, "org.move", f"org:{row.id}", scope.user_id, now,
            parent=parent.id, on=on.isoformat(), units=count,
        )  # fmt: skip
        return count


def require_org(session: Session, code: str, scope: Scope, on: date) -> OrgRow:
    """The open unit with this code; raises NotFound outside the scope."""
    row = org_by_code(session, code, scope, on)
    if row is None:
        raise NotFound()
    return row


def rank_words(kind: OrgKind, parent: OrgKind) -> Text:
    """That a unit may not stand below another."""
    return lazy(
        "上级是%(parent)s,下面不能设%(kind)s。", parent=ORG_KIND_LABELS[parent], kind=ORG_KIND_LABELS[kind]
    )


def _write(tree: Tree, hangs: dict[int, list[Hang]], since: date, field: str, session: Session) -> int:
    try:
        return tree.write(hangs, since)
    except TreeRefused as refused:
        names = names_by_id(session, [refused.org_id] if refused.org_id else [])
        raise InvalidInput.field(field, refused.code, refusal_words(refused, names)) from refused


def org_errors(session: Session, draft: OrgDraft, scope: Scope, today: date) -> list[FieldError]:
    """Why `create_org` would refuse the unit; empty when it would not."""
    parent = org_by_code(session, draft.parent_code, scope, today) if draft.parent_code else None
    return [*_draft_errors(session, draft, parent, today)]


def _draft_errors(
    session: Session, draft: OrgDraft, parent: OrgRow | None, today: date
) -> Iterator[FieldError]:
    if not CODE.fullmatch(draft.code):
        yield FieldError("code", "invalid", lazy("编码请用 1 到 40 个字母或数字,不要有空格和斜线。"))
    elif session.scalar(select(OrgUnit.id).where(OrgUnit.code == draft.code)) is not None:
        yield FieldError("code", "taken", lazy("这个编码已有党组织使用,请换一个。"))
    yield from _name_errors(draft.name)
    if draft.opened_on is not None and not SINCE_EVER <= draft.opened_on <= today:
        yield FieldError("opened_on", "out_of_range", lazy("成立日期不能在今天之后,也不能太早。"))
    if parent is None:
        yield FieldError("parent_code", "unknown", lazy("没有找到上级党组织。"))
    elif parent.kind is OrgKind.GROUP or parent.depth >= DEEPEST:
        yield FieldError("parent_code", "cannot_hold", lazy("党小组下不能再设组织。"))
    elif not may_hang(draft.kind, parent.kind):
        yield FieldError("kind", "cannot_hang", rank_words(draft.kind, parent.kind))


def _name_errors(name: str) -> Iterator[FieldError]:
    if not 0 < len(name.strip()) <= 200 or not name.isprintable():
        yield FieldError("name", "invalid", lazy("请填写名称,不超过 200 个字。"))


def _change_errors(
    session: Session, row: OrgRow, changes: OrgChanges, kind: OrgKind, tree: Tree, today: date
) -> Iterator[FieldError]:
    if changes.name is not KEEP:
        yield from _name_errors(changes.name)
    began = tree.since(row.id)
    if changes.name is not KEEP and changes.name_from is not None:
        renamed = last_rename(session, row.id)
        yield from _since_errors(
            "name_from", changes.name_from, began, renamed.ends_on if renamed else None, today
        )
    if changes.changed_from is not None and (changes.kind is not KEEP or changes.sector is not KEEP):
        changed = last_change(session, row.id)
        last = changed.ends_on if changed else None
        yield from _since_errors("changed_from", changes.changed_from, began, last, today)
    if kind is not row.kind:
        yield from _rank_errors(session, row, kind, tree, changes.changed_from or today)


def _since_errors(
    field: str, since: date, began: date, last: date | None, today: date
) -> Iterator[FieldError]:
    """A change holds from a day after the unit's first; on the day of the last change, it replaces that."""
    if since > today:
        yield FieldError(field, "future", lazy("日期不能在今天以后。"))
    elif since <= SINCE_EVER:
        yield FieldError(field, "too_early", lazy("日期太早,请检查年份。"))
    elif since <= began or (last is not None and since < last):
        day = day_text(max(began, last or began))
        words = lazy("现在的登记从 %(day)s 起,日期要晚于这一天;一直登记错了,请选“更正”。", day=day)
        yield FieldError(field, "too_early", words)


def _rank_errors(session: Session, row: OrgRow, kind: OrgKind, tree: Tree, day: date) -> Iterator[FieldError]:
    parents = {hang.parent_id for hang in tree.parents(row.id) if hang.ends_on > day} - {None}
    below = set(tree.below(row.id, day))
    query = select(OrgUnit.id, OrgUnit.kind).where(OrgUnit.id.in_(parents | below))
    for org_id, other in session.execute(query):
        if org_id in parents and not may_hang(kind, other):
            yield FieldError("kind", "cannot_hang", rank_words(kind, other))
            return
        if org_id in below and not may_hang(other, kind):
            yield FieldError("kind", "cannot_hold", rank_words(other, kind))
            return
