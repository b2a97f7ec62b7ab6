"""Bodies of organisations."""

from __future__ import annotations

from app.api.v1.fields import Answer, Choice, Said
from app.core.vocabulary import OrgKind


class OrgAnswer(Answer):
    code = Said()
    name = Said()
    kind = Choice(OrgKind)
    parent_code = Said(allow_none=True)
    path = Said(metadata={"description": "/上级代码/…/代码/ · codes from the root down to the unit itself"})
