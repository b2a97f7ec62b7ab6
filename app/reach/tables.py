"""A plan as a table of figures, for the terminal and for files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.labels import GROUP_LABELS
from app.reach.commands import Plan, PlanOrder, ProposedSession
from app.reach.rules_lines import starts_at
from app.reach.words import DEFINITIONS
from app.reports.queries import Place
from app.reports.tables import Ask, Cell, Column, Look, Table, TableRow

COLUMNS = (
    Column("number", lazy("序号"), width=6),
    Column("mode", lazy("形式"), width=12),
    Column("host", lazy("主办单位"), width=34),
    Column("day", lazy("日期"), Look.DAY),
    Column("time", lazy("时间"), width=8),
    Column("required", lazy("应训人数"), Look.COUNT),
    Column("exempt", lazy("不作硬性要求"), Look.COUNT),
    Column("coverage_after", lazy("之后的覆盖率"), Look.RATE),
)


def ask_of(order: PlanOrder, place: Place) -> Ask:
    """The report's question behind a plan, for titles and doors."""
    params = {"from": order.period.first.isoformat(), "to": order.period.last.isoformat()}
    if code := order.org or place.code:
        params["org"] = code
    params["on"] = order.snapshot.on.isoformat()
    words = (str(GROUP_LABELS[order.group]),) if order.group else ()
    return Ask(place, order.period, order.snapshot, params, words)


def summary(plan: Plan) -> str:
    """How good the plan is, in a sentence."""
    n, bound = len(plan.needed), plan.lower_bound
    if n == bound:
        return str(_("共 %(n)s 场,不可能再少(下限 %(bound)s 场)。", n=n, bound=bound))
    more = f"{plan.gap * 100:.1f}%"
    return str(_("共 %(n)s 场,下限 %(bound)s 场,最多多出 %(more)s。", n=n, bound=bound, more=more))


def plan_table(plan: Plan, order: PlanOrder, place: Place, modes: Mapping[str, str]) -> Table:
    """Every proposed session, the offers last. modes: names of delivery modes by key."""
    ask = ask_of(order, place)
    counts = plan.counts
    told = (
        summary(plan),
        str(_("另列:失联 %(lost)s 人,已转出 %(gone)s 人。", lost=counts.lost, gone=counts.gone)),
        str(_("已安排、还没有举办:%(n)s 人。", n=counts.invited)),
    )
    return Table(
        "reach-plan",
        ask.title_as_of(lazy("送学方案")),
        COLUMNS,
        tuple(_row(one, order, modes) for one in plan.sessions),
        (*told, *DEFINITIONS),
        about=ask.about(of_members=True),
    )


def _row(one: ProposedSession, order: PlanOrder, modes: Mapping[str, str]) -> TableRow:
    line = one.line
    at = datetime.combine(line.day or order.times.first, starts_at(line.way, order.times))
    cells = (
        Cell(one.number, words=str(one.number)),
        Cell(modes.get(line.way, line.way.value)),
        Cell(one.host_name),
        Cell(line.day),
        Cell(at.strftime("%H:%M")),
        Cell(len(line.required)),
        Cell(len(line.exempt)),
        Cell(one.coverage_after),
    )
    return TableRow(str(one.number), cells)
