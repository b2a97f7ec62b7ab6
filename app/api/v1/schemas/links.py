"""Bodies of personal links."""

from __future__ import annotations

from app.api.v1.fields import Answer, Choice, Count, Identifier, Items, Part, Query, Said, Text, Whole
from app.core.vocabulary import Status


class LinksQuery(Query):
    cursor = Text(400, blank=True)
    limit = Whole(1, 500, load_default=100)


class LinkAnswer(Answer):
    member = Identifier()
    name = Said()
    org_code = Said()
    status = Choice(Status, allow_none=True)
    url = Said(metadata={"format": "uri"})


class LinksAnswer(Answer):
    count = Count()
    items = Items(Part(LinkAnswer))
    next = Said(allow_none=True)
