"""what offline ticks were answered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATUS = sa.Enum(
    "present",
    "late",
    "left_early",
    "excused",
    "absent",
    "made_up",
    name="status",
    native_enum=False,
    create_constraint=True,
    length=20,
)


def upgrade() -> None:
    op.create_table(
        "batch_receipts",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("status", STATUS, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", "item_id", name=op.f("pk_batch_receipts")),
    )


def downgrade() -> None:
    op.drop_table("batch_receipts")
