"""The words of groups and periods as reports print them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.core.i18n import day_text, is_english, listed
from app.core.i18n import gettext as _
from app.core.labels import GROUP_LABELS
from app.core.vocabulary import CountMark, Group
from app.reports.rules import Period

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def group_label(group: Group) -> str:
    return str(GROUP_LABELS[group])


def groups_label(groups: Iterable[Group]) -> str:
    """All of a member's groups in one cell."""
    return listed(group_label(group) for group in groups)


def month_label(month: str) -> str:
    """ "2019-04" as 2019年4月 / Apr 2019."""
    year, number = int(month[:4]), int(month[5:])
    return f"{_MONTHS[number - 1]} {year}" if is_english() else f"{year}年{number}月"


def short_month_label(month: str) -> str:
    """ "2019-04" as 4月 / Apr, where the year stands above."""
    number = int(month[5:])
    return _MONTHS[number - 1] if is_english() else f"{number}月"


def period_label(period: Period) -> str:
    """2019年 / 2019年4月 / 2019年4月28日 / 2019年1月1日至2019年3月5日."""
    if period.whole_year:
        return str(period.whole_year) if is_english() else f"{period.whole_year}年"
    if period.whole_month:
        return month_label(f"{period.first.year:04d}-{period.first.month:02d}")
    if period.first == period.last:
        return day_text(period.first)
    return str(_("%(first)s至%(last)s", first=day_text(period.first), last=day_text(period.last)))


def until_label(on: date) -> str:
    return str(_("截至%(day)s", day=day_text(on)))


def as_of_label(period: Period, on: date) -> str:
    """Whose members are counted: those of the period's end, or those of another day."""
    return until_label(on) if on == period.last else str(_("按%(day)s在册党员", day=day_text(on)))


def marked_count(count: int, mark: CountMark | None) -> str:
    """A count with the mark it was published with: 近5,300, 3,700余; None, where marks differ: 约900."""
    words = f"{count:,}"
    if mark is CountMark.NEARLY:
        return str(_("近%(n)s", n=words))
    if mark is CountMark.OVER:
        return str(_("%(n)s余", n=words))
    return words if mark is CountMark.EXACT else str(_("约%(n)s", n=words))
