"""Times finding people among a million members: the page and the API, whole requests, warm.

.venv/bin/python -m bench.find_people [--database sqlite|postgresql] [--members N] [--runs N] [--keep DIR]

Builds an invented district of its own in a temporary folder (or in DIR, and uses again what is there;
SQLite only) and touches no other database. Prints a line a search: median and worst by the clock, the median
of this process's own work (on a busy machine the better measure of SQLite, which runs in it), rows shown.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select, text

from app.core.crypto import blind_index, seal
from app.core.db import Base, db
from app.core.vocabulary import FOREVER, Group, OrgKind, OrgSector, Role
from app.demo import words
from app.members.models import GroupMembership, Member, Membership, OrgPlacement, OrgUnit
from app.members.pinyin import name_pinyin
from tests.databases import make_app, postgresql_database
from tests.factories import NOW, make_account, make_instructor, make_staff, make_token, sign_in

MEMBERS_A_BRANCH = 200
BRANCHES_A_HOUSE, HOUSES_A_COMMITTEE = 10, 10
AT_ONCE = 20_000
# Shares of members with a row by hand.
BY_HAND = ((Group.MOBILE, 0.09), (Group.EXEMPT, 0.04), (Group.LOST_CONTACT, 0.005), (Group.RETIRED, 0.10))
Rows = Iterator[dict[str, Any]]


def units(branches: int) -> Iterator[tuple[int, str, str, OrgKind, OrgSector | None, int | None, str]]:
    """(id, code, name, kind, sector, parent, path): a root, committees, general branches, branches."""
    yield 1, "P", "某市委员会", OrgKind.COMMITTEE, None, None, "/1/"
    sectors = list(OrgSector)
    number, house, committee = 1, (1, "/1/"), (1, "/1/")
    for i in range(branches):
        if i % (BRANCHES_A_HOUSE * HOUSES_A_COMMITTEE) == 0:
            number += 1
            committee = (number, f"/1/{number}/")
            yield number, f"P{number}", f"第{number}街道工作委员会", OrgKind.COMMITTEE, None, 1, committee[1]
        if i % BRANCHES_A_HOUSE == 0:
            number += 1
            house = (number, f"{committee[1]}{number}/")
            kind = OrgKind.GENERAL_BRANCH
            yield number, f"P{number}", f"第{number}社区总支部", kind, None, committee[0], house[1]
        number += 1
        sector, path = sectors[i % len(sectors)], f"{house[1]}{number}/"
        yield number, f"P{number}", f"第{number}党支部", OrgKind.BRANCH, sector, house[0], path


def names(rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """(name, pinyin, initials) without end; eight in a hundred are called 王."""
    given = [words.OLD_MEN, words.OLD_WOMEN, words.MEN, words.WOMEN]
    weights = [20 if i < words.COMMON_SURNAMES else 2 for i in range(len(words.SURNAMES))]
    known: dict[str, tuple[str, str, str]] = {}
    while True:
        for surname in rng.choices([*words.SURNAMES, "欧阳", "单", "仇"], [*weights, 1, 1, 1], k=1000):
            first, second = rng.choice(given)
            name = surname + ("" if rng.random() < 0.12 else rng.choice(first)) + rng.choice(second)
            if name not in known:
                known[name] = (name, *name_pinyin(name))
            yield known[name]


def members(rng: random.Random, count: int) -> Rows:
    sealed = [seal(f"1390000{tail:04d}", "phone") for tail in range(10_000)]
    tails = [blind_index(f"{tail:04d}", "phone_tail") for tail in range(10_000)]
    for number, (name, pinyin, initials) in enumerate(islice(names(rng), count), 1):
        tail = rng.randrange(10_000)
        yield {
            "id": number,
            "name": name,
            "pinyin": pinyin,
            "pinyin_initials": initials,
            "birth_date": date(1935, 1, 1) + timedelta(days=int(rng.triangular(0, 25_000, 18_000))),
            "phone_sealed": sealed[tail],
            "phone_index": number.to_bytes(16, "big"),
            "phone_tail_index": tails[tail],
            "created_at": NOW,
            "updated_at": NOW,
        }


def memberships(rng: random.Random, count: int, branch_ids: Sequence[int]) -> Rows:
    """One a member; one in twenty came from another branch, one in fifty has left."""
    for number in range(1, count + 1):
        here, since, until = rng.choice(branch_ids), date(2000, 1, 1), FOREVER
        if rng.random() < 0.05:
            moved = date(2015, 1, 1) + timedelta(days=rng.randrange(3000))
            yield {
                "member_id": number,
                "org_id": rng.choice(branch_ids),
                "starts_on": since,
                "ends_on": moved,
            }
            since = moved
        if rng.random() < 0.02:
            until = date(2024, 1, 1)
        yield {"member_id": number, "org_id": here, "starts_on": since, "ends_on": until}


def by_hand(rng: random.Random, count: int) -> Rows:
    for group, share in BY_HAND:
        for number in sorted(rng.sample(range(1, count + 1), round(count * share))):
            since = date(2018, 1, 1) + timedelta(days=rng.randrange(2000))
            yield {
                "member_id": number,
                "group_key": group,
                "starts_on": since,
                "ends_on": FOREVER,
                "is_in": True,
                "approved_by_id": 1 if group is Group.EXEMPT else None,
                "created_at": NOW,
            }


def build(count: int, members_a_branch: int = MEMBERS_A_BRANCH) -> None:
    """The district, in one transaction."""
    rng = random.Random(1)
    tree = list(units(max(1, count // members_a_branch)))
    branch_ids = [row[0] for row in tree if row[3] is OrgKind.BRANCH]
    keys = ("id", "code", "name", "kind", "sector")
    make_account("approver")
    put(OrgUnit, ({**dict(zip(keys, row, strict=False)), "created_at": NOW} for row in tree))
    since = date(1990, 1, 1)
    put(
        OrgPlacement,
        ({"org_id": row[0], "parent_id": row[5], "path": row[6], "starts_on": since} for row in tree),
    )
    put(Member, members(rng, count))
    put(Membership, memberships(rng, count, branch_ids))
    put(GroupMembership, by_hand(rng, count))


def put(model: type[Base], rows: Rows) -> None:
    """All rows of a table; its indexes are made afterwards, which takes a tenth of the time."""
    began, written = time.perf_counter(), 0
    connection, indexes = db.session.connection(), model.metadata.tables[model.__tablename__].indexes
    for index in indexes:
        index.drop(connection)
    while batch := list(islice(rows, AT_ONCE)):
        connection.execute(insert(model), batch)
        written += len(batch)
    for index in indexes:
        index.create(connection)
    db.session.commit()
    print(f"  {model.__tablename__}: {written:,} rows, {time.perf_counter() - began:.0f} s")


@contextmanager
def prepared(database: str, count: int, keep: Path | None) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        if database == "sqlite":
            folder.mkdir(parents=True, exist_ok=True)
            yield filled(make_app(f"sqlite:///{folder / 'people.sqlite3'}", folder), count)
            return
        with postgresql_database("bulou_people") as url:
            yield filled(make_app(url, folder), count)


def filled(app: Flask, count: int) -> Flask:
    with app.app_context():
        if not db.session.scalar(select(func.count()).select_from(OrgUnit)):
            print(f"building {count:,} members …")
            build(count)
            if db.engine.dialect.name == "postgresql":
                # As the server does by itself after a while.
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
    return app


class Readers:
    """Somebody of each place in the tree, with a browser and a token."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            ids = {code: org_id for org_id, code in db.session.execute(select(OrgUnit.id, OrgUnit.code))}
            branches = db.session.scalars(select(OrgUnit.id).where(OrgUnit.kind == OrgKind.BRANCH)).all()
            stamp = f"{time.time():.0f}"
            people = {
                "city": make_staff(f"city{stamp}", Role.ADMINISTRATOR, _Row(ids["P"])),
                "street": make_staff(f"street{stamp}", Role.ADMINISTRATOR, _Row(ids["P2"])),
                "branch": make_staff(f"branch{stamp}", Role.SECRETARY, _Row(branches[0])),
                "instructor": make_account(f"instructor{stamp}"),
            }
            make_instructor("指导员", *[_Row(i) for i in branches[::150][:30]], user=people["instructor"])
            self.browsers = {name: sign_in(app.test_client(), user) for name, user in people.items()}
            self.tokens = {name: make_token(user) for name, user in people.items()}

    def ask(self, who: str, path: str) -> tuple[float, float, int]:
        """Seconds by the clock and of own work of one request, and how many rows it shows."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if path.startswith("/api/") else {}
        began, busy = time.perf_counter(), time.process_time()
        answer = self.browsers[who].get(path, headers=headers)
        took, worked = time.perf_counter() - began, time.process_time() - busy
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        if headers:
            return took, worked, len(answer.get_json()["items"])
        return took, worked, len(re.findall(r'class="row-link"', answer.text))


class _Row:
    """Stands for a unit where only its id is asked for."""

    def __init__(self, org_id: int) -> None:
        self.id = org_id


SEARCHES = (
    ("city", "/members"),
    ("city", "/members?page=3"),
    ("city", "/members?q=王"),
    ("city", "/members?q=王&page=3"),
    ("city", "/members?q=王&page=20"),
    ("city", "/members?q=张建国"),
    ("city", "/members?q=王德福"),
    ("city", "/members?q=欧阳"),
    ("city", "/members?q=德福"),
    ("city", "/members?q=wang"),
    ("city", "/members?q=wang de fu"),
    ("city", "/members?q=zs"),
    ("city", "/members?q=w"),
    ("city", "/members?q=0001"),
    ("city", "/members?q=查无此人"),
    ("city", "/members?q=xyzzy"),
    ("city", "/members?org=P2"),
    ("city", "/members?org=P4"),
    ("city", "/members?org=P4&q=王"),
    ("city", "/members?org=P2&q=zs&page=3"),
    *(("city", f"/members?group={group.value}") for group in Group),
    ("city", "/members?group=elderly&page=3"),
    ("city", "/members?group=mobile&q=王"),
    ("city", "/members?group=elderly&q=zs"),
    ("city", "/members?group=lost_contact&org=P2"),
    ("city", "/members?group=lost_contact&q=查无"),
    ("street", "/members"),
    ("street", "/members?q=王"),
    ("street", "/members?q=zs&page=3"),
    ("street", "/members?q=0001"),
    ("street", "/members?group=exempt"),
    ("branch", "/members"),
    ("branch", "/members?q=王"),
    ("branch", "/members?q=zs"),
    ("branch", "/members?q=0001"),
    ("branch", "/members?group=elderly"),
    ("instructor", "/members"),
    ("instructor", "/members?q=王"),
    ("instructor", "/members?group=mobile"),
    ("city", "/api/v1/members?q=王&limit=50"),
    ("city", "/api/v1/members?q=zs&limit=500"),
    ("city", "/api/v1/members?group=mobile&limit=50"),
    ("branch", "/api/v1/members?q=wang&limit=50"),
)  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--members", type=int, default=1_000_000)
    arguments.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--keep", type=Path)
    asked = arguments.parse_args()
    with prepared(asked.database, asked.members, asked.keep) as app:
        readers = Readers(app)
        print(f"{'who':<10} {'page':<44} {'median':>9} {'worst':>9} {'own work':>9} {'rows':>5}")
        for who, path in SEARCHES:
            readers.ask(who, path)
            found = [readers.ask(who, path) for _ in range(asked.runs)]
            times, work = [took for took, _, _ in found], [worked for _, worked, _ in found]
            wide = sum(ord(char) > 0x2E80 for char in path)
            shown = f"{path:<{44 - wide}}"
            print(
                f"{who:<10} {shown} {statistics.median(times) * 1000:>6.0f} ms {max(times) * 1000:>6.0f} ms"
                f" {statistics.median(work) * 1000:>6.0f} ms {found[0][2]:>5}",
                flush=True,
            )


if __name__ == "__main__":
    main()
