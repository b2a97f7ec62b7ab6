"""The rows behind a number: as many lines as the number said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request

from app.core.access import permission
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS, LECTURER_ROLE_LABELS, STATUS_LABELS
from app.core.vocabulary import LecturerRole
from app.reports import forms
from app.reports.labels import month_label
from app.reports.queries import (
    Behind,
    Each,
    MembersAsked,
    Speaking,
    expected_behind,
    kind_names,
    lecturer_name,
    line_title,
    member_of_place,
    members_behind,
    mode_names,
    rows_behind,
    sessions_behind,
)
from app.reports.rules import ExpectedPart
from app.reports.tables import attendance_table, expected_table, members_table, sessions_table
from app.reports.views.frame import Question, answer, bp, cut, page_of, question


def _behind(asked: Question) -> tuple[Question, Behind]:
    """What the address narrows the rows to, in words too."""
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
        line=forms.id_of(args, "line", low=-(2**31 - 1)),
        by_host=args.get("host") == "1",
        without_make_up=args.get("came") == "1",
        duty_only=args.get("duty") == "1",
        declared_only=args.get("declared") == "1",
        low_assurance=args.get("assurance") == "low",
        visits_only=args.get("visits") == "1",
        uncounted_only=args.get("uncounted") == "1",
        speaking=_speaking(asked),
    )
    return replace(asked, ask=replace(ask, period=period)).narrowed(*_words(asked, behind, name)), behind


def _speaking(asked: Question) -> Speaking | None:
    """lecturer=7&role=host, or speaking=1 for whoever spoke; not there unless they spoke in the place."""
    lecturer = forms.id_of(request.args, "lecturer")
    role = forms.word_of(request.args, "role", LecturerRole)
    if lecturer is None:
        return Speaking(None, role) if request.args.get("speaking") == "1" else None
    if lecturer_name(asked.session, lecturer, asked.ask.place) is None:
        raise NotFound()
    return Speaking(lecturer, role)


def _speaker(asked: Question, speaking: Speaking | None) -> list[Text]:
    if speaking is None:
        return []
    if speaking.lecturer_id is None:
        return [_("只含有讲师的场次")]
    name = lecturer_name(asked.session, speaking.lecturer_id, asked.ask.place) or ""
    return [name, LECTURER_ROLE_LABELS[speaking.role] if speaking.role else ""]


def _words(asked: Question, behind: Behind, member: str | None) -> list[Text]:
    words: list[Text] = [member or ""]
    if behind.line is not None:
        words.append(line_title(asked.session, behind.line, behind.place) or "")
    if behind.kind:
        words.append(kind_names(asked.session).get(behind.kind, behind.kind))
    if behind.mode:
        words.append(mode_names(asked.session).get(behind.mode, behind.mode))
    words.append(GROUP_LABELS[behind.group] if behind.group else "")
    words.append(STATUS_LABELS[behind.status] if behind.status else "")
    words.append(_("按主办单位计") if behind.by_host else "")
    words.append(_("不含补学") if behind.without_make_up else "")
    words.append(_("只含组织生活类别") if behind.duty_only else "")
    words.append(_("只含上报了人数的场次") if behind.declared_only else "")
    words.append(_("只含凭张贴码登记的") if behind.low_assurance else "")
    words.append(_("只含上门送学") if behind.visits_only else "")
    words.append(_("只含没有人数的场次") if behind.uncounted_only else "")
    words += _speaker(asked, behind.speaking)
    words.append(month_label(request.args["month"]) if request.args.get("month") else "")
    return [word for word in words if word]


@bp.get("/rows/attendance")
@permission("reports.read")
def attendance_rows() -> Any:
    each = forms.word_of(request.args, "each", Each, Each.ROW) or Each.ROW
    asked = question()
    asked, behind = _behind(asked)
    lines = rows_behind(asked.session, behind, each, cut())
    table = attendance_table(lines, each, asked.ask)
    sums = _(
        "共 %(rows)s 人次,%(minutes)s 分钟",
        rows=f"{lines.sums['rows']:,}",
        minutes=f"{lines.sums['minutes']:,}",
    )
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, sums=sums)


@bp.get("/rows/expected")
@permission("reports.read")
def expected_rows() -> Any:
    each = forms.word_of(request.args, "each", Each, Each.ROW) or Each.ROW
    part = forms.word_of(request.args, "part", ExpectedPart, ExpectedPart.ALL) or ExpectedPart.ALL
    asked, behind = _behind(question())
    lines = expected_behind(asked.session, behind, part, each, cut())
    table = expected_table(lines, part, each, asked.ask)
    sums = _("共 %(rows)s 人次", rows=f"{lines.sums['rows']:,}")
    return answer("reports/rows.html", asked, table, page=page_of(table, lines.count), sums=sums)


@bp.get("/rows/sessions")
@permission("reports.read")
def session_rows() -> Any:
    each = forms.word_of(request.args, "each", Each, Each.ROW) or Each.ROW
    asked = question()
    asked, behind = _behind(asked)
    lines = sessions_behind(asked.session, behind, each, cut())
    table = sessions_table(lines, each, asked.ask)
    people = lines.sums["declared_person_times"]
    sums = _("共 %(n)s 场,上报 %(people)s 人次", n=f"{lines.sums['sessions']:,}", people=f"{people:,}")
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, sums=sums)


@bp.get("/rows/members")
@permission("reports.read")
def member_rows() -> Any:
    args = request.args
    narrowed = MembersAsked(forms.group_of(args), args.get("required") == "1", forms.flag(args, "covered"))
    words: list[Text] = [GROUP_LABELS[narrowed.group]] if narrowed.group else []
    words += [_("应训")] if narrowed.required else []
    words += [_("已覆盖") if narrowed.covered else _("未覆盖")] if narrowed.covered is not None else []
    asked = question().narrowed(*words)
    ask = asked.ask
    lines = members_behind(asked.session, ask.period, ask.snapshot, ask.place, narrowed, cut())
    table = members_table(lines, ask)
    page = page_of(table, lines.count)
    return answer("reports/rows.html", asked, table, page=page, sums="")
