"""The roster as it stands, to download: the members of the list, in the columns that are imported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, request, url_for

from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.core.progress import progress_answer
from app.core.tasks import task_of
from app.core.vocabulary import Group, TaskState
from app.members.queries.members import MemberFilter, is_longer
from app.members.queries.tree import org_by_code
from app.members.roster.export import export_roster
from app.members.roster.export_tasks import EXPORT, MOST_AT_ONCE, begin_export, exported
from app.members.roster.uploads import upload_store
from app.members.views.blueprint import bp, workbook
from app.members.views.import_blueprint import STEPS


@bp.get("/members/export.xlsx")
@permission("members.write")
def export() -> Any:
    """With masked phones."""
    return _export(with_phones=False)


@bp.post("/members/export.xlsx")
@permission("members.write")
def export_with_phones() -> Any:
    """With whole phone numbers: a post, because that it was asked for is logged."""
    return _export(with_phones=True)


@bp.get("/members/export/<task>")
@permission("members.write")
def exporting(task: str) -> Any:
    found = task_of(db.session(), task, EXPORT, current_scope().user_id)
    back = (_("回到党员名单"), url_for("members.index"))
    if (answer := progress_answer(found, _("正在导出花名册"), STEPS, back=back)) is not None:
        return answer
    if found.state is not TaskState.DONE:
        raise NotFound()
    return workbook(exported(upload_store(), task, current_scope().user_id), _("党员花名册.xlsx"))


def _export(*, with_phones: bool) -> Any:
    scope, now = current_scope(), utc_now()
    wanted = _wanted()
    if wanted.q and not is_longer(db.session(), scope, wanted, 0):
        # As the list does: nobody's name begins so, then whose name has it inside.
        wanted = replace(wanted, anywhere=True)
    if is_longer(db.session(), scope, wanted, MOST_AT_ONCE):
        return redirect(url_for(".exporting", task=begin_export(wanted, scope, now, with_phones=with_phones)))
    return workbook(export_roster(wanted, scope, now, with_phones=with_phones), _("党员花名册.xlsx"))


def _wanted() -> MemberFilter:
    """As in the list's own address; raises NotFound for a unit that lies outside."""
    code, group = request.values.get("org", ""), request.values.get("group", "")
    org = org_by_code(db.session(), code, current_scope(), today()) if code else None
    if code and org is None:
        raise NotFound()
    return MemberFilter(
        today(),
        elderly_age(),
        org.id if org else None,
        Group(group) if group in set(Group) else None,
        request.values.get("q", "").strip() or None,
    )
