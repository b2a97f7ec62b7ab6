"""Forms of the sign-in page and of one's own account."""

from __future__ import annotations

from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import PasswordInput

from app.core.i18n import Text, lazy

_NOT_ENDLESS = Length(max=200, message=lazy("最多200个字符。"))


class _Given(InputRequired):  # type: ignore[misc]
    """Asks for an entry without the word "required" beside it: there is nothing optional on that page."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.field_flags: dict[str, bool] = {}


class SignInForm(Form):  # type: ignore[misc]
    """Who and with what; nothing is said about which of the two was wrong."""

    username = StringField(lazy("用户名"), [_Given(lazy("请输入用户名。")), _NOT_ENDLESS])
    password = PasswordField(lazy("密码"), [_Given(lazy("请输入密码。")), _NOT_ENDLESS])


class DemoSignInForm(SignInForm):
    """The sign-in form of the demo district, whose password is printed on the page anyway."""

    password = PasswordField(
        lazy("密码"),
        [_Given(lazy("请输入密码。")), _NOT_ENDLESS],
        widget=PasswordInput(hide_value=False),
    )


class PasswordForm(Form):  # type: ignore[misc]
    """One's own password; whether the new one is good enough is the service's decision."""

    current = PasswordField(lazy("现在的密码"), [InputRequired(lazy("请输入现在的密码。"))])
    password = PasswordField(lazy("新密码"), [InputRequired(lazy("请输入新密码。"))])


class TokenForm(Form):  # type: ignore[misc]
    """What an API token is for."""

    label = StringField(
        lazy("用途"),
        [InputRequired(lazy("请写一下用途,以后好辨认。")), Length(max=80, message=lazy("用途最多80个字。"))],
    )
