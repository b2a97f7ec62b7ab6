"""Pages of cards in bulk: who has one, print sheets by branch as a long task, fetch the document."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for

from app.checkin.commands import CardOrder, Printing
from app.checkin.queries.cards import (
    CardCounts,
    CardHolder,
    Having,
    Unit,
    card_counts,
    card_holders,
    names_of,
)
from app.checkin.services.card_sheets import CARD_SHEETS, ask_for_sheets
from app.checkin.sheet_store import PART, sheet_store
from app.core.access import current_scope, permission
from app.core.clock import office_date, today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.progress import progress_answer
from app.core.tasks import TaskView, task_of, tasks_of
from app.core.vocabulary import TaskState
from app.members.queries.tree import OrgRow, org_by_code, org_by_id, tree
from app.members.views.blueprint import org_choices

bp = Blueprint("cards", __name__, url_prefix="/members/cards")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
# Names with a missing character that are listed; there are hardly ever any.
_MOST_NAMED = 200


@bp.get("")
@permission("members.write")
def index() -> str:
    """Who of a unit has a card, and what a print of it would do."""
    session, scope, on = db.session(), current_scope(), today()
    orgs = tree(session, scope, on)
    org = next((row for row in orgs if row.code == request.args.get("org")), None)
    having = request.args.get("having", "")
    unit = Unit(scope, on, org.id if org else None)
    counts = card_counts(session, unit)
    return render_template(
        "checkin/cards.html",
        org=org,
        org_choices=org_choices(orgs),
        having=having if having in set(Having) else "",
        counts=counts,
        page=_page(unit, counts, having),
        tasks=tasks_of(session, CARD_SHEETS, scope.user_id),
        org_names={row.id: row.name for row in orgs},
        once=sheet_store().new(),
        on=on,
    )


@bp.post("")
@permission("members.write")
def order() -> Any:
    """Put the print as a long task; asks once before cards that work are stopped."""
    session, scope, now = db.session(), current_scope(), utc_now()
    org = _org(request.form.get("org", ""))
    printing, once = request.form.get("printing", ""), request.form.get("once", "")
    if printing not in set(Printing) or not _TOKEN.fullmatch(once):
        raise InvalidInput(lazy("请返回上一页,选好要印哪些卡,再提交一次。"))
    with_codes = bool(request.form.get("with_codes"))
    counts = card_counts(session, Unit(scope, office_date(now), org.id if org else None))
    if printing == Printing.RENEW and not request.form.get("sure"):
        return render_template(
            "checkin/cards_renew.html", org=org, counts=counts, once=once, with_codes=with_codes
        )
    card_order = CardOrder(Printing(printing), org.id if org else None, now, with_codes)
    told = {"members": counts.members, "branches": counts.branches}
    return redirect(url_for(".task", token=ask_for_sheets(card_order, scope, told, once)))


@bp.get("/<token>")
@permission("members.write")
def task(token: str) -> Any:
    """How far the print is; in the end its document."""
    scope = current_scope()
    found = task_of(db.session(), token, CARD_SHEETS, scope.user_id)
    answer = progress_answer(found, _title(found), _steps(found), back=(_("回到签到卡"), url_for(".index")))
    if answer is not None:
        return answer
    unit = Unit(scope, today(), found.order["org_id"])
    lacking = found.result.get("lacking", [])
    return render_template(
        "checkin/cards_result.html",
        task=found,
        title=_title(found),
        is_done=found.state is TaskState.DONE,
        is_kept=sheet_store().has(token, PART),
        lacking=names_of(db.session(), unit, lacking[:_MOST_NAMED]),
        lacking_count=len(lacking),
    )


@bp.get("/<token>/cards.pdf")
@permission("members.write")
def document(token: str) -> Response:
    found = task_of(db.session(), token, CARD_SHEETS, current_scope().user_id)
    content = sheet_store().read(token, PART)
    name = _("签到卡 %(day)s.pdf", day=office_date(found.created_at).isoformat())
    return send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)


def _page(unit: Unit, counts: CardCounts, having: str) -> Page[CardHolder]:
    wanted = Having(having) if having in set(Having) else None
    total = {
        None: counts.members,
        Having.WITH: counts.with_card,
        Having.WITHOUT: counts.without_card,
    }[wanted]
    number = min(page_number(), max(1, -(-total // PAGE_SIZE)))
    offset = (number - 1) * PAGE_SIZE
    return Page(card_holders(db.session(), unit, wanted, limit=PAGE_SIZE, offset=offset), number, total)


def _org(code: str) -> OrgRow | None:
    """The unit of the form; None for the whole scope. Raises NotFound outside it."""
    if not code:
        return None
    org = org_by_code(db.session(), code, current_scope(), today())
    if org is None:
        raise NotFound()
    return org


def _title(found: TaskView) -> str:
    org_id = found.order["org_id"]
    org = org_by_id(db.session(), org_id, current_scope(), today()) if org_id else None
    return str(_("签到卡 · %(org)s", org=org.name) if org else _("签到卡"))


def _steps(found: TaskView) -> dict[str, str]:
    branches = found.order.get("branches", 0)
    return {
        "issuing": _("正在制卡……"),
        "drawing": _("正在排版,一共 %(n)s 个支部……", n=branches),
        "keeping": _("正在保存文件……"),
    }
