"""The words of groups, statuses, posts and periods as reports print them."""

from __future__ import annotations

from datetime import date

from app.core.i18n import Text, day_text, is_english, lazy
from app.core.i18n import gettext as _
from app.core.vocabulary import Group, Status
from app.reports.rules import Period

GROUP_LABELS: dict[Group, Text] = {
    Group.ELDERLY: lazy("老年党员"),
    Group.MOBILE: lazy("流动党员"),
    Group.NEW_ORG: lazy("两新组织党员"),
    Group.RURAL: lazy("农村党员"),
    Group.RETIRED: lazy("离退休党员"),
    Group.LOST_CONTACT: lazy("失联党员"),
    Group.EXEMPT: lazy("不作硬性要求"),
}
STATUS_LABELS: dict[Status, Text] = {
    Status.PRESENT: lazy("到课"),
    Status.LATE: lazy("迟到"),
    Status.LEFT_EARLY: lazy("早退"),
    Status.EXCUSED: lazy("请假"),
    Status.ABSENT: lazy("缺席"),
    Status.MADE_UP: lazy("补学"),
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def group_label(group: Group) -> str:
    return str(GROUP_LABELS[group])


def month_label(month: str) -> str:
    """ "2019-04" as 2019年4月 / Apr 2019."""
    year, number = int(month[:4]), int(month[5:])
    return f"{_MONTHS[number - 1]} {year}" if is_english() else f"{year}年{number}月"


def period_label(period: Period) -> str:
    """2019年 / 2019年4月 / 2019年1月1日至2019年3月5日."""
    if period.whole_year:
        return str(period.whole_year) if is_english() else f"{period.whole_year}年"
    if period.whole_month:
        return month_label(f"{period.first.year:04d}-{period.first.month:02d}")
    return _("%(first)s至%(last)s", first=day_text(period.first), last=day_text(period.last))


def as_of_label(on: date) -> str:
    return _("截至%(day)s", day=day_text(on))
