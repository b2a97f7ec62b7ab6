"""Pages of the organisation tree and of one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, render_template, request
from wtforms import Form

from app.core import labels
from app.core.access import Scope, current_scope, current_staff, permission
from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import OrgSector, OrgTag
from app.members.org_forms import (
    SECTORS,
    TAGS,
    CloseForm,
    MoveForm,
    NatureForm,
    OrgForm,
    RenameForm,
    TagForm,
)
from app.members.queries.org_page import OrgPage, org_page
from app.members.queries.orgs import TreeFilter, former_names, found_in, meant_count, org_tree
from app.members.queries.tree import closed_units, tree
from app.members.roster.org_books import tree_book
from app.members.rules_tree import may_hang
from app.members.views.blueprint import bp, org_choices, workbook
from app.members.views.parts import closed_parts, org_parts

LONGEST_SEARCH = 80


@dataclass(frozen=True, slots=True)
class OrgForms:
    """The forms of a unit's page; one that was refused comes back with its text and errors."""

    child: OrgForm
    rename: RenameForm
    nature: NatureForm
    move: MoveForm
    tag: TagForm
    close: CloseForm

    @classmethod
    def on(cls, page: OrgPage, day: date, refused: Form | None = None) -> OrgForms:
        known: dict[type[Form], Any] = {type(refused): refused}
        row = page.row
        sector = row.sector.value if row.sector else ""
        # A sector that nobody has said yet was most likely so all along.
        how = "from" if row.sector else "correct"
        nature = NatureForm(prefix="nature-", kind=row.kind.value, sector=sector, how=how, since=day)
        return cls(
            known.get(OrgForm) or OrgForm(prefix="child-"),
            known.get(RenameForm) or RenameForm(prefix="rename-", name=row.name, since=day),
            known.get(NatureForm) or nature,
            known.get(MoveForm) or MoveForm(prefix="move-", on=day),
            known.get(TagForm) or TagForm(prefix="tag-", starts_on=day),
            known.get(CloseForm) or CloseForm(prefix="close-", on=day),
        )


@bp.get("/orgs")
@permission("orgs.read")
def orgs() -> str:
    """The reader's part of the tree, with members counted; a search keeps what leads to what it found."""
    session, scope, on = db.session(), current_scope(), today()
    nodes = org_tree(session, scope, on)
    wanted = _tree_filter()
    shown = nodes if wanted.is_empty else found_in(nodes, wanted, former_names(session))
    is_closed_shown = request.args.get("closed") == "1"
    gone = closed_units(session, scope, on) if is_closed_shown else []
    number = min(page_number(), max(1, -(-len(gone) // PAGE_SIZE)))
    closed = Page(gone[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, len(gone))
    return render_template(
        "members/orgs.html",
        nodes=shown,
        wanted=wanted,
        found=meant_count(shown),
        closed=closed,
        is_closed_shown=is_closed_shown,
        tags=TAGS,
        sectors=SECTORS[1:],
        may_write=current_staff().may("orgs.write"),
        on=on,
        labels=labels,
        **(closed_parts([unit.row.id for unit in closed.items]) if gone else {}),
    )


@bp.get("/orgs/tree.xlsx")
@permission("orgs.read")
def tree_file() -> Response:
    """The reader's part of the tree as a workbook that the import takes."""
    return workbook(tree_book(tree(db.session(), current_scope(), today())), _("组织架构.xlsx"))


@bp.get("/orgs/<code>")
@permission("orgs.read")
def org(code: str) -> str:
    return show_org(code)[0]


def show_org(code: str, refused: Form | None = None) -> tuple[str, int]:
    """A unit's page and its status: 422 with a form that was refused."""
    session, on, staff = db.session(), today(), current_staff()
    page = org_page(session, code, staff.scope("orgs.read"), on, elderly_age())
    if page is None:
        raise NotFound()
    writable = staff.scope_if_held("orgs.write")
    may_write = page.row.is_within(writable)
    forms = OrgForms.on(page, on, refused)
    if writable is not None and may_write and page.closed is None:
        forms.move.parent_code.offer(_parents(page, writable))
    html = render_template(
        "members/org.html",
        page=page,
        forms=forms,
        may_write=may_write,
        may_appoint=page.closed is None and page.row.is_within(staff.scope_if_held("members.write")),
        today=on,
        labels=labels,
        **org_parts(page.row.id, on),
        **(closed_parts([page.row.id]) if page.closed and may_write else {}),
    )
    return html, 422 if refused is not None else 200


def _parents(page: OrgPage, scope: Scope) -> list[tuple[str, Text]]:
    """The units that may take this one; its present parent too, for a move that takes back a later one."""
    inside = f"/{page.row.id}/"
    rows = [
        row
        for row in tree(db.session(), scope, page.on)
        if inside not in row.path and may_hang(page.row.kind, row.kind)
    ]
    return [("", lazy("请选择")), *org_choices(rows)]


def _tree_filter() -> TreeFilter:
    tag, sector = request.args.get("tag", ""), request.args.get("sector", "")
    return TreeFilter(
        request.args.get("q", "").strip()[:LONGEST_SEARCH],
        OrgTag(tag) if tag in set(OrgTag) else None,
        OrgSector(sector) if sector in set(OrgSector) else None,
    )
