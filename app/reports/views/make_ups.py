"""The make-up and home-visit list, by branch."""

from __future__ import annotations

from typing import Any

from flask import request

from app.core.access import permission
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.reports import forms
from app.reports.queries import ListState, kind_names, make_ups, mode_names
from app.reports.tables import make_ups_table
from app.reports.tables.make_ups import LIST_STATE_LABELS
from app.reports.views.frame import answer, bp, cut, page_of, question


@bp.get("/make-ups", endpoint="make_ups")
@permission("reports.read")
def make_ups_page() -> Any:
    """What was missed in the period: all of it, or what is still open, planned, or done."""
    group, state = forms.group_of(request.args), forms.word_of(request.args, "state", ListState)
    words = [GROUP_LABELS[group]] if group else []
    asked = question().narrowed(*words, *([LIST_STATE_LABELS[state]] if state else []))
    ask, session = asked.ask, asked.session
    result = make_ups(session, ask.period, ask.place, state, group, cut())
    table = make_ups_table(result, mode_names(session), kind_names(session), ask)
    tabs = [("", _("全部")), *((one.value, label) for one, label in LIST_STATE_LABELS.items())]
    page = page_of(table, result.count)
    groups = [(one.value, label) for one, label in GROUP_LABELS.items()]
    return answer(
        "reports/make_ups.html", asked, table, page=page, tabs=tabs, state=state, group=group, groups=groups
    )
