"""The list of members: search, filters in the address, fifty a page."""

from __future__ import annotations

from flask import current_app, render_template, request, url_for

from app.core import labels
from app.core.access import current_scope, current_staff, permission
from app.core.clock import today
from app.core.db import db
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import Group
from app.members.queries.members import MemberFilter, MemberRow, member_count, member_list
from app.members.queries.tree import tree
from app.members.views.blueprint import bp, elderly_age, org_choices


@bp.get("/members")
@permission("members.read")
def index() -> str:
    """Members of the reader's branches as they stand today."""
    session, scope, on = db.session(), current_scope(), today()
    orgs = tree(session, scope, on)
    org = next((row for row in orgs if row.code == request.args.get("org")), None)
    group = request.args.get("group", "")
    wanted = MemberFilter(
        on,
        elderly_age(),
        org_id=org.id if org else None,
        group=Group(group) if group in set(Group) else None,
        q=request.args.get("q", "").strip() or None,
    )
    page = _page(wanted)
    return render_template(
        "members/index.html",
        page=page,
        wanted=wanted,
        org=org,
        org_choices=org_choices(orgs),
        on=on,
        labels=labels,
        import_url=_import_url(),
        digits=wanted.q is not None and wanted.q.isdigit() and len(wanted.q) != 4,
    )


def _page(wanted: MemberFilter) -> Page[MemberRow]:
    session, scope = db.session(), current_scope()
    total = member_count(session, scope, wanted)
    last = max(1, -(-total // PAGE_SIZE))
    number = min(page_number(), last)
    rows = member_list(session, scope, wanted, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return Page(rows, number, total)


def _import_url() -> str | None:
    """Where rosters are imported; None for those who may not."""
    known = "members_import.start" in current_app.view_functions
    return url_for("members_import.start") if known and current_staff().may("members.import") else None
