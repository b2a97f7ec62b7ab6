"""Prints how long each year report of the demo district takes: median of five, whole request, warm.

INSTANCE_DIR=/tmp/bench .venv/bin/flask --app app db upgrade
INSTANCE_DIR=/tmp/bench .venv/bin/flask --app app demo load
INSTANCE_DIR=/tmp/bench .venv/bin/python -m bench.year_reports
"""

from __future__ import annotations

import statistics
import time

from app import create_app
from app.accounts.queries import user_id_by_name
from app.accounts.services import create_token
from app.core.clock import utc_now
from app.core.db import db

YEAR = "from=2019-01-01&to=2019-12-31"
REPORTS = [
    f"person-times?{YEAR}&by=kind",
    f"person-times?{YEAR}&by=mode",
    f"person-times?{YEAR}&by=org",
    f"person-times?{YEAR}&by=group",
    f"person-times?{YEAR}&by=month",
    f"coverage?{YEAR}&by=group",
    f"coverage?{YEAR}&by=org",
    f"uncovered?{YEAR}",
    "study-hours?year=2019",
    "study-hours?year=2019&below=1",
    "duties?year=2019",
]
RUNS = 5


def main() -> None:
    app = create_app()
    with app.app_context():
        user_id = user_id_by_name(db.session(), "admin")
        if user_id is None:
            raise SystemExit("load the demo district first")
        token = create_token(user_id, "bench", user_id, utc_now())
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    print(f"{'report':<52} {'median':>9} {'worst':>9}")
    for report in REPORTS:
        times = []
        for _ in range(RUNS + 1):
            start = time.perf_counter()
            answer = client.get(f"/api/v1/reports/{report}", headers=headers)
            times.append(time.perf_counter() - start)
            if answer.status_code != 200:
                raise SystemExit(f"{report}: {answer.status_code} {answer.text[:300]}")
        print(f"{report:<52} {statistics.median(times[1:]):>8.3f}s {max(times[1:]):>8.3f}s")


if __name__ == "__main__":
    main()
