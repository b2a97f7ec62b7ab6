"""Reads what somebody types about a plan, and keeps the text where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import BooleanField, DateField, Form, IntegerField, SelectField, StringField, TimeField
from wtforms.validators import InputRequired

from app.core.errors import FieldError
from app.core.i18n import Text, lazy
from app.reach.commands import PlanOrder, PlanWish
from app.reach.rules import Way
from app.reach.words import CAPACITY_LABELS

_A_DAY, _A_TIME, _A_NUMBER = (
    lazy("请填写日期,例如 2019-04-28。"),
    lazy("请填写时间,例如 19:00。"),
    lazy("请填写整数。"),
)


def _number(label: Text) -> IntegerField:
    return IntegerField(label, [InputRequired(_A_NUMBER)], invalid_value_message=_A_NUMBER)


def _day(label: Text) -> DateField:
    return DateField(label, [InputRequired(_A_DAY)], invalid_value_message=_A_DAY)


def _time(label: Text) -> TimeField:
    return TimeField(label, [InputRequired(_A_TIME)], ["%H:%M", "%H:%M:%S"], invalid_value_message=_A_TIME)


class LimitsForm(Form):  # type: ignore[misc]
    """Within which limits a plan stays; `kind`'s choices are given by the page."""

    home_visit = _number(CAPACITY_LABELS[Way.HOME_VISIT])
    group_reading = _number(CAPACITY_LABELS[Way.GROUP_READING])
    in_person = _number(CAPACITY_LABELS[Way.IN_PERSON])
    night_school = _number(CAPACITY_LABELS[Way.NIGHT_SCHOOL])
    online = _number(CAPACITY_LABELS[Way.ONLINE])
    hold_from = _day(lazy("最早哪天"))
    hold_to = _day(lazy("最晚哪天"))
    day_at = _time(lazy("白天几点开始"))
    evening_at = _time(lazy("晚上几点开始"))
    minutes = _number(lazy("每场多少分钟"))
    kind = SelectField(lazy("类别"), invalid_choice_message=lazy("请从列表中选择。"))
    venue = StringField(lazy("夜校场所"))
    leave_invited = BooleanField(lazy("略去已经安排了场次的党员"))

    def wish(self, args: Mapping[str, Any]) -> PlanWish:
        """The wish of a form that validated. args: the report's part of it, read from the address."""
        return PlanWish(
            **args,
            capacities={way: self[way.value].data for way in Way},
            hold_first=self.hold_from.data,
            hold_last=self.hold_to.data,
            day_at=self.day_at.data,
            evening_at=self.evening_at.data,
            minutes=self.minutes.data,
            kind=self.kind.data,
            venue=self.venue.data or "",
            leaves_invited=self.leave_invited.data,
        )

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Show a service's complaints at their fields; what has no field stands at the top."""
        for error in errors:
            name = error.field.removeprefix("capacities.")
            if name in self:
                self[name].errors = [*self[name].errors, str(error.detail)]
            else:
                self.form_errors.append(str(error.detail))


def limits_text(order: PlanOrder) -> dict[str, str]:
    """An order's limits as they are typed and stand in an address."""
    times = order.times
    return {
        **{way.value: str(number) for way, number in order.capacities.items()},
        "hold_from": times.first.isoformat(),
        "hold_to": times.last.isoformat(),
        "day_at": times.day_at.isoformat("minutes"),
        "evening_at": times.evening_at.isoformat("minutes"),
        "minutes": str(times.minutes),
        "kind": order.kind,
        "venue": order.venue,
        "leave_invited": "1" if order.leaves_invited else "",
    }


def limits_form(formdata: Any, kinds: list[tuple[str, str]]) -> LimitsForm:
    form = LimitsForm(formdata)
    form.kind.choices = kinds
    return form
