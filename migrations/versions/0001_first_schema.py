"""first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_modes",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery_modes")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "hour_policies",
        sa.Column("from_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minutes_per_hour", sa.Integer(), nullable=False),
        sa.Column("half_day_cap_minutes", sa.Integer(), nullable=False),
        sa.Column("day_cap_minutes", sa.Integer(), nullable=False),
        sa.Column("member_hours", sa.Integer(), nullable=False),
        sa.Column("post_hours", sa.Integer(), nullable=False),
        sa.Column("post_central_classes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("from_year", name=op.f("pk_hour_policies")),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "name",
            sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "pinyin",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "pinyin_initials",
            sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("surname_pinyin", sa.String(length=20), nullable=True),
        sa.Column("sex", sa.String(length=4), nullable=True),
        sa.Column("ethnicity", sa.String(length=20), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("education", sa.String(length=40), nullable=True),
        sa.Column("membership_type", sa.String(length=20), nullable=True),
        sa.Column("joined_party_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("job", sa.String(length=100), nullable=True),
        sa.Column("social_stratum", sa.String(length=60), nullable=True),
        sa.Column("is_migrant_worker", sa.Boolean(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("phone_tail_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_phone_index"), ["phone_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_phone_tail_index"), ["phone_tail_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_pinyin"), ["pinyin"], unique=False)
        batch_op.create_index(batch_op.f("ix_members_pinyin_initials"), ["pinyin_initials"], unique=False)

    op.create_table(
        "org_units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
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
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_units")),
        sa.UniqueConstraint("code", name=op.f("uq_org_units_code")),
    )
    op.create_table(
        "session_kinds",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("duty_frequency", sa.String(length=10), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "duty_frequency IN ('monthly', 'quarterly', 'yearly')",
            name=op.f("ck_session_kinds_duty_frequency"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_session_kinds")),
    )
    op.create_table(
        "spent_tickets",
        sa.Column("ticket_id", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_spent_tickets")),
    )
    with op.batch_alter_table("spent_tickets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_tickets_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "staff_users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_users")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_users_username")),
    )
    op.create_table(
        "throttle_counts",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_throttle_counts")),
    )
    with op.batch_alter_table("throttle_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_throttle_counts_window_start"), ["window_start"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_api_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entry_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["staff_users.id"], name=op.f("fk_audit_entries_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_action"), ["action"], unique=False)

    op.create_table(
        "bind_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff_users.id"], name=op.f("fk_bind_codes_created_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_bind_codes_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bind_codes")),
    )
    with op.batch_alter_table("bind_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bind_codes_code_hash"), ["code_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_bind_codes_member_id"), ["member_id"], unique=False)

    op.create_table(
        "group_memberships",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "group_key",
            sa.Enum(
                "elderly",
                "mobile",
                "new_org",
                "rural",
                "retired",
                "lost_contact",
                "exempt",
                name="group",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=True),
        sa.Column("from_place", sa.String(length=100), nullable=True),
        sa.Column("to_place", sa.String(length=100), nullable=True),
        sa.Column("host_org_id", sa.Integer(), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_group_memberships_direction")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_group_memberships_span")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["staff_users.id"], name=op.f("fk_group_memberships_approved_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff_users.id"], name=op.f("fk_group_memberships_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["host_org_id"], ["org_units.id"], name=op.f("fk_group_memberships_host_org_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_group_memberships_member_id")),
        sa.PrimaryKeyConstraint("member_id", "group_key", "starts_on", name=op.f("pk_group_memberships")),
    )
    with op.batch_alter_table("group_memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_group_memberships_group_key_starts_on"), ["group_key", "starts_on"], unique=False
        )

    op.create_table(
        "lecturers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=True),
        sa.Column("is_exemplar", sa.Boolean(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_lecturers_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lecturers")),
    )
    with op.batch_alter_table("lecturers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecturers_name"), ["name"], unique=False)

    op.create_table(
        "member_bindings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("proof", sa.String(length=20), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff_users.id"], name=op.f("fk_member_bindings_created_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_bindings_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_bindings")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_bindings_token_hash")),
    )
    with op.batch_alter_table("member_bindings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_bindings_member_id"), ["member_id"], unique=False)

    op.create_table(
        "member_cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_cards_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_cards")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_cards_token_hash")),
    )
    with op.batch_alter_table("member_cards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_member_cards_member_id_revoked_at"), ["member_id", "revoked_at"], unique=False
        )

    op.create_table(
        "memberships",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_memberships_span")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_memberships_member_id")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_memberships_org_id")),
        sa.PrimaryKeyConstraint("member_id", "starts_on", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_memberships_org_id_starts_on_ends_on"),
            ["org_id", "starts_on", "ends_on"],
            unique=False,
        )

    op.create_table(
        "org_placements",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_org_placements_span")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_org_placements_org_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["org_units.id"], name=op.f("fk_org_placements_parent_id")),
        sa.PrimaryKeyConstraint("org_id", "starts_on", name=op.f("pk_org_placements")),
    )
    with op.batch_alter_table("org_placements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_org_placements_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_org_placements_path"), ["path"], unique=False)

    op.create_table(
        "org_posts",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column(
            "post",
            sa.Enum(
                "secretary",
                "deputy_secretary",
                "committee_member",
                name="post",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_org_posts_span")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_org_posts_member_id")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_org_posts_org_id")),
        sa.PrimaryKeyConstraint("member_id", "org_id", "post", "starts_on", name=op.f("pk_org_posts")),
    )
    with op.batch_alter_table("org_posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_org_posts_org_id_starts_on"), ["org_id", "starts_on"], unique=False
        )

    op.create_table(
        "org_tags",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column(
            "tag",
            sa.Enum("model", "guided", name="orgtag", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_org_tags_span")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_org_tags_org_id")),
        sa.PrimaryKeyConstraint("org_id", "tag", "starts_on", name=op.f("pk_org_tags")),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "administrator",
                "organiser",
                "secretary",
                "supervisor",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_role_grants_org_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_role_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
        sa.UniqueConstraint("user_id", "role", "org_id", name=op.f("uq_role_grants_user_id_role_org_id")),
    )
    op.create_table(
        "staff_logins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_staff_logins_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_logins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_logins_token_hash")),
    )
    with op.batch_alter_table("staff_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_logins_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_logins_user_id"), ["user_id"], unique=False)

    op.create_table(
        "training_classes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("host_org_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["host_org_id"], ["org_units.id"], name=op.f("fk_training_classes_host_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["kind_key"], ["session_kinds.key"], name=op.f("fk_training_classes_kind_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_classes")),
    )
    with op.batch_alter_table("training_classes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_classes_host_org_id"), ["host_org_id"], unique=False)

    op.create_table(
        "venues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_venues_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venues")),
        sa.UniqueConstraint("name", name=op.f("uq_venues_name")),
    )
    op.create_table(
        "training_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("mode_key", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "open",
                "closed",
                "cancelled",
                name="sessionstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("class_id", sa.Integer(), nullable=True),
        sa.Column("host_org_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_date", sa.Date(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credited_minutes", sa.Integer(), nullable=False),
        sa.Column("code_secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("declared_person_times", sa.Integer(), nullable=True),
        sa.Column(
            "declared_mark",
            sa.Enum(
                "exact",
                "nearly",
                "over",
                name="countmark",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "credited_minutes BETWEEN 0 AND 1440", name=op.f("ck_training_sessions_credited_minutes")
        ),
        sa.CheckConstraint(
            "declared_person_times >= 0", name=op.f("ck_training_sessions_declared_person_times")
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_training_sessions_check_in_span")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_training_sessions_span")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_classes.id"], name=op.f("fk_training_sessions_class_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff_users.id"], name=op.f("fk_training_sessions_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["host_org_id"], ["org_units.id"], name=op.f("fk_training_sessions_host_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["kind_key"], ["session_kinds.key"], name=op.f("fk_training_sessions_kind_key")
        ),
        sa.ForeignKeyConstraint(
            ["mode_key"], ["delivery_modes.key"], name=op.f("fk_training_sessions_mode_key")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_training_sessions_venue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_sessions")),
    )
    with op.batch_alter_table("training_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_sessions_class_id"), ["class_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_training_sessions_host_org_id_office_date"),
            ["host_org_id", "office_date"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_training_sessions_office_date_state"), ["office_date", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_training_sessions_state_closes_at"), ["state", "closes_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_training_sessions_state_opens_at"), ["state", "opens_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_training_sessions_venue_id_starts_at"), ["venue_id", "starts_at"], unique=False
        )

    op.create_table(
        "attendance",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
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
            nullable=False,
        ),
        sa.Column(
            "excuse_reason",
            sa.Enum(
                "official",
                "personal",
                "sick",
                name="excusereason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("is_extra", sa.Boolean(), nullable=False),
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
                name="method",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=64), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("office_date", sa.Date(), nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("mode_key", sa.String(length=40), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("morning_minutes", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'excused') OR excuse_reason IS NULL", name=op.f("ck_attendance_excuse_reason")
        ),
        sa.CheckConstraint("morning_minutes BETWEEN 0 AND minutes", name=op.f("ck_attendance_minutes")),
        sa.ForeignKeyConstraint(["class_id"], ["training_classes.id"], name=op.f("fk_attendance_class_id")),
        sa.ForeignKeyConstraint(["kind_key"], ["session_kinds.key"], name=op.f("fk_attendance_kind_key")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attendance_member_id")),
        sa.ForeignKeyConstraint(["mode_key"], ["delivery_modes.key"], name=op.f("fk_attendance_mode_key")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_attendance_org_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["staff_users.id"], name=op.f("fk_attendance_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_attendance_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "member_id", name=op.f("pk_attendance")),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_attendance_member_id_office_date"), ["member_id", "office_date"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_attendance_office_date"), ["office_date"], unique=False)

    op.create_table(
        "attendance_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "status_before",
            sa.Enum(
                "present",
                "late",
                "left_early",
                "excused",
                "absent",
                "made_up",
                name="status_before",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "status_after",
            sa.Enum(
                "present",
                "late",
                "left_early",
                "excused",
                "absent",
                "made_up",
                name="status_after",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["staff_users.id"], name=op.f("fk_attendance_changes_changed_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attendance_changes_member_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_attendance_changes_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_changes")),
    )
    with op.batch_alter_table("attendance_changes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_attendance_changes_session_id_member_id"),
            ["session_id", "member_id"],
            unique=False,
        )

    op.create_table(
        "audience_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "org",
                "group",
                "member",
                name="audiencekind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column(
            "group_key",
            sa.Enum(
                "elderly",
                "mobile",
                "new_org",
                "rural",
                "retired",
                "lost_contact",
                "exempt",
                name="group",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'org' AND org_id IS NOT NULL AND group_key IS NULL AND member_id IS NULL) OR (kind = 'group' AND group_key IS NOT NULL AND org_id IS NULL AND member_id IS NULL) OR (kind = 'member' AND member_id IS NOT NULL AND org_id IS NULL AND group_key IS NULL)",
            name=op.f("ck_audience_rules_one_target"),
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_audience_rules_member_id")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_audience_rules_org_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_audience_rules_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_rules")),
    )
    with op.batch_alter_table("audience_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audience_rules_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audience_rules_session_id"), ["session_id"], unique=False)

    op.create_table(
        "expected_attendees",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_expected_attendees_member_id")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_expected_attendees_org_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_expected_attendees_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "member_id", name=op.f("pk_expected_attendees")),
    )
    with op.batch_alter_table("expected_attendees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expected_attendees_member_id"), ["member_id"], unique=False)

    op.create_table(
        "session_lecturers",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("lecturer_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "lecturer",
                "speaker",
                "host",
                "reporter",
                name="lecturerrole",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecturer_id"], ["lecturers.id"], name=op.f("fk_session_lecturers_lecturer_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_session_lecturers_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "lecturer_id", name=op.f("pk_session_lecturers")),
    )
    with op.batch_alter_table("session_lecturers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_lecturers_lecturer_id"), ["lecturer_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session_lecturers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_lecturers_lecturer_id"))

    op.drop_table("session_lecturers")
    with op.batch_alter_table("expected_attendees", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_expected_attendees_member_id"))

    op.drop_table("expected_attendees")
    with op.batch_alter_table("audience_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audience_rules_session_id"))
        batch_op.drop_index(batch_op.f("ix_audience_rules_org_id"))

    op.drop_table("audience_rules")
    with op.batch_alter_table("attendance_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_changes_session_id_member_id"))

    op.drop_table("attendance_changes")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_office_date"))
        batch_op.drop_index(batch_op.f("ix_attendance_member_id_office_date"))

    op.drop_table("attendance")
    with op.batch_alter_table("training_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_sessions_venue_id_starts_at"))
        batch_op.drop_index(batch_op.f("ix_training_sessions_state_opens_at"))
        batch_op.drop_index(batch_op.f("ix_training_sessions_state_closes_at"))
        batch_op.drop_index(batch_op.f("ix_training_sessions_office_date_state"))
        batch_op.drop_index(batch_op.f("ix_training_sessions_host_org_id_office_date"))
        batch_op.drop_index(batch_op.f("ix_training_sessions_class_id"))

    op.drop_table("training_sessions")
    op.drop_table("venues")
    with op.batch_alter_table("training_classes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_classes_host_org_id"))

    op.drop_table("training_classes")
    with op.batch_alter_table("staff_logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_logins_user_id"))
        batch_op.drop_index(batch_op.f("ix_staff_logins_expires_at"))

    op.drop_table("staff_logins")
    op.drop_table("role_grants")
    op.drop_table("org_tags")
    with op.batch_alter_table("org_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_org_posts_org_id_starts_on"))

    op.drop_table("org_posts")
    with op.batch_alter_table("org_placements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_org_placements_path"))
        batch_op.drop_index(batch_op.f("ix_org_placements_parent_id"))

    op.drop_table("org_placements")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_org_id_starts_on_ends_on"))

    op.drop_table("memberships")
    with op.batch_alter_table("member_cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_cards_member_id_revoked_at"))

    op.drop_table("member_cards")
    with op.batch_alter_table("member_bindings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_bindings_member_id"))

    op.drop_table("member_bindings")
    with op.batch_alter_table("lecturers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lecturers_name"))

    op.drop_table("lecturers")
    with op.batch_alter_table("group_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_memberships_group_key_starts_on"))

    op.drop_table("group_memberships")
    with op.batch_alter_table("bind_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bind_codes_member_id"))
        batch_op.drop_index(batch_op.f("ix_bind_codes_code_hash"))

    op.drop_table("bind_codes")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_action"))

    op.drop_table("audit_entries")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("throttle_counts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_throttle_counts_window_start"))

    op.drop_table("throttle_counts")
    op.drop_table("staff_users")
    with op.batch_alter_table("spent_tickets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spent_tickets_expires_at"))

    op.drop_table("spent_tickets")
    op.drop_table("session_kinds")
    op.drop_table("org_units")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_members_pinyin_initials"))
        batch_op.drop_index(batch_op.f("ix_members_phone_tail_index"))
        batch_op.drop_index(batch_op.f("ix_members_pinyin"))
        batch_op.drop_index(batch_op.f("ix_members_phone_index"))
        batch_op.drop_index(batch_op.f("ix_members_name"))

    op.drop_table("members")
    op.drop_table("hour_policies")
    op.drop_table("heartbeats")
    op.drop_table("delivery_modes")
