"""What a person types about a session, as text and as the typed draft that it becomes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    Field,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import HiddenInput

from app.core.errors import FieldError
from app.core.i18n import lazy
from app.core.labels import GROUP_LABELS, LECTURER_ROLE_LABELS
from app.core.numbers import whole
from app.core.vocabulary import CountMark, Group, LecturerRole
from app.trainings.commands import AudienceDraft, LecturerDraft, SessionDraft

LECTURER_ROWS = 4
MOST_LECTURERS = 20
# As many as the API takes: a session stored there can be changed here.
MOST_NAMED = 2000
_YEARS = range(2000, 2100)
MARK_LABELS = {
    CountMark.EXACT: lazy("正好"),
    CountMark.NEARLY: lazy("近"),
    CountMark.OVER: lazy("余"),
}
_FROM_LIST = lazy("请从列表中选择。")
_A_DAY = lazy("请填写日期,例如 2026-03-06。")
_A_TIME = lazy("请填写时间,例如 14:30。")
_A_NUMBER = lazy("请填写整数。")
_CLOCK = ["%H:%M", "%H:%M:%S"]  # some browsers add seconds
# The service's names of what is wrong, and where this form shows it.
_FIELDS = {
    "starts_at": "starts",
    "ends_at": "ends",
    "host_org": "host",
    "credited_minutes": "minutes",
    "audience.orgs": "orgs",
    "audience.groups": "groups",
    "audience.members": "members",
    "class": "class_id",
    "declared_person_times": "declared",
    "late_after_minutes": "late_after",
}


class LecturerRows(Field):  # type: ignore[misc]
    """Rows of a name and a role, posted as `lecturer_name` and `lecturer_role`; empty rows are left out."""

    widget = HiddenInput()

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: list[tuple[str, str]] = list(self.default or ()) if data is unset_value else list(data)
        if formdata is not None and formdata:
            names, roles = formdata.getlist("lecturer_name"), formdata.getlist("lecturer_role")
            roles += [LecturerRole.LECTURER.value] * (len(names) - len(roles))
            pairs = zip(names[:MOST_LECTURERS], roles, strict=False)
            self.data = [(name.strip(), role) for name, role in pairs if name.strip()]

    def rows(self, least: int = LECTURER_ROWS) -> list[tuple[str, str]]:
        """What to show: the rows filled in, and empty ones up to `least` (one at least)."""
        empty = max(1, least - len(self.data))
        return [*self.data, *[("", LecturerRole.LECTURER.value)] * empty]

    def pre_validate(self, form: Any) -> None:
        if any(role not in set(LecturerRole) for _name, role in self.data):
            raise ValueError(lazy("请从列表中选择讲师的角色。"))


class NamedMembers(SelectMultipleField):  # type: ignore[misc]
    """Ids of members ticked one by one, `MOST_NAMED` at most."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if len(valuelist) > MOST_NAMED:
            raise ValueError(lazy("一场最多另请 %(n)s 人。人多时请选支部或类别。", n=MOST_NAMED))
        super().process_formdata(valuelist)


def _member_id(text: Any) -> int:
    found = text if isinstance(text, int) else whole(str(text))
    if found is None:
        raise ValueError(_FROM_LIST)
    return found


class SaidToBeRequired:
    """Shows a field as required and leaves the check to the service, which says everything at once."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __call__(self, form: Any, field: Any) -> None:
        return


class InOurTime:
    """A day that the calendar can hold; also bounds what is worked out from a day before it is stored."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is not None and field.data.year not in _YEARS:
            raise ValidationError(lazy("开始时间不在合理范围内。"))


