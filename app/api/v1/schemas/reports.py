"""Bodies of the reports, as `app.reports.serialise` makes them."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Choice,
    Count,
    Day,
    Identifier,
    Items,
    Number,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.vocabulary import Group, Status
from app.reports.queries import ListState
from app.reports.rules import By, CoverageBy

FIRST_YEAR, LAST_YEAR = 1950, 2150


class AdjustmentsAnswer(Answer):
    count = Count()
    added = Count(metadata={"description": "会增加的人次 · person-times that would be added"})
    removed = Count(metadata={"description": "会减少的人次 · person-times that would be taken away"})
    minutes = Whole(-(2**31), metadata={"description": "会增减的分钟 · minutes more, or less"})


class AdjustedAnswer(Answer):
    """Of any report whose period may have been locked."""

    adjustments = Part(
        AdjustmentsAnswer,
        metadata={
            "description": "锁定后的调整,不计入以上数字;没有时不出现"
            " · what came to light after the period was locked; in none of the figures; left out without any",
            "optional": True,
        },
    )


class MarkedAnswer(AdjustedAnswer):
    """Of any report whose figures may rest on codes that hung on a wall."""

    low_assurance_person_times = Count(
        metadata={
            "description": "凭张贴的签到码登记的人次,可靠程度较低;没有时不出现"
            " · person-times by a code on paper, which is less sure; left out where there are none",
            "optional": True,
        }
    )


class PeriodQuery(Query):
    from_ = Day(data_key="from")
    to = Day()
    org = Text(40, blank=True)


class PersonTimesQuery(PeriodQuery):
    by = Choice(By, load_default=By.KIND)


class CoverageQuery(PeriodQuery):
    on = Day(metadata={"description": "分母所在的日期,不填为期末或今天 · the day of the denominator"})
    by = Choice(CoverageBy, load_default=CoverageBy.GROUP)


class UncoveredQuery(PeriodQuery):
    on = Day()
    group = Choice(Group)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class MakeUpsQuery(PeriodQuery):
    state = Choice(ListState)
    group = Choice(Group)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class YearQuery(Query):
    year = Whole(FIRST_YEAR, LAST_YEAR)
    org = Text(40, blank=True)
    cursor = Text(400, blank=True)


class StudyHoursQuery(YearQuery):
    below = Truth(
        load_default=False,
        metadata={
            "description": "只列还差学时或集中培训的人 · only those who still lack hours or central trainings"
        },
    )
    limit = Whole(1, 500, load_default=100)


class DutiesQuery(YearQuery):
    limit = Whole(1, 1000, load_default=1000)


class PersonTimesNumbersAnswer(Answer):
    sessions = Count()
    classes = Count()
    person_times = Count()
    class_person_times = Count()
    members = Count()
    minutes = Count()
    declared_person_times = Count()


class PersonTimesRowAnswer(PersonTimesNumbersAnswer):
    key = Said()
    label = Said()


class PersonTimesAnswer(MarkedAnswer):
    total = Part(PersonTimesNumbersAnswer)
    rows = Items(Part(PersonTimesRowAnswer))


class CoverageNumbersAnswer(Answer):
    members = Count()
    covered = Count()
    coverage = Number(allow_none=True)
    required = Count()
    required_covered = Count()
    required_coverage = Number(allow_none=True)


class CoverageRowAnswer(CoverageNumbersAnswer):
    key = Said()
    label = Said()


class CoverageAnswer(MarkedAnswer):
    total = Part(CoverageNumbersAnswer)
    rows = Items(Part(CoverageRowAnswer))


class UncoveredLineAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    org_name = Said()
    groups = Items(Choice(Group))
    phone_masked = Said(allow_none=True)
    last_attended_on = Said(allow_none=True, metadata={"format": "date"})
    suggested_mode = Said()


class UncoveredAnswer(MarkedAnswer):
    count = Count()
    items = Items(Part(UncoveredLineAnswer))
    next = Said(allow_none=True)


class MakeUpLineAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    org_name = Said()
    groups = Items(Choice(Group))
    phone_masked = Said(allow_none=True)
    session = Identifier()
    title = Said()
    kind = Said()
    date = Said(metadata={"format": "date"})
    status = Choice(Status, allow_none=True)
    suggested_mode = Said()
    state = Choice(ListState)
    mode = Said(allow_none=True)
    via = Identifier(allow_none=True)
    done_on = Said(allow_none=True, metadata={"format": "date"})


class MakeUpsAnswer(Answer):
    count = Count()
    items = Items(Part(MakeUpLineAnswer))
    next = Said(allow_none=True)


class StudyHoursLineAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    required_hours = Number()
    hours = Number()
    make_up_hours = Number()
    central_classes = Count()
    shortfall_hours = Number()


class StudyHoursAnswer(MarkedAnswer):
    count = Count()
    items = Items(Part(StudyHoursLineAnswer))
    next = Said(allow_none=True)


class DutyKindAnswer(Answer):
    key = Said()
    label = Said()
    frequency = Said()


class DutyAnswer(Answer):
    kind = Said()
    months = Items(Count(), metadata={"description": "一至十二月 · January to December"})
    months_met = Count()
    met = Count()
    due = Count()
    rate = Number(allow_none=True)


class DutyRowAnswer(Answer):
    org_code = Said()
    org_name = Said()
    duties = Items(Part(DutyAnswer))
    months_met = Count()
    met = Count()
    due = Count()
    rate = Number(allow_none=True)


class ExcludedBranchAnswer(Answer):
    org_code = Said()
    org_name = Said()
    closed_on = Said(allow_none=True)
    opens_on = Said(allow_none=True)


class DutiesAnswer(AdjustedAnswer):
    year = Count()
    count = Count()
    kinds = Items(Part(DutyKindAnswer))
    rows = Items(Part(DutyRowAnswer))
    excluded = Items(Part(ExcludedBranchAnswer))
    next = Said(allow_none=True)
