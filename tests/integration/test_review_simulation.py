"""Five hundred members, mostly honest, with planted proxies: each cluster is found, and hardly anyone else.

Everything is recorded by the services that pages use, in the order of a clock of its own; the scheduler's
look runs every few minutes, as it would. A person is flagged who is listed as concerned by an item other
than a head count of the whole session.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.attendance.jobs import look_over_sessions
from app.attendance.models import Attendance
from app.attendance.queries.reviews import ReviewFilter, ReviewRow, concerned, reviews_page
from app.attendance.services.correct import set_status, staff_sighting
from app.attendance.services.record import Outcome
from app.checkin.models import MemberBinding
from app.checkin.services.present import device_of, redeem_ticket
from app.checkin.services.tickets import for_member, issue_ticket, sign
from app.core.access import Scope
from app.core.crypto import token_hash
from app.core.db import db, writing
from app.core.vocabulary import ATTENDED_STATUSES, Method, OrgKind, ReviewKind, SessionState, Status
from app.members.models import Member, Membership
from app.trainings.models import ExpectedAttendee, TrainingSession, Venue
from app.trainings.rules import Step
from app.trainings.services.lifecycle import take_step
from tests import databases
from tests.factories import LONG_AGO, count, make_org, make_session

TZ = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 9 o'clock in the office
SEED = 20260302
MEMBERS = 500
LOOK_EVERY = timedelta(minutes=10)
# One phone for so many members each.
SHARED = (3, 4, 5, 6, 7, 8)
RELAYED = 36
ELSEWHERE = 8


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def token_of(member: int) -> str:
    """What a browser keeps that stands for the member."""
    return f"token-of-{member}"


@dataclass
class District:
    """Who there is, what they do and when, and what was planted."""

    chance: random.Random
    scope: Scope
    ids: list[int]
    sessions: dict[str, Any]
    acts: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    planted: dict[str, set[int]] = field(default_factory=dict)
    shared_phones: dict[str, set[int]] = field(default_factory=dict)
    repeats: int = 0

    def at(self, when: datetime, act: Callable[[datetime], None]) -> None:
        self.acts.append((when, len(self.acts), act))

    def scan(self, name: str, member: int, when: datetime, phone: str | None = None) -> None:
        """The button of the page on a phone, the member's own unless another is named."""

        def press(now: datetime) -> None:
            browser = phone or f"phone-of-{member}"
            ticket = for_member(
                issue_ticket(self.sessions[name].id, browser, Method.MEMBER_SCAN, now), member
            )
            done = redeem_ticket(sign(ticket), browser, [token_of(member)], now, tz=TZ, elderly_age=60)
            self.outcomes.append(done.outcome)

        self.at(when, press)

    def tick(self, name: str, member: int, when: datetime) -> None:
        """A tick on the roster for somebody without a phone."""

        def press(now: datetime) -> None:
            seen = staff_sighting(self.sessions[name].id, member, Status.PRESENT, None, None, now)
            assert set_status(seen, "", self.scope, now, tz=TZ, elderly_age=60) in ATTENDED_STATUSES

        self.at(when, press)

    def run(self) -> None:
        looked = START - timedelta(hours=1)
        for when, _order, act in sorted(self.acts, key=lambda each: each[:2]):
            while looked + LOOK_EVERY <= when:
                looked += LOOK_EVERY
                look_over_sessions(looked)
            act(when)
        look_over_sessions(looked + LOOK_EVERY)


