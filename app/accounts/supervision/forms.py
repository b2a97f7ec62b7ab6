"""Turns what people type about instructors, teams and their units into commands."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Form, HiddenField, PasswordField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.accounts.supervision.commands import OfficialDraft, RowKey, Span
from app.core.i18n import Text, lazy
from app.members.forms import Choices, DayField, day_after


class _Units(SelectMultipleField):  # type: ignore[misc]
    """Codes of units; whether each is within reach is the service's to say."""

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **options)

    def offer(self, choices: Choices) -> None:
        self.choices = [SelectChoice(value, words) for value, words in choices]


class InstructorForm(Form):  # type: ignore[misc]
    """An instructor."""

    name = StringField(lazy("姓名"), [InputRequired(lazy("请填写姓名。"))])
    work_place = StringField(lazy("单位和职务"))


class TeamForm(Form):  # type: ignore[misc]
    """A supervision team."""

    name = StringField(lazy("督导组名称"), [InputRequired(lazy("请填写名称。"))])


class DaysForm(Form):  # type: ignore[misc]
    """First and last day. Pages speak of the last day; the row ends on the day after."""

    starts_on = DayField(lazy("第一天"), InputRequired(lazy("请填写第一天。")))
    last_day = DayField(lazy("最后一天"), Optional())

    def span(self) -> Span:
        return Span(self.starts_on.data, day_after(self.last_day.data))


class AssignForm(DaysForm):
    """Which units, and when. all_below: every branch below this unit, as ticked in one go."""

    org_codes = _Units(lazy("党组织"))
    all_below = BooleanField(lazy("下面全部党支部"))


class UnitDaysForm(DaysForm):
    """One assignment and its days from now on."""

    org_code = HiddenField(validators=[InputRequired()])
    known_start = DayField("", InputRequired())

    def key(self) -> RowKey:
        return RowKey(self.org_code.data, self.known_start.data)


class UnitKeyForm(Form):  # type: ignore[misc]
    """Names one assignment."""

    org_code = HiddenField(validators=[InputRequired()])
    known_start = DayField("", InputRequired())

    def key(self) -> RowKey:
        return RowKey(self.org_code.data, self.known_start.data)


class OfficialForm(DaysForm):
    """An official of a team."""

    name = StringField(lazy("姓名"), [InputRequired(lazy("请填写姓名。"))])
    work_place = StringField(lazy("单位和职务"))
    is_leader = BooleanField(lazy("组长"))

    def draft(self) -> OfficialDraft:
        return OfficialDraft(self.name.data, self.span(), self.work_place.data, self.is_leader.data)


class AccountForm(Form):  # type: ignore[misc]
    """A user name: of an account there is, or of a new one where a password is given."""

    username = StringField(lazy("用户名"))
    password = PasswordField(lazy("初始密码"))
