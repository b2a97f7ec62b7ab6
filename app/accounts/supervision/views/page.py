"""The page of one instructor or team: the units, the officials, and the forms that change them."""

from __future__ import annotations

from typing import Any

from flask import render_template
from wtforms import Form

from app.accounts.supervision.commands import Overseer, OverseerKind
from app.accounts.supervision.forms import AccountForm, InstructorForm, OfficialForm, TeamForm
from app.accounts.supervision.queries import OverseerFilter, OverseerPage, overseer_page
from app.accounts.supervision.views.blueprint import INSTRUCTOR, TEAM, address, bp, named
from app.core import labels
from app.core.access import current_staff, permission
from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound


@bp.get(INSTRUCTOR)
@bp.get(TEAM)
@permission("supervision.read")
def show(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    return render_page(named(instructor_id, team_id))


def found_page(overseer: Overseer, name: str = "supervision.read") -> OverseerPage:
    """What the signed-in user may see of them; raises NotFound."""
    staff = current_staff()
    wanted = OverseerFilter(today(), unassigned=staff.may("supervision.write"))
    page = overseer_page(db.session(), overseer, staff.scope(name), wanted)
    if page is None:
        raise NotFound()
    return page


def render_page(overseer: Overseer, refused: Form | None = None, official_id: int | None = None) -> Any:
    """The page; with a form that was refused, of the official `official_id` if it is theirs, 422."""
    page, on = found_page(overseer), today()
    forms = {"name": _name_form(page), "official": OfficialForm(prefix="new-", starts_on=on)}
    forms["account"] = AccountForm(username=page.username)
    officials = {
        row.id: (
            OfficialForm(prefix=f"o{row.id}-", obj=row),
            AccountForm(prefix=f"a{row.id}-", username=row.username),
        )
        for row in page.officials
    }
    if refused is not None:
        _put_back(refused, forms, officials, official_id)
    html = render_template(
        "accounts/supervision/show.html",
        page=page,
        overseer=overseer,
        is_team=overseer.kind is OverseerKind.TEAM,
        may_write=current_staff().may("supervision.write"),
        forms=forms,
        official_forms=officials,
        address=address,
        labels=labels,
        on=on,
    )
    return html if refused is None else (html, 422)


def _name_form(page: OverseerPage) -> Form:
    if page.overseer.kind is OverseerKind.TEAM:
        return TeamForm(name=page.name)
    return InstructorForm(name=page.name, work_place=page.work_place)


def _put_back(
    refused: Form, forms: dict[str, Form], officials: dict[int, tuple[Form, Form]], official_id: int | None
) -> None:
    if official_id is not None and official_id in officials:
        days, account = officials[official_id]
        is_account = isinstance(refused, AccountForm)
        officials[official_id] = (days, refused) if is_account else (refused, account)
    else:
        kinds = {AccountForm: "account", OfficialForm: "official"}
        forms[kinds.get(type(refused), "name")] = refused
