"""Compares a roster with what is stored: who is new, who changes and how, which rows are refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.crypto import blind_index, unseal
from app.core.i18n import gettext as _
from app.core.i18n import listed
from app.members.phones import mask_phone
from app.members.roster import queries
from app.members.roster.plan import Change, ChangedMember, ImportDates, NewMember, Plan
from app.members.roster.reading import Roster
from app.members.roster.rules_branches import BranchBook
from app.members.roster.rules_groups import GroupSpan, group_edits
from app.members.roster.rules_match import Identity, Known, Match, MemberBook, duplicates
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RefusedRow, RosterRow
from app.members.rules import SINCE_EVER, SpanRefused, after_transfer


@dataclass(frozen=True, slots=True)
class _Matched:
    """A row whose branch is known and who is known or new."""

    row: RosterRow
    who: Identity
    known: Known | None

    @property
    def org_id(self) -> int:
        assert self.who.org_id is not None  # noqa: S101 - rows without a branch are refused before
        return self.who.org_id


def plan_roster(session: Session, roster: Roster, dates: ImportDates, scope: Scope) -> Plan:
    """What importing `roster` would do. Reads only; the number of queries does not grow with the rows."""
    return _Planner(session, roster, dates, scope).plan()


class _Planner:
    def __init__(self, session: Session, roster: Roster, dates: ImportDates, scope: Scope) -> None:
        self.session = session
        self.roster = roster
        self.dates = dates
        self.branches = queries.branches(session, scope, dates.today)
        stored = queries.members_for_matching(session, dates.today)
        self.stored: dict[int, Any] = {found.id: found for found in stored}
        self.members = MemberBook(
            Known(m.id, Identity(m.name, m.phone_index, m.birth_date, m.org_id)) for m in stored
        )
        self.groups: dict[int, list[GroupSpan]] = queries.roster_groups(session)
        self.is_whole_office = set(queries.all_placed(session, dates.today)) <= set(self.branches.names)
        self.book = BranchBook(self.branches.units)
        self.result = Plan(rejected={refused.place: list(refused.problems) for refused in roster.refused})

    def plan(self) -> Plan:
        for refused in self.roster.refused:
            if refused.branch or refused.branch_code:
                self._branch_of(refused)
        matched = self._without_duplicates(self._matched())
        too_early = self._refused_transfers(matched)
        for found in matched:
            if found.row.place in too_early:
                self._refuse(found.row.place, too_early[found.row.place])
            elif found.known is None:
                self.result.created.append(self._new(found))
            else:
                self._compare(found, self.stored[found.known.id])
        return self.result

    def _refuse(self, place: Place, problem: Problem) -> None:
        self.result.rejected.setdefault(place, []).append(problem)

    def _matched(self) -> list[_Matched]:
        """Rows with branch and member. Phones speak first: whom one row names so, no other row means."""
        identified: list[tuple[RosterRow, Identity, Match]] = []
        for row in self.roster.rows:
            org_id = self._branch_of(row)
            if org_id is not None:
                index = blind_index(row.phone, "phone") if row.phone else None
                who = Identity(row.name, index, row.birth_date, org_id)
                identified.append((row, who, self.members.by_phone(who)))
        claimed = {known.id for _row, _who, known in identified if isinstance(known, Known)}
        matched = []
        for row, who, by_phone in identified:
            known = by_phone or self.members.find(who, claimed)
            if isinstance(known, Problem):
                self._refuse(row.place, known)
            elif known is not None and not self._is_ours(known):
                self._refuse(row.place, Problem("member_elsewhere", "name"))
            else:
                matched.append(_Matched(row, who, known))
        return matched

    def _branch_of(self, row: RosterRow | RefusedRow) -> int | None:
        """The branch that the row names; refuses the row when there is none."""
        found = self.book.find(row.branch, row.branch_code)
        if found.org_id is None:
            params = {"text": row.branch or row.branch_code, "near": listed(found.near)}
            self._refuse(row.place, Problem(found.problem, _branch_field(row), params))
        return found.org_id

    def _is_ours(self, known: Known) -> bool:
        return self.is_whole_office or known.identity.org_id in self.branches.names

    def _without_duplicates(self, matched: list[_Matched]) -> list[_Matched]:
        doubled = duplicates((m.row.place, m.who, m.known.id if m.known else None) for m in matched)
        for place, other in doubled.items():
            self._refuse(place, Problem("duplicate", "name", other=other))
        return [m for m in matched if m.row.place not in doubled]

    def _refused_transfers(self, matched: list[_Matched]) -> dict[Place, Problem]:
        moving = [m for m in matched if m.known and m.known.identity.org_id != m.org_id]
        spans = queries.branch_spans_of(self.session, [m.known.id for m in moving if m.known])
        refused = {}
        for m in moving:
            before = spans.get(m.known.id, []) if m.known else []
            try:
                if before:
                    after_transfer(before, m.org_id, self.dates.accepted_on, self.dates.today)
            except SpanRefused as error:
                day = "" if error.known in (None, SINCE_EVER) else str(error.known)
                code = "transfer_too_early" if day else "transfer_refused"
                refused[m.row.place] = Problem(code, _branch_field(m.row), {"day": day})
        return refused

    def _new(self, found: _Matched) -> NewMember:
        starts_on = self._membership_start(found)
        self.result.since_ever += starts_on == SINCE_EVER
        on = self.dates.as_of or self.dates.today
        return NewMember(
            row=found.row,
            org_id=found.org_id,
            starts_on=starts_on,
            phone_index=found.who.phone_index,
            groups=group_edits(found.row, None, (), on),
        )

    def _membership_start(self, found: _Matched) -> date:
        """Source: docs/decisions, "When does an imported member begin?"."""
        joined = found.row.joined_on
        if self.dates.as_of:
            start = max(self.dates.as_of, joined or SINCE_EVER)
        elif found.org_id not in self.branches.with_members:
            start = joined or SINCE_EVER
        else:
            start = self.dates.today
        since = self.branches.since.get(found.org_id, SINCE_EVER)
        return min(max(start, since), self.dates.today)

    def _compare(self, found: _Matched, stored: Any) -> None:
        row = found.row
        values = {name: value for name, value in row.values.items() if getattr(stored, name) != value}
        has_new_phone = found.who.phone_index not in (None, stored.phone_index)
        is_transferred = stored.org_id != found.org_id
        groups = group_edits(
            row,
            stored.job,
            self.groups.get(stored.id, ()),
            self.dates.accepted_on,
            is_transferred=is_transferred,
        )
        if not (values or has_new_phone or is_transferred or groups):
            self.result.unchanged.append(row)
            return
        changes = [Change(name, shown(getattr(stored, name)), shown(new)) for name, new in values.items()]
        if has_new_phone:
            changes.append(Change("phone", _masked(stored.phone_sealed), mask_phone(row.phone or "")))
        if is_transferred:
            old, new = (self.branches.names.get(org or 0, "") for org in (stored.org_id, found.org_id))
            changes.append(Change("branch", old, new))
        changes.extend(Change(edit.group.value, "", edit.act.value) for edit in groups)
        self.result.changed.append(
            ChangedMember(
                member_id=stored.id,
                row=row,
                org_id=found.org_id,
                values=values,
                has_new_phone=has_new_phone,
                is_transferred=is_transferred,
                phone_index=found.who.phone_index,
                groups=groups,
                changes=changes,
            )
        )


def _branch_field(row: RosterRow | RefusedRow) -> str:
    return "branch" if row.branch else "branch_code"


def _masked(sealed: bytes | None) -> str:
    return mask_phone(unseal(sealed, "phone")) if sealed else ""


def shown(value: object) -> str:
    """A stored value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    return value.isoformat() if isinstance(value, date) else str(value)
