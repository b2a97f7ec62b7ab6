"""Prints how long a roster of 100,000 rows takes to import, and its memory: into an empty tree, then again.

.venv/bin/python -m bench.roster_import [--rows 100000] [--database-url postgresql+psycopg://…]

Each step runs in a process of its own, as the worker does, so that its peak memory is its own. With
PostgreSQL, name an empty database: the bench fills it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

# Of the offices' own export (domain.md, "Roster columns").
HEADERS = (
    "序号", "姓名", "性别", "公民身份号码", "民族", "出生日期", "学历", "人员类别", "学位", "所在党支部",
    "手机号码", "入党日期", "转正日期", "党龄", "党龄校正值", "新社会阶层类型", "工作岗位",
    "从事专业技术职务", "是否农民工", "现居住地", "户籍所在地", "是否失联党员", "是否流动党员",
    "入党类型", "转正情况", "入党时所在支部", "延长预备期时间",
)  # fmt: skip
BRANCHES = 700
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀英华平刚桂兰玉文辉力健俊鑫建国志强红梅春晓雪婷慧琴"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database-url")
    parser.add_argument("--step", choices=tuple(STEPS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        STEPS[asked.step](asked.rows)
        return
    # This process stays small: a child's peak begins at its parent's size.
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "INSTANCE_DIR": folder, "APP_ENV": "development", "DEMO": "0"}
        url = asked.database_url or f"sqlite:///{folder}/bench.sqlite3"
        environment |= {"DATABASE_URL": url, "BENCH_FILE": f"{folder}/roster.xlsx"}
        for step in ("make", "prepare"):
            _run(step, asked.rows, environment)
        size = Path(environment["BENCH_FILE"]).stat().st_size / 2**20
        print(f"{asked.rows:,} rows, {len(HEADERS)} columns, {size:.1f} MB, {url.split(':')[0]}")
        print(f"{'':<24} {'read':>7} {'whole':>7} {'cpu':>7} {'peak':>8}  result")
        for name in ("into an empty tree", "the same again"):
            for step in ("review", "store"):
                found = json.loads(_run(step, asked.rows, environment))
                print(_line(f"{name}: {step}", found), flush=True)


def _run(step: str, rows: int, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "bench.roster_import", "--step", step, "--rows", str(rows)]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _line(name: str, found: dict[str, Any]) -> str:
    times = " ".join(f"{found[part]:>6.1f}s" for part in ("read", "whole", "cpu"))
    return f"{name:<24} {times} {found['peak_mb']:>5.0f} MB  {found['counts']}"


def make(rows: int) -> None:
    """The file, as a member system exports it: one row a person, invented."""
    import xlsxwriter

    chance = random.Random(1)
    book = xlsxwriter.Workbook(os.environ["BENCH_FILE"])
    sheet = book.add_worksheet("花名册")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "党员花名册")
    sheet.write_row(1, 0, HEADERS)
    for number in range(1, rows + 1):
        for column, value in enumerate(_row(number, chance)):
            if isinstance(value, date):
                sheet.write_datetime(number + 1, column, value, day)
            else:
                sheet.write(number + 1, column, value)
    book.close()


def _row(number: int, chance: random.Random) -> list[object]:
    born = date(1935, 1, 1) + timedelta(days=chance.randrange(21_000))
    joined = date(born.year + 19 + chance.randrange(10), 7, 1)
    confirmed = joined.replace(year=joined.year + 1)
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2))
    branch = f"中共示范街道工作委员会第{number % BRANCHES + 1:03d}社区支部委员会"
    written = [born, born.isoformat(), f"{born:%Y.%m}", f"{born:%Y%m%d}"][number % 4]
    stays = chance.choice(("否", "否", "否", "是"))
    return [
        number, name, chance.choice("男女"), f"42010{number:06d}{chance.randrange(10**6):06d}X", "汉族",
        written, chance.choice(("研究生", "大学本科", "大学专科", "高中", "初中")), "正式党员", "-", branch,
        f"139{number:08d}", joined, confirmed, 2019 - joined.year, "-", "-",
        chance.choice(("离退休人员", "机关工作人员", "社区工作者", "农民", "-")), "-", "否",
        f"示范路{chance.randrange(500)}号", "示范区", "否", stays,
        "新吸收", "按期转正", branch, "-",
    ]  # fmt: skip


def prepare(rows: int) -> None:
    """The tables and the branches."""
    from flask_migrate import upgrade

    from app import create_app
    from app.core.access import Scope
    from app.core.clock import utc_now
    from app.core.db import db, writing
    from app.core.vocabulary import OrgKind
    from app.members.commands import OrgDraft
    from app.members.models import OrgPlacement, OrgUnit
    from app.members.rules import SINCE_EVER
    from app.members.services.orgs import create_org

    with create_app().app_context():
        upgrade()
        now = utc_now()
        with writing() as session:
            root = OrgUnit(code="Q", name="中共示范街道工作委员会", kind=OrgKind.COMMITTEE, created_at=now)
            session.add(root)
            session.flush()
            session.add(OrgPlacement(org_id=root.id, path=f"/{root.id}/", starts_on=SINCE_EVER))
            scope = Scope((root.id,), None)
            for number in range(1, BRANCHES + 1):
                name = f"第{number:03d}社区党支部"
                create_org(OrgDraft(f"B{number:03d}", name, OrgKind.BRANCH, "Q"), scope, now)
        db.session.remove()


def review(rows: int) -> None:
    """Read and compare; stores nothing."""
    _timed(is_stored=False)


def store(rows: int) -> None:
    """Read, compare and store."""
    _timed(is_stored=True)


def _timed(*, is_stored: bool) -> None:
    """Prints seconds and peak memory as JSON; from the start of the process on."""
    start, busy = time.perf_counter(), time.process_time()
    from app import create_app
    from app.core.clock import office_date, utc_now
    from app.core.db import db
    from app.members.roster.apply import import_roster, preview_roster
    from app.members.roster.plan import Asked
    from app.members.roster.queries import whole_office
    from app.members.roster.reading import read_roster

    with create_app().app_context():
        now = utc_now()
        asked = Asked(office_date(now), office_date(now))
        scope = whole_office(db.session(), asked.today)
        assert scope is not None
        roster = read_roster(Path(os.environ["BENCH_FILE"]).read_bytes(), asked.today)
        read = time.perf_counter() - start
        plan = import_roster(roster, asked, scope, now) if is_stored else preview_roster(roster, asked, scope)
    found = {"read": read, "whole": time.perf_counter() - start, "cpu": time.process_time() - busy}
    print(json.dumps({**found, "peak_mb": _peak_mb(), "counts": plan.counts.line()}))


def _peak_mb() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


STEPS = {"make": make, "prepare": prepare, "review": review, "store": store}

if __name__ == "__main__":
    main()
