"""Queries and answers of the report forms: rates, summaries, ledger, corrections, bulletin."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Choice,
    Count,
    Day,
    Identifier,
    Items,
    Number,
    Numbers,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.api.v1.schemas.reports import FIRST_YEAR, LAST_YEAR, MarkedAnswer, PeriodQuery
from app.core.vocabulary import LecturerRole, Status
from app.reports.queries import Waits
from app.reports.rules import Level, RateBy


class BulletinQuery(Query):
    year = Whole(FIRST_YEAR, LAST_YEAR)
    org = Text(40, blank=True)


class BulletinAnswer(MarkedAnswer):
    year = Count()
    paragraphs = Items(Said())
    figures = Numbers()


class RateQuery(PeriodQuery):
    by = Choice(RateBy, load_default=RateBy.KIND)
    line = Whole(
        -(2**31 - 1),
        2**31 - 1,
        metadata={
            "description": "只看一个班次(编号),或一个场次(负的编号) · one class by its id, or one session by"
            " minus its id"
        },
    )


class BranchesQuery(PeriodQuery):
    on = Day(metadata={"description": "党员以哪天为准,不填为期末或今天 · the day of the members"})
    level = Choice(
        Level,
        load_default=Level.BRANCH,
        metadata={
            "description": "branch:每个支部;below:直接下级 · every branch, or the units directly below"
        },
    )


class GroupsQuery(PeriodQuery):
    on = Day(metadata={"description": "党员以哪天为准,不填为期末或今天 · the day of the members"})


class LedgerQuery(PeriodQuery):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class RateNumbersAnswer(Answer):
    expected = Count()
    attended = Count()
    made_up = Count()
    missing = Count()
    attendance_rate = Number(allow_none=True)
    attendance_rate_without_make_ups = Number(allow_none=True)


class RateRowAnswer(RateNumbersAnswer):
    key = Said()
    label = Said()


class RateAnswer(MarkedAnswer):
    total = Part(RateNumbersAnswer)
    rows = Items(Part(RateRowAnswer))


class SummaryNumbersAnswer(RateNumbersAnswer):
    members = Count()
    required = Count()
    people = Count()
    person_times = Count()
    hours = Number()
    covered = Count()
    coverage = Number(allow_none=True)
    required_covered = Count()
    required_coverage = Number(allow_none=True)
    uncovered = Count()


class SummaryRowAnswer(SummaryNumbersAnswer):
    key = Said()
    label = Said()


class SummaryAnswer(MarkedAnswer):
    total = Part(SummaryNumbersAnswer)
    rows = Items(Part(SummaryRowAnswer))


class FormNumbersAnswer(Answer):
    sessions = Count()
    person_times = Count()
    class_person_times = Count()
    members = Count()
    declared_person_times = Count()
    uncounted = Count(
        metadata={
            "description": "既没有名单也没有上报人数的场次 · sessions with neither rows nor a head count"
        }
    )


class FormRowAnswer(FormNumbersAnswer):
    kind = Said()
    mode = Said()
    kind_label = Said()
    mode_label = Said()


class FormsAnswer(MarkedAnswer):
    total = Part(FormNumbersAnswer)
    rows = Items(Part(FormRowAnswer))


class LecturerNumbersAnswer(Answer):
    sessions = Count()
    minutes = Count()
    person_times = Count()
    members = Count()
    declared_person_times = Count()


class LecturerLineAnswer(LecturerNumbersAnswer):
    lecturer = Identifier()
    name = Said()
    title = Said()
    is_exemplar = Truth()
    role = Choice(LecturerRole)


class LecturersAnswer(MarkedAnswer):
    total = Part(LecturerNumbersAnswer)
    rows = Items(Part(LecturerLineAnswer))


class LedgerLineAnswer(Answer):
    number = Said()
    kind = Said()
    kind_label = Said()
    title = Said()
    first_on = Said(metadata={"format": "date"})
    last_on = Said(metadata={"format": "date"})
    venues = Items(Said())
    host_org = Said()
    host_name = Said()
    lecturers = Items(Said())
    sessions = Count()
    minutes = Count()
    expected = Count()
    attended = Count()
    person_times = Count()
    declared_person_times = Count()


class LedgerAnswer(MarkedAnswer):
    count = Count()
    items = Items(Part(LedgerLineAnswer))
    next = Said(allow_none=True)


class CorrectionsQuery(PeriodQuery):
    member = Identifier()
    session = Identifier()
    after_lock = Truth(
        load_default=False,
        metadata={"description": "只列锁定后的 · only what came after a lock"},
    )
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class CorrectionLineAnswer(Answer):
    at = Said(metadata={"format": "date-time"})
    session = Identifier()
    title = Said()
    office_date = Said(metadata={"format": "date"})
    member = Identifier()
    name = Said()
    org_code = Said(allow_none=True)
    org_name = Said(allow_none=True)
    status_before = Choice(Status, allow_none=True)
    status_after = Choice(Status, allow_none=True)
    reason = Said()
    by = Said(allow_none=True)
    after_lock = Choice(
        Waits,
        allow_none=True,
        metadata={"description": "null: 不是锁定后的 · null: no adjustment of a locked period"},
    )


class CorrectionsAnswer(Answer):
    count = Count()
    items = Items(Part(CorrectionLineAnswer))
    next = Said(allow_none=True)
