"""Invents the instructors and the supervision teams, and says which units are whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from app.core.vocabulary import OrgTag
from app.demo.district import District
from app.demo.people import invented_name
from app.demo.tree import AGENCIES, COMMITTEES

Rows = Iterator[dict[str, Any]]
# 262 instructors looked after 338 branches under guidance; 40 officials sat in 10 teams.
INSTRUCTORS_A_BRANCH = 262 / 338
TEAMS, OFFICIALS_A_TEAM = 10, 4
_INSTRUCTORS_FROM = (
    "区委党校 讲师", "区委党校 副教授", "区宣讲团 讲师", "区直机关 联络员", "区教育局 教研员",
    "街道党工委 组织委员", "镇党委 组织委员", "退休干部 宣讲员", "区总工会 干事", "团区委 干事",
)  # fmt: skip
_OFFICIALS_FROM = (
    "区纪委监委 干部", "区委组织部 干部", "区委宣传部 干部", "区委巡察办 干部", "区直机关工委 干部",
    "区审计局 干部", "区财政局 干部", "区司法局 干部",
)  # fmt: skip
_ORDINALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Person:
    """An invented instructor or official; `group_id` is the team's place, 0 for instructors."""

    id: int
    name: str
    work_place: str
    group_id: int = 0
    is_leader: bool = False


@dataclass(frozen=True, slots=True)
class Oversight:
    """Who looks after which units; pairs are (id of the instructor or team, id of the unit)."""

    year: int
    instructors: tuple[Person, ...]
    officials: tuple[Person, ...]
    instructed: tuple[tuple[int, int], ...]
    supervised: tuple[tuple[int, int], ...]

    @property
    def instructors_since(self) -> date:
        return date(self.year, 3, 1)

    @property
    def teams_since(self) -> date:
        """The theme education began then."""
        return date(self.year, 9, 10)


def build_oversight(seed: int, district: District) -> Oversight:
    """Every branch under guidance has an instructor, some instructors have two; each committee has a team,
    the four larger towns and streets but the first have two. The same arguments always give the same."""
    rng = Random(f"{seed}:oversight")
    guided = [unit.id for unit in district.branches if OrgTag.GUIDED in unit.tags]
    count = max(1, round(len(guided) * INSTRUCTORS_A_BRANCH))
    rng.shuffle(guided)
    instructed = sorted((i % count + 1, org_id) for i, org_id in enumerate(guided))
    people = [_person(rng, i + 1, _INSTRUCTORS_FROM) for i in range(count)]
    seats = [(team, seat) for team in range(1, TEAMS + 1) for seat in range(OFFICIALS_A_TEAM)]
    officials = [
        _person(rng, i + 1, _OFFICIALS_FROM, team, seat == 0) for i, (team, seat) in enumerate(seats)
    ]
    ids = {unit.code: unit.id for unit in district.committees}
    committees = [ids[code] for code, _, _ in COMMITTEES]
    again = committees[1:AGENCIES]
    supervised = list(enumerate([*committees, *again], 1))
    return Oversight(
        district.year, tuple(people), tuple(officials), tuple(instructed), tuple(supervised[:TEAMS])
    )


def _person(
    rng: Random, number: int, places: tuple[str, ...], team: int = 0, is_leader: bool = False
) -> Person:
    name = invented_name(rng, rng.random() < 0.6, rng.randint(30, 66))
    return Person(number, name, rng.choice(places), team, is_leader)


def first_leader(oversight: Oversight) -> Person:
    """Who leads the team of the first street: the demo's supervisor signs in as them."""
    return oversight.officials[0]


def instructor_rows(oversight: Oversight, entered_at: datetime) -> Rows:
    for person in oversight.instructors:
        yield {
            "id": person.id,
            "name": person.name,
            "work_place": person.work_place,
            "created_at": entered_at,
        }


def instructed_rows(oversight: Oversight) -> Rows:
    for instructor_id, org_id in oversight.instructed:
        yield {
            "instructor_id": instructor_id,
            "org_id": org_id,
            "starts_on": oversight.instructors_since,
        }


def team_rows(entered_at: datetime) -> Rows:
    for i in range(TEAMS):
        yield {"id": i + 1, "name": f"第{_ORDINALS[i]}督导组", "created_at": entered_at}


def official_rows(oversight: Oversight, supervisor_id: int | None) -> Rows:
    """`supervisor_id`: the account of the first team's leader."""
    for person in oversight.officials:
        yield {
            "id": person.id,
            "team_id": person.group_id,
            "name": person.name,
            "work_place": person.work_place,
            "is_leader": person.is_leader,
            "user_id": supervisor_id if person is first_leader(oversight) else None,
            "starts_on": oversight.teams_since,
        }


def supervised_rows(oversight: Oversight) -> Rows:
    for team_id, org_id in oversight.supervised:
        yield {"team_id": team_id, "org_id": org_id, "starts_on": oversight.teams_since}
