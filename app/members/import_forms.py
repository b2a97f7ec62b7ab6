"""The form of the roster import, and the words for what a review shows."""

from __future__ import annotations

from wtforms import FileField, Form
from wtforms.validators import Optional, ValidationError

from app.core.i18n import Text, lazy
from app.members.forms import DayField

# Columns of a roster as a review names them.
FIELD_LABELS: dict[str, Text] = {
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
    "phone": lazy("电话"),
    "branch": lazy("所在党支部"),
}
GROUP_ACTS: dict[str, Text] = {
    "open": lazy("列入"),
    "close": lazy("不再列入"),
    "erase": lazy("不再列入"),
    "reopen": lazy("重新列入"),
    "move": lazy("外出流向有变化"),
}


class ImportForm(Form):  # type: ignore[misc]
    """The file, and two days that may stay blank."""

    file = FileField(lazy("花名册文件"))
    as_of = DayField(lazy("花名册反映哪一天的情况"), Optional())
    accepted_on = DayField(lazy("转接和变动从哪一天起算"), Optional())

    def validate_file(self, field: FileField) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(lazy("请选择要导入的文件。"))
