"""Three answers of ten get lost on the way; whoever repeats the same is recorded once and told so."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from app.attendance.models import Attendance
from app.checkin.models import BatchReceipt, SpentTicket
from app.core.db import db
from app.core.vocabulary import Role
from tests import databases
from tests.conftest import WORKER
from tests.factories import count, make_staff, make_token
from tests.load import (
    Attendant,
    Crew,
    Hall,
    Line,
    Tally,
    assert_exactly_once,
    check_in,
    make_crowd,
    open_hall,
    top_org,
    until_acknowledged,
)
from tests.lossy_proxy import LossyProxy, lossy_proxy
from tests.servers import Server, running

LOSS = 0.3
BY_APP, BY_PAGE, BY_BATCH = 300, 100, 200
BATCH = 20
PHONES = 8
TICKET = re.compile(r'name="ticket" value="([^"]+)"')
DONE = ("签到成功", "您已签到过")


def members_at(server: Server, hall: Hall) -> list[int]:
    """Everybody in the ledger of this session, by their ids."""
    query = select(Attendance.member_id).where(Attendance.session_id == hall.session_id)
    with server.app.app_context():
        return list(db.session.scalars(query.order_by(Attendance.member_id)))


def tick(hall: Hall, attendant: Attendant) -> dict[str, object]:
    """What a helper's phone noted."""
    return {
        "id": str(uuid.uuid4()),
        "session": hall.session_id,
        "member": attendant.member_id,
        "status": "present",
        "method": "staff_entry",
        "occurred_at": datetime.now(UTC).isoformat(),
    }


def by_app(server: Server, proxy: LossyProxy) -> None:
    crowd = make_crowd(server.app, BY_APP)
    hall, tally, results = open_hall(server.app), Tally(), Tally()

    def work(line: Line, attendant: Attendant) -> None:
        answer = until_acknowledged(lambda: check_in(line, hall, attendant), tally, pause_seconds=0)
        results.note(answer.json()["result"])

    with Crew(proxy.url, PHONES, crowd, work):
        pass
    assert results["recorded"] + results["already_recorded"] == BY_APP
    assert results["already_recorded"] > 0, "some had been recorded without hearing of it"
    assert tally["lost"] > 0
    assert_exactly_once(server.app, hall, crowd)


def by_page(server: Server, proxy: LossyProxy) -> None:
    """Scan, look, press the button; and press it again until the page says that it is done."""
    crowd = make_crowd(server.app, BY_PAGE)
    hall, tally, results = open_hall(server.app), Tally(), Tally()

    def work(line: Line, attendant: Attendant) -> None:
        member = f"bulou_member={attendant.token}"
        page = until_acknowledged(
            lambda: line.get(f"/c/{hall.code()}", Cookie=member), tally, pause_seconds=0
        )
        cookie = f"{member}; {page.cookies}"
        form = urlencode({"ticket": TICKET.findall(page.text)[0]})
        done = until_acknowledged(
            lambda: line.post_form("/checkin", form, Cookie=cookie), tally, pause_seconds=0, good=(200,)
        )
        [said] = [words for words in DONE if words in done.text.split("<main")[1]]
        results.note(said)

    with Crew(proxy.url, PHONES, crowd, work):
        pass
    assert results[DONE[0]] + results[DONE[1]] == BY_PAGE
    assert results[DONE[1]] > 0, "some pressed twice"
    assert members_at(server, hall) == [one.member_id for one in crowd]
    with server.app.app_context():
        assert count(SpentTicket) == BY_PAGE


def by_batch(server: Server, proxy: LossyProxy) -> None:
    """Two helpers send their rounds, which overlap by half, and send them again until they hear."""
    crowd = make_crowd(server.app, BY_BATCH)
    hall, tally = open_hall(server.app), Tally()
    with server.app.app_context():
        bearer = make_token(make_staff("helper", Role.ORGANISER, top_org()))
    rounds = [
        (device, [tick(hall, one) for one in part[start : start + BATCH]])
        for device, part in (("one", crowd[: BY_BATCH * 3 // 4]), ("two", crowd[BY_BATCH // 4 :]))
        for start in range(0, len(part), BATCH)
    ]

    def work(line: Line, ticks: tuple[str, list[dict[str, object]]]) -> None:
        body = {"device": ticks[0], "items": ticks[1]}
        answer = until_acknowledged(
            lambda: line.post_json("/api/v1/checkins/batch", body, Authorization=f"Bearer {bearer}"),
            tally,
            pause_seconds=0,
        )
        said = {item["id"]: item["result"] for item in answer.json()["items"]}
        assert set(said) == {item["id"] for item in ticks[1]}
        assert set(said.values()) <= {"recorded", "already_recorded"}

    with Crew(proxy.url, 2, rounds, work):
        pass
    assert tally["lost"] > 0
    assert members_at(server, hall) == [one.member_id for one in crowd]
    with server.app.app_context():
        assert count(BatchReceipt) == sum(len(ticks) for _device, ticks in rounds)


def exercise(server: Server) -> None:
    with lossy_proxy(server.url, LOSS) as proxy:
        for way in (by_app, by_page, by_batch):
            way(server, proxy)
        share = proxy.lost / (proxy.lost + proxy.passed)
    print(f"{proxy.lost} answers of {proxy.lost + proxy.passed} were lost")  # noqa: T201
    assert 0.2 < share < 0.4


@pytest.mark.slow
def test_a_network_that_loses_answers_loses_and_doubles_no_check_in_on_sqlite(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        exercise(server)


@pytest.mark.slow
def test_a_network_that_loses_answers_loses_and_doubles_no_check_in_on_postgresql(tmp_path: Path) -> None:
    with (
        databases.postgresql_database(f"bulou_lossy_{WORKER}") as url,
        running(tmp_path, url) as server,
    ):
        exercise(server)
