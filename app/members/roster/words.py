"""What a review calls the columns of a roster and the changes of groups."""

from __future__ import annotations

from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.members.roster.plan import Change

FIELD_LABELS: dict[str, Text] = {
    "name": lazy("姓名"),
    "sex": lazy("性别"),
    "ethnicity": lazy("民族"),
    "birth_date": lazy("出生日期"),
    "education": lazy("学历"),
    "membership_type": lazy("人员类别"),
    "joined_party_on": lazy("入党日期"),
    "confirmed_on": lazy("转正日期"),
    "job": lazy("工作岗位"),
    "social_stratum": lazy("新社会阶层类型"),
    "is_migrant_worker": lazy("是否农民工"),
    "is_lost_contact": lazy("是否失联党员"),
    "is_mobile": lazy("是否流动党员"),
    "away_since": lazy("外出日期"),
    "away_at": lazy("外出流向"),
    "phone": lazy("电话"),
    "branch": lazy("所在党支部"),
    "branch_code": lazy("党支部编码"),
}
GROUP_ACTS: dict[str, Text] = {
    "open": lazy("列入"),
    "close": lazy("不再列入"),
    "erase": lazy("不再列入"),
    "reopen": lazy("重新列入"),
    "move": lazy("外出流向有变化"),
}
GROUPS: dict[str, Text] = {group.value: label for group, label in GROUP_LABELS.items()}


def change_words(change: Change) -> str:
    """出生日期:1956-03-12 → 1957-03-12; 流动党员:列入."""
    if change.field in GROUPS:
        return str(_("%(what)s:%(how)s", what=GROUPS[change.field], how=GROUP_ACTS[change.new]))
    new = f"{change.old} → {change.new}" if change.old else change.new
    return str(_("%(what)s:%(how)s", what=FIELD_LABELS[change.field], how=new))
