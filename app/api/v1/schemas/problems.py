"""The one shape of every refusal (RFC 9457)."""

from __future__ import annotations

from app.api.v1.fields import Answer, Count, Items, Part, Said


class FieldProblemAnswer(Answer):
    field = Said()
    code = Said()
    detail = Said()


class ProblemAnswer(Answer):
    type = Said()
    title = Said()
    status = Count()
    detail = Said()
    code = Said()
    request_id = Said()
    errors = Items(Part(FieldProblemAnswer), metadata={"optional": True})
