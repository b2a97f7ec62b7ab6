"""Names, accounts and days of an instructor or team, changed from their page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from wtforms import Form

from app.accounts.supervision import services
from app.accounts.supervision.commands import Overseer, OverseerKind
from app.accounts.supervision.forms import AccountForm, InstructorForm, TeamForm, UnitDaysForm, UnitKeyForm
from app.accounts.supervision.views.blueprint import INSTRUCTOR, TEAM, address, bp, named
from app.accounts.supervision.views.page import found_page, render_page
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.members.forms import add_errors

# The services' words for the two ends of a row, and the pages'.
DAY_FIELDS = {"from": "starts_on", "to": "last_day"}


@bp.post(f"{INSTRUCTOR}/name")
@bp.post(f"{TEAM}/name")
@permission("supervision.write")
def rename(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    overseer, form = named(instructor_id, team_id), TeamForm(request.form)
    if team_id is not None:
        return change(
            overseer,
            form,
            lambda: services.save_team(overseer.id, form.name.data, current_scope(), utc_now()),
        )
    person = InstructorForm(request.form)
    return change(
        overseer,
        person,
        lambda: services.save_instructor(
            overseer.id, person.name.data, person.work_place.data, current_scope(), utc_now()
        ),
    )


@bp.post(f"{INSTRUCTOR}/account")
@permission("supervision.write")
def account(instructor_id: int) -> Any:
    overseer, form = Overseer(OverseerKind.INSTRUCTOR, instructor_id), AccountForm(request.form)
    return change(overseer, form, lambda: save_account(overseer, form))


def save_account(overseer: Overseer, form: AccountForm, official_id: int | None = None) -> None:
    """With a password a new account, without one an account there is; a blank name unlinks."""
    username, scope, now = form.username.data or "", current_scope(), utc_now()
    if form.password.data:
        services.open_account(overseer, username, form.password.data, scope, now, official_id)
    else:
        services.link_account(overseer, username, scope, now, official_id)


@bp.post(f"{INSTRUCTOR}/delete")
@bp.post(f"{TEAM}/delete")
@permission("supervision.write")
def delete(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    services.delete_overseer(named(instructor_id, team_id), current_scope(), utc_now())
    flash(_("已删除。"), "success")
    return redirect(url_for("supervision.team_list" if team_id is not None else "supervision.index"))


@bp.post(f"{INSTRUCTOR}/units/days")
@bp.post(f"{TEAM}/units/days")
@permission("supervision.write")
def unit_days(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    """Give an assignment other days; what is wrong is said at the top of the page."""
    overseer, form = named(instructor_id, team_id), UnitDaysForm(request.form)
    found_page(overseer, "supervision.write")
    if not form.org_code.data or not form.known_start.data:
        raise NotFound()
    if form.validate():
        try:
            services.change_assignment(overseer, form.key(), form.span(), current_scope(), utc_now())
        except InvalidInput as refusal:
            add_errors(form, refusal, DAY_FIELDS)
    for words in [error for errors in form.errors.values() for error in errors]:
        flash(str(words), "error")
    if not form.errors:
        flash(_("日期已更新。"), "success")
    return redirect(address("show", overseer))


@bp.post(f"{INSTRUCTOR}/units/delete")
@bp.post(f"{TEAM}/units/delete")
@permission("supervision.write")
def delete_unit(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    overseer, form = named(instructor_id, team_id), UnitKeyForm(request.form)
    if not form.validate():
        raise NotFound()
    services.delete_assignment(overseer, form.key(), current_scope(), utc_now())
    flash(_("这条记录已删除。"), "success")
    return redirect(address("show", overseer))


def change(overseer: Overseer, form: Form, act: Callable[[], Any], official_id: int | None = None) -> Any:
    """Do it and show the page anew, or show it with what was typed and what is wrong."""
    if form.validate():
        try:
            act()
        except InvalidInput as refusal:
            add_errors(form, refusal, {k: v for k, v in DAY_FIELDS.items() if v in form})
        else:
            flash(_("已保存。"), "success")
            return redirect(address("show", overseer))
    return render_page(overseer, form, official_id)
