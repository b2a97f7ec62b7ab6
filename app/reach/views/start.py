"""Where a plan is asked for: who is missing, and within which limits they are to be reached."""

from __future__ import annotations

import re
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.crypto import new_token
from app.core.errors import InvalidInput
from app.core.i18n import localised
from app.core.labels import GROUP_LABELS
from app.core.office import elderly_age
from app.core.tasks import tasks_of
from app.core.vocabulary import Group
from app.reach.commands import PlanWish
from app.reach.forms import LimitsForm, limits_form, limits_text
from app.reach.queries.asked import Asked, order_of
from app.reach.queries.plans import REACH_PLAN
from app.reach.services.planning import begin_plan
from app.reach.views.blueprint import bp
from app.reports import forms as report_forms
from app.reports.definitions import DEFINITIONS
from app.reports.queries import coverage
from app.reports.rules import CoverageBy
from app.reports.views.frame import Question, question
from app.reports.views.refused import refuse

# The report's question that cannot be taken comes back in its form here too.
bp.register_error_handler(InvalidInput, refuse)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


@bp.get("")
@permission("reports.read")
def index() -> str:
    """Who is missing, and the form."""
    asked, group = question(), report_forms.group_of(request.args)
    found = _order(asked, PlanWish(**_report_part(asked, group)))
    # What stands in the address, the rest as usual.
    limits = limits_text(found.order).items()
    shown = MultiDict({name: request.args.get(name, text) for name, text in limits})
    return _page(asked, group, limits_form(shown, _kinds(found)))


@bp.post("/plans")
@permission("reports.read")
def start() -> Any:
    """Put the plan to the worker. The report's question stands in the address, the limits in the form."""
    asked, group = question(), report_forms.group_of(request.args)
    usual = _report_part(asked, group)
    form = limits_form(request.form, _kinds(_order(asked, PlanWish(**usual))))
    once = request.form.get("once", "")
    if form.validate():
        try:
            found = _order(asked, form.wish(usual))
        except InvalidInput as refusal:
            form.add_errors(refusal.errors)
        else:
            once = once if _TOKEN.fullmatch(once) else new_token(16)
            token = begin_plan(found.order, current_scope(), utc_now(), once)
            return redirect(url_for(".show", plan_id=token))
    return _page(asked, group, form), 422


def _report_part(asked: Question, group: Group | None) -> dict[str, Any]:
    ask = asked.ask
    return {
        "first": ask.period.first,
        "last": ask.period.last,
        "on": ask.snapshot.on,
        "age": ask.snapshot.elderly_age,
        "org": request.args.get("org") or None,
        "group": group,
    }


def _order(asked: Question, wish: PlanWish) -> Asked:
    return order_of(asked.session, wish, current_scope(), today(), elderly_age())


def _kinds(found: Asked) -> list[tuple[str, str]]:
    return [(kind.key, localised(kind.name_zh, kind.name_en)) for kind in found.kinds]


def _page(asked: Question, group: Group | None, form: LimitsForm) -> str:
    ask, session = asked.ask, asked.session
    figures = coverage(session, ask.period, ask.snapshot, ask.place, CoverageBy.GROUP)
    rows = {row.key: row for row in figures.rows}
    params = {**ask.params, **({"group": group.value} if group else {})}
    return render_template(
        "reach/index.html",
        asked=asked,
        ask=ask,
        form=form,
        figures=rows[group] if group else figures.total,
        lost=rows[Group.LOST_CONTACT],
        group=group,
        groups=[(key.value, label) for key, label in GROUP_LABELS.items()],
        params=params,
        once=new_token(16),
        plans=tasks_of(session, REACH_PLAN, current_scope().user_id),
        definitions=DEFINITIONS,
    )
