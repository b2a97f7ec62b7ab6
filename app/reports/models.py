"""Table of Word templates that the office made its own."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class DocumentTemplate(Base):
    """The office's own template of a document; without a row the shipped one is used."""

    __tablename__ = "document_templates"

    # Which document: "bulletin".
    document: Mapped[str] = mapped_column(String(40), primary_key=True)
    # A Word file (.docx) of less than a megabyte, looked at and packed anew before it came here.
    content: Mapped[bytes] = mapped_column(LargeBinary)
