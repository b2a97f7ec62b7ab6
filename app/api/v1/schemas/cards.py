"""Bodies of members' cards and bound phones."""

from __future__ import annotations

from app.api.v1.fields import Answer, Identifier, Items, Moment, Part, Said


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
