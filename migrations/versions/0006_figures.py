"""figures: yearly summaries that triggers keep honest, locks and adjustments, leave, make-ups, deliveries"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What of an attendance row decides a figure.
FACTS = "member_id, status, is_held, office_date, kind_key, mode_key, class_id, minutes, morning_minutes"
# Whoever changes a row that counts: the days concerned are noted, and added up again before the commit.
TRIGGERS = {
    "attendance_counts_more": ("INSERT", "NEW.is_held", ("NEW",)),
    "attendance_counts_less": ("DELETE", "OLD.is_held", ("OLD",)),
    "attendance_counts_otherwise": (f"UPDATE OF {FACTS}", "OLD.is_held OR NEW.is_held", ("OLD", "NEW")),
}
POSTGRESQL_FUNCTION = """
CREATE FUNCTION note_stale_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO stale_days (office_date, member_id, writer)
      VALUES (OLD.office_date, OLD.member_id, txid_current());
  END IF;
  IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR OLD.member_id <> NEW.member_id
      OR OLD.office_date <> NEW.office_date) THEN
    INSERT INTO stale_days (office_date, member_id, writer)
      VALUES (NEW.office_date, NEW.member_id, txid_current());
  END IF;
  RETURN NULL;
END $$
"""
IS_COUNTED = "is_held IS {true} AND status IN ('present', 'late', 'left_early', 'made_up')"
INDEXES = {
    "ix_attendance_counted": (
        "member_id, office_date, kind_key, mode_key, status, class_id, minutes, morning_minutes, session_id,"
        " is_held",
        "",
    ),
    "ix_attendance_of_classes": (
        "class_id, member_id, office_date, kind_key, status, is_held",
        " AND class_id IS NOT NULL",
    ),
    "ix_attendance_low_assurance": (
        "office_date, org_id, session_id, is_held",
        " AND method IN ('printed_code')",
    ),
}


def upgrade() -> None:
    _create_summaries()

    op.create_table(
        "duty_rules",
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("from_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("frequency", sa.String(length=10), nullable=True),
        sa.CheckConstraint(
            "frequency IN ('monthly', 'quarterly', 'yearly')", name=op.f("ck_duty_rules_frequency")
        ),
        sa.ForeignKeyConstraint(["kind_key"], ["session_kinds.key"], name=op.f("fk_duty_rules_kind_key")),
        sa.PrimaryKeyConstraint("kind_key", "from_year", name=op.f("pk_duty_rules")),
    )
    op.create_table(
        "locked_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("locked_by_id", sa.Integer(), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unlocked_by_id", sa.Integer(), nullable=True),
        sa.Column("unlocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unlock_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_locked_periods_order")),
        sa.ForeignKeyConstraint(
            ["locked_by_id"], ["staff_users.id"], name=op.f("fk_locked_periods_locked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["unlocked_by_id"], ["staff_users.id"], name=op.f("fk_locked_periods_unlocked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locked_periods")),
    )
    with op.batch_alter_table("locked_periods", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_locked_periods_first_on_last_on"), ["first_on", "last_on"], unique=False
        )

    op.create_table(
        "report_schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("wanted_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_report_schedules_org_id")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_report_schedules_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
        sa.UniqueConstraint(
            "user_id", "report", "org_id", name=op.f("uq_report_schedules_user_id_report_org_id")
        ),
    )

    op.create_table(
        "report_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "ready",
                "given_up",
                "withheld",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_key", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_report_deliveries_schedule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_deliveries")),
        sa.UniqueConstraint(
            "schedule_id", "first_on", name=op.f("uq_report_deliveries_schedule_id_first_on")
        ),
    )
    with op.batch_alter_table("report_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_report_deliveries_state_leased_until"), ["state", "leased_until"], unique=False
        )

    op.create_table(
        "adjustments",
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
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.Column("minutes_before", sa.Integer(), nullable=False),
        sa.Column("minutes_after", sa.Integer(), nullable=False),
        sa.Column("office_date", sa.Date(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["staff_users.id"], name=op.f("fk_adjustments_made_by_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_adjustments_member_id")),
        sa.ForeignKeyConstraint(["org_id"], ["org_units.id"], name=op.f("fk_adjustments_org_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_adjustments_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["staff_users.id"], name=op.f("fk_adjustments_withdrawn_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_adjustments_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_adjustments_office_date"), ["office_date"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_adjustments_session_id_member_id"), ["session_id", "member_id"], unique=False
        )

    op.create_table(
        "leave_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "official",
                "personal",
                "sick",
                name="excusereason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "approved",
                "declined",
                "withdrawn",
                name="leavestate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["staff_users.id"], name=op.f("fk_leave_requests_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_users.id"], name=op.f("fk_leave_requests_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_leave_requests_member_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_leave_requests_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_requests")),
        sa.UniqueConstraint("session_id", "member_id", name=op.f("uq_leave_requests_session_id_member_id")),
    )
    with op.batch_alter_table("leave_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leave_requests_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_leave_requests_state_session_id"), ["state", "session_id"], unique=False
        )

    op.create_table(
        "make_ups",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("via_session_id", sa.Integer(), nullable=True),
        sa.Column("mode_key", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned", "done", name="makeupstate", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by_id", sa.Integer(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
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
            "excuse_before",
            sa.Enum(
                "official",
                "personal",
                "sick",
                name="excuse_before",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(state = 'done') = (done_on IS NOT NULL)", name=op.f("ck_make_ups_done")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_make_ups_member_id")),
        sa.ForeignKeyConstraint(["mode_key"], ["delivery_modes.key"], name=op.f("fk_make_ups_mode_key")),
        sa.ForeignKeyConstraint(
            ["planned_by_id"], ["staff_users.id"], name=op.f("fk_make_ups_planned_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["training_sessions.id"], name=op.f("fk_make_ups_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["via_session_id"], ["training_sessions.id"], name=op.f("fk_make_ups_via_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "member_id", name=op.f("pk_make_ups")),
    )
    with op.batch_alter_table("make_ups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_make_ups_member_id_state"), ["member_id", "state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_make_ups_via_session_id_member_id"), ["via_session_id", "member_id"], unique=True
        )

    op.execute(
        "ALTER TABLE attendance ADD COLUMN made_up_for_id INTEGER"
        " CONSTRAINT fk_attendance_made_up_for_id REFERENCES training_sessions (id)"
    )
    # Until now a duty was what its kind says today.
    op.execute(
        "INSERT INTO duty_rules (kind_key, from_year, frequency)"
        " SELECT key, 1921, duty_frequency FROM session_kinds WHERE duty_frequency IS NOT NULL"
    )
    is_true = "true" if op.get_bind().dialect.name == "postgresql" else "1"
    for name, (columns, more) in INDEXES.items():
        where = IS_COUNTED.format(true=is_true) + more
        op.execute(f"CREATE INDEX {name} ON attendance ({columns}) WHERE {where}")
    _drop_old_frequency()
    # Everything is to be added up once, by a job and not by whoever writes next; until it is, figures are
    # counted from the rows.
    op.execute(
        "INSERT INTO stale_days (office_date, member_id, writer)"
        " SELECT DISTINCT office_date, member_id, -1 FROM attendance WHERE is_held"
    )
    _create_triggers()


def _create_summaries() -> None:
    days = [f"days_{month}" for month in range(1, 13)]
    whole = ("person_times", "class_person_times", "minutes", "credited_minutes", "made_up_minutes",
             "home_minutes")  # fmt: skip
    op.create_table(
        "member_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*whole, *days)),
        sa.PrimaryKeyConstraint("year", "member_id", name=op.f("pk_member_years")),
    )
    op.create_table(
        "member_year_kinds",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("class_person_times", sa.Integer(), nullable=False),
        sa.Column("single_sessions", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in days),
        sa.PrimaryKeyConstraint("year", "kind_key", "member_id", name=op.f("pk_member_year_kinds")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_member_year_kinds_member_id_year"), "member_year_kinds", ["member_id", "year"])
    op.create_table(
        "year_figures",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("class_person_times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", "kind_key", name=op.f("pk_year_figures")),
    )
    op.create_table(
        "day_figures",
        sa.Column("office_date", sa.Date(), nullable=False),
        sa.Column("kind_key", sa.String(length=40), nullable=False),
        sa.Column("person_times", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("office_date", "kind_key", name=op.f("pk_day_figures")),
    )
    op.create_table(
        "stale_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_date", sa.Date(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("writer", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stale_days")),
    )
    op.create_index(op.f("ix_stale_days_office_date"), "stale_days", ["office_date"])
    op.create_index(op.f("ix_stale_days_writer"), "stale_days", ["writer"])


def _drop_old_frequency() -> None:
    """Only the dated rules say how often a duty is owed; the kind's own column goes.

    SQLite drops no column that a table's CHECK names, so the few rows move to a table without it.
    What points at them is checked again when the migration commits.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("session_kinds", "duty_frequency")
        return
    columns = "key, name_zh, name_en, position, is_active"
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TEMPORARY TABLE kinds_kept AS SELECT {columns} FROM session_kinds")
    op.drop_table("session_kinds")
    op.create_table(
        "session_kinds",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_session_kinds")),
    )
    op.execute(f"INSERT INTO session_kinds ({columns}) SELECT {columns} FROM kinds_kept")
    op.execute("DROP TABLE kinds_kept")


