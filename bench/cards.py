"""Prints what the card sheets of a whole district cost: seconds, peak memory, size and pages.

.venv/bin/python -m bench.cards [MEMBERS]

Makes a district of invented members on SQLite in a folder of its own, then issues and draws all their
cards in a process of its own, the whole way that a page's long task goes: twice, because the second
time everybody has a card. At the end a page in fifty is rendered and its QR codes are read.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BRANCHES = 412
SCALE = 150 / 72


def prepare(members: int) -> None:
    """The tree and its members, straight into the tables."""
    from sqlalchemy import insert

    from app.core.clock import today, utc_now
    from app.core.db import writing
    from app.core.vocabulary import OrgKind
    from app.demo.words import COMMUNITY, SURNAMES
    from app.members.models import Member, Membership, OrgPlacement, OrgUnit
    from app.members.pinyin import name_pinyin

    rng, now, day = random.Random(1), utc_now(), today()
    given = [chr(code) for code in rng.sample(range(0x4E00, 0x9FA5), 1500)]
    units: list[dict[str, Any]] = [
        {"id": 1, "code": "B", "name": "中共示范区委员会", "kind": OrgKind.COMMITTEE, "created_at": now}
    ]
    places: list[dict[str, Any]] = [{"org_id": 1, "parent_id": None, "path": "/1/", "starts_on": day}]
    for number in range(2, BRANCHES + 2):
        name = f"中共示范区{''.join(map(rng.choice, COMMUNITY))}社区第{number - 1}党支部委员会"
        unit = {"id": number, "code": f"B{number:03}", "name": name}
        units.append({**unit, "kind": OrgKind.BRANCH, "created_at": now})
        places.append({"org_id": number, "parent_id": 1, "path": f"/1/{number}/", "starts_on": day})
    people, rows = [], []
    for number in range(1, members + 1):
        name = rng.choice(SURNAMES) + "".join(rng.sample(given, rng.choice((1, 2, 2, 2))))
        full, initials = name_pinyin(name)
        person = {"id": number, "name": name, "pinyin": full, "pinyin_initials": initials}
        people.append({**person, "created_at": now, "updated_at": now})
        rows.append({"member_id": number, "org_id": rng.randrange(BRANCHES) + 2, "starts_on": day})
    with writing() as session:
        for table, values in ((OrgUnit, units), (OrgPlacement, places), (Member, people), (Membership, rows)):
            session.execute(insert(table), values)


def measure(printing: str) -> None:
    """One order through the long tasks, in this process."""
    from app.checkin.commands import CardOrder, Printing
    from app.checkin.services.card_sheets import CARD_SHEETS, ask_for_sheets
    from app.checkin.sheet_store import PART, sheet_store
    from app.core.access import Scope
    from app.core.clock import utc_now
    from app.core.db import db
    from app.core.tasks import run_waiting, task_of

    scope, began, busy = Scope((1,), None), time.perf_counter(), time.process_time()
    order = CardOrder(Printing(printing), None, utc_now())
    token = ask_for_sheets(order, scope, {}, sheet_store().new())
    run_waiting()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - busy
    task = task_of(db.session(), token, CARD_SHEETS, None)
    # Kilobytes here, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    done = task.result
    print(
        f"{printing:<6} cards={done['cards']} issued={done['issued']} branches={done['branches']} "
        f"pages={done['pages']} seconds={seconds:.1f} cpu_seconds={cpu_seconds:.1f} peak_mb={peak:.0f} "
        f"file_mb={done['bytes'] / 1e6:.1f}",
        flush=True,
    )
    Path(os.environ["INSTANCE_DIR"], "last.pdf").write_bytes(sheet_store().read(token, PART))


def read_back(path: Path) -> None:
    """Render a page in fifty and read what a scanner would."""
    import pypdfium2
    import zxingcpp

    document = pypdfium2.PdfDocument(path)
    cards = found = 0
    for number in range(0, len(document), 50):
        page = document[number]
        cards += page.get_textpage().get_text_range().count("请在签到时出示")
        found += len({code.text for code in zxingcpp.read_barcodes(page.render(scale=SCALE).to_pil())})
    document.close()
    print(f"read   cards={cards} codes_read={found}")


def main() -> None:
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 13_700
    if os.environ.get("BENCH_STEP"):
        from app import create_app

        with create_app().app_context():
            step = os.environ["BENCH_STEP"]
            prepare(members) if step == "prepare" else measure(step)
        return
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "INSTANCE_DIR": folder, "DATABASE_URL": "", "DEMO": "0"}
        flask = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
        subprocess.run(flask, env=env, check=True, capture_output=True)
        for step in ("prepare", "new", "all"):
            again = [sys.executable, "-m", "bench.cards", str(members)]
            subprocess.run(again, env={**env, "BENCH_STEP": step}, check=True)
        read_back(Path(folder, "last.pdf"))


if __name__ == "__main__":
    main()
