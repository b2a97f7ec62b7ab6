"""Bodies of organisations."""

from __future__ import annotations

from app.api.v1.fields import Answer, Choice, Items, Part, Query, Said, Text, Whole
from app.core.vocabulary import OrgKind


class OrgsQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 1000, load_default=1000)


class OrgAnswer(Answer):
    code = Said()
    name = Said()
    kind = Choice(OrgKind)
    parent_code = Said(allow_none=True)
    path = Said(metadata={"description": "/上级代码/…/代码/ · codes from the root down to the unit itself"})


class OrgsAnswer(Answer):
    items = Items(Part(OrgAnswer))
    next = Said(allow_none=True)
