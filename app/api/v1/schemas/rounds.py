"""Bodies of rounds of home visits: whom a phone takes along, and under which ids."""

from __future__ import annotations

from app.api.v1.fields import Answer, Body, Count, Identifier, Items, Moment, Part, Said
from app.checkin.services.rounds import MOST_PEOPLE


class RoundBody(Body):
    members = Items(Identifier(), MOST_PEOPLE, required=True)


class CarriedAnswer(Answer):
    """One person of a round; `ref` means nothing outside it."""

    ref = Said()
    name = Said()
    org_name = Said()


class TakenRoundAnswer(Answer):
    id = Count()
    token = Said(metadata={"description": "只给这一次 · given this once"})
    expires_at = Moment()
    people = Items(Part(CarriedAnswer))


class RoundRowAnswer(Answer):
    id = Count()
    taken_by = Said()
    created_at = Moment()
    expires_at = Moment()
    revoked_at = Moment(allow_none=True)
    people = Count()
    recorded = Count()
    waiting = Count(metadata={"description": "等人确认的登记 · ticks that wait for a person"})


class RoundsAnswer(Answer):
    items = Items(Part(RoundRowAnswer))
