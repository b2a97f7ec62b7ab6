"""Messengers and scanners open links before people do: not one GET or HEAD of the phone path writes."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.checkin.services.links import personal_link
from app.core.db import Base, db
from tests.web.test_phone_path import NOW, TICKET, Hall

WECHAT = (
    "Mozilla/5.0 (Linux; Android 6.0; HUAWEI) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/57.0.2987.132 MQQBrowser/6.2 Mobile Safari/537.36 MicroMessenger/6.6.7 NetType/WIFI"
)
ASKING: tuple[dict[str, str], ...] = (
    {"User-Agent": WECHAT},
    {"User-Agent": "DingTalk/7.0 wxwork/4.1 QQ/8.9"},
    {"User-Agent": "WeixinSpider TelegramBot (like TwitterBot) facebookexternalhit/1.1"},
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"},
)


@pytest.fixture
def hall(ctx: Flask) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield Hall(ctx)


def rows() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    db.session.rollback()
    return {
        name: sorted(repr(row) for row in db.session.execute(select(table)))
        for name, table in Base.metadata.tables.items()
    }


@pytest.mark.parametrize("bound", [True, False])
def test_no_get_and_no_head_of_the_phone_path_writes_a_row(hall: Hall, bound: bool) -> None:
    if bound:
        hall.bind(hall.phone)
    ticket = TICKET.findall(hall.phone.get(f"/c/{hall.code()}").text)[0]
    link = personal_link(hall.session.code_secret, hall.session.id, hall.member.id)
    paths = (
        f"/c/{hall.code()}", "/c", f"/checkin/{ticket}", "/checkin", "/checkin/leave",
        f"/checkin?ticket={ticket}", f"/j/{link}", f"/j?ticket={ticket}", "/bind", f"/bind?ticket={ticket}",
        "/mine", f"/unbind?ticket={ticket}", "/mine/card/stop", "/mine/phones/drop",
    )  # fmt: skip
    before = rows()
    for path in paths:
        for headers in ASKING:
            for method in ("GET", "HEAD"):
                assert hall.phone.open(path, method=method, headers=headers).status_code < 400, path
    assert rows() == before
    # What this can see: the button does write.
    answer = hall.phone.post("/checkin", data={"ticket": ticket})
    assert (answer.status_code, len(rows()["attendance"])) == ((200, 1) if bound else (403, 0))
