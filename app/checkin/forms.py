"""Reads what a member types to bind a phone; either the one-time code or the three facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import Form, StringField

from app.checkin.rules_bind import digits_of
from app.core.errors import FieldError
from app.core.i18n import lazy


class BindForm(Form):  # type: ignore[misc]  # wtforms has no types
    one_time_code = StringField(lazy("绑定码"), default="")
    name = StringField(lazy("姓名"), default="")
    phone_tail = StringField(lazy("手机号后四位"), default="")
    org_code = StringField(lazy("支部代码或支部全名"), default="")

    def validate(self, extra_validators: Any = None) -> bool:
        """One of the two ways must be filled in whole."""
        super().validate(extra_validators)
        for field in self:
            field.data = (field.data or "").strip()[:80]
        if self.one_time_code.data:
            return True
        tail = digits_of(self.phone_tail.data)
        needed = [
            (self.name, not self.name.data, lazy("请填写姓名。")),
            (self.phone_tail, len(tail) < 4, lazy("请填写手机号的最后四位数字。")),
            (self.org_code, not self.org_code.data, lazy("请填写支部代码或支部全名,可以问支部书记。")),
        ]
        for field, is_wrong, words in needed:
            if is_wrong:
                field.errors = [words]
        return not any(is_wrong for _, is_wrong, _ in needed)

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        for error in errors:
            if error.field in self:
                self[error.field].errors = [error.detail]
