"""Turns what people type about units, their tags and posts into commands."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, FileField, Form, HiddenField, StringField
from wtforms.validators import Optional, StopValidation, ValidationError

from app.core.i18n import Text, lazy
from app.core.labels import ORG_KIND_LABELS, POST_LABELS, SECTOR_LABELS, TAG_LABELS
from app.core.numbers import whole
from app.core.vocabulary import OrgKind, OrgSector, OrgTag, Post
from app.members.commands import OrgChanges, OrgDraft, PostDraft, PostKey
from app.members.forms import UNSAID, ChoiceField, DayField, day_after, needed

KINDS: list[tuple[str, Text]] = [(kind.value, ORG_KIND_LABELS[kind]) for kind in OrgKind]
SECTORS: list[tuple[str, Text]] = [UNSAID, *[(sector.value, SECTOR_LABELS[sector]) for sector in OrgSector]]
TAGS: list[tuple[str, Text]] = [(tag.value, TAG_LABELS[tag]) for tag in OrgTag]
POSTS: list[tuple[str, Text]] = [(post.value, POST_LABELS[post]) for post in Post]
_FROM = "from"


def _needed_from_a_day(form: Form, field: DayField) -> None:
    """A correction needs no day, whatever stands there; a change does."""
    is_blank = not any(text.strip() for text in field.raw_data or ())
    if form["how"].data != _FROM:
        field.errors = []
        raise StopValidation()
    if is_blank:
        field.errors = []
        raise StopValidation(lazy("请填写从哪一天起。"))


class OrgForm(Form):  # type: ignore[misc]
    """A new unit below another."""

    code = StringField(lazy("编码"), [needed(lazy("请填写编码。"))])
    name = StringField(lazy("名称"), [needed(lazy("请填写名称。"))])
    kind = ChoiceField(lazy("类型"), choices=KINDS, default=OrgKind.BRANCH.value)
    sector = ChoiceField(lazy("所属领域"), choices=SECTORS)
    opened_on = DayField(lazy("成立日期"), Optional())

    def command(self, parent_code: str) -> OrgDraft:
        return OrgDraft(
            (self.code.data or "").strip(),
            self.name.data,
            OrgKind(self.kind.data),
            parent_code,
            _sector(self.sector.data),
            self.opened_on.data,
        )


class DatedForm(Form):  # type: ignore[misc]
    """A change that holds from a day on, or a correction of what was wrong all along."""

    how = ChoiceField(
        lazy("怎样改"),
        choices=[
            (_FROM, lazy("从某一天起改变,以前的照旧")),
            ("correct", lazy("以前登记错了,一并更正")),
        ],
        default=_FROM,
    )
    since = DayField(lazy("从哪一天起"), _needed_from_a_day)

    @property
    def first_day(self) -> Any:
        return self.since.data if self.how.data == _FROM else None


class RenameForm(DatedForm):
    """A unit's name."""

    name = StringField(lazy("名称"), [needed(lazy("请填写名称。"))])

    def command(self) -> OrgChanges:
        return OrgChanges(name=self.name.data, name_from=self.first_day)


class NatureForm(DatedForm):
    """What a unit is."""

    kind = ChoiceField(lazy("类型"), choices=KINDS)
    sector = ChoiceField(lazy("所属领域"), choices=SECTORS)

    def command(self) -> OrgChanges:
        sector = _sector(self.sector.data)
        return OrgChanges(kind=OrgKind(self.kind.data), sector=sector, changed_from=self.first_day)


class MoveForm(Form):  # type: ignore[misc]
    """Under which unit it shall hang."""

    parent_code = ChoiceField(lazy("新的上级"), [needed(lazy("请选择新的上级。"))])
    on = DayField(lazy("从哪一天起"), needed(lazy("请填写从哪一天起。")))


class MoveBackForm(Form):  # type: ignore[misc]
    """The move that a button of the page takes back."""

    parent_code = HiddenField(validators=[needed(lazy("请选择新的上级。"))])
    on = DayField(lazy("从哪一天起"), needed(lazy("请填写从哪一天起。")))


class MergeForm(Form):  # type: ignore[misc]
    """Which unit takes over, and when."""

    into = ChoiceField(lazy("并入"), [needed(lazy("请选择接收的组织。"))])
    on = DayField(lazy("从哪一天起"), needed(lazy("请填写从哪一天起。")))


class CloseForm(Form):  # type: ignore[misc]
    """The first day on which a unit is no more."""

    on = DayField(lazy("撤销日期"), needed(lazy("请填写撤销日期。")))


class TagForm(Form):  # type: ignore[misc]
    """A dated tag. Pages speak of the last day; the row ends on the day after."""

    tag = ChoiceField(lazy("标签"), [needed(lazy("请选择标签。"))], choices=TAGS, default=OrgTag.MODEL.value)
    starts_on = DayField(lazy("第一天"), needed(lazy("请填写第一天。")))
    last_day = DayField(lazy("最后一天"), Optional())


class PostForm(Form):  # type: ignore[misc]
    """Who is appointed to what, and when."""

    member = ChoiceField(lazy("党员"), [needed(lazy("请选择一位党员。"))])
    post = ChoiceField(
        lazy("职务"), [needed(lazy("请选择职务。"))], choices=POSTS, default=Post.SECRETARY.value
    )
    starts_on = DayField(lazy("第一天"), needed(lazy("请填写第一天。")))
    last_day = DayField(lazy("最后一天"), Optional())
    replace = BooleanField(lazy("前任书记同日卸任"))

    def command(self, code: str) -> PostDraft:
        ends_on = day_after(self.last_day.data)
        return PostDraft(code, int(self.member.data), Post(self.post.data), self.starts_on.data, ends_on)


class PostRowForm(Form):  # type: ignore[misc]
    """Names a recorded post, and the days that it shall have."""

    member = HiddenField()
    post = ChoiceField(lazy("职务"), choices=POSTS)
    starts_on = DayField(lazy("第一天"), needed(lazy("请填写第一天。")))
    first_day = DayField(lazy("第一天"), Optional())
    last_day = DayField(lazy("最后一天"), Optional())

    def validate_member(self, field: HiddenField) -> None:
        if whole(field.data) is None:
            raise ValidationError(lazy("请选择一位党员。"))

    @property
    def key(self) -> PostKey:
        return PostKey(whole(self.member.data) or 0, Post(self.post.data), self.starts_on.data)


class TreeFileForm(Form):  # type: ignore[misc]
    """The file of an import of the tree, and the day from which it counts."""

    file = FileField(lazy("组织架构文件"))
    as_of = DayField(lazy("从哪一天起"), Optional())

    def validate_file(self, field: FileField) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(lazy("请选择要导入的文件。"))


def _sector(text: str | None) -> OrgSector | None:
    return OrgSector(text) if text else None
