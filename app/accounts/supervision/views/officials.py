"""The officials of a team, changed from the team's page."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request

from app.accounts.supervision import services
from app.accounts.supervision.commands import Overseer, OverseerKind
from app.accounts.supervision.forms import AccountForm, OfficialForm
from app.accounts.supervision.views.blueprint import TEAM, address, bp
from app.accounts.supervision.views.changes import change, save_account
from app.core.access import current_scope, permission
from app.core.clock import utc_now
from app.core.i18n import gettext as _

OFFICIAL = f"{TEAM}/officials/<int:official_id>"


@bp.post(f"{TEAM}/officials")
@permission("supervision.write")
def add_official(team_id: int) -> Any:
    form = OfficialForm(request.form, prefix="new-")
    return change(
        _team(team_id),
        form,
        lambda: services.add_official(team_id, form.draft(), current_scope(), utc_now()),
    )


@bp.post(OFFICIAL)
@permission("supervision.write")
def change_official(team_id: int, official_id: int) -> Any:
    form = OfficialForm(request.form, prefix=f"o{official_id}-")
    return change(
        _team(team_id),
        form,
        lambda: services.change_official(team_id, official_id, form.draft(), current_scope(), utc_now()),
        official_id,
    )


@bp.post(f"{OFFICIAL}/account")
@permission("supervision.write")
def official_account(team_id: int, official_id: int) -> Any:
    form = AccountForm(request.form, prefix=f"a{official_id}-")
    return change(_team(team_id), form, lambda: save_account(_team(team_id), form, official_id), official_id)


@bp.post(f"{OFFICIAL}/delete")
@permission("supervision.write")
def delete_official(team_id: int, official_id: int) -> Any:
    services.delete_official(team_id, official_id, current_scope(), utc_now())
    flash(_("这条记录已删除。"), "success")
    return redirect(address("show", _team(team_id)))


def _team(team_id: int) -> Overseer:
    return Overseer(OverseerKind.TEAM, team_id)
