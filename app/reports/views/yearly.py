"""The duty matrix of a year and the ledger of classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.attendance.queries.hours import policy_of
from app.core.access import permission
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.reports.queries import duties, ledger
from app.reports.rules import snapshot_day
from app.reports.tables import EACH_KIND, duties_table, ledger_table
from app.reports.views.frame import answer, bp, cut, marked, page_of, question, with_adjusted


@bp.get("/duties", endpoint="duties")
@permission("reports.read")
def duties_page() -> Any:
    asked = question(by_year=True)
    result = duties(asked.session, asked.year, asked.ask.place, asked.today, cut())
    choices = [(kind.key, kind.label) for kind in result.kinds]
    kind = request.args.get("kind") or None
    if kind not in (None, EACH_KIND, *[key for key, _label in choices]):
        raise InvalidInput.field("kind", "choice", lazy("没有这个选项,请重新选择。"))
    # Duties do not depend on the members of a day.
    until = replace(asked.ask.snapshot, on=snapshot_day(asked.ask.period, asked.today))
    asked = replace(asked, ask=replace(asked.ask, snapshot=until))
    asked = asked.narrowed(*[label for key, label in choices if key == kind])
    table = with_adjusted(asked, duties_table(result, kind, asked.ask), by_host=True)
    kinds = [*choices, (EACH_KIND, _("逐项列出"))]
    page = page_of(table, result.count)
    return answer("reports/duties.html", asked, table, page=page, kinds=kinds, kind=kind)


@bp.get("/ledger", endpoint="ledger")
@permission("reports.read")
def ledger_page() -> Any:
    asked = question()
    ask = asked.ask
    result = ledger(asked.session, ask.period, ask.place, cut())
    per_hour = policy_of(asked.session, ask.period.last.year).minutes_per_hour
    table = marked(asked, ledger_table(result, per_hour, ask), by_host=True)
    return answer("reports/report.html", asked, table, page=page_of(table, result.count))
