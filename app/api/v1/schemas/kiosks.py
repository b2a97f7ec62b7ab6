"""Bodies of kiosks."""

from __future__ import annotations

from app.api.v1.fields import Answer, Identifier, Items, Moment, Part, Said


class NewKioskAnswer(Answer):
    id = Identifier()
    token = Said()
    created_at = Moment()
    expires_at = Moment()


class KioskAnswer(Answer):
    id = Identifier()
    created_by = Said()
    created_at = Moment()
    expires_at = Moment()


class KiosksAnswer(Answer):
    items = Items(Part(KioskAnswer))
