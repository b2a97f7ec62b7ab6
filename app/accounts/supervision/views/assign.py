"""Assigning units, many at a time: picked from those below one unit of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request

from app.accounts.supervision import services
from app.accounts.supervision.commands import Overseer
from app.accounts.supervision.forms import AssignForm
from app.accounts.supervision.views.blueprint import INSTRUCTOR, TEAM, address, bp, named
from app.accounts.supervision.views.changes import DAY_FIELDS
from app.accounts.supervision.views.page import found_page
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.vocabulary import OrgKind
from app.members.forms import add_errors
from app.members.queries.tree import OrgRow, tree
from app.members.views.blueprint import org_choices

# Past so many boxes nobody finds anything: then a unit is chosen first.
MOST_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Picker:
    """The units offered: those from `top` down. branches: codes of the branches among them."""

    top: OrgRow | None
    tops: list[tuple[str, str]]
    units: Sequence[OrgRow]
    branches: tuple[str, ...]

    @property
    def is_too_long(self) -> bool:
        return len(self.units) > MOST_OFFERED


@bp.route(f"{INSTRUCTOR}/assign", methods=["GET", "POST"])
@bp.route(f"{TEAM}/assign", methods=["GET", "POST"])
@permission("supervision.write")
def assign(instructor_id: int | None = None, team_id: int | None = None) -> Any:
    """The page of the form; `under` in the address names the unit whose branches are offered."""
    overseer = named(instructor_id, team_id)
    page = found_page(overseer, "supervision.write")
    picker = _picker(request.args.get("under"))
    form = AssignForm(request.form if request.method == "POST" else None, starts_on=today())
    if request.method == "POST" and form.validate():
        chosen = [*(form.org_codes.data or []), *(picker.branches if form.all_below.data else ())]
        try:
            return _assigned(overseer, chosen, form)
        except InvalidInput as refusal:
            add_errors(form, refusal, DAY_FIELDS)
    form.org_codes.offer([] if picker.is_too_long else org_choices(picker.units))
    html = render_template(
        "accounts/supervision/assign.html",
        page=page,
        overseer=overseer,
        picker=picker,
        form=form,
        address=address,
        most=MOST_OFFERED,
    )
    return (html, 422) if form.errors else html


def _assigned(overseer: Overseer, codes: Sequence[str], form: AssignForm) -> Any:
    done = services.assign_units(overseer, codes, form.span(), current_scope(), utc_now())
    if done.unchanged:
        words = _("已指派 %(n)s 个,另有 %(m)s 个原来就由其联系。", n=done.added, m=done.unchanged)
    else:
        words = _("已指派 %(n)s 个党组织。", n=done.added)
    flash(words, "success")
    return redirect(address("show", overseer))


def _picker(under: str | None) -> Picker:
    rows = tree(db.session(), current_scope(), today())
    top = next((row for row in rows if row.code == under), None)
    units = [row for row in rows if top is None or row.path.startswith(top.path)]
    tops = org_choices(row for row in rows if row.kind not in (OrgKind.BRANCH, OrgKind.GROUP))
    return Picker(top, tops, units, tuple(row.code for row in units if row.kind is OrgKind.BRANCH))
