"""Puts dated tags on units (示范 model, 指导 under guidance) and ends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import day_text, lazy
from app.core.vocabulary import FOREVER, OrgTag
from app.members.models import OrgTagRow
from app.members.rules import AHEAD, SINCE_EVER, first_overlap
from app.members.services.orgs import require_org
from app.members.services.placing import lock_tree


def set_tag(
    code: str, tag: OrgTag, starts_on: date, ends_on: date | None, scope: Scope, now: datetime
) -> None:
    """The unit has the tag from `starts_on` until before `ends_on` (None: open).

    A row with the same first day is replaced, the same again changes nothing; one that would overlap
    another is refused. Raises NotFound and InvalidInput with every wrong field.
    """
    today = office_date(now)
    end = ends_on or FOREVER
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, today)
        known = _rows(session, row.id, tag)
        errors = [*_span_errors(known, starts_on, end, today)]
        if errors:
            raise InvalidInput(errors=errors)
        same = next((old for old in known if old.starts_on == starts_on), None)
        if same is not None and same.ends_on == end:
            return
        if same is None:
            session.add(OrgTagRow(org_id=row.id, tag=tag, starts_on=starts_on, ends_on=end))
        else:
            same.ends_on = end
        record_act(
            session, "org.tag", f"org:{row.id}", scope.user_id, now,
            tag=tag.value, starts_on=starts_on.isoformat(), ends_on=end.isoformat(),
        )  # fmt: skip


def end_tag(code: str, tag: OrgTag, scope: Scope, now: datetime, *, on: date | None = None) -> None:
    """The unit has the tag no more from a day (today) on; earlier days keep it.

    What was to begin later goes. Raises NotFound when there is nothing to end.
    """
    day = on or office_date(now)
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, office_date(now))
        ending = [old for old in _rows(session, row.id, tag) if old.ends_on > day]
        if not ending:
            raise NotFound(lazy("没有可以结束的记录。"))
        for old in ending:
            if old.starts_on >= day:
                session.delete(old)
            else:
                old.ends_on = day
        record_act(
            session,
            "org.tag_end",
            f"org:{row.id}",
            scope.user_id,
            now,
            tag=tag.value,
            ends_on=day.isoformat(),
        )


def erase_tag(code: str, tag: OrgTag, starts_on: date, scope: Scope, now: datetime) -> None:
    """Take back a row that was entered by mistake, as if it had never been."""
    with writing() as session:
        lock_tree(session)
        row = require_org(session, code, scope, office_date(now))
        old = session.get(OrgTagRow, (row.id, tag, starts_on))
        if old is None:
            raise NotFound()
        session.delete(old)
        record_act(
            session, "org.tag_erase", f"org:{row.id}", scope.user_id, now,
            tag=tag.value, starts_on=starts_on.isoformat(),
        )  # fmt: skip


def _rows(session: Session, org_id: int, tag: OrgTag) -> list[OrgTagRow]:
    query = select(OrgTagRow).where(OrgTagRow.org_id == org_id, OrgTagRow.tag == tag)
    return list(session.scalars(query))


def _span_errors(
    known: Sequence[OrgTagRow], starts_on: date, ends_on: date, today: date
) -> Iterator[FieldError]:
    if not SINCE_EVER <= starts_on <= today + AHEAD:
        yield FieldError("from", "out_of_range", lazy("开始日期不在合理范围内,请检查年份。"))
    if ends_on <= starts_on:
        yield FieldError("to", "before_from", lazy("结束日期要晚于开始日期。"))
        return
    met = first_overlap([(row.starts_on, row.ends_on) for row in known], starts_on, ends_on)
    if met is not None:
        words = lazy("与 %(day)s 开始的一条同类记录重叠,请先结束或修改那一条。", day=day_text(met[0]))
        yield FieldError("from", "overlaps", words)
