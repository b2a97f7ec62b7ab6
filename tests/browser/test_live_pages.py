"""Pages that stay open: the projector through a restart, a session's page while others record."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.accounts.models import StaffLogin
from app.accounts.services.sign_ins import sign_out_everywhere
from app.checkin.rules import Verdict, judge, parse_long_code
from app.core.crypto import new_token, token_hash
from app.core.db import db, writing
from app.core.vocabulary import OrgKind, Role, SessionState
from app.members.models import Member
from app.trainings.models import ExpectedAttendee, TrainingSession
from tests.browser.conftest import watched
from tests.factories import attend, make_member, make_org, make_session, make_staff
from tests.servers import Server, running

pytestmark = pytest.mark.browser
STEP = 5
SECRET = b"s" * 32


def open_hall(app: Flask) -> SimpleNamespace:
    """An open session that expects three members, and somebody who may record."""
    with app.app_context():
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        branch = make_org("Q1", root)
        members = [make_member(name, branch) for name in ("甲", "乙", "丙")]
        session = make_session(branch, state=SessionState.OPEN, starts_at=datetime.now(UTC))
        with writing() as db_session:
            for member in members:
                db_session.add(
                    ExpectedAttendee(session_id=session.id, member_id=member.id, org_id=branch.id, groups=0)
                )
        user = make_staff("chief", Role.ADMINISTRATOR, root)
        return SimpleNamespace(id=session.id, members=[member.id for member in members], user_id=user.id)


def come(server: Server, hall: SimpleNamespace, member_id: int) -> None:
    """The member is recorded, by whatever other way."""
    with server.app.app_context():
        rows = db.session
        attend(rows.get_one(TrainingSession, hall.id), rows.get_one(Member, member_id))


def signed_in(chromium: Browser, server: Server, hall: SimpleNamespace) -> Page:
    """A page of a browser that is signed in."""
    token, now = new_token(), datetime.now(UTC)
    with server.app.app_context():
        with writing() as session:
            expires_at = now + timedelta(hours=12)
            session.add(
                StaffLogin(
                    user_id=hall.user_id, token_hash=token_hash(token), created_at=now, expires_at=expires_at
                )
            )
        client = server.app.test_client()
        with client.session_transaction() as kept:
            kept["login"] = token
        cookie = client.get_cookie("bulou")
    assert cookie is not None
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "bulou", "value": cookie.value, "url": server.url}])
    return context.new_page()


def codes_on(page: Page, folder: Path) -> list[str]:
    picture = folder / "screen.png"
    page.screenshot(path=picture)
    return [found.text for found in zxingcpp.read_barcodes(Image.open(picture))]


def verdict_on(page: Page, folder: Path) -> Verdict:
    [text] = codes_on(page, folder)
    code = parse_long_code(text)
    assert code is not None
    return judge(code, SECRET, datetime.now(UTC), STEP)


def test_the_projector_outlives_a_restart_and_says_when_the_sign_in_is_over(
    chromium: Browser, tmp_path: Path
) -> None:
    settings = {"CODE_STEP_SECONDS": str(STEP)}
    with contextlib.ExitStack() as first:
        server = first.enter_context(running(tmp_path, **settings))
        settings["PORT"] = str(urlsplit(server.url).port)
        hall = open_hall(server.app)
        page = signed_in(chromium, server, hall)
        complaints = watched(page)
        page.goto(f"{server.url}/sessions/{hall.id}/code")
        expect(page.locator("#expected")).to_have_text("3")
        assert verdict_on(page, tmp_path) is Verdict.GOOD
    # The server is gone: said in words, and the dead code is off the wall.
    expect(page.locator("#trouble")).to_be_visible(timeout=20000)
    expect(page.locator("#stage")).to_have_class(re.compile("stage--stale"), timeout=20000)
    expect(page.locator("#code")).to_have_css("opacity", "0")
    assert codes_on(page, tmp_path) == []
    with running(tmp_path, **settings) as server:
        expect(page.locator("#stage")).not_to_have_class(re.compile("stage--stale"), timeout=20000)
        expect(page.locator("#trouble")).to_be_hidden()
        expect(page.locator("#code")).to_have_css("opacity", "1")
        assert verdict_on(page, tmp_path) is Verdict.GOOD
        come(server, hall, hall.members[0])
        expect(page.locator("#attended")).to_have_text("1", timeout=20000)
        with server.app.app_context():
            sign_out_everywhere(hall.user_id, datetime.now(UTC))
        expect(page.locator("#signed-out")).to_be_visible(timeout=30000)
        page.locator("#signed-out a").click()
        expect(page).to_have_url(re.compile(rf"/sign-in\?next=.*{hall.id}"))
    assert complaints == []


@pytest.mark.parametrize("streams", ["256", "0"], ids=["listening", "asking"])
def test_the_sessions_page_counts_on_while_others_record_and_moves_no_row(
    chromium: Browser, tmp_path: Path, streams: str
) -> None:
    with running(tmp_path, LIVE_STREAMS=streams) as server:
        hall = open_hall(server.app)
        page = signed_in(chromium, server, hall)
        complaints = watched(page)
        page.goto(f"{server.url}/sessions/{hall.id}")
        rows = page.locator(".roster__row").evaluate_all("rows => rows.map(row => row.outerHTML)")
        assert len(rows) == 3
        come(server, hall, hall.members[0])
        expect(page.locator("#n-attended")).to_have_text("1", timeout=15000)
        expect(page.locator("#n-unrecorded")).to_have_text("2")
        expect(page.locator("#live-news")).to_contain_text("又有 1 人登记")
        assert page.locator(".roster__row").evaluate_all("rows => rows.map(row => row.outerHTML)") == rows
        # What this page records itself is no news to it.
        page.locator(f"#m{hall.members[1]} .tick--present").click()
        expect(page.locator("#n-attended")).to_have_text("2")
        expect(page.locator("#live-known")).to_have_attribute("data-version", re.compile(r"2\.\d+"))
        expect(page.locator("#live-news")).to_contain_text("又有 1 人登记")
        page.locator("#live-news a").click()
        expect(page.locator(f"#m{hall.members[0]} .tick--present")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#live-news")).to_be_hidden()
        assert complaints == []
