"""Bodies of members' cards and bound phones."""

from __future__ import annotations

from app.api.v1.fields import (
    Answer,
    Body,
    Choice,
    Count,
    Identifier,
    Items,
    Key,
    Moment,
    Part,
    Said,
    Text,
    Truth,
)
from app.checkin.commands import Printing


class CardAnswer(Answer):
    card = Said()


class CardStateAnswer(Answer):
    number = Said(allow_none=True)
    issued_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)


class BoundPhoneAnswer(Answer):
    id = Identifier()
    proof = Said(metadata={"enum": ["one_time_code", "name_and_phone", "api"]})
    created_at = Moment()


class BindingsAnswer(Answer):
    items = Items(Part(BoundPhoneAnswer))


class BindCodeAnswer(Answer):
    code = Said()
    expires_at = Moment()


class CardSheetsBody(Body):
    org = Text(40, blank=True, metadata={"description": "不填为整个范围 · left out: the whole scope"})
    printing = Choice(
        Printing,
        data_key="only",
        required=True,
        metadata={
            "description": "new 只给还没有卡的人;all 全部,已有的卡照印;renew 全部换新,旧卡停用"
            " · new: those without a card; all: everybody, with the card they have; renew: everybody gets a"
            " new one and the old one stops"
        },
    )
    with_codes = Truth(
        data_key="bind_codes",
        load_default=False,
        metadata={
            "description": "卡上印首次使用的绑定码;以前印在卡上还没用的码停用"
            " · print a one-time code that binds a phone on each card; an unused one on an older card stops"
        },
    )
    id = Key(
        metadata={
            "description": "自定的编号,同一编号重复提交即同一次,可不填"
            " · a key of the client's own: the same one again is the same print; may be left out"
        }
    )


class CardSheetsAnswer(Answer):
    id = Said()
    state = Said(metadata={"enum": ["waiting", "running", "done", "refused", "failed"]})
    step = Said()
    done = Count()
    total = Count()
    detail = Said(allow_none=True)
    cards = Count(allow_none=True)
    pages = Count(allow_none=True)
    issued = Count(allow_none=True)
    stopped = Count(allow_none=True)
    lacking = Count(
        allow_none=True,
        metadata={"description": "姓名有字印不出的人数 · names with a character that cannot be printed"},
    )