class SessionForm(Form):  # type: ignore[misc]
    """A session. Choices of `kind`, `mode`, `host`, `class_id` and `orgs` are given by the page."""

    kind = SelectField(lazy("类别"), invalid_choice_message=_FROM_LIST)
    title = StringField(lazy("主题"), [SaidToBeRequired()])
    mode = SelectField(lazy("形式"), invalid_choice_message=_FROM_LIST)
    day = DateField(
        lazy("日期"), [InputRequired(lazy("请填写日期。")), InOurTime()], invalid_value_message=_A_DAY
    )
    starts = TimeField(
        lazy("开始时间"), [InputRequired(lazy("请填写开始时间。"))], _CLOCK, invalid_value_message=_A_TIME
    )
    ends = TimeField(
        lazy("结束时间"), [InputRequired(lazy("请填写结束时间。"))], _CLOCK, invalid_value_message=_A_TIME
    )
    # Only for a session that ends on another day; empty is the same day.
    ends_day = DateField(lazy("结束日期"), [Optional()], invalid_value_message=_A_DAY)
    host = SelectField(lazy("主办单位"), invalid_choice_message=_FROM_LIST)
    venue = StringField(lazy("场所"))
    lecturers = LecturerRows(lazy("讲师"))
    minutes = IntegerField(lazy("计入学时(分钟)"), [Optional()], invalid_value_message=_A_NUMBER)
    class_id = SelectField(lazy("所属班次"), invalid_choice_message=_FROM_LIST)
    new_class = StringField(lazy("新班次名称"))
    orgs = SelectMultipleField(lazy("支部"), invalid_choice_message=_FROM_LIST)
    groups = SelectMultipleField(
        lazy("只要这些类别的党员"),
        choices=[SelectChoice(group.value, GROUP_LABELS[group]) for group in Group],
        invalid_choice_message=_FROM_LIST,
    )
    members = NamedMembers(
        lazy("另请的党员"), coerce=_member_id, validate_choice=False, invalid_value_message=_FROM_LIST
    )
    late_after = IntegerField(lazy("开始几分钟后算迟到"), [Optional()], invalid_value_message=_A_NUMBER)
    asks_sign_out = BooleanField(lazy("要签退"))
    join_url = StringField(lazy("线上观看地址"))
    note = TextAreaField(lazy("备注"))
    declared = IntegerField(lazy("上报人次"), [Optional()], invalid_value_message=_A_NUMBER)
    mark = SelectField(
        lazy("数字的写法(近、余)"),
        choices=[SelectChoice(mark.value, label) for mark, label in MARK_LABELS.items()],
        default=CountMark.EXACT.value,
        invalid_choice_message=_FROM_LIST,
    )

    @property
    def role_choices(self) -> list[tuple[str, Any]]:
        return [(role.value, label) for role, label in LECTURER_ROLE_LABELS.items()]

    def search_problems(self) -> list[Any]:
        """What is wrong with the parts that a search for members reads; nothing else is checked yet."""
        fields = [self[name] for name in ("members", "day") if name in self and self[name].raw_data]
        return [error for field in fields if not field.validate(self) for error in field.errors]

    @property
    def asks_more(self) -> bool:
        """Whether something stands in the part that is folded away, or is wrong there."""
        fields = (self.late_after, self.join_url, self.class_id, self.new_class, self.note, self.declared)
        filled = any(field.data not in (None, "") for field in fields) or self.asks_sign_out.data
        return bool(filled or any(field.errors for field in fields))

    def lock_audience(self) -> None:
        """Check-in has begun: day and audience stay as published and are not asked for again."""
        for name in ("orgs", "groups", "members"):
            del self[name]

    def draft(self, tz: ZoneInfo) -> SessionDraft:
        """The typed draft of a form that validated."""
        starts_at = datetime.combine(self.day.data, self.starts.data, tz)
        ends_at = datetime.combine(self.ends_day.data or self.day.data, self.ends.data, tz)
        return SessionDraft(
            title=self.title.data or "",
            kind=self.kind.data,
            mode=self.mode.data,
            starts_at=starts_at,
            ends_at=ends_at,
            host_org_code=self.host.data,
            venue=self.venue.data,
            lecturers=tuple(LecturerDraft(name, LecturerRole(role)) for name, role in self.lecturers.data),
            credited_minutes=self.minutes.data,
            audience=self._audience(),
            class_id=int(self.class_id.data) if self.class_id.data else None,
            note=self.note.data,
            declared_person_times=self.declared.data,
            declared_mark=CountMark(self.mark.data),
            late_after_minutes=self.late_after.data,
            asks_sign_out=self.asks_sign_out.data,
            join_url=self.join_url.data,
        )

    def _audience(self) -> AudienceDraft:
        if "orgs" not in self:
            return AudienceDraft()
        return AudienceDraft(
            org_codes=tuple(self.orgs.data),
            groups=tuple(Group(group) for group in self.groups.data),
            member_ids=tuple(self.members.data),
        )

    def add_errors(self, errors: Iterable[FieldError]) -> None:
        """Show a service's complaints at their fields; what has no field stands at the top."""
        for error in errors:
            name = _FIELDS.get(error.field, error.field)
            if name in self:
                self[name].errors = [*self[name].errors, str(error.detail)]
            else:
                self.form_errors.append(str(error.detail))
