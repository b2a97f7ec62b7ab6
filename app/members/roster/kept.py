"""What a review shows, as it is kept between two requests: the first rows of each list, phones masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.members.phones import mask_phone
from app.members.roster.changes import shown
from app.members.roster.plan import Candidate, Counts, Double, Plan, Unclear
from app.members.roster.problems import place_words, row_words
from app.members.roster.reading import Roster
from app.members.roster.rules_columns import FileColumn, Header
from app.members.roster.rules_decisions import said
from app.members.roster.rules_problems import Place, Problem
from app.members.roster.rules_row import RosterRow
from app.members.rules import SINCE_EVER

SHOWN_ROWS = 200
# More of these, because a program pages through them.
SHOWN_REJECTED = 1_000
TABS = ("rejected", "created", "changed", "unchanged", "missing")


@dataclass(frozen=True, slots=True)
class Review:
    """What an import would do. `rows` holds the first SHOWN_ROWS of each tab.

    unknown: [name, rows, [code, name] of near branches, whether it may be created]. doubles and unclear:
    what is to be decided, see `_double_data` and `_unclear_data`.
    """

    counts: Counts
    missing: int
    transferred: int
    since_ever: int
    skipped: Sequence[str]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    unknown: Sequence[Sequence[Any]]
    doubles: Sequence[Mapping[str, Any]]
    unclear: Sequence[Mapping[str, Any]]
    questions: int
    columns: Sequence[FileColumn]

    def count_of(self, tab: str) -> int:
        if tab == "missing":
            return self.missing
        return int(getattr(self.counts, "updated" if tab == "changed" else tab))

    @property
    def may_apply(self) -> bool:
        return not self.counts.rejected and bool(self.counts.created or self.counts.updated)


def review_data(plan: Plan, roster: Roster) -> bytes:
    """The review as JSON."""
    counts = plan.counts
    first = sorted(plan.rejected, key=lambda place: (place.sheet, place.row))[:SHOWN_REJECTED]
    kept = {
        "counts": [counts.created, counts.updated, counts.unchanged, counts.rejected],
        "missing": len(plan.missing),
        "transferred": sum(1 for member in plan.changed if member.is_transferred),
        "since_ever": plan.since_ever,
        "skipped": roster.skipped,
        "titles": roster.titles,
        "headers": [[n, h.row_number, dict(h.positions), dict(h.titles)] for n, h in roster.headers.items()],
        "rejected": [_problem_data(place, problem) for place in first for problem in plan.rejected[place]],
        "rows": _row_data(plan),
        "unknown": [
            [text, u.rows, list(u.near), u.may_be_created]
            for text, u in list(plan.unknown.items())[:SHOWN_ROWS]
        ],
        "doubles": [_double_data(double) for double in plan.doubles[:SHOWN_ROWS]],
        "unclear": [_unclear_data(found) for found in plan.unclear[:SHOWN_ROWS]],
        "questions": len(plan.unknown) + len(plan.doubles) + len(plan.unclear),
        "columns": columns_data(roster.columns),
    }
    return json.dumps(kept, ensure_ascii=False).encode()


def columns_data(columns: Sequence[FileColumn]) -> list[list[Any]]:
    """Columns as plain JSON."""
    return [[c.position, c.header, list(c.samples), c.field, c.is_id] for c in columns]


def columns_from(data: Sequence[Sequence[Any]]) -> list[FileColumn]:
    """The reverse of `columns_data`."""
    return [FileColumn(at, header, tuple(samples), name, is_id) for at, header, samples, name, is_id in data]


def review_from(data: bytes) -> Review:
    """The reverse of `review_data`; what is wrong is said in the reader's language of now."""
    kept = json.loads(data)
    for asked in [*(row for double in kept["doubles"] for row in double["rows"]), *kept["unclear"]]:
        asked["where"] = place_words(_title(kept, asked["sheet"]), Place(asked["sheet"], asked["row"]))
    return Review(
        counts=Counts(*kept["counts"]),
        missing=kept["missing"],
        transferred=kept["transferred"],
        since_ever=kept["since_ever"],
        skipped=kept["skipped"],
        rows={**kept["rows"], "rejected": _rejected_rows(kept)},
        unknown=kept["unknown"],
        doubles=kept["doubles"],
        unclear=kept["unclear"],
        questions=kept["questions"],
        columns=columns_from(kept["columns"]),
    )


def _title(kept: Mapping[str, Any], sheet: int) -> str:
    return str(kept["titles"][sheet]) if sheet < len(kept["titles"]) else ""


def _row_data(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    created = [
        {**_person(new.row), "starts_on": None if new.starts_on == SINCE_EVER else new.starts_on.isoformat()}
        for new in plan.created[:SHOWN_ROWS]
    ]
    changed = [
        {**_person(m.row), "changes": [[c.field, c.old, c.new] for c in m.changes]}
        for m in plan.changed[:SHOWN_ROWS]
    ]
    unchanged = [_person(row) for row in plan.unchanged[:SHOWN_ROWS]]
    missing = [_candidate_data(found) for found in plan.missing[:SHOWN_ROWS]]
    return {"created": created, "changed": changed, "unchanged": unchanged, "missing": missing}


def _person(row: RosterRow) -> dict[str, Any]:
    return {
        "row": row.place.row,
        "name": row.name,
        "branch": row.branch or row.branch_code,
        "phone": mask_phone(row.phone) if row.phone else row.phone_mask or "",
    }


def _candidate_data(found: Candidate) -> dict[str, Any]:
    return {
        "id": found.member_id,
        "name": found.name,
        "branch": found.branch,
        "birth_date": shown(found.birth_date),
        "phone": found.phone,
    }


def _double_data(double: Double) -> dict[str, Any]:
    """One person: each row's place, and what it says where the rows contradict each other."""
    rows, fields = double.rows, double.fields
    return {
        "name": rows[0].name,
        "branch": rows[0].branch or rows[0].branch_code,
        "fields": list(fields),
        "rows": [
            {"sheet": row.place.sheet, "row": row.place.row, "says": [_said(row, name) for name in fields]}
            for row in rows
        ],
    }


def _said(row: RosterRow, name: str) -> str:
    value = said(row).get(name)
    return mask_phone(row.phone) if name == "phone" and row.phone else shown(value)


def _unclear_data(found: Unclear) -> dict[str, Any]:
    """The row, and the members whom it may mean."""
    return {
        "sheet": found.row.place.sheet,
        **_person(found.row),
        "birth_date": shown(found.row.birth_date),
        "candidates": [_candidate_data(candidate) for candidate in found.candidates],
        "same_phone": found.same_phone,
    }


def _problem_data(place: Place, problem: Problem) -> list[Any]:
    other = [problem.other.sheet, problem.other.row] if problem.other else None
    return [place.sheet, place.row, problem.code, problem.field, dict(problem.params), other]


def _rejected_rows(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    headers = {number: Header(row, positions, titles) for number, row, positions, titles in kept["headers"]}
    rows: dict[Place, list[str]] = {}
    codes: dict[Place, list[list[Any]]] = {}
    for sheet, row, code, name, params, other in kept["rejected"]:
        place = Place(sheet, row)
        problem = Problem(code, name, params, Place(*other) if other else None)
        rows.setdefault(place, []).append(row_words(problem, place, headers, kept["titles"]))
        codes.setdefault(place, []).append([code, name])
    return [
        {"sheet": _title(kept, place.sheet), "row": place.row, "words": words, "problems": codes[place]}
        for place, words in rows.items()
    ]
