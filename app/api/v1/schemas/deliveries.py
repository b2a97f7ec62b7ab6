"""Bodies of monthly reports and of the inbox."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Count,
    Day,
    Identifier,
    Items,
    Moment,
    Part,
    Query,
    Said,
    Text,
    Truth,
    Whole,
)
from app.core.i18n import LANGUAGES
from app.core.vocabulary import DeliveryState
from app.reports.forms_by_name import FORMS

_EMAIL = {"description": "同时发邮件通知;邮件里只有链接 · a note is sent there too, with a link only"}


class DeliveriesQuery(Query):
    offset = Whole(0, 1_000_000, load_default=0)
    limit = Whole(1, 500, load_default=100)


class ReportScheduleBody(Body):
    report = Text(40, required=True, metadata={"enum": list(FORMS)})
    org_code = Text(40, required=True)
    username = Text(60, required=True)
    language = Text(10, load_default=next(iter(LANGUAGES)), metadata={"enum": list(LANGUAGES)})
    email = Text(200, allow_none=True, blank=True, metadata=_EMAIL)


class ReportScheduleChangesBody(Body):
    is_active = Truth(required=True)


class MonthAnswer(Answer):
    first_on = Day()
    state = Choice(DeliveryState)
    made_at = Moment(allow_none=True)
    opened_at = Moment(allow_none=True)
    mailed_at = Moment(allow_none=True)


class ReportScheduleAnswer(Answer):
    id = Identifier()
    report = Said()
    org_code = Said()
    org_name = Said()
    username = Said()
    email = Said(allow_none=True)
    language = Said()
    is_active = Truth()
    months = Items(Part(MonthAnswer))


class ReportSchedulesAnswer(Answer):
    items = Items(Part(ReportScheduleAnswer))
    total = Count()


class TriedAgainAnswer(Answer):
    count = Count()


class InboxItemAnswer(Answer):
    id = Identifier()
    report = Said()
    org_code = Said()
    org_name = Said()
    first_on = Day()
    made_at = Moment()
    opened_at = Moment(allow_none=True)
    file_name = Said()
    in_reach = Truth(
        metadata={"description": "false:已不在负责的范围内,不能下载 · the unit is out of reach by now"}
    )


class InboxAnswer(Answer):
    items = Items(Part(InboxItemAnswer))
    total = Count()
