"""The rows behind a number: as many lines as the number said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.core.access import permission
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS, STATUS_LABELS
from app.reports import forms
from app.reports.labels import month_label
from app.reports.queries import (
    Behind,
    Each,
    MembersAsked,
    kind_names,
    member_of_place,
    members_behind,
    mode_names,
    rows_behind,
    sessions_behind,
)
from app.reports.tables import Ask, attendance_table, members_table, sessions_table
from app.reports.views.frame import Question, answer, bp, cut, page_of, question


def _behind(asked: Question) -> tuple[Ask, Behind, list[Text]]:
    """What the address narrows the rows to, and the words for it."""
    args, ask = request.args, asked.ask
    month = forms.month_of(args)
    period = month.within(ask.period) if month else ask.period
    if period is None:
        raise InvalidInput.field("month", "outside", lazy("这个月不在所选期间内。"))
    member_id = forms.id_of(args, "member")
    name = None
    if member_id is not None:
        name = member_of_place(asked.session, member_id, ask.snapshot, ask.place)
        if name is None:
            raise NotFound()
    behind = Behind(
        place=ask.place,
        period=period,
        kind=args.get("kind") or None,
        mode=args.get("mode") or None,
        group=forms.group_of(args),
        status=forms.status_of(args),
        member_id=member_id,
        line=forms.id_of(args, "line", low=-(2**31)),
        by_host=args.get("host") == "1",
        without_make_up=args.get("came") == "1",
        duty_only=args.get("duty") == "1",
        declared_only=args.get("declared") == "1",
    )
    return replace(ask, period=period), behind, _words(asked, behind, name)


def _words(asked: Question, behind: Behind, member: str | None) -> list[Text]:
    words: list[Text] = [asked.ask.place.name, member or ""]
    if behind.kind:
        words.append(kind_names(asked.session).get(behind.kind, behind.kind))
    if behind.mode:
        words.append(mode_names(asked.session).get(behind.mode, behind.mode))
    words.append(GROUP_LABELS[behind.group] if behind.group else "")
    words.append(STATUS_LABELS[behind.status] if behind.status else "")
    words.append(_("只含组织生活类别") if behind.duty_only else "")
    words.append(_("只含上报了人数的场次") if behind.declared_only else "")
    words.append(month_label(request.args["month"]) if request.args.get("month") else "")
    return [word for word in words if word]


@bp.get("/rows/attendance")
@permission("reports.read")
def attendance_rows() -> Any:
    each = forms.word_of(request.args, "each", Each, Each.ROW) or Each.ROW
    asked = question()
    ask, behind, words = _behind(asked)
    lines = rows_behind(asked.session, behind, each, cut())
    table = attendance_table(lines, each, ask)
    sums = _(
        "共 %(rows)s 人次,%(minutes)s 分钟",
        rows=f"{lines.sums['rows']:,}",
        minutes=f"{lines.sums['minutes']:,}",
    )
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, words=words, sums=sums)


@bp.get("/rows/sessions")
@permission("reports.read")
def session_rows() -> Any:
    each = forms.word_of(request.args, "each", Each, Each.ROW) or Each.ROW
    asked = question()
    ask, behind, words = _behind(asked)
    lines = sessions_behind(asked.session, behind, each, cut())
    table = sessions_table(lines, each, ask)
    people = lines.sums["declared_person_times"]
    sums = _("共 %(n)s 场,上报 %(people)s 人次", n=f"{lines.sums['sessions']:,}", people=f"{people:,}")
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, words=words, sums=sums)


@bp.get("/rows/members")
@permission("reports.read")
def member_rows() -> Any:
    args = request.args
    asked = question()
    ask = asked.ask
    narrowed = MembersAsked(forms.group_of(args), args.get("required") == "1", forms.flag(args, "covered"))
    lines = members_behind(asked.session, ask.period, ask.snapshot, ask.place, narrowed, cut())
    table = members_table(lines, ask)
    words: list[Text] = [ask.place.name]
    words += [GROUP_LABELS[narrowed.group]] if narrowed.group else []
    words += [_("应训")] if narrowed.required else []
    words += [_("已覆盖") if narrowed.covered else _("未覆盖")] if narrowed.covered is not None else []
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, words=words, sums="")
