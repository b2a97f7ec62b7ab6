"""check-in in every way: late and early, printed codes, kiosks, rounds of visits, things to look at"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


METHODS = (
    "member_scan", "short_code", "staff_scan", "staff_entry", "paper", "import", "api", "printed_code",
    "personal_link",
)  # fmt: skip
SESSION_COLUMNS = (
    ("effective_minutes", "INTEGER", "effective_minutes BETWEEN 0 AND 1440"),
    ("late_after_minutes", "INTEGER", "late_after_minutes BETWEEN 0 AND 1440"),
    ("asks_sign_out", "BOOLEAN NOT NULL DEFAULT false", ""),
    ("join_url", "VARCHAR(500)", ""),
    ("printed_code_version", "INTEGER", ""),
    ("head_count", "INTEGER", ""),
    ("guest_count", "INTEGER", "guest_count >= 0 AND guest_count <= head_count"),
)


def upgrade() -> None:
    op.create_table(
        "kiosks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff_users.id"], name=op.f("fk_kiosks_created_by_id")),
        sa.ForeignKeyConstraint(["session_id"], ["training_sessions.id"], name=op.f("fk_kiosks_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_kiosks_token_hash")),
    )
    with op.batch_alter_table("kiosks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kiosks_session_id"), ["session_id"], unique=False)

    op.create_table(
        "review_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "late_tick",
                "shared_device",
                "burst_after_end",
                "over_head_count",
                "two_places",
                "wrong_clock",
                name="reviewkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=110), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "fine",
                "not_there",
                name="reviewstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
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
            ),
            nullable=True,
        ),
        sa.Column(
            "method",
            sa.Enum(
                "member_scan",
                "short_code",
                "staff_scan",
                "staff_entry",
                "paper",
                "import",
                "api",
                "printed_code",
                "personal_link",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("noted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_users.id"], name=op.f("fk_review_items_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_review_items_member_id")),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["staff_users.id"], name=op.f("fk_review_items_noted_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_review_items_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
        sa.UniqueConstraint(
            "session_id", "kind", "subject", name=op.f("uq_review_items_session_id_kind_subject")
        ),
    )
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_items_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_review_items_state_session_id"), ["state", "session_id"], unique=False
        )

    op.create_table(
        "visit_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff_users.id"], name=op.f("fk_visit_rounds_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_visit_rounds_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_rounds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_visit_rounds_token_hash")),
    )
    with op.batch_alter_table("visit_rounds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_rounds_session_id"), ["session_id"], unique=False)

    op.create_table(
        "visit_round_members",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=22), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_round_members_member_id")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["visit_rounds.id"], name=op.f("fk_visit_round_members_round_id")
        ),
        sa.PrimaryKeyConstraint("round_id", "ref", name=op.f("pk_visit_round_members")),
    )
    with op.batch_alter_table("visit_round_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_round_members_member_id"), ["member_id"], unique=False)

    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint("method", type_="check")
        batch_op.create_check_constraint("method", f"method IN ({_listed(METHODS)})")

    # Plain SQL that both databases take: a batch would copy the table, which SQLite refuses while others
    # point at it.
    for name, kind, check in SESSION_COLUMNS:
        constraint = f" CONSTRAINT ck_training_sessions_{name} CHECK ({check})" if check else ""
        op.execute(f"ALTER TABLE training_sessions ADD COLUMN {name} {kind}{constraint}")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def downgrade() -> None:
    for name, _kind, _check in reversed(SESSION_COLUMNS):
        op.execute(f"ALTER TABLE training_sessions DROP COLUMN {name}")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_constraint("method", type_="check")
        batch_op.create_check_constraint("method", f"method IN ({_listed(METHODS[:7])})")
        batch_op.drop_column("left_at")
        batch_op.drop_column("came_at")

    with op.batch_alter_table("visit_round_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_round_members_member_id"))

    op.drop_table("visit_round_members")
    with op.batch_alter_table("visit_rounds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_rounds_session_id"))

    op.drop_table("visit_rounds")
    with op.batch_alter_table("review_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_items_state_session_id"))
        batch_op.drop_index(batch_op.f("ix_review_items_member_id"))

    op.drop_table("review_items")
    with op.batch_alter_table("kiosks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kiosks_session_id"))

    op.drop_table("kiosks")
