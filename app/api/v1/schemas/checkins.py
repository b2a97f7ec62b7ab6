"""Bodies of check-ins, one at a time and in batches."""

from __future__ import annotations

from typing import Any

from app.api.v1.fields import Answer, Body, Choice, Identifier, Items, Moment, Part, Said, Text, Uuid
from app.checkin.queries.rounds import ROUND_DEVICE
from app.checkin.services.staff import STAFF_METHODS
from app.core.vocabulary import Method, Status


class CodeCheckInBody(Body):
    """A bound phone presents the code of the hall's screen."""

    code = Text(
        300,
        required=True,
        metadata={"description": "整个网址、其末段,或六位数字 · address, its last part, or six digits"},
    )
    member_token = Text(200, required=True)
    nonce = Text(64, allow_none=True)


class CardCheckInBody(Body):
    """Staff read a member's card."""

    session = Identifier(required=True)
    card = Text(
        200,
        required=True,
        metadata={"description": "二维码的内容,或卡号 · what its QR code says, or its printed number"},
    )
    nonce = Text(64, allow_none=True)


class StaffCheckInBody(Body):
    """Staff name a member."""

    session = Identifier(required=True)
    member = Identifier(required=True)
    method = Choice(Method, STAFF_METHODS, required=True)
    status = Choice(Status, load_default=Status.PRESENT)
    occurred_at = Moment(allow_none=True)
    nonce = Text(64, allow_none=True)


class RecordedAnswer(Answer):
    result = Said(metadata={"enum": ["recorded"]})
    status = Choice(Status)


class AlreadyRecordedAnswer(Answer):
    result = Said(metadata={"enum": ["already_recorded"]})
    status = Choice(Status)
    recorded_at = Moment()


class BatchItemBody(Body):
    id = Uuid(required=True)
    session = Identifier(required=True)
    member = Identifier(required=True)
    status = Choice(Status, required=True)
    method = Choice(Method, STAFF_METHODS, required=True)
    occurred_at = Moment(required=True)


class DeviceName(Text):
    """A device's name, chosen by whoever programmed it; not one of ours."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if text.startswith(ROUND_DEVICE):
            raise self.make_error("invalid")
        return text


class BatchBody(Body):
    device = DeviceName(
        64, required=True, metadata={"description": "不以 round- 开头 · does not begin with round-"}
    )
    sent_at = Moment(allow_none=True)
    items = Items(Part(BatchItemBody), 500, required=True)


class BatchLineAnswer(Answer):
    id = Said(metadata={"format": "uuid"})
    result = Said(
        metadata={
            "description": "recorded, already_recorded, needs_review, 或拒绝的 code · or a refusal's code"
        }
    )
    status = Choice(Status, allow_none=True)
    recorded_at = Moment(allow_none=True)


class BatchAnswer(Answer):
    items = Items(Part(BatchLineAnswer))
