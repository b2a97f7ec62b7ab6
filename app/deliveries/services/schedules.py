"""Sets which report is made each month, of what unit, for whom; pauses it, and tries again what stopped."""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.queries import user_id_by_name
from app.core.access import Scope, scope_of
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import LANGUAGES, lazy
from app.core.vocabulary import DeliveryState
from app.deliveries.commands import ScheduleDraft
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.deliveries.queries import may_receive, schedule_row
from app.members.queries.tree import OrgRow, in_scope, org_by_code

_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_NOT_IN_ADDRESSES = set('<>()[],;:\\"')


def save_schedule(draft: ScheduleDraft, scope: Scope, now: datetime, *, mail_is_set_up: bool) -> int:
    """Want a report each month from now on; returns its id.

    One that is there already for the same form, unit and reader takes the new language and address and
    goes on if it was paused: a repeat makes no second one.
    """
    if draft.language not in LANGUAGES:
        raise InvalidInput.field("language", "unknown", lazy("请从列表中选择语言。"))
    with writing() as session:
        unit = _unit(session, draft, scope, office_date(now))
        user_id = _reader(session, draft, unit, scope, office_date(now))
        email = _address(draft.email, mail_is_set_up)
        wanted = (
            ReportSchedule.user_id == user_id,
            ReportSchedule.report == draft.report,
            ReportSchedule.org_id == unit.id,
        )
        # Locked: two saves at once would both find nothing.
        row = session.scalars(select(ReportSchedule).where(*wanted).with_for_update()).one_or_none()
        if row is None:
            row = ReportSchedule(user_id=user_id, report=draft.report, org_id=unit.id, wanted_since=now)
            session.add(row)
        elif not row.is_active:
            row.wanted_since = now
        row.is_active, row.language, row.email = True, draft.language, email
        session.flush()
        record_act(session, "delivery.schedule", f"report_schedule:{row.id}", scope.user_id, now)
        return row.id


def set_wanted(schedule_id: int, wanted: bool, scope: Scope, now: datetime) -> None:
    """Pause a schedule or let it go on; months that end while it is paused are not made later."""
    with writing() as session:
        row = _schedule(session, schedule_id, scope, now)
        if row.is_active == wanted:
            return
        row.is_active = wanted
        if wanted:
            row.wanted_since = now
        act = "delivery.resume" if wanted else "delivery.pause"
        record_act(session, act, f"report_schedule:{row.id}", scope.user_id, now)


def try_again(schedule_id: int, scope: Scope, now: datetime) -> int:
    """Let what was given up or withheld of a schedule be made after all; returns how many."""
    with writing() as session:
        row = _schedule(session, schedule_id, scope, now)
        stopped = (DeliveryState.GIVEN_UP, DeliveryState.WITHHELD)
        found = session.scalars(
            update(ReportDelivery)
            .where(ReportDelivery.schedule_id == row.id, ReportDelivery.state.in_(stopped))
            .values(state=DeliveryState.WAITING, attempts=0, leased_until=None)
            .returning(ReportDelivery.id)
        ).all()
        if found:
            record_act(session, "delivery.retry", f"report_schedule:{row.id}", scope.user_id, now)
        return len(found)


def _schedule(session: Session, schedule_id: int, scope: Scope, now: datetime) -> ReportSchedule:
    if schedule_row(session, schedule_id, scope, office_date(now)) is None:
        raise NotFound()
    return session.get_one(ReportSchedule, schedule_id, with_for_update=True)


def _unit(session: Session, draft: ScheduleDraft, scope: Scope, today: date) -> OrgRow:
    unit = org_by_code(session, draft.org_code, scope, today)
    if unit is None:
        raise InvalidInput.field("org_code", "unknown", lazy("请从列表中选择您负责范围内的党组织。"))
    return unit


def _reader(session: Session, draft: ScheduleDraft, unit: OrgRow, scope: Scope, today: date) -> int:
    user_id = user_id_by_name(session, draft.username)
    if user_id is None or not may_receive(session, user_id, scope, today):
        raise InvalidInput.field("username", "unknown", lazy("请从列表中选择您负责范围内的工作人员。"))
    reads = scope_of(user_id, "reports.read")
    if reads is None or not in_scope(session, unit.id, reads, today):
        raise InvalidInput.field(
            "username", "out_of_scope", lazy("这位工作人员不负责所选的党组织,看不到它的报表。请换一个。")
        )
    return user_id


def _address(given: str | None, mail_is_set_up: bool) -> str | None:
    email = (given or "").strip()
    if not email:
        return None
    if not mail_is_set_up:
        raise InvalidInput.field("email", "not_set_up", lazy("还没有设置邮件服务器,请把邮箱留空。"))
    if len(email) > 200 or not _ADDRESS.fullmatch(email) or set(email) & _NOT_IN_ADDRESSES:
        raise InvalidInput.field("email", "invalid", lazy("请填写一个邮箱地址,例如 study@example.cn。"))
    return email
