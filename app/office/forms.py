"""Forms of the office's lists: kinds, venues, lecturers, and the dated rules of study hours and duties."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import BooleanField, Form, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional

from app.core.errors import FieldError
from app.core.i18n import Text, lazy

_A_NUMBER = lazy("请填写整数。")
_NAME = lazy("请填写名称。")
# How often a duty is owed; "" stands for no duty.
FREQUENCY_LABELS: dict[str, Text] = {
    "": lazy("没有要求"),
    "monthly": lazy("每月一次"),
    "quarterly": lazy("每季度一次"),
    "yearly": lazy("每年一次"),
}


class OfficeForm(Form):  # type: ignore[misc]
    """A form that can show what a service complains about."""

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Each at its field; what has no field stands at the top."""
        for error in errors:
            if error.field in self:
                self[error.field].errors = [*self[error.field].errors, str(error.detail)]
            else:
                self.form_errors.append(str(error.detail))


class KindForm(OfficeForm):
    """A kind of session."""

    name_zh = StringField(lazy("中文名称"), [DataRequired(_NAME)])
    name_en = StringField(lazy("英文名称"))
    is_active = BooleanField(lazy("新建场次时可选"), default=True)


class VenueForm(OfficeForm):
    """A venue."""

    name = StringField(lazy("名称"), [DataRequired(_NAME)])
    address = StringField(lazy("地址"))
    capacity = IntegerField(lazy("座位数"), [Optional()], invalid_value_message=_A_NUMBER)
    is_active = BooleanField(lazy("新建场次时可选"), default=True)


class LecturerForm(OfficeForm):
    """A lecturer."""

    name = StringField(lazy("姓名"), [DataRequired(_NAME)])
    title = StringField(lazy("单位和职务"))
    is_exemplar = BooleanField(lazy("先进典型"))
    is_active = BooleanField(lazy("新建场次时可选"), default=True)


def _count(label: object) -> IntegerField:
    return IntegerField(label, [InputRequired(_A_NUMBER)], invalid_value_message=_A_NUMBER)


class DutyForm(OfficeForm):
    """How often branches owe a kind of session, from a year on."""

    kind_key = SelectField(lazy("类别"), invalid_choice_message=lazy("没有这个选项,请重新选择。"))
    frequency = SelectField(
        lazy("支部应开展的频次"),
        choices=[SelectChoice(key, label) for key, label in FREQUENCY_LABELS.items()],
        invalid_choice_message=lazy("请从列表中选择频次。"),
    )
    from_year = _count(lazy("从哪一年起"))


class PolicyForm(OfficeForm):
    """The study-hour rule from a year on."""

    from_year = _count(lazy("从哪一年起"))
    minutes_per_hour = _count(lazy("多少分钟算一学时"))
    half_day_cap_minutes = _count(lazy("半天最多计入(分钟)"))
    day_cap_minutes = _count(lazy("一天最多计入(分钟)"))
    member_hours = _count(lazy("党员每年学时"))
    post_hours = _count(lazy("书记、委员每年学时"))
    post_central_classes = _count(lazy("书记、委员每年集中培训次数"))
