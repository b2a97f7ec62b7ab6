"""Forms of locked periods: locking, unlocking, and correcting what is locked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from wtforms import Form, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from app.attendance.forms import NOT_RECORDED, OFFERED, Tick, read_tick
from app.attendance.rules import REASON_LENGTH
from app.core.errors import FieldError
from app.core.i18n import lazy
from app.core.labels import EXCUSE_LABELS, STATUS_LABELS
from app.core.vocabulary import ExcuseReason, Status


def _reason() -> StringField:
    return StringField(
        lazy("原因"),
        [
            DataRequired(lazy("请写明原因。")),
            Length(max=REASON_LENGTH, message=lazy("原因请不要超过 200 个字。")),
        ],
    )


class _Form(Form):  # type: ignore[misc]
    """A form that can show what a service complains about."""

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Each at its field; what has no field stands at the top."""
        for error in errors:
            if error.field in self:
                self[error.field].errors = [*self[error.field].errors, str(error.detail)]
            else:
                self.form_errors.append(str(error.detail))


class AdjustForm(_Form):
    """What a row of a locked session should say, and why."""

    status = RadioField(
        lazy("应当是"),
        choices=[
            *[SelectChoice(status.value, STATUS_LABELS[status]) for status in (*OFFERED[:3], Status.ABSENT)],
            *[
                SelectChoice(f"excused:{each.value}", lazy("请假:%(why)s", why=words))
                for each, words in EXCUSE_LABELS.items()
            ],
            SelectChoice(Status.EXCUSED.value, lazy("请假(类别不明)")),
            SelectChoice(NOT_RECORDED, lazy("未登记(取消登记)")),
        ],
        invalid_choice_message=lazy("请选择应当是什么。"),
    )
    reason = _reason()

    @classmethod
    def of(cls, status: Status | None, excuse: ExcuseReason | None, reason: str) -> AdjustForm:
        """The form as it is first shown."""
        value = NOT_RECORDED if status is None else f"{status}:{excuse}" if excuse else status.value
        return cls(data={"status": value, "reason": reason})

    def tick(self) -> Tick:
        return read_tick({"status": self.status.data})


class LockForm(_Form):
    """A month, or a whole year."""

    year = IntegerField(
        lazy("年份"), [InputRequired(lazy("请填写年份。"))], invalid_value_message=lazy("请填写年份。")
    )
    month = SelectField(
        lazy("月份"),
        choices=[SelectChoice("", lazy("整年")), *[SelectChoice(str(n), str(n)) for n in range(1, 13)]],
        invalid_choice_message=lazy("请选择月份。"),
    )

    @classmethod
    def before(cls, day: date) -> LockForm:
        """For the month that was over last."""
        last = day.replace(day=1) - timedelta(days=1)
        return cls(data={"year": last.year, "month": str(last.month)})

    @property
    def chosen_month(self) -> int | None:
        return int(self.month.data) if self.month.data else None


class UnlockForm(_Form):
    """Why a period is unlocked."""

    reason = _reason()
