"""Turns what is typed about a monthly report into a command."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from app.core.errors import FieldError
from app.core.i18n import LANGUAGES, Text, lazy
from app.deliveries.commands import ScheduleDraft

_FROM_LIST = lazy("请从列表中选择。")


class ScheduleForm(Form):  # type: ignore[misc]
    """A report that is wanted each month."""

    report = SelectField(lazy("报表"), invalid_choice_message=_FROM_LIST)
    # Whether unit and reader are within reach is the service's to say.
    org_code = SelectField(lazy("哪个党组织的"), validate_choice=False)
    username = SelectField(lazy("放进谁的收件箱"), validate_choice=False)
    language = SelectField(
        lazy("报表用哪种语言"),
        choices=[SelectChoice(key, name) for key, name in LANGUAGES.items()],
        invalid_choice_message=_FROM_LIST,
    )
    email = StringField(lazy("同时发邮件通知"))

    def offer(
        self,
        reports: Iterable[tuple[str, Text]],
        units: Iterable[tuple[str, str]],
        users: Iterable[tuple[str, str]],
    ) -> None:
        """Fill the lists."""
        for field, choices in ((self.report, reports), (self.org_code, units), (self.username, users)):
            field.choices = [SelectChoice(value, words) for value, words in choices]

    def draft(self) -> ScheduleDraft:
        return ScheduleDraft(
            self.report.data,
            self.org_code.data or "",
            self.username.data or "",
            self.language.data,
            self.email.data,
        )

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Each at its field."""
        for error in errors:
            self[error.field].errors = [*self[error.field].errors, str(error.detail)]
