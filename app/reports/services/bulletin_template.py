"""Keeps the office's own Word template of the bulletin, in place of the one that comes with the product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import is_postgresql, writing
from app.reports.docx_template import filled, names_something, repacked
from app.reports.models import DocumentTemplate
from app.settings import ROOT

SHIPPED = ROOT / "app" / "reports" / "templates_docx"
BULLETIN = "bulletin"
_IS_OURS = DocumentTemplate.document == BULLETIN


def shipped_template(*, english: bool) -> bytes:
    """The one that comes with the product."""
    return (SHIPPED / ("bulletin.en.docx" if english else "bulletin.docx")).read_bytes()


def own_template(session: Session) -> bytes | None:
    """The office's own; None while it uses the shipped one."""
    return session.scalar(select(DocumentTemplate.content).where(_IS_OURS))


def save_template(content: bytes, sample: Mapping[str, Any], scope: Scope, now: datetime) -> bool:
    """Take an uploaded template once a document could be made from it. Raises TemplateRefused.

    sample: values of every placeholder that there is. False: taken, but no placeholder stands in it.
    """
    filled(content, sample)
    safe = repacked(content)
    with writing() as session:
        insert = postgresql_insert if is_postgresql(session) else sqlite_insert
        statement = insert(DocumentTemplate).values(document=BULLETIN, content=safe)
        # One statement: of two who save at once the later one stands.
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[DocumentTemplate.document], set_={"content": statement.excluded.content}
            )
        )
        record_act(session, "bulletin_template.save", "bulletin", scope.user_id, now, size=len(safe))
    return names_something(safe, sample)


def reset_template(scope: Scope, now: datetime) -> None:
    """Go back to the shipped one; a repeat changes nothing."""
    with writing() as session:
        gone = delete(DocumentTemplate).where(_IS_OURS).returning(DocumentTemplate.document)
        if session.scalar(gone) is not None:
            record_act(session, "bulletin_template.reset", "bulletin", scope.user_id, now)
