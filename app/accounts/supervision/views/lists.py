"""The two lists: instructors and supervision teams, with a form to add one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import Form

from app.accounts.supervision import services
from app.accounts.supervision.commands import Overseer, OverseerKind
from app.accounts.supervision.forms import InstructorForm, TeamForm
from app.accounts.supervision.queries import OverseerFilter, instructors, teams
from app.accounts.supervision.views.blueprint import address, bp
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.paging import PAGE_SIZE, Page, page_number
from app.members.forms import add_errors


@bp.get("")
@permission("supervision.read")
def index() -> Any:
    """Instructors of the reader's units."""
    return _list_page(OverseerKind.INSTRUCTOR, InstructorForm())


@bp.get("/teams")
@permission("supervision.read")
def team_list() -> Any:
    """Teams of the reader's units."""
    return _list_page(OverseerKind.TEAM, TeamForm())


@bp.post("")
@permission("supervision.write")
def create_instructor() -> Any:
    form = InstructorForm(request.form)
    return _create(
        OverseerKind.INSTRUCTOR,
        form,
        lambda: services.save_instructor(
            None, form.name.data, form.work_place.data, current_scope(), utc_now()
        ),
    )


@bp.post("/teams")
@permission("supervision.write")
def create_team() -> Any:
    form = TeamForm(request.form)
    return _create(
        OverseerKind.TEAM, form, lambda: services.save_team(None, form.name.data, current_scope(), utc_now())
    )


def _create(kind: OverseerKind, form: Form, save: Any) -> Any:
    if form.validate():
        try:
            made = save()
        except InvalidInput as refusal:
            add_errors(form, refusal)
        else:
            flash(_("已新增。接着请指派党组织。"), "success")
            return redirect(address("show", Overseer(kind, made)))
    return _list_page(kind, form), 422


def _list_page(kind: OverseerKind, form: Form) -> str:
    # One that has no unit is nobody's but theirs who assign.
    scope = current_staff().scope("supervision.read")
    wanted = OverseerFilter(
        today(), request.args.get("q", "").strip()[:80] or None, current_staff().may("supervision.write")
    )
    find: Any = instructors if kind is OverseerKind.INSTRUCTOR else teams
    number = page_number()
    rows, total = find(db.session(), scope, wanted, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return render_template(
        "accounts/supervision/list.html",
        kind=kind,
        page=Page(rows, number, total),
        wanted=wanted,
        form=form,
        tabs=[
            (OverseerKind.INSTRUCTOR, _("指导员"), url_for("supervision.index")),
            (OverseerKind.TEAM, _("督导组"), url_for("supervision.team_list")),
        ],
    )
