"""What is typed once a session has begun: people counted in the room, minutes delivered."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import Form, IntegerField
from wtforms.validators import Optional

from app.core.errors import FieldError
from app.core.i18n import lazy

_A_NUMBER = lazy("请填写整数。")


class DayForm(Form):  # type: ignore[misc]
    """A form that can show what a service complains about."""

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        for error in errors:
            self[error.field].errors = [*self[error.field].errors, str(error.detail)]


class HeadCountForm(DayForm):
    """People counted in the room."""

    head_count = IntegerField(lazy("清点人数"), [Optional()], invalid_value_message=_A_NUMBER)
    guest_count = IntegerField(lazy("其中外单位来宾"), [Optional()], invalid_value_message=_A_NUMBER)


class DeliveredForm(DayForm):
    """Minutes delivered of a session that broke off."""

    minutes = IntegerField(lazy("实际讲了几分钟"), [Optional()], invalid_value_message=_A_NUMBER)
