"""people over time: transfers asked for, wishes, visit notes, instructors and teams, former names, long work"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supervision_teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_supervision_teams_name")),
    )
    op.create_table(
        "correction_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "done",
                "declined",
                name="requeststate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["staff_users.id"], name=op.f("fk_correction_requests_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_correction_requests_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_requests")),
    )
    with op.batch_alter_table("correction_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_requests_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_correction_requests_state_asked_at"), ["state", "asked_at"], unique=False
        )

    op.create_table(
        "distinct_members",
        sa.Column("low_id", sa.Integer(), nullable=False),
        sa.Column("high_id", sa.Integer(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_distinct_members_order")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_users.id"], name=op.f("fk_distinct_members_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["high_id"], ["members.id"], name=op.f("fk_distinct_members_high_id")),
        sa.ForeignKeyConstraint(["low_id"], ["members.id"], name=op.f("fk_distinct_members_low_id")),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_distinct_members")),
    )
    with op.batch_alter_table("distinct_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_distinct_members_high_id"), ["high_id"], unique=False)

    op.create_table(
        "instructors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("work_place", sa.String(length=100), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_instructors_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructors")),
    )
    with op.batch_alter_table("instructors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instructors_user_id"), ["user_id"], unique=False)

    op.create_table(
        "long_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "refused",
                "failed",
                name="taskstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("task_order", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_long_tasks_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_tasks")),
        sa.UniqueConstraint("token", name=op.f("uq_long_tasks_token")),
    )
    with op.batch_alter_table("long_tasks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_long_tasks_state_lease_until"), ["state", "lease_until"], unique=False
        )

    op.create_table(
        "org_former_names",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_org_former_names_org_id")),
        sa.PrimaryKeyConstraint("org_id", "ends_on", name=op.f("pk_org_former_names")),
    )
    op.create_table(
        "org_former_natures",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "committee",
                "general_branch",
                "branch",
                "group",
                name="orgkind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "sector",
            sa.Enum(
                "agency",
                "community",
                "village",
                "non_public",
                "social_org",
                "public_institution",
                "school",
                "state_enterprise",
                "retired",
                name="orgsector",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_org_former_natures_span")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_org_former_natures_org_id")),
        sa.PrimaryKeyConstraint("org_id", "starts_on", name=op.f("pk_org_former_natures")),
    )
    op.create_table(
        "roster_columns",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("header", sa.String(length=100), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_roster_columns_org_id")),
        sa.PrimaryKeyConstraint("org_id", "header", name=op.f("pk_roster_columns")),
    )
    op.create_table(
        "team_assignments",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_team_assignments_span")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_team_assignments_org_id")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["supervision_teams.id"], name=op.f("fk_team_assignments_team_id")
        ),
        sa.PrimaryKeyConstraint("team_id", "org_id", "starts_on", name=op.f("pk_team_assignments")),
    )
    with op.batch_alter_table("team_assignments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_team_assignments_org_id_starts_on"), ["org_id", "starts_on"], unique=False
        )

    op.create_table(
        "team_officials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("work_place", sa.String(length=100), nullable=True),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_team_officials_span")),
        sa.ForeignKeyConstraint(
            ["team_id"], ["supervision_teams.id"], name=op.f("fk_team_officials_team_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_team_officials_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_officials")),
    )
    with op.batch_alter_table("team_officials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_officials_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_team_officials_user_id"), ["user_id"], unique=False)

    op.create_table(
        "transfer_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("from_org_id", sa.Integer(), nullable=False),
        sa.Column("to_org_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "accepted",
                "declined",
                "withdrawn",
                name="transferstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'accepted') = (accepted_on IS NOT NULL)", name=op.f("ck_transfer_requests_accepted_on")
        ),
        sa.CheckConstraint("from_org_id <> to_org_id", name=op.f("ck_transfer_requests_elsewhere")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["staff_users.id"], name=op.f("fk_transfer_requests_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_users.id"], name=op.f("fk_transfer_requests_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["from_org_id"], ["org_units.id"], name=op.f("fk_transfer_requests_from_org_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_transfer_requests_member_id")),
        sa.ForeignKeyConstraint(["to_org_id"], ["org_units.id"], name=op.f("fk_transfer_requests_to_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_requests")),
    )
    with op.batch_alter_table("transfer_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_requests_from_org_id"), ["from_org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_requests_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transfer_requests_to_org_id_state"), ["to_org_id", "state"], unique=False
        )

    op.create_table(
        "visit_notes",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_notes_member_id")),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["staff_users.id"], name=op.f("fk_visit_notes_updated_by_id")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_visit_notes")),
    )
    op.create_table(
        "instructor_assignments",
        sa.Column("instructor_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_instructor_assignments_span")),
        sa.ForeignKeyConstraint(
            ["instructor_id"], ["instructors.id"], name=op.f("fk_instructor_assignments_instructor_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_instructor_assignments_org_id")),
        sa.PrimaryKeyConstraint(
            "instructor_id", "org_id", "starts_on", name=op.f("pk_instructor_assignments")
        ),
    )
    with op.batch_alter_table("instructor_assignments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_instructor_assignments_org_id_starts_on"), ["org_id", "starts_on"], unique=False
        )

    with op.batch_alter_table("group_memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(length=100), nullable=True))
        batch_op.create_check_constraint("no_reason", "group_key <> 'exempt' OR reason IS NULL")

    # Plain SQL that both databases take: a batch would copy the table, which SQLite refuses while others
    # point at it.
    for table in ("members", "org_units"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN merged_into_id INTEGER"
            f" CONSTRAINT fk_{table}_merged_into_id REFERENCES {table} (id)"
        )
    op.create_index("ix_members_merged_into_id", "members", ["merged_into_id"])
    # A branch's members are found in the index alone.
    op.create_index(
        "ix_memberships_org_id_starts_on_ends_on_member_id",
        "memberships",
        ["org_id", "starts_on", "ends_on", "member_id"],
    )
    op.drop_index("ix_memberships_org_id_starts_on_ends_on", table_name="memberships")


def downgrade() -> None:
    op.create_index(
        "ix_memberships_org_id_starts_on_ends_on", "memberships", ["org_id", "starts_on", "ends_on"]
    )
    op.drop_index("ix_memberships_org_id_starts_on_ends_on_member_id", table_name="memberships")
    op.drop_index("ix_members_merged_into_id", table_name="members")
    # SQLite drops no column that points at a table: the two stay, unused.
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("members", "merged_into_id")
        op.drop_column("org_units", "merged_into_id")

    with op.batch_alter_table("group_memberships", schema=None) as batch_op:
        batch_op.drop_constraint("no_reason", type_="check")
        batch_op.drop_column("reason")

    with op.batch_alter_table("instructor_assignments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instructor_assignments_org_id_starts_on"))

    op.drop_table("instructor_assignments")
    op.drop_table("visit_notes")
    with op.batch_alter_table("transfer_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfer_requests_to_org_id_state"))
        batch_op.drop_index(batch_op.f("ix_transfer_requests_member_id"))
        batch_op.drop_index(batch_op.f("ix_transfer_requests_from_org_id"))

    op.drop_table("transfer_requests")
    with op.batch_alter_table("team_officials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_officials_user_id"))
        batch_op.drop_index(batch_op.f("ix_team_officials_team_id"))

    op.drop_table("team_officials")
    with op.batch_alter_table("team_assignments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_assignments_org_id_starts_on"))

    op.drop_table("team_assignments")
    op.drop_table("roster_columns")
    op.drop_table("org_former_natures")
    op.drop_table("org_former_names")
    with op.batch_alter_table("long_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_long_tasks_state_lease_until"))

    op.drop_table("long_tasks")
    with op.batch_alter_table("instructors", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instructors_user_id"))

    op.drop_table("instructors")
    with op.batch_alter_table("distinct_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_distinct_members_high_id"))

    op.drop_table("distinct_members")
    with op.batch_alter_table("correction_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_correction_requests_state_asked_at"))
        batch_op.drop_index(batch_op.f("ix_correction_requests_member_id"))

    op.drop_table("correction_requests")
    op.drop_table("supervision_teams")
