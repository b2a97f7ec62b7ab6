"""Forms of what changes over time: transfers, departures, dated groups, and their corrections."""

from __future__ import annotations

from wtforms import Form, HiddenField, StringField
from wtforms.validators import InputRequired, Optional

from app.core.i18n import lazy
from app.core.labels import GROUP_LABELS
from app.core.vocabulary import Group
from app.members.commands import GroupSpan, MobileDetails
from app.members.forms import ChoiceField, DayField, day_after


class TransferForm(Form):  # type: ignore[misc]
    """Where a member goes, and the day the new branch accepted."""

    org_code = ChoiceField(lazy("转到"), [InputRequired(lazy("请选择接收的党支部。"))])
    accepted_on = DayField(lazy("接收日期"), InputRequired(lazy("请填写接收日期。")))


class TypedTransferForm(Form):  # type: ignore[misc]
    """The same where there are too many branches for a list: by code or name."""

    org_code = StringField(lazy("转到"), [InputRequired(lazy("请填写接收的党支部。"))])
    accepted_on = DayField(lazy("接收日期"), InputRequired(lazy("请填写接收日期。")))


class AskForm(Form):  # type: ignore[misc]
    """The branch outside that is asked to take a member over, by code or name."""

    org_code = StringField(lazy("转到"), [InputRequired(lazy("请填写接收的党支部。"))])


class AcceptForm(Form):  # type: ignore[misc]
    """The day from which an asked branch has the member."""

    accepted_on = DayField(lazy("接收日期"), InputRequired(lazy("请填写接收日期。")))


class LeaveForm(Form):  # type: ignore[misc]
    """The first day on which a member no longer belongs to the district."""

    left_on = DayField(lazy("转出日期"), InputRequired(lazy("请填写转出日期。")))


class ApprovalForm(Form):  # type: ignore[misc]
    """Names an exemption of a member by its first day."""

    starts_on = DayField(lazy("第一天"), InputRequired(lazy("请填写第一天。")))


class StartForm(Form):  # type: ignore[misc]
    """The right first day of a branch row."""

    right = DayField(lazy("正确的开始日期"), InputRequired(lazy("请填写正确的日期。")))


class BranchForm(Form):  # type: ignore[misc]
    """The right branch of a branch row."""

    org_code = ChoiceField(lazy("正确的党支部"), [InputRequired(lazy("请选择正确的党支部。"))])


class GroupForm(Form):  # type: ignore[misc]
    """A dated row of a group. Pages speak of the last day; the row ends on the day after."""

    group = ChoiceField(
        lazy("分类"),
        [InputRequired(lazy("请选择分类。"))],
        choices=[(g.value, GROUP_LABELS[g]) for g in Group if g is not Group.ELDERLY],
    )
    is_in = ChoiceField(
        lazy("登记为"),
        choices=[("1", lazy("属于这一类")), ("0", lazy("不属于(改正自动判断)"))],
        default="1",
    )
    starts_on = DayField(lazy("第一天"), InputRequired(lazy("请填写第一天。")))
    last_day = DayField(lazy("最后一天"), Optional())
    direction = ChoiceField(
        lazy("流向"), choices=[("out", lazy("流出")), ("in", lazy("流入"))], default="out"
    )
    from_place = StringField(lazy("从哪里"))
    to_place = StringField(lazy("到哪里"))
    host_org_code = StringField(lazy("挂靠党组织(本区)"))
    reason = StringField(lazy("原因"))

    def command(self, member_id: int) -> GroupSpan:
        group = Group(self.group.data)
        mobile = MobileDetails(
            self.direction.data, self.from_place.data, self.to_place.data, self.host_org_code.data
        )
        return GroupSpan(
            member_id,
            group,
            self.starts_on.data,
            day_after(self.last_day.data),
            self.is_in.data == "1",
            mobile if group is Group.MOBILE else None,
            self.reason.data,
        )


class GroupRowForm(Form):  # type: ignore[misc]
    """Names a row of a group, and the last day on which it shall hold."""

    group = ChoiceField(choices=[(g.value, g.value) for g in Group])
    starts_on = DayField(lazy("第一天"), InputRequired(lazy("请填写第一天。")))
    is_in = HiddenField(default="1")
    last_day = DayField(lazy("最后一天"), Optional())

    def command(self, member_id: int) -> GroupSpan:
        return GroupSpan(
            member_id,
            Group(self.group.data),
            self.starts_on.data,
            day_after(self.last_day.data),
            self.is_in.data != "0",
        )
