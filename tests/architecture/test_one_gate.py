"""Nothing writes the ledger past its gate, which knows the session's state and the locked periods."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings import ROOT

WRITES = re.compile(
    r"(insert|update|delete)\((Attendance|attendance)\)|session\.delete\((found|gone)\)"
    r"|found\.(status|minutes|left_at)(,[^=\n]*)? = |setattr\(found"
)
GATE = re.compile(r"from app\.attendance\.services\.admission import")
# Who writes without asking there, each with its reason.
EXCEPTIONS = {
    "app/attendance/services/record_scan.py": "the door: an open session only, and no locked day has one",
    "app/attendance/services/judge_again.py": "follows a change of a session, which asks services.locked",
    "app/trainings/services/facts.py": "the same",
    "app/attendance/services/merging.py": "two records of one person: decision 0028",
}


def _writers() -> dict[str, str]:
    found = {}
    for feature in ("attendance", "checkin", "trainings"):
        for path in sorted(Path(ROOT / "app" / feature / "services").glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "ttendance" in text and WRITES.search(text):
                found[path.relative_to(ROOT).as_posix()] = text
    return found


def test_whoever_writes_attendance_asks_the_gate() -> None:
    writers = _writers()
    assert set(EXCEPTIONS) <= set(writers), "exceptions that are none any more"
    past = [name for name, text in writers.items() if not GATE.search(text) and name not in EXCEPTIONS]
    assert past == []
    assert len(writers) > 8, "the writers were found"


def test_the_bare_state_decides_nothing_but_at_the_door() -> None:
    """`refusal` alone knows no locks: only those ask it who take an open session, or read."""
    asks = re.compile(r"from app\.attendance\.rules import [^\n(]*\brefusal\b")
    found = {
        path.name
        for feature in ("attendance", "checkin")
        for path in (ROOT / "app" / feature / "services").glob("*.py")
        if asks.search(path.read_text(encoding="utf-8"))
    }
    door = {"record_scan.py", "codes.py", "kiosk_desk.py", "links.py", "printed.py"}
    assert found == {"admission.py", "decide_review.py", *door}
