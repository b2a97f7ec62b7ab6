"""Bodies of transfers, requests for them, departures and corrections."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
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
from app.core.vocabulary import TransferState


class TransferBody(Body):
    org_code = Text(40, required=True)
    accepted_on = Day(required=True)


class AskBody(Body):
    org_code = Text(40, required=True)


class AcceptBody(Body):
    accepted_on = Day(required=True)


class UndoTransferBody(Body):
    accepted_on = Day(required=True)


class LeaveBody(Body):
    left_on = Day(required=True)


class RightStartBody(Body):
    was = Day(required=True, metadata={"description": "这一段登记的第一天 · first day as recorded"})
    from_ = Day(required=True, data_key="from", metadata={"description": "正确的第一天 · the right one"})


class RightBranchBody(Body):
    from_ = Day(required=True, data_key="from")
    org_code = Text(40, required=True)


class RequestsQuery(Query):
    state = Choice(TransferState)
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class RequestAnswer(Answer):
    id = Identifier()
    member = Identifier(attribute="member_id")
    name = Said(attribute="member_name")
    from_org_code = Said()
    to_org_code = Said()
    state = Choice(TransferState)
    asked_at = Moment()
    decided_at = Moment(allow_none=True)
    accepted_on = Day(allow_none=True)
    is_stale = Truth()
    is_incoming = Truth()
    is_outgoing = Truth()


class RequestsAnswer(Answer):
    items = Items(Part(RequestAnswer))
    next = Said(allow_none=True)