def district(chance: random.Random) -> District:
    root = make_org("Q", kind=OrgKind.COMMITTEE)
    branches = [make_org(f"Q{n:02d}", root) for n in range(10)]
    with writing() as tx:
        people = [
            Member(name=f"党员{n}", pinyin=f"p{n}", pinyin_initials="p", created_at=START, updated_at=START)
            for n in range(MEMBERS)
        ]
        halls = [Venue(name=name) for name in ("党校", "书店", "市场")]
        tx.add_all([*people, *halls])
        tx.flush()
        ids = [person.id for person in people]
        venues = [hall.id for hall in halls]
        tx.add_all(
            Membership(member_id=member, org_id=branches[n % 10].id, starts_on=LONG_AGO)
            for n, member in enumerate(ids)
        )
        tx.add_all(
            MemberBinding(
                member_id=member, token_hash=token_hash(token_of(member)), proof="api", created_at=START
            )
            for member in ids
        )
    hour = timedelta(hours=1)
    late: dict[str, Any] = {"late_after_minutes": 15, "state": SessionState.OPEN}
    sessions = {
        "hall": make_session(root, starts_at=START, venue_id=venues[0], **late),
        "beside": make_session(root, starts_at=START + hour / 2, venue_id=venues[1], **late),
        "after": make_session(root, starts_at=START + 2 * hour, venue_id=venues[2], minutes=60, **late),
        "counted": make_session(root, starts_at=START + 4 * hour, head_count=24, guest_count=2, **late),
        "even": make_session(root, starts_at=START + 4 * hour, head_count=32, guest_count=2, **late),
    }
    made = District(chance, Scope((root.id,), None), ids, sessions)
    with writing() as tx:
        tx.add_all(
            ExpectedAttendee(
                session_id=sessions["hall"].id, member_id=member, org_id=branches[n % 10].id, groups=0
            )
            for n, member in enumerate(ids)
        )
    return made


def arrive(world: District, name: str, members: Sequence[int], phone: str | None = None) -> None:
    """At the door before the start, most of them in the last ten minutes."""
    begins: datetime = world.sessions[name].starts_at
    for member in members:
        world.scan(name, member, begins + seconds(max(-1700, world.chance.gauss(-300, 240))), phone)


def plan_honest(world: District, people: list[int]) -> None:
    """Couples on one phone, neighbours, slow walkers, repeats, ticks, and a handful after the end."""
    begins, ends = world.sessions["hall"].starts_at, world.sessions["hall"].ends_at

    def take(n: int) -> list[int]:
        taken, people[:] = people[:n], people[n:]
        return taken

    for number in range(30):
        couple = take(2)
        when = begins + seconds(world.chance.uniform(-1500, 600))
        for place, member in enumerate(couple):
            world.scan("hall", member, when + seconds(20 * place), f"couple-{number}")
    for number in range(10):
        arrive(world, "hall", take(2), f"neighbours-{number}")
    # Somebody helps two neighbours: three on a phone is what a person is asked to look at.
    arrive(world, "hall", take(3), "neighbours-of-three")
    for member in take(25):
        world.scan("hall", member, begins + seconds(world.chance.uniform(300, 2400)))
    for member in take(15):
        world.tick("hall", member, begins + seconds(world.chance.uniform(-600, 1800)))
    for member in take(20):
        for again in (0, 90):
            world.scan("hall", member, begins + seconds(world.chance.uniform(-600, 0) + again))
        world.repeats += 1
    for member in take(7):
        world.scan("hall", member, ends + seconds(world.chance.uniform(90, 1500)))
    beside = take(40)
    arrive(world, "beside", beside)
    walking_over = people[:30]
    arrive(world, "hall", take(len(people)))
    # They leave the hall at its end and go on: one after another is no two places.
    arrive(world, "after", walking_over)
    arrive(world, "even", walking_over)


def plan_proxies(world: District, people: list[int]) -> None:
    begins, ends = world.sessions["hall"].starts_at, world.sessions["hall"].ends_at
    for size in SHARED:
        group, people[:] = people[:size], people[size:]
        phone = f"proxy-{size}"
        when = begins + seconds(world.chance.uniform(-900, 900))
        for place, member in enumerate(group):
            world.scan("hall", member, when + seconds(15 * place), phone)
        world.shared_phones[device_of(phone)] = set(group)
    relayed, people[:] = people[:RELAYED], people[RELAYED:]
    for member in relayed:
        world.scan("hall", member, ends + seconds(world.chance.uniform(2, 55)))
    world.planted["burst"] = set(relayed)
    twice, people[:] = people[:ELSEWHERE], people[ELSEWHERE:]
    arrive(world, "hall", twice)
    arrive(world, "beside", twice)
    world.planted["twice"] = set(twice)
    # Thirty scan where twenty-two were counted.
    arrive(world, "counted", world.chance.sample(world.ids, 30))


