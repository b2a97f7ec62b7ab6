"""What staff and members type about visits and corrections, turned into commands."""

from __future__ import annotations

from typing import Any

from wtforms import Form, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from app.core.i18n import Text, lazy
from app.core.vocabulary import RequestState
from app.members.forms import ChoiceField, Choices
from app.members.rules_visits import Need, VisitDetails
from app.members.rules_wishes import About, Wish
from app.members.words import ABOUT_LABELS, NEED_LABELS, REQUEST_STATE_LABELS


class ChoicesField(SelectMultipleField):  # type: ignore[misc]
    """Some of a few (value, words); anything else is refused in plain words."""

    def __init__(self, label: Text, choices: Choices, **options: Any) -> None:
        super().__init__(label, choices=[SelectChoice(value, words) for value, words in choices], **options)

    def pre_validate(self, form: Form) -> None:
        if set(self.data or ()) - {choice.value for choice in self.choices}:
            raise ValidationError(lazy("请从列表里选择。"))


class VisitForm(Form):  # type: ignore[misc]
    """What a home visit needs to know; lengths and what may not be written are the service's to judge."""

    door = StringField(lazy("门在哪里"), default="")
    times = StringField(lazy("什么时候方便"), default="")
    opener = StringField(lazy("谁来开门,或先找谁"), default="")
    needs = ChoicesField(lazy("带什么、注意什么"), [(need.value, NEED_LABELS[need]) for need in Need])

    def details(self) -> VisitDetails:
        needs = tuple(Need(value) for value in self.needs.data or ())
        return VisitDetails(self.door.data or "", self.times.data or "", self.opener.data or "", needs)


class WishForm(Form):  # type: ignore[misc]
    """What is wrong, and what would be right."""

    about = ChoiceField(
        lazy("哪一项不对"),
        [InputRequired(lazy("请选择哪一项不对。"))],
        choices=[(about.value, ABOUT_LABELS[about]) for about in About],
    )
    text = TextAreaField(lazy("哪里不对,应该是什么"), default="")

    def wish(self) -> Wish:
        return Wish(About(self.about.data), self.text.data or "")


class AnswerForm(Form):  # type: ignore[misc]
    """What became of a wish."""

    state = ChoiceField(
        lazy("结果"),
        [InputRequired(lazy("请选择“已改正”或“没有改”。"))],
        choices=[
            (state.value, REQUEST_STATE_LABELS[state]) for state in (RequestState.DONE, RequestState.DECLINED)
        ],
    )
    answer = TextAreaField(lazy("给本人的答复"), default="")
