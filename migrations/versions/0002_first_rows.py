"""the first rows of kinds, modes and the study-hour policy"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = [
    ("central_training", "集中培训", "Central training", None),
    ("rotation_class", "轮训班", "Rotation class", None),
    ("open_lecture", "大课堂", "Open lecture", None),
    ("reading_class", "读书班", "Reading class", None),
    ("seminar", "专题研讨", "Seminar", None),
    ("tradition_education", "革命传统教育", "Tradition education", None),
    ("theme_day", "主题党日", "Theme day", "monthly"),
    ("group_study", "集中学习", "Group study", None),
    ("party_lecture", "党课", "Party lecture", "quarterly"),
    ("model_report", "先进典型事迹报告会", "Report by exemplary members", None),
    ("drama_show", "情景剧展演", "Drama show", None),
    ("lecturer_contest", "讲师竞赛", "Lecturer contest", None),
    ("findings_exchange", "调研成果交流", "Exchange of findings", None),
    ("branch_assembly", "党员大会", "Branch assembly", "quarterly"),
    ("branch_committee", "支委会", "Branch committee", "monthly"),
    ("group_meeting", "党小组会", "Group meeting", "monthly"),
    ("organisational_life", "组织生活会", "Organisational life meeting", "yearly"),
]
MODES = [
    ("in_person", "现场集中", "In person"),
    ("home_visit", "送学上门", "Home visit"),
    ("on_site_help", "现场帮学", "On-site help"),
    ("group_reading", "集中领学", "Group reading"),
    ("online", "线上送学", "Online"),
    ("night_school", "夜校", "Night school"),
    ("field_teaching", "现场教学", "Field teaching"),
]


def upgrade() -> None:
    kinds = sa.table(
        "session_kinds",
        sa.column("key", sa.String),
        sa.column("name_zh", sa.String),
        sa.column("name_en", sa.String),
        sa.column("position", sa.Integer),
        sa.column("duty_frequency", sa.String),
        sa.column("is_active", sa.Boolean),
    )
    op.bulk_insert(
        kinds,
        [
            {"key": k, "name_zh": zh, "name_en": en, "position": i, "duty_frequency": d, "is_active": True}
            for i, (k, zh, en, d) in enumerate(KINDS)
        ],
    )
    modes = sa.table(
        "delivery_modes",
        sa.column("key", sa.String),
        sa.column("name_zh", sa.String),
        sa.column("name_en", sa.String),
        sa.column("position", sa.Integer),
    )
    op.bulk_insert(
        modes,
        [{"key": k, "name_zh": zh, "name_en": en, "position": i} for i, (k, zh, en) in enumerate(MODES)],
    )
    policies = sa.table(
        "hour_policies",
        *[
            sa.column(name, sa.Integer)
            for name in (
                "from_year",
                "minutes_per_hour",
                "half_day_cap_minutes",
                "day_cap_minutes",
                "member_hours",
                "post_hours",
                "post_central_classes",
            )
        ],
    )
    op.bulk_insert(
        policies,
        [
            {
                "from_year": 2000,
                "minutes_per_hour": 60,
                "half_day_cap_minutes": 240,
                "day_cap_minutes": 480,
                "member_hours": 32,
                "post_hours": 56,
                "post_central_classes": 1,
            }
        ],
    )


def downgrade() -> None:
    for table in ("hour_policies", "delivery_modes", "session_kinds"):
        op.execute(sa.text(f"DELETE FROM {table}"))
