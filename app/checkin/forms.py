"""Reads what a member types to bind a phone, and what a phone of the staff sends of its round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from wtforms import Form, StringField

from app.checkin.commands import RoundTick, SentTicks
from app.checkin.rules_bind import digits_of
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy
from app.core.vocabulary import ExcuseReason, Status

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_REF = re.compile(r"[A-Za-z0-9_-]{1,22}", re.ASCII)
_YEARS = range(1970, 2200)


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


def read_sent_ticks(body: Any, most: int, statuses: Iterable[Status]) -> SentTicks:
    """The JSON that the page of a round sends. Raises InvalidInput naming the part that does not fit."""
    if not isinstance(body, Mapping) or not isinstance(body.get("items"), list):
        raise _unfit("body")
    if len(body["items"]) > most:
        raise _unfit("items")
    device, sent_at = _matching(_UUID, body.get("device")), _moment(body.get("sent_at"))
    if device is None or sent_at is None:
        raise _unfit("device" if device is None else "sent_at")
    allowed = {status.value: status for status in statuses}
    ticks = tuple(_tick(each, n, allowed) for n, each in enumerate(body["items"]))
    return SentTicks(device, sent_at, ticks)


def _tick(each: Any, n: int, allowed: Mapping[str, Status]) -> RoundTick:
    if not isinstance(each, Mapping):
        raise _unfit(f"items.{n}")
    tick_id, ref = _matching(_UUID, each.get("id")), _matching(_REF, each.get("ref"))
    occurred_at, status = _moment(each.get("occurred_at")), allowed.get(str(each.get("status")))
    excuse = each.get("excuse_reason")
    read = {"id": tick_id, "ref": ref, "occurred_at": occurred_at, "status": status}
    wrong = [name for name, value in read.items() if value is None]
    if excuse is not None and (status is not Status.EXCUSED or excuse not in set(ExcuseReason)):
        wrong.append("excuse_reason")
    if wrong or tick_id is None or ref is None or occurred_at is None or status is None:
        raise _unfit(f"items.{n}.{wrong[0]}")
    return RoundTick(tick_id, ref, status, ExcuseReason(excuse) if excuse else None, occurred_at)


def _matching(form: re.Pattern[str], value: Any) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _moment(value: Any) -> datetime | None:
    """An instant with its offset, of a year that a phone may show however wrong its clock is."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None and moment.year in _YEARS else None


def _unfit(field: str) -> InvalidInput:
    words = lazy("没有认出手机传来的内容。登记还在手机里,请刷新页面后再传。")
    return InvalidInput.field(field, "invalid", words)
