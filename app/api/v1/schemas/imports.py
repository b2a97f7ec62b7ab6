"""Bodies of roster imports."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Count,
    Day,
    Items,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.vocabulary import Group


class ImportsQuery(Query):
    as_of = Day(metadata={"description": "花名册反映哪一天 · the day that the roster describes"})
    accepted_on = Day(metadata={"description": "转接和变动起算日 · when transfers and flags take effect"})
    full_org = Text(
        40,
        blank=True,
        metadata={"description": "这份名单列全了哪个党组织的党员 · the unit whose members it lists all of"},
    )


class RejectedQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class ExportBody(Body):
    org = Text(40, blank=True)
    group = Choice(Group)
    q = Text(80, blank=True)
    with_phones = Truth(load_default=False)


class CountsAnswer(Answer):
    created = Count()
    updated = Count()
    unchanged = Count()
    rejected = Count()
    missing = Count()


class ProblemOfRowAnswer(Answer):
    code = Said()
    field = Said(allow_none=True)
    detail = Said()


class RejectedRowAnswer(Answer):
    sheet = Said()
    row = Count()
    problems = Items(Part(ProblemOfRowAnswer))


class ImportAnswer(Answer):
    id = Said()
    state = Said(
        metadata={
            "enum": ["waiting", "running", "needs_columns", "reviewed", "applied", "refused", "failed"],
            "description": "needs_columns: 在导入页面选定各列 · say there which column is what",
        }
    )
    step = Said()
    done = Count()
    total = Count()
    detail = Said(allow_none=True)
    counts = Part(CountsAnswer, allow_none=True)
    questions = Count()
    rejected = Items(Part(RejectedRowAnswer))
    next = Said(allow_none=True)
