"""Turns a plan into drafts, each proposed session once, whoever asks how often."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import lazy
from app.core.tasks import task_to_settle
from app.members.queries.as_of import members_in_scope
from app.members.services.placing import hold_tree
from app.reach.commands import Plan, PlanOrder, ProposedSession
from app.reach.queries.plans import REACH_PLAN, holds_all
from app.reach.rules import Way
from app.reach.rules_lines import starts_at
from app.reports.queries import mode_names
from app.trainings.commands import AudienceDraft, SessionDraft
from app.trainings.services.drafts import add_draft

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Applied:
    """Sessions by the number of their line: all that were ever made of the plan, and how many just now.

    left_out: members who have left the caller's part of the tree since the plan was made.
    """

    sessions: dict[int, int]
    new: int
    left_out: int


def apply_plan(
    token: str, wanted: Collection[int] | None, scope: Scope, now: datetime, *, tz: ZoneInfo
) -> Applied:
    """Draft the proposed sessions `wanted` (numbers from 1), or all but the offers when it is None.

    What was made of the plan before is noted with it and never made again. Raises NotFound outside the
    scope, WrongState before the plan is there, InvalidInput for numbers it has not, and whatever a draft
    is refused for; then nothing is stored.
    """
    with writing() as session:
        hold_tree(session)
        row = task_to_settle(session, token, REACH_PLAN)
        order, plan = PlanOrder.from_data(row.task_order), Plan.from_data(row.result or {})
        if not holds_all(session, order.place_ids, scope, office_date(now, tz)):
            raise NotFound()
        made: dict[int, int] = {}
        titles = mode_names(session)
        left_out = 0
        for one in _chosen(plan, wanted):
            draft = _draft(session, one, order, scope, titles, tz)
            left_out += one.members - len(draft.audience.member_ids)
            if draft.audience.member_ids:
                made[one.number] = add_draft(session, draft, scope, now, tz).id
        if made:
            known = (row.result or {}).get("made", {})
            row.result = {**(row.result or {}), "made": {**known, **{str(n): made[n] for n in made}}}
            record_act(session, "reach.apply", f"task:{row.id}", scope.user_id, now, sessions=len(made))
        everything = {one.number: one.session_id for one in plan.with_made(made).sessions if one.session_id}
        return Applied(everything, len(made), left_out)


def _chosen(plan: Plan, wanted: Collection[int] | None) -> list[ProposedSession]:
    """Those still to be made."""
    if wanted is None:
        chosen = list(plan.needed)
    else:
        found = [(number, plan.numbered(number)) for number in sorted(set(wanted))]
        if any(one is None for _number, one in found):
            raise InvalidInput.field("sessions", "unknown", lazy("方案里没有这一场。请刷新页面再选。"))
        chosen = [one for _number, one in found if one is not None]
    if not chosen:
        raise InvalidInput.field("sessions", "required", lazy("请先勾选要安排的场次。"))
    return [one for one in chosen if one.session_id is None]


def _draft(
    session: Session,
    one: ProposedSession,
    order: PlanOrder,
    scope: Scope,
    titles: Mapping[str, str],
    tz: ZoneInfo,
) -> SessionDraft:
    line, times = one.line, order.times
    day = line.day or times.first
    begins = datetime.combine(day, starts_at(line.way, times), tz)
    still = members_in_scope(session, line.member_ids, scope, day)
    return SessionDraft(
        f"{titles.get(line.way, line.way)} · {one.host_name}"[:LONGEST_TITLE],
        order.kind,
        line.way.value,
        begins,
        begins + timedelta(minutes=times.minutes),
        one.host_code,
        venue=order.venue if line.way is Way.NIGHT_SCHOOL and order.venue else None,
        audience=AudienceDraft(member_ids=tuple(id_ for id_ in line.member_ids if id_ in still)),
    )
