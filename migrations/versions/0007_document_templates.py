"""document templates: the office's own Word template is a row, so that a backup holds it

The file where it lay until now is read into its row and left where it is.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    templates = op.create_table(
        "document_templates",
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document", name=op.f("pk_document_templates")),
    )
    file = Path(current_app.instance_path) / "templates" / "bulletin.docx"
    if file.is_file():
        op.bulk_insert(templates, [{"document": "bulletin", "content": file.read_bytes()}])


def downgrade() -> None:
    op.drop_table("document_templates")