@pytest.fixture
def world(sqlite_app: Flask) -> Iterator[District]:
    """On one database: what each finds alike is asked in test_review.py."""
    databases.empty(sqlite_app)
    with sqlite_app.app_context():
        yield simulated()


def simulated() -> District:
    chance = random.Random(SEED)
    made = district(chance)
    people = chance.sample(made.ids, MEMBERS)
    proxies = sum(SHARED) + RELAYED + ELSEWHERE
    plan_proxies(made, people[:proxies])
    plan_honest(made, people[proxies:])
    for name, row in made.sessions.items():
        closes = row.ends_at + timedelta(minutes=30)
        made.at(closes, lambda now, name=name: close(made, name, now))
    made.run()
    return made


def close(world: District, name: str, now: datetime) -> None:
    take_step(world.sessions[name].id, Step.CLOSE, world.scope, now, tz=TZ)


def items(world: District) -> list[ReviewRow]:
    now = START + timedelta(hours=12)
    rows, _total = reviews_page(db.session(), ReviewFilter(decided=None), world.scope, now, limit=1000)
    return rows


def test_every_planted_cluster_is_found_and_hardly_anybody_honest_and_nobody_is_blocked(
    world: District, capsys: pytest.CaptureFixture[str]
) -> None:
    found = items(world)
    people = {
        key: {each.member_id for each in listed} for key, listed in concerned(db.session(), found).items()
    }
    by_kind: dict[ReviewKind, list[ReviewRow]] = defaultdict(list)
    for row in found:
        by_kind[row.kind].append(row)

    phones = {row.subject: people[row.id] for row in by_kind[ReviewKind.SHARED_DEVICE]}
    (burst,) = by_kind[ReviewKind.BURST_AFTER_END]
    twice = {row.member_id for row in by_kind[ReviewKind.TWO_PLACES]}
    planted = set().union(*world.shared_phones.values(), *world.planted.values())
    honest = set(world.ids) - planted
    flagged = set().union(
        *[people.get(row.id, set()) for row in found if row.kind is not ReviewKind.OVER_HEAD_COUNT]
    )
    numbers = (
        f"\ncheck-ins {len(world.outcomes)} (repeats {world.repeats}), items {len(found)}:"
        f" phones {len(phones)}, burst of {burst.evidence['members']}, two places {len(twice)},"
        f" head counts {len(by_kind[ReviewKind.OVER_HEAD_COUNT])};"
        f" planted {len(planted & flagged)} of {len(planted)} flagged,"
        f" honest {len(honest & flagged)} of {len(honest)} ({len(honest & flagged) / len(honest):.2%})\n"
    )
    with capsys.disabled():
        sys.stdout.write(numbers)

    assert {device: phones.get(device) for device in world.shared_phones} == world.shared_phones
    assert world.planted["burst"] <= people[burst.id]
    assert twice == world.planted["twice"]
    heads = [(row.session_id, row.evidence) for row in by_kind[ReviewKind.OVER_HEAD_COUNT]]
    assert heads == [(world.sessions["counted"].id, {"attended": 30, "room": 22})]
    assert planted <= flagged
    assert len(honest & flagged) <= len(honest) / 100

    assert all(outcome.status in ATTENDED_STATUSES for outcome in world.outcomes)
    assert sum(not outcome.created for outcome in world.outcomes) == world.repeats
    ticked = 15
    assert count(Attendance) == len(world.outcomes) - world.repeats + ticked
    assert db.session.get_one(TrainingSession, world.sessions["hall"].id).state is SessionState.CLOSED
