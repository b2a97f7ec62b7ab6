"""Form 10: what was changed of attendance, when, by whom and why."""

from __future__ import annotations

from typing import Any

from flask import request

from app.core.access import permission
from app.core.errors import NotFound
from app.core.i18n import Text, lazy
from app.reports import forms
from app.reports.queries import (
    CorrectionsAsked,
    corrections,
    correctors,
    member_of_place,
    session_title,
)
from app.reports.tables import corrections_table
from app.reports.views.frame import Question, answer, bp, cut, page_of, question


@bp.get("/corrections", endpoint="corrections")
@permission("reports.read")
def corrections_page() -> Any:
    asked = question()
    ask, args = asked.ask, request.args
    wanted = CorrectionsAsked(
        forms.id_of(args, "by"),
        forms.id_of(args, "member"),
        forms.id_of(args, "session"),
        only_after_lock=args.get("after_lock") == "1",
        only_waiting=args.get("after_lock") == "waiting",
        by_host=args.get("host") == "1",
    )
    people = correctors(asked.session, ask.period, ask.place)
    asked = asked.narrowed(*_words(asked, wanted, dict(people)))
    result = corrections(asked.session, ask.period, ask.place, wanted, cut())
    table = corrections_table(result, asked.ask)
    page = page_of(table, result.count)
    return answer("reports/corrections.html", asked, table, page=page, wanted=wanted, people=people)


def _words(asked: Question, wanted: CorrectionsAsked, people: dict[int, str]) -> list[Text]:
    """What narrows the list, in words. Raises NotFound for what lies outside the reader's part."""
    words: list[Text] = []
    if wanted.member_id is not None:
        name = member_of_place(asked.session, wanted.member_id, asked.ask.snapshot, asked.ask.place)
        if name is None:
            raise NotFound()
        words.append(name)
    if wanted.session_id is not None:
        title = session_title(asked.session, wanted.session_id, asked.ask.place)
        if title is None:
            raise NotFound()
        words.append(title)
    if wanted.by_id is not None:
        words.append(lazy("经办人:%(name)s", name=people.get(wanted.by_id, "")))
    words += [lazy("只看锁定后的")] if wanted.only_after_lock else []
    words += [lazy("只看锁定后还没有计入的")] if wanted.only_waiting else []
    return words + ([lazy("按主办单位计")] if wanted.by_host else [])
