"""Turns what people type about members and units into commands, and keeps the text where it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import BooleanField, DateField, Field, Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.members.commands import KEEP, MemberChanges, MemberDraft

Choices = Sequence[tuple[str, Text]]
UNSAID: tuple[str, Text] = ("", lazy("未填"))
_FACTS = (
    "name",
    "surname_pinyin",
    "sex",
    "ethnicity",
    "birth_date",
    "education",
    "membership_type",
    "joined_party_on",
    "confirmed_on",
    "job",
    "social_stratum",
)


class DayField(DateField):  # type: ignore[misc]
    """A date as 2019-04-28, 2019/4/28 or 2019.4.28; what is none of these is refused in plain words."""

    def __init__(self, label: Text, *validators: Any, **options: Any) -> None:
        super().__init__(label, [*validators], format=["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([text.strip() for text in valuelist])
        except ValueError as exc:
            raise ValueError(lazy("请填写日期,例如 2019-04-28。")) from exc


class ChoiceField(SelectField):  # type: ignore[misc]
    """One of some (value, words); anything else is refused in plain words."""

    def __init__(
        self, label: Text = "", validators: Sequence[Any] = (), choices: Choices = (), **options: Any
    ) -> None:
        super().__init__(label, validators, choices=[], **options)
        self.offer(choices)

    def offer(self, choices: Choices) -> None:
        """Replace what can be chosen."""
        self.choices = [SelectChoice(value, words) for value, words in choices]

    def pre_validate(self, form: Form) -> None:
        if (self.data or "") not in {choice.value for choice in self.choices}:
            raise ValidationError(lazy("请从列表里选择一项。"))


def needed(words: Text) -> InputRequired:
    return InputRequired(words)


class PersonForm(Form):  # type: ignore[misc]
    """What is known about a person; lengths and meanings are the service's to judge."""

    name = StringField(lazy("姓名"), [needed(lazy("请填写姓名。"))])
    surname_pinyin = StringField(lazy("姓氏读音"))
    phone = StringField(lazy("手机号码"))
    sex = ChoiceField(lazy("性别"), choices=[UNSAID, ("男", lazy("男")), ("女", lazy("女"))])
    birth_date = DayField(lazy("出生日期"), Optional())
    ethnicity = StringField(lazy("民族"))
    education = StringField(lazy("学历"))
    membership_type = ChoiceField(
        lazy("人员类别"),
        choices=[UNSAID, ("正式党员", lazy("正式党员")), ("预备党员", lazy("预备党员"))],
    )
    joined_party_on = DayField(lazy("入党日期"), Optional())
    confirmed_on = DayField(lazy("转正日期"), Optional())
    job = StringField(lazy("工作岗位"))
    social_stratum = StringField(lazy("新社会阶层类型"))
    is_migrant_worker = ChoiceField(
        lazy("是否农民工"), choices=[UNSAID, ("yes", lazy("是")), ("no", lazy("否"))]
    )

    def facts(self) -> dict[str, Any]:
        """Everything but the telephone, by the commands' names."""
        migrant = {"yes": True, "no": False}.get(self.is_migrant_worker.data)
        return {**{key: self[key].data for key in _FACTS}, "is_migrant_worker": migrant}

    def keep_choice(self, key: str, value: str | None) -> None:
        """Offer a value that an import brought although it is not among the choices."""
        field = self[key]
        if value and value not in {choice.value for choice in field.choices}:
            field.choices = [*field.choices, SelectChoice(value, value)]


class NewMemberForm(PersonForm):
    """A new member and the branch."""

    org_code = ChoiceField(lazy("所在党支部"), [needed(lazy("请选择所在党支部。"))])
    starts_on = DayField(lazy("在本支部的开始日期"), needed(lazy("请填写开始日期。")))

    def command(self) -> MemberDraft:
        return MemberDraft(
            org_code=self.org_code.data,
            starts_on=self.starts_on.data,
            phone=self.phone.data,
            **self.facts(),
        )


class EditMemberForm(PersonForm):
    """Corrections; the telephone is never shown here, so a blank one stays as it is."""

    forget_phone = BooleanField(lazy("删除登记的手机号码"))

    def command(self) -> MemberChanges:
        typed = (self.phone.data or "").strip()
        phone = typed or (None if self.forget_phone.data else KEEP)
        return MemberChanges(phone=phone, **self.facts())


def day_after(last_day: date | None) -> date | None:
    """The half-open end of a row whose last day is given."""
    return None if last_day is None or last_day == date.max else last_day + timedelta(days=1)


def add_errors(form: Form, refusal: InvalidInput, names: Mapping[str, str] | None = None) -> None:
    """Put a service's refusal beside the fields; `names` says which field stands for which."""
    for error in refusal.errors:
        name = (names or {}).get(error.field, error.field)
        if name in form:
            field: Field = form[name]
            field.errors = [*field.errors, error.detail]
        else:
            form.form_errors.append(error.detail)
