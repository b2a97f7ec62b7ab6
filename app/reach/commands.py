"""What a plan is asked for and what it says: typed, and as the plain JSON that a task keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

from app.core.vocabulary import Group
from app.reach.rules import USUAL_CAPACITIES, Way
from app.reach.rules_lines import Line, Times
from app.reports.rules import Period, Snapshot, share

USUAL_KIND = "group_study"


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """Whom to reach, and within which limits.

    org: code of a unit, None for the whole scope. place_ids: the topmost units of what that is.
    leaves_invited: who is invited to a coming session already is not planned again.
    """

    period: Period
    snapshot: Snapshot
    org: str | None
    place_ids: tuple[int, ...]
    times: Times
    group: Group | None = None
    capacities: Mapping[Way, int] = field(default_factory=lambda: dict(USUAL_CAPACITIES))
    kind: str = USUAL_KIND
    venue: str = ""
    leaves_invited: bool = True

    def as_data(self) -> dict[str, Any]:
        times = self.times
        return {
            "from": self.period.first.isoformat(),
            "to": self.period.last.isoformat(),
            "on": self.snapshot.on.isoformat(),
            "age": self.snapshot.elderly_age,
            "org": self.org,
            "place_ids": list(self.place_ids),
            "group": self.group,
            "capacities": {way.value: n for way, n in self.capacities.items()},
            "window": [times.first.isoformat(), times.last.isoformat()],
            "at": [times.day_at.isoformat("minutes"), times.evening_at.isoformat("minutes")],
            "minutes": times.minutes,
            "kind": self.kind,
            "venue": self.venue,
            "leaves_invited": self.leaves_invited,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> PlanOrder:
        first, last = (date.fromisoformat(day) for day in data["window"])
        day_at, evening_at = (time.fromisoformat(at) for at in data["at"])
        return cls(
            Period(date.fromisoformat(data["from"]), date.fromisoformat(data["to"])),
            Snapshot(date.fromisoformat(data["on"]), data["age"]),
            data["org"],
            tuple(data["place_ids"]),
            Times(first, last, day_at, evening_at, data["minutes"]),
            Group(data["group"]) if data["group"] else None,
            {Way(key): n for key, n in data["capacities"].items()},
            data["kind"],
            data["venue"],
            data["leaves_invited"],
        )


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What somebody says about a plan; None is for the product to choose. Days are included."""

    first: date | None = None
    last: date | None = None
    on: date | None = None
    age: int | None = None
    org: str | None = None
    group: Group | None = None
    capacities: Mapping[Way, int] = field(default_factory=dict)
    hold_first: date | None = None
    hold_last: date | None = None
    day_at: time = time(9, 0)
    evening_at: time = time(19, 0)
    minutes: int = 90
    kind: str | None = None
    venue: str = ""
    leaves_invited: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """Of whom the plan speaks.

    members, covered, required, required_covered: the coverage figures of the report. missing: required and
    not reached. Of the missing, `lost` are out of contact and `gone` no longer belong to the place: nobody
    can plan for them, and they are shown apart. `invited` have a coming session already. exempt: not
    reached, without a hard demand; exempt_lost cannot be visited either.
    """

    members: int
    covered: int
    required: int
    required_covered: int
    missing: int
    lost: int
    gone: int
    invited: int
    exempt: int
    exempt_apart: int

    @property
    def reachable(self) -> int:
        """Those required who are covered or can be: what 100 % of a plan is."""
        return self.required - self.lost - self.gone

    @property
    def coverage_before(self) -> float | None:
        return share(self.required_covered, self.reachable)

    @property
    def required_coverage(self) -> float | None:
        """The report's figure."""
        return share(self.required_covered, self.required)

    @property
    def planned(self) -> int:
        """Those required whom the plan reaches."""
        return self.missing - self.lost - self.gone - self.invited


@dataclass(frozen=True, slots=True)
class ProposedSession:
    """A line as it is kept: its number from 1, its host's names, its day and time, and its members."""

    number: int
    line: Line
    host_code: str
    host_name: str
    coverage_after: float | None
    # The session that was made of it; None as long as none was.
    session_id: int | None = None

    @property
    def members(self) -> int:
        return len(self.line.member_ids)

    def as_data(self) -> dict[str, Any]:
        line = self.line
        return {
            "way": line.way,
            "host": [line.host_id, self.host_code, self.host_name],
            "required": list(line.required),
            "exempt": list(line.exempt),
            "day": line.day.isoformat() if line.day else None,
            "coverage_after": self.coverage_after,
        }

    @classmethod
    def from_data(cls, number: int, data: Mapping[str, Any], session_id: int | None) -> ProposedSession:
        host_id, code, name = data["host"]
        day = date.fromisoformat(data["day"]) if data["day"] else None
        line = Line(Way(data["way"]), host_id, tuple(data["required"]), tuple(data["exempt"]), day)
        return cls(number, line, code, name, data["coverage_after"], session_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """What came of an order. lower_bound: no plan for those required has fewer sessions."""

    counts: Counts
    sessions: tuple[ProposedSession, ...]
    lower_bound: int
    by_solver: bool

    @property
    def needed(self) -> tuple[ProposedSession, ...]:
        return tuple(one for one in self.sessions if not one.line.is_offer)

    @property
    def offers(self) -> tuple[ProposedSession, ...]:
        """Home visits of the exempt for whom the needed ones had no room."""
        return tuple(one for one in self.sessions if one.line.is_offer)

    @property
    def gap(self) -> float:
        """How many more sessions than the bound, as a share of it."""
        return round((len(self.needed) - self.lower_bound) / self.lower_bound, 4) if self.lower_bound else 0.0

    @property
    def coverage_with_invited(self) -> float | None:
        counts = self.counts
        return share(counts.required_covered + counts.invited, counts.reachable)

    @property
    def coverage_after(self) -> float | None:
        return self.needed[-1].coverage_after if self.needed else self.coverage_with_invited

    @property
    def required_coverage_after(self) -> float | None:
        """The report's own figure after the plan: those out of contact stay in its denominator."""
        counts = self.counts
        return share(counts.required_covered + counts.invited + counts.planned, counts.required)

    def numbered(self, number: int) -> ProposedSession | None:
        return self.sessions[number - 1] if 1 <= number <= len(self.sessions) else None

    def as_data(self) -> dict[str, Any]:
        names = Counts.__slots__
        return {
            "counts": {name: getattr(self.counts, name) for name in names},
            "sessions": [one.as_data() for one in self.sessions],
            "lower_bound": self.lower_bound,
            "by_solver": self.by_solver,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plan:
        made: Mapping[str, int] = data.get("made", {})
        found = tuple(
            ProposedSession.from_data(number, row, made.get(str(number)))
            for number, row in enumerate(data["sessions"], 1)
        )
        return cls(Counts(**data["counts"]), found, data["lower_bound"], data["by_solver"])

    def with_made(self, made: Mapping[int, int]) -> Plan:
        known = [replace(one, session_id=made.get(one.number, one.session_id)) for one in self.sessions]
        return replace(self, sessions=tuple(known))
