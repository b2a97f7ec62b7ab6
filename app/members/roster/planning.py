"""Compares a roster with what is stored: who is new, who changes and how, which rows are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.crypto import blind_index
from app.core.i18n import listed
from app.core.vocabulary import OrgKind
from app.members.phones import mask_phone
from app.members.queries.masked import masked_phone
from app.members.roster import queries
from app.members.roster.changes import is_same, shown
from app.members.roster.plan import (
    Asked,
    Candidate,
    Change,
    ChangedMember,
    Double,
    NewMember,
    Plan,
    Tell,
    Unclear,
    UnknownBranch,
    silent,
)
from app.members.roster.reading import Roster
from app.members.roster.rules_branches import BranchBook, Found, Unit
from app.members.roster.rules_decisions import NEW_PERSON, contradicting, free_codes, merge_rows, together
from app.members.roster.rules_groups import GroupSpan, group_edits
from app.members.roster.rules_match import Identity, Known, Match, MemberBook, duplicates
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RefusedRow, RosterRow, plain_name
from app.members.rules import SINCE_EVER, SpanRefused, after_transfer

# Shows no digit: the number cannot be opened with the present key.
_SHUT = "****"


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


def plan_roster(session: Session, roster: Roster, asked: Asked, scope: Scope, tell: Tell = silent) -> Plan:
    """What importing `roster` would do. Reads only; the number of queries does not grow with the rows."""
    plan = _Planner(session, roster, asked, scope).plan(tell)
    agreeing = [double.rows for double in plan.doubles if not double.fields]
    if asked.decisions.merge_agreeing and agreeing:
        merges = {row.place: rows[0].place for rows in agreeing for row in rows[1:]}
        decisions = replace(asked.decisions, merges={**asked.decisions.merges, **merges})
        plan = _Planner(session, roster, replace(asked, decisions=decisions), scope).plan(tell)
    return plan


class _Planner:
    def __init__(self, session: Session, roster: Roster, asked: Asked, scope: Scope) -> None:
        self.session = session
        self.roster = roster
        self.asked = asked
        self.branches = queries.branches(session, scope, asked.today)
        self.stored = queries.members_for_matching(session, asked.today)
        masked = {row.name for row in roster.rows if row.phone_mask}
        self.known = {member.id: _known(member, masked) for member in self.stored.values()}
        self.members = MemberBook(self.known.values())
        self.groups: dict[int, list[GroupSpan]] = queries.roster_groups(session)
        self.is_whole_office = set(queries.all_placed(session, asked.today)) <= set(self.branches.names)
        self.book = self._branch_book()
        self.seen: set[int] = set()
        self.result = Plan(rejected={refused.place: list(refused.problems) for refused in roster.refused})

    def _branch_book(self) -> BranchBook:
        """The tree, with the branches that are to be created, and with what was decided about names."""
        decisions = self.asked.decisions
        codes = free_codes([unit.code for unit in self.branches.units], "?")
        parents = {unit.code: unit for unit in self.branches.units}
        new = {}
        for number, (text, draft) in enumerate(decisions.creates.items(), start=1):
            parent = parents.get(draft.parent_code)
            above = (*parent.ancestors, parent.name) if parent else ()
            # Not stored yet: no row can have these ids.
            unit = Unit(-number, draft.code or next(codes), draft.name, OrgKind.BRANCH, above)
            new[text] = unit
            self.branches.names[unit.id] = unit.name
        book = BranchBook([*self.branches.units, *new.values()])
        for text, code in [*decisions.means.items(), *((text, unit.code) for text, unit in new.items())]:
            book.decide(text, code)
        return book

    def plan(self, tell: Tell) -> Plan:
        for refused in self.roster.refused:
            if refused.branch or refused.branch_code:
                self._branch_of(refused)
        self.result.merged = dict(self.asked.decisions.merges)
        rows = merge_rows(self.roster.rows, self.result.merged)
        matched = self._without_duplicates(self._matched(rows))
        too_early = self._refused_transfers(matched)
        for done, found in enumerate(matched, start=1):
            tell("comparing", done, len(matched))
            if found.row.place in too_early:
                self._refuse(found.row.place, too_early[found.row.place])
            elif found.known is None:
                self._add(found)
            else:
                self._compare(found, self.stored[found.known.id])
        if self.asked.full_org:
            self.result.missing = list(self._missing())
        return self.result

    def _refuse(self, place: Place, problem: Problem) -> None:
        self.result.rejected.setdefault(place, []).append(problem)

    def _matched(self, rows: list[RosterRow]) -> list[_Matched]:
        """Rows with branch and member. Phones speak first: whom one row names so, no other row means."""
        identified: list[tuple[RosterRow, Identity, Match]] = []
        for row in rows:
            org_id = self._branch_of(row)
            if org_id is not None:
                index = blind_index(row.phone, "phone") if row.phone else None
                mask = row.phone_mask if row.phone_mask != _SHUT else None
                who = Identity(row.name, index, row.birth_date, org_id, mask)
                identified.append((row, who, self._decided(row) or self.members.by_phone(who)))
        claimed = {known.id for _row, _who, known in identified if isinstance(known, Known)}
        matched = []
        for row, who, first in identified:
            found = first
            if self.asked.decisions.persons.get(row.place) == NEW_PERSON:
                found = None
            elif first is None:
                found = self.members.find(who, claimed)
            if isinstance(found, Problem):
                self._ask_who(row, who, found)
            elif found is not None and not self._is_ours(found):
                self.seen.add(found.id)
                self._refuse(row.place, Problem("member_elsewhere", "name"))
            else:
                matched.append(_Matched(row, who, found))
        self.seen.update(m.known.id for m in matched if m.known)
        return matched

    def _decided(self, row: RosterRow) -> Known | None:
        return self.known.get(self.asked.decisions.persons.get(row.place, NEW_PERSON))

    def _ask_who(self, row: RosterRow, who: Identity, problem: Problem) -> None:
        self._refuse(row.place, problem)
        namesakes = self.members.may_be(who)
        self.seen.update(known.id for known in namesakes)
        candidates = tuple(self._candidate(known.id) for known in namesakes if self._is_ours(known))
        alike = [k for k in namesakes if who.phone_index and k.identity.phone_index == who.phone_index]
        self.result.unclear.append(Unclear(row, candidates, len(alike) > 1))

    def _candidate(self, member_id: int) -> Candidate:
        member = self.stored[member_id]
        branch = self.branches.names.get(member.org_id or 0, "")
        phone = masked_phone(member.phone_sealed) or ""
        return Candidate(member_id, member.name, branch, member.fact("birth_date"), phone)

    def _branch_of(self, row: RosterRow | RefusedRow) -> int | None:
        """The branch that the row names; refuses the row when there is none."""
        found = self.book.find(row.branch, row.branch_code)
        if found.org_id is None:
            params = {"text": row.branch or row.branch_code, "near": listed(found.near)}
            self._refuse(row.place, Problem(found.problem, _branch_field(row), params))
            if found.problem != "branch_disagrees":
                self._note_unknown(row.branch or row.branch_code, found)
        return found.org_id

    def _note_unknown(self, text: str, found: Found) -> None:
        near = tuple(zip(found.codes, found.near, strict=True))
        may_be_created = found.problem.startswith("branch_unknown")
        self.result.unknown.setdefault(text, UnknownBranch(0, near, may_be_created)).rows += 1

    def _is_ours(self, known: Known) -> bool:
        return self.is_whole_office or known.identity.org_id in self.branches.names

    def _without_duplicates(self, matched: list[_Matched]) -> list[_Matched]:
        doubled = duplicates((m.row.place, m.who, m.known.id if m.known else None) for m in matched)
        for place, other in doubled.items():
            self._refuse(place, Problem("duplicate", "name", other=other))
        by_place = {m.row.place: m for m in matched if m.row.place in doubled}
        for places in together(doubled):
            rows = tuple(by_place[place].row for place in places)
            is_one_branch = len({by_place[place].org_id for place in places}) == 1
            fields = contradicting(rows, is_one_branch=is_one_branch)
            self.result.doubles.append(Double(rows, tuple(fields)))
        return [m for m in matched if m.row.place not in doubled]

    def _refused_transfers(self, matched: list[_Matched]) -> dict[Place, Problem]:
        moving = [m for m in matched if m.known and m.known.identity.org_id != m.org_id]
        spans = queries.branch_spans_of(self.session, [m.known.id for m in moving if m.known])
        refused = {}
        for m in moving:
            before = spans.get(m.known.id, []) if m.known else []
            try:
                if before:
                    after_transfer(before, m.org_id, self.asked.accepted_on, self.asked.today)
            except SpanRefused as error:
                day = "" if error.known in (None, SINCE_EVER) else str(error.known)
                code = "transfer_too_early" if day else "transfer_refused"
                refused[m.row.place] = Problem(code, _branch_field(m.row), {"day": day})
        return refused

    def _add(self, found: _Matched) -> None:
        if found.row.phone_mask:
            self._refuse(found.row.place, Problem("phone_masked", "phone"))
            return
        starts_on = self._membership_start(found)
        self.result.since_ever += starts_on == SINCE_EVER
        on = self.asked.as_of or self.asked.today
        self.result.created.append(
            NewMember(
                row=found.row,
                org_id=found.org_id,
                starts_on=starts_on,
                phone_index=found.who.phone_index,
                groups=group_edits(found.row, None, (), on),
            )
        )

    def _membership_start(self, found: _Matched) -> date:
        """Source: docs/decisions, "When does an imported member begin?"."""
        joined = found.row.joined_on
        if self.asked.as_of:
            start = max(self.asked.as_of, joined or SINCE_EVER)
        elif found.org_id not in self.branches.with_members:
            start = joined or SINCE_EVER
        else:
            start = self.asked.today
        since = self.branches.since.get(found.org_id, SINCE_EVER)
        return min(max(start, since), self.asked.today)

    def _compare(self, found: _Matched, stored: queries.StoredMember) -> None:
        row = found.row
        mask = masked_phone(stored.phone_sealed) or "" if row.phone_mask else ""
        if row.phone_mask and _SHUT not in (mask, row.phone_mask) and mask != row.phone_mask:
            self._refuse(row.place, Problem("phone_mask_differs", "phone"))
            return
        # A blank says nothing.
        values = {name: new for name, new in row.values.items() if not is_same(stored.fact(name), new)}
        has_new_phone = found.who.phone_index not in (None, stored.phone_index)
        is_transferred = stored.org_id != found.org_id
        groups = group_edits(
            row,
            stored.fact("job"),
            self.groups.get(stored.id, ()),
            self.asked.accepted_on,
            is_transferred=is_transferred,
        )
        if not (values or has_new_phone or is_transferred or groups):
            self.result.unchanged.append(row)
            return
        changes = [Change(name, shown(stored.fact(name)), shown(new)) for name, new in values.items()]
        if has_new_phone:
            old_phone = masked_phone(stored.phone_sealed) or ""
            changes.append(Change("phone", old_phone, mask_phone(row.phone or "")))
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

    def _missing(self) -> Iterator[Candidate]:
        """Members of the unit whom no row means, nor may mean."""
        unit_ids = self.branches.below(self.asked.full_org)
        for member_id, member in self.stored.items():
            if member.org_id in unit_ids and member_id not in self.seen:
                yield self._candidate(member_id)


def _known(member: queries.StoredMember, masked: set[str]) -> Known:
    """The stored member; with the masked phone where a row of that name says no more than that."""
    name = plain_name(member.name)
    who = Identity(name, member.phone_index, member.fact("birth_date"), member.org_id)
    if name in masked:
        who = replace(who, phone_mask=masked_phone(member.phone_sealed))
    return Known(member.id, who)


def _branch_field(row: RosterRow | RefusedRow) -> str:
    return "branch" if row.branch else "branch_code"
