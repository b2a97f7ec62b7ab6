"""Appointing members to posts in a unit, and correcting or taking back what was recorded."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.core.paging import PAGE_SIZE
from app.core.vocabulary import OrgKind
from app.members.forms import add_errors, day_after
from app.members.org_forms import PostForm, PostRowForm
from app.members.queries.members import MemberFilter, MemberRow, member_list
from app.members.queries.tree import OrgRow, org_by_code
from app.members.services import posts
from app.members.views.blueprint import bp

_FIELDS = {"from": "starts_on", "to": "last_day"}


@bp.get("/orgs/<code>/posts/new")
@permission("members.write")
def new_post(code: str) -> str:
    """Members of the unit to choose from: the first fifty, or those whom a search finds."""
    row = _require(code)
    return _post_page(row, PostForm(starts_on=today()), _candidates(row))


@bp.post("/orgs/<code>/posts/new")
@permission("members.write")
def appoint(code: str) -> Any:
    row = _require(code)
    form = PostForm(request.form)
    found = _candidates(row)
    form.member.offer(_named(row, found))
    if not form.validate():
        return _post_page(row, form, found), 422
    try:
        posts.appoint(form.command(code), current_scope(), utc_now(), replace=form.replace.data)
    except InvalidInput as refusal:
        add_errors(form, refusal, _FIELDS)
        return _post_page(row, form, found), refusal.status
    flash(_("任职已登记。"), "success")
    return redirect(url_for("members.org", code=code))


@bp.post("/orgs/<code>/posts/correct")
@permission("members.write")
def correct_post(code: str) -> Any:
    """Give a recorded post other days."""
    form = _post_row(code)
    starts_on = form.first_day.data or form.starts_on.data
    end = day_after(form.last_day.data)
    try:
        posts.correct_post(code, form.key, starts_on, end, current_scope(), utc_now())
    except InvalidInput as refusal:
        for error in refusal.errors:
            flash(str(error.detail), "error")
    else:
        flash(_("任职日期已更新。"), "success")
    return redirect(url_for("members.org", code=code))


@bp.post("/orgs/<code>/posts/erase")
@permission("members.write")
def erase_post(code: str) -> Any:
    posts.erase_post(code, _post_row(code).key, current_scope(), utc_now())
    flash(_("这条记录已删除。"), "success")
    return redirect(url_for("members.org", code=code))


def _require(code: str) -> OrgRow:
    row = org_by_code(db.session(), code, current_scope(), today())
    if row is None:
        raise NotFound()
    return row


def _post_row(code: str) -> PostRowForm:
    """The row that a button of the page names; a page never names one that cannot be."""
    _require(code)
    form = PostRowForm(request.form)
    if not form.validate():
        raise NotFound()
    return form


def _candidates(row: OrgRow) -> list[MemberRow]:
    """Those of the unit; for one within a general branch, a search also finds members of the rest of it."""
    session, scope = db.session(), current_scope()
    q = request.args.get("q", "").strip() or None
    root = row.id
    if q and row.parent_id is not None and f"/{row.parent_id}/" in row.path:
        parent = org_by_code(session, row.parent_code or "", scope, today())
        if parent is not None and parent.kind is OrgKind.GENERAL_BRANCH:
            root = parent.id
    wanted = MemberFilter(today(), elderly_age(), org_id=root, q=q)
    return member_list(session, scope, wanted, limit=PAGE_SIZE)


def _named(row: OrgRow, found: list[MemberRow]) -> list[tuple[str, Text]]:
    """Names to choose from, with what tells them apart: another branch, or the telephone of namesakes."""
    same = Counter((person.name, person.org_id) for person in found)
    choices: list[tuple[str, Text]] = []
    for person in found:
        more = [person.org_name] if person.org_id != row.id else []
        if same[person.name, person.org_id] > 1 and person.phone_masked:
            more.append(person.phone_masked)
        choices.append((str(person.id), " · ".join([person.name, *more])))
    return choices


def _post_page(row: OrgRow, form: PostForm, found: list[MemberRow]) -> str:
    form.member.offer(_named(row, found))
    return render_template(
        "members/org_post.html", unit=row, form=form, found=found, q=request.args.get("q", ""), most=PAGE_SIZE
    )
