"""A plan: how coverage rises with each session, who would come, and the drafts made of it."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for

from app.core.access import Scope, current_scope, permission
from app.core.clock import office_tz, today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.numbers import whole
from app.core.office import elderly_age, office_name
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.progress import progress_answer
from app.core.tasks import TaskView
from app.core.vocabulary import TaskState
from app.reach.commands import Plan, PlanOrder
from app.reach.forms import limits_text
from app.reach.queries.plans import made_sessions, plan_task, planned_members
from app.reach.rules_lines import starts_at
from app.reach.services.applying import apply_plan
from app.reach.tables import ask_of, plan_table, summary
from app.reach.views.blueprint import bp
from app.reach.words import DEFINITIONS, STEPS
from app.reports.exports import FORMATS
from app.reports.labels import groups_label
from app.reports.queries import Place, mode_names, place_in_scope


@bp.get("/plans/<plan_id>")
@permission("reports.read")
def show(plan_id: str) -> Any:
    """How far the plan is; in the end the plan, also as a file."""
    found, order = _found(plan_id)
    back = (_("回到未覆盖"), _again(order))
    if (answer := progress_answer(found, _("正在排方案"), STEPS, back=back)) is not None:
        return answer
    if found.state is not TaskState.DONE:
        return render_template("reach/refused.html", task=found, back=back)
    session, plan, place = db.session(), Plan.from_data(found.result), _place(order)
    modes = mode_names(session)
    if request.args.get("format") in FORMATS:
        return _file(plan, order, place, modes)
    made = {one.session_id for one in plan.sessions if one.session_id}
    return render_template(
        "reach/plan.html",
        plan_id=plan_id,
        plan=plan,
        order=order,
        ask=ask_of(order, place),
        summary=summary(plan),
        modes=modes,
        starts_at=starts_at,
        made=made_sessions(session, made, current_scope(), utc_now()) if made else {},
        again=_again(order),
        notes=DEFINITIONS,
        is_later=order.times.first > order.period.last,
        is_ticked=request.args.get("ticked") != "none",
    )


@bp.get("/plans/<plan_id>/sessions/<int:number>")
@permission("reports.read")
def members(plan_id: str, number: int) -> str:
    """Who would be invited to one proposed session."""
    found, order = _found(plan_id)
    plan = Plan.from_data(found.result) if found.state is TaskState.DONE else None
    one = plan.numbered(number) if plan else None
    if one is None:
        raise NotFound()
    session = db.session()
    rows = planned_members(session, one.line.member_ids, current_scope(), today(), elderly_age())
    start = (page_number() - 1) * PAGE_SIZE
    return render_template(
        "reach/members.html",
        plan_id=plan_id,
        one=one,
        order=order,
        mode=mode_names(session).get(one.line.way, one.line.way),
        starts_at=starts_at,
        page=Page(rows[start : start + PAGE_SIZE], page_number(), len(rows)),
        exempt=set(one.line.exempt),
        groups_label=groups_label,
    )


@bp.post("/plans/<plan_id>/apply")
@permission("sessions.write")
def apply(plan_id: str) -> Any:
    """Draft the sessions that are ticked; those drafted before stay as they are."""
    try:
        wanted = _ticked()
        done = apply_plan(plan_id, wanted, current_scope(), utc_now(), tz=office_tz())
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
        return redirect(url_for(".show", plan_id=plan_id))
    if done.new:
        flash(_("已建好 %(n)s 场草稿。", n=done.new), "success")
    else:
        flash(_("这些场次已经建过草稿,没有重复建。"), "info")
    if done.left_out:
        flash(_("有 %(n)s 人已不在您负责的范围内,没有列入。", n=done.left_out), "warning")
    return redirect(url_for(".drafts", plan_id=plan_id))


def _ticked() -> list[int]:
    numbers = [whole(text) for text in request.form.getlist("line")]
    wanted = [number for number in numbers if number is not None]
    if len(wanted) < len(numbers):
        raise InvalidInput.field("line", "number", lazy("方案里没有这一场。请刷新页面再选。"))
    return wanted


@bp.get("/plans/<plan_id>/drafts")
@permission("reports.read")
def drafts(plan_id: str) -> str:
    """The sessions that were made of the plan."""
    found, order = _found(plan_id)
    plan = Plan.from_data(found.result) if found.state is TaskState.DONE else None
    lines = [one for one in plan.sessions if one.session_id] if plan else []
    ids = [one.session_id for one in lines if one.session_id]
    rows = list(made_sessions(db.session(), ids, current_scope(), utc_now()).values())
    start = (page_number() - 1) * PAGE_SIZE
    return render_template(
        "reach/drafts.html",
        plan_id=plan_id,
        order=order,
        members={one.session_id: one.members for one in lines},
        page=Page(rows[start : start + PAGE_SIZE], page_number(), len(rows)),
    )


def _found(plan_id: str) -> tuple[TaskView, PlanOrder]:
    return plan_task(db.session(), plan_id, current_scope(), today())


def _place(order: PlanOrder) -> Place:
    """What the plan is about, whoever reads it: that it lies within their scope was asked before."""
    return place_in_scope(db.session(), Scope(order.place_ids, None), order.org, today())


def _again(order: PlanOrder) -> str:
    """The page that the plan was asked for on, with all that was asked."""
    given: dict[str, Any] = {
        "from": order.period.first.isoformat(),
        "to": order.period.last.isoformat(),
        "on": order.snapshot.on.isoformat(),
        "org": order.org,
        "group": order.group.value if order.group else None,
        "age": str(order.snapshot.elderly_age) if order.snapshot.elderly_age != elderly_age() else None,
        **limits_text(order),
    }
    return url_for(".index", **{name: text for name, text in given.items() if text is not None})


def _file(plan: Plan, order: PlanOrder, place: Place, modes: dict[str, str]) -> Response:
    table = plan_table(plan, order, place, modes)
    kind = request.args["format"]
    content = FORMATS[kind].write(table, office_name(), utc_now())
    response = Response(content, content_type=FORMATS[kind].content_type)
    name = f"{ask_of(order, place).file_stem(table.name)}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
