"""The duty matrix: branch by month, what was owed by the rule of the year, and who is left out."""

from __future__ import annotations

from app.core.i18n import Text, day_text, lazy, listed
from app.core.i18n import gettext as _
from app.reports.definitions import notes
from app.reports.labels import short_month_label
from app.reports.queries import Duties, DutyCount, DutyKind, DutyRow
from app.reports.tables.model import Ask, Cell, Column, Door, Look, Params, Table, TableRow

# The filter that lists every duty of a branch on a line of its own.
EACH_KIND = "each"
FREQUENCY_WORDS: dict[str, Text] = {
    "monthly": lazy("每月一次"),
    "quarterly": lazy("每季度一次"),
    "yearly": lazy("每年一次"),
}

_SHORT_FREQUENCIES: dict[str, Text] = {
    "monthly": lazy("每月"),
    "quarterly": lazy("每季"),
    "yearly": lazy("每年"),
}


def duties_table(result: Duties, kind: str | None, ask: Ask) -> Table:
    """Branch by month: of one duty, of all together (None), or each on a line of its own (EACH_KIND)."""
    months = [f"{result.year:04d}-{month:02d}" for month in range(1, 13)]
    columns = [Column("org", lazy("支部"), width=30)]
    if kind == EACH_KIND:
        columns.append(Column("kind", lazy("类别"), width=20))
    columns += [Column(f"m{month[5:]}", short_month_label(month), Look.COUNT) for month in months]
    columns += [
        Column("months_met", lazy("开展月数"), Look.COUNT),
        Column("met", lazy("达标期数"), Look.COUNT, "duty_rate"),
        Column("due", lazy("应办期数"), Look.COUNT),
        Column("rate", lazy("达标率"), Look.RATE, "duty_rate"),
    ]
    rows = []
    for row in result.rows:
        for duty in row.duties if kind else [None]:
            if duty is None or kind in (EACH_KIND, duty.kind):
                rows.append(_duty_row(row, duty, result, months, ask, kind == EACH_KIND))
    title = ask.title_until(lazy("组织生活"))
    told = (*_rules(result, kind), *notes("duties", "duty_rate"), *_excluded(result))
    return Table("duties", title, tuple(columns), tuple(rows), told, about=ask.about())


def _rules(result: Duties, kind: str | None) -> tuple[str, ...]:
    """How often each duty shown was owed in this year."""
    shown = [duty for duty in result.kinds if kind in (None, EACH_KIND, duty.key)]
    owed = listed(
        _("%(kind)s(%(often)s)", kind=duty.label, often=FREQUENCY_WORDS[duty.frequency]) for duty in shown
    )
    return (str(_("本年频次:%(owed)s。", owed=owed)),) if shown else ()


def _excluded(result: Duties) -> tuple[str, ...]:
    """Who has no row, by name, and why."""
    found = []
    closed = listed(
        _("%(name)s(%(day)s撤销)", name=branch.org_name, day=day_text(branch.closed_on))
        for branch in result.excluded
        if branch.closed_on
    )
    later = listed(
        _("%(name)s(%(day)s成立)", name=branch.org_name, day=day_text(branch.opens_on))
        for branch in result.excluded
        if branch.opens_on
    )
    new = listed(row.org_name for row in result.rows if not row.due)
    day = day_text(result.on)
    if closed:
        found.append(_("到%(day)s已撤销、未列入的支部:%(names)s。", day=day, names=closed))
    if later:
        found.append(_("到%(day)s尚未成立、未列入的支部:%(names)s。", day=day, names=later))
    if new:
        found.append(_("列入但还没有应办期次的支部:%(names)s。", names=new))
    if result.groups or result.above:
        words = _(
            "党小组(%(groups)s个)计入所属支部;党委、党总支(%(above)s个)没有组织生活频次,不列入。",
            groups=f"{result.groups:,}",
            above=f"{result.above:,}",
        )
        found.append(words)
    return tuple(str(words) for words in found)


def _duty_row(
    row: DutyRow, duty: DutyCount | None, result: Duties, months: list[str], ask: Ask, names_kind: bool
) -> TableRow:
    counts: DutyRow | DutyCount = duty or row
    which: Params = {"kind": duty.kind} if duty else {"duty": "1"}
    cells = [
        Cell(row.org_name, Door("reports.session_rows", {**ask.params, "org": row.org_code, "duty": "1"}))
    ]
    if names_kind and duty:
        cells.append(Cell(next(_kind_words(kind) for kind in result.kinds if kind.key == duty.kind)))
    for month, count in zip(months, counts.months, strict=True):
        door = ask.door("reports.session_rows", **which, org=row.org_code, month=month) if count else None
        cells.append(Cell(count, door))
    cells += [Cell(counts.months_met), Cell(counts.met), Cell(counts.due), Cell(counts.rate)]
    key = f"{row.org_code}-{duty.kind}" if duty else row.org_code
    return TableRow(key, tuple(cells))


def _kind_words(kind: DutyKind) -> str:
    return str(_("%(kind)s(%(often)s)", kind=kind.label, often=_SHORT_FREQUENCIES[kind.frequency]))
