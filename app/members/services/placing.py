"""The one place that writes where units hang: whole histories of parents in, rows of the tree out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.i18n import Text, day_text, lazy
from app.members.models import OrgPlacement, OrgUnit
from app.members.rules import SINCE_EVER
from app.members.rules_tree import Hang, Hangs, Place, TreeRefused, hangs_of, placed_anew


def lock_tree(session: Session) -> None:
    """Changes of the tree wait for each other until the transaction ends.

    The first unit's row stands for the tree; the lock lets rows that point at units be written meanwhile.
    """
    first = select(OrgUnit.id).order_by(OrgUnit.id).limit(1)
    session.execute(first.with_for_update(key_share=True))


def hold_tree(session: Session) -> None:
    """Units stay as they are until the transaction ends; others who only hold the tree go on beside it.

    For whatever puts members into a unit: without it, one could slip into a unit that is being closed.
    Before any other lock of the transaction: a merge locks the tree first and its members then.
    """
    first = select(OrgUnit.id).order_by(OrgUnit.id).limit(1)
    session.execute(first.with_for_update(read=True))


class Tree:
    """Every placement there is, loaded once for one change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[int, list[OrgPlacement]] = {}
        query = select(OrgPlacement).order_by(OrgPlacement.org_id, OrgPlacement.starts_on)
        for row in session.scalars(query.execution_options(populate_existing=True)):
            self._rows.setdefault(row.org_id, []).append(row)

    def places(self) -> dict[int, list[Place]]:
        """Where each unit is and was, by id."""
        return {
            org_id: [Place(row.starts_on, row.ends_on, row.parent_id, row.path) for row in rows]
            for org_id, rows in self._rows.items()
        }

    def parents(self, org_id: int) -> list[Hang]:
        """The unit's parents by date; empty for a new one."""
        return hangs_of(self.places().get(org_id, ()))

    def since(self, org_id: int) -> date:
        """The first day on which the unit had a place."""
        return self._rows[org_id][0].starts_on

    def below(self, org_id: int, day: date) -> dict[int, list[Hang]]:
        """The parents, by date, of every unit that hangs directly below one on a day or later."""
        found = {
            child
            for child, rows in self._rows.items()
            if any(row.parent_id == org_id and row.ends_on > day for row in rows)
        }
        return {child: self.parents(child) for child in found}

    def is_below(self, org_id: int, above_id: int, day: date) -> bool:
        """Whether a unit is somewhere below another (or is it) on a day or later."""
        inside = f"/{above_id}/"
        return any(inside in row.path and row.ends_on > day for row in self._rows.get(org_id, ()))

    def write(self, hangs: Hangs, since: date) -> int:
        """Give units new histories of parents, and all below them the places that follow from it.

        `hangs` differ from what is there from `since` on only. Returns how many units have other rows
        now. Raises TreeRefused, and has written nothing then.
        """
        after = placed_anew(self.places(), hangs, since)
        changed = sum(self._write(org_id, places) for org_id, places in after.items())
        self._session.flush()
        return changed

    def _write(self, org_id: int, places: Sequence[Place]) -> bool:
        known = {row.starts_on: row for row in self._rows.get(org_id, ())}
        rows, changed = [], False
        for place in places:
            row = known.pop(place.starts_on, None)
            if row is None:
                row = OrgPlacement(org_id=org_id, starts_on=place.starts_on)
                self._session.add(row)
            said = (place.ends_on, place.parent_id, place.path)
            if (row.ends_on, row.parent_id, row.path) != said:
                row.ends_on, row.parent_id, row.path = said
                changed = True
            rows.append(row)
        for row in known.values():
            self._session.delete(row)
            changed = True
        self._rows[org_id] = rows
        return changed


def refusal_words(refused: TreeRefused, names: Mapping[int, str]) -> Text:
    """Why the tree does not take a change, for a person. names: of the units that it may speak of."""
    day = day_text(refused.day)
    name = names.get(refused.org_id or 0, "")
    if refused.code == "too_early":
        if refused.day == SINCE_EVER:
            return lazy("日期太早,请检查年份。")
        return lazy("它从 %(day)s 起才在现在的上级之下,日期不能早于这一天。", day=day)
    if refused.code == "same_parent":
        return lazy("它已经在这个上级之下,不用调整。")
    if refused.code == "loop":
        return lazy("不能移到自己或自己的下级之下(%(day)s 起会绕成一圈)。", day=day)
    if refused.code == "too_deep":
        return lazy("层级太多,请选更高一级的上级。")
    if name:
        return lazy("%(name)s在 %(day)s 还没有设立或已经撤销,请换一天或换一个上级。", name=name, day=day)
    return lazy("上级在 %(day)s 还没有设立或已经撤销,请换一天或换一个上级。", day=day)
