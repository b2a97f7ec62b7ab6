"""Turns what somebody says about a plan into an order that is complete and within the scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy
from app.reach.commands import USUAL_KIND, PlanOrder, PlanWish
from app.reach.rules import LARGEST_CAPACITY, USUAL_CAPACITIES
from app.reach.rules_lines import Times
from app.reports.queries import Place, default_period, place_in_scope
from app.reports.rules import Period, Snapshot, snapshot_day
from app.trainings.queries.choices import Named, kinds

# People are told a week ahead, and four weeks are enough for a team.
_STARTS_IN, _LASTS = timedelta(days=7), timedelta(days=27)
LONGEST_WINDOW = timedelta(days=365)
LONGEST_MINUTES = 480


@dataclass(frozen=True, slots=True)
class Asked:
    """The order, the place it is about, and the kinds of session that can be chosen."""

    order: PlanOrder
    place: Place
    kinds: tuple[Named, ...]


def order_of(session: Session, wish: PlanWish, scope: Scope, today: date, usual_age: int) -> Asked:
    """Raises InvalidInput with every wrong field, and NotFound for a unit outside the scope."""
    offered = tuple(kinds(session))
    if errors := list(_errors(wish, today, {kind.key for kind in offered})):
        raise InvalidInput(errors=errors)
    default = default_period(session, today)
    known = wish.first or wish.last
    period = default
    if known is not None:
        first, last = wish.first or date(known.year, 1, 1), wish.last or date(known.year, 12, 31)
        if last < first:
            raise InvalidInput.field("to", "before_from", lazy("结束日期在开始日期之前,请调换。"))
        period = Period(first, last)
    place = place_in_scope(session, scope, wish.org, today)
    hold_first = wish.hold_first or today + _STARTS_IN
    hold_last = wish.hold_last or hold_first + _LASTS
    order = PlanOrder(
        period,
        Snapshot(wish.on or snapshot_day(period, today), wish.age or usual_age),
        wish.org,
        place.org_ids,
        Times(hold_first, hold_last, wish.day_at, wish.evening_at, wish.minutes),
        wish.group,
        {**USUAL_CAPACITIES, **wish.capacities},
        wish.kind or _usual(offered),
        wish.venue.strip(),
        wish.leaves_invited,
    )
    return Asked(order, place, offered)


def _usual(offered: tuple[Named, ...]) -> str:
    keys = [kind.key for kind in offered]
    return USUAL_KIND if USUAL_KIND in keys or not keys else keys[0]


def _errors(wish: PlanWish, today: date, kind_keys: set[str]) -> Iterator[FieldError]:
    for way, number in wish.capacities.items():
        if not 1 <= number <= LARGEST_CAPACITY:
            words = lazy("每场人数应在 1 到 %(most)s 之间。", most=LARGEST_CAPACITY)
            yield FieldError(f"capacities.{way}", "out_of_range", words)
    first = wish.hold_first or today + _STARTS_IN
    if first < today:
        yield FieldError("hold_from", "out_of_range", lazy("新场次只能排在今天以后。"))
    elif wish.hold_last is not None and not first <= wish.hold_last <= first + LONGEST_WINDOW:
        words = lazy("最后一天要在第一天之后,并在一年之内。")
        yield FieldError("hold_to", "out_of_range", words)
    elif wish.hold_first is not None and wish.hold_first > today + LONGEST_WINDOW:
        yield FieldError("hold_from", "out_of_range", lazy("新场次请排在一年之内。"))
    if not 1 <= wish.minutes <= LONGEST_MINUTES:
        words = lazy("时长应在 1 到 %(most)s 分钟之间。", most=LONGEST_MINUTES)
        yield FieldError("minutes", "out_of_range", words)
    if wish.kind is not None and wish.kind not in kind_keys:
        yield FieldError("kind", "unknown", lazy("没有这个类别。"))
    if len(wish.venue) > 120:
        yield FieldError("venue", "too_long", lazy("场所名称请不要超过 120 个字。"))
