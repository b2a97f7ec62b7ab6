"""Composes invented people for the branches: names, birth dates, jobs, telephone numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from app.core.vocabulary import OrgSector
from app.demo import words
from app.demo.shares import draw
from app.demo.tree import Unit

ELDERLY_FROM = 60
ELDERLY_SHARE = 0.28
WITHOUT_PHONE_SHARE = 150 / 13_700
PROBATIONARY_SHARE = 0.012
# 139 0000 xxxx and its like: number ranges that are not given to subscribers, as far as known.
PHONE_STARTS = (139, 138, 137, 136, 135, 134, 150, 151, 152, 158, 159, 188, 187, 183, 182, 178)
# How much likelier than others a member of the sector's branches is to be elderly.
_ELDERLY_WEIGHT = {
    OrgSector.RETIRED: 40.0,
    OrgSector.VILLAGE: 2.2,
    OrgSector.COMMUNITY: 2.0,
    OrgSector.STATE_ENTERPRISE: 0.4,
    OrgSector.PUBLIC_INSTITUTION: 0.3,
}
_YOUNG_SECTORS = {OrgSector.NON_PUBLIC, OrgSector.SOCIAL_ORG, OrgSector.SCHOOL}
_SCHOOLING = ("小学", "初中", "高中", "中专", "大专", "大学本科", "硕士研究生")
_OLD_SCHOOLING_WEIGHTS = (22, 34, 20, 10, 9, 5, 0)
_SCHOOLING_WEIGHTS = (1, 10, 18, 10, 28, 28, 5)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented member; `id` is the place in the list plus one, `org_id` the branch on the last day."""

    id: int
    org_id: int
    name: str
    sex: str
    ethnicity: str
    birth_date: date
    education: str
    membership_type: str
    joined_on: date
    confirmed_on: date | None
    job: str
    is_migrant_worker: bool
    phone: str | None

    def age_on(self, day: date) -> int:
        """Full years."""
        before = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before


def build_people(rng: Random, units: Sequence[Unit], year: int) -> list[Person]:
    """Everyone on the last day of `year`, exactly 28 % of them 60 or older then."""
    seats = [unit for unit in units for _ in range(unit.size)]
    weights = [_ELDERLY_WEIGHT.get(unit.sector, 0.15) if unit.sector else 0.15 for unit in seats]
    elderly = set(draw(rng, weights, round(len(seats) * ELDERLY_SHARE)))
    phones = _phones(rng, len(seats), elderly)
    return [_person(rng, i + 1, unit, i in elderly, year, phones[i]) for i, unit in enumerate(seats)]


def _person(rng: Random, number: int, unit: Unit, is_elderly: bool, year: int, phone: str | None) -> Person:
    age = _elderly_age(rng) if is_elderly else _age(rng, unit.sector)
    birth_date = _day_of(rng, year - age)
    is_man = rng.random() < 0.68
    joined_on = _joined(rng, birth_date, age, year)
    is_probationary = joined_on.year == year
    sector = unit.sector or OrgSector.COMMUNITY
    job = "离退休" if is_elderly and rng.random() < 0.5 else rng.choice(words.JOBS[sector.value])
    return Person(
        id=number,
        org_id=unit.id,
        name=invented_name(rng, is_man, age),
        sex="男" if is_man else "女",
        ethnicity="汉族" if rng.random() < 0.96 else rng.choice(("土家族", "回族", "苗族", "壮族", "满族")),
        birth_date=birth_date,
        education=rng.choices(_SCHOOLING, _OLD_SCHOOLING_WEIGHTS if is_elderly else _SCHOOLING_WEIGHTS)[0],
        membership_type="预备党员" if is_probationary else "正式党员",
        joined_on=joined_on,
        confirmed_on=None if is_probationary else _a_year_after(joined_on),
        job=job,
        is_migrant_worker=sector is OrgSector.VILLAGE and age < 55 and rng.random() < 0.2,
        phone=phone,
    )


def _elderly_age(rng: Random) -> int:
    low, high = rng.choices(((60, 69), (70, 79), (80, 93)), (50, 31, 19))[0]
    return rng.randint(low, high)


def _age(rng: Random, sector: OrgSector | None) -> int:
    """20 to 59; younger in companies, societies and schools."""
    middle = 36 if sector in _YOUNG_SECTORS else 46
    return round(rng.triangular(20, ELDERLY_FROM - 1, middle))


def _joined(rng: Random, birth_date: date, age: int, year: int) -> date:
    """A day at 19 or older, before `year`; a few of the young joined within it, in June or November."""
    if age <= 36 and rng.random() < PROBATIONARY_SHARE * 4:
        return date(year, rng.choice((6, 11)), rng.randint(10, 28))
    latest = min(birth_date.year + 42, year - 1)
    usual = birth_date.year + min(24, age - 1)
    return _day_of(rng, round(rng.triangular(birth_date.year + 19, latest, usual)))


def _day_of(rng: Random, year: int) -> date:
    first = date(year, 1, 1)
    return first + timedelta(days=rng.randrange((date(year + 1, 1, 1) - first).days))


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1, day=min(day.day, 28))


def invented_name(rng: Random, is_man: bool, age: int) -> str:
    if age >= 55:
        first, second = words.OLD_MEN if is_man else words.OLD_WOMEN
    else:
        first, second = words.MEN if is_man else words.WOMEN
    while True:
        common = rng.random() < 0.55
        surname = rng.choice(words.SURNAMES[: words.COMMON_SURNAMES] if common else words.SURNAMES)
        middle = "" if rng.random() < 0.12 else rng.choice(first)
        last = rng.choice(second)
        if middle != last and surname + middle + last not in words.FAMOUS:
            return surname + middle + last


def _phones(rng: Random, count: int, elderly: set[int]) -> list[str | None]:
    """A different number for each, but none for about 1 %, mostly elderly."""
    numbers: list[str] = []
    for block in range((count + 9_999) // 10_000):
        # Beyond sixteen blocks the four zeros give way to the round, so that numbers stay different.
        again, start = divmod(block, len(PHONE_STARTS))
        numbers += [f"{PHONE_STARTS[start]}{again:04d}{tail:04d}" for tail in range(10_000)]
    rng.shuffle(numbers)
    weights = [8.0 if i in elderly else 1.0 for i in range(count)]
    without = set(draw(rng, weights, round(count * WITHOUT_PHONE_SHARE)))
    return [None if i in without else numbers[i] for i in range(count)]
