"""The list of members: search, filters in the address, fifty a page."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app, render_template, request, url_for

from app.core import labels
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today
from app.core.db import db
from app.core.office import elderly_age
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import Group
from app.members.queries.find import MOST_COUNTED
from app.members.queries.members import MemberFilter, MemberRow, member_list_page
from app.members.queries.tree import OrgRow, org_by_code, units_called, upper_units
from app.members.views.blueprint import MOST_CHOICES, bp, org_choices

# Further on, a list is searched and not leafed through.
MOST_PAGES = MOST_COUNTED // PAGE_SIZE
MOST_UNITS_FOUND = 5
# A shorter text is in the name of half the branches.
SHORTEST_UNIT_NAME = 2


@bp.get("/members")
@permission("members.read")
def index() -> str:
    """Members of the reader's branches as they stand today."""
    session, scope, on = db.session(), current_scope(), today()
    code, group = request.args.get("org", ""), request.args.get("group", "")
    org = org_by_code(session, code, scope, on) if code else None
    q = " ".join(request.args.get("q", "").split()) or None
    wanted = MemberFilter(
        on,
        elderly_age(),
        org_id=org.id if org else None,
        group=Group(group) if group in set(Group) else None,
        q=q,
    )
    page = _page(wanted)
    if not page.total and q is not None and not q.isascii():
        # People are called 建国 by those who know them: then the middle of names is looked at too.
        wanted = replace(wanted, anywhere=True)
        page = _page(wanted)
    return render_template(
        "members/index.html",
        page=page,
        wanted=wanted,
        org=org,
        org_choices=_org_choices(org),
        units=_units_called(q),
        on=on,
        labels=labels,
        import_url=_import_url(),
        digits=q is not None and q.isdigit() and len(q) != 4,
    )


def _page(wanted: MemberFilter) -> Page[MemberRow]:
    """The page asked for, or the last one where there are fewer."""
    session, scope, number = db.session(), current_scope(), min(page_number(), MOST_PAGES)
    offset = (number - 1) * PAGE_SIZE
    found = member_list_page(session, scope, wanted, limit=PAGE_SIZE, offset=offset)
    if not found.rows and found.total and not found.at_least:
        number = -(-found.total // PAGE_SIZE)
        offset = (number - 1) * PAGE_SIZE
        found = member_list_page(session, scope, wanted, limit=PAGE_SIZE, offset=offset)
    return Page(found.rows, number, found.total, at_least=found.at_least)


def _org_choices(org: OrgRow | None) -> list[tuple[str, str]]:
    """The upper units of the reader's part of the tree, and the one that is chosen.

    A longer list is cut at a level of the tree; the units below are found by their names.
    """
    rows = upper_units(db.session(), current_scope(), today(), MOST_CHOICES)
    if org is not None and org.id not in {row.id for row in rows}:
        rows.append(org)
    return org_choices(rows)


def _units_called(q: str | None) -> list[OrgRow]:
    """Units whose names hold what was typed: people look for branches in the same box."""
    if q is None or len(q) < SHORTEST_UNIT_NAME or q.isdigit():
        return []
    return units_called(db.session(), q, current_scope(), today(), MOST_UNITS_FOUND)


def _import_url() -> str | None:
    """Where rosters are imported; None for those who may not."""
    known = "members_import.start" in current_app.view_functions
    return url_for("members_import.start") if known and current_staff().may("members.import") else None