def _restore_old_frequency() -> None:
    """The column again, as the latest rules say."""
    op.execute(
        "ALTER TABLE session_kinds ADD COLUMN duty_frequency VARCHAR(10)"
        " CONSTRAINT ck_session_kinds_duty_frequency"
        " CHECK (duty_frequency IN ('monthly', 'quarterly', 'yearly'))"
    )
    op.execute(
        "UPDATE session_kinds SET duty_frequency = (SELECT frequency FROM duty_rules"
        " WHERE kind_key = session_kinds.key ORDER BY from_year DESC LIMIT 1)"
    )


def _create_triggers() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(POSTGRESQL_FUNCTION)
    for name, (event, condition, rows) in TRIGGERS.items():
        if is_postgresql:
            done = "EXECUTE FUNCTION note_stale_day()"
        else:
            notes = [
                "INSERT INTO stale_days (office_date, member_id, writer)"
                f" VALUES ({row}.office_date, {row}.member_id, 0);"
                for row in rows
            ]
            done = "BEGIN " + " ".join(notes) + " END"
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON attendance FOR EACH ROW WHEN ({condition}) {done}"
        )


def _drop_triggers() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}" + (" ON attendance" if is_postgresql else ""))
    if is_postgresql:
        op.execute("DROP FUNCTION note_stale_day()")


def downgrade() -> None:
    _drop_triggers()
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute("ALTER TABLE attendance DROP COLUMN made_up_for_id")
    for name in ("stale_days", "day_figures", "year_figures", "member_year_kinds", "member_years"):
        op.drop_table(name)

    with op.batch_alter_table("make_ups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_make_ups_via_session_id_member_id"))
        batch_op.drop_index(batch_op.f("ix_make_ups_member_id_state"))

    op.drop_table("make_ups")
    with op.batch_alter_table("leave_requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_leave_requests_state_session_id"))
        batch_op.drop_index(batch_op.f("ix_leave_requests_member_id"))

    op.drop_table("leave_requests")
    with op.batch_alter_table("adjustments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_adjustments_session_id_member_id"))
        batch_op.drop_index(batch_op.f("ix_adjustments_office_date"))
        batch_op.drop_index(batch_op.f("ix_adjustments_member_id"))

    op.drop_table("adjustments")
    with op.batch_alter_table("report_deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_deliveries_state_leased_until"))

    op.drop_table("report_deliveries")
    op.drop_table("report_schedules")
    with op.batch_alter_table("locked_periods", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_locked_periods_first_on_last_on"))

    op.drop_table("locked_periods")
    _restore_old_frequency()
    op.drop_table("duty_rules")
