"""The phone path in a real browser: without script, in old messengers, for everyone's eyes, and light."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from app.attendance.models import Attendance
from app.checkin.rules import long_code, short_code, step_of
from app.checkin.services.bindings import create_binding
from app.checkin.services.card_codes import issue_card_codes
from app.checkin.services.links import personal_link
from app.core.access import Scope
from app.core.db import db, writing
from app.core.vocabulary import Method, OrgKind, SessionState
from app.settings import ROOT
from app.trainings.models import ExpectedAttendee
from tests.factories import make_member, make_org, make_session
from tests.servers import Server, running

pytestmark = pytest.mark.browser
AXE = next((ROOT / "tests" / "vendor").glob("axe-core-*/axe.min.js"))
ICON = ROOT / "static" / "img" / "favicon.svg"
# The messenger's browser on a telephone of 2015.
WECHAT = (
    "Mozilla/5.0 (Linux; Android 5.1; HUAWEI TIT-AL00) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/53.0.2785.49 Mobile MQQBrowser/6.2 Safari/537.36 MicroMessenger/6.5.7.1041 NetType/3gnet"
)
LIGHT = 60_000
# language, elder mode, colours, width; 195 is a phone of 390 at 200 %.
LOOKS = {
    "zh": ("zh_Hans_CN", False, "light", 390),
    "en": ("en", False, "light", 195),
    "elder": ("zh_Hans_CN", True, "light", 195),
    "dark": ("zh_Hans_CN", False, "dark", 390),
    "elder in the dark, in English": ("en", True, "dark", 390),
}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Elements whose content is wider than they are: cut, or pushing the page sideways.
CUT = """() => [...document.querySelectorAll('body, main *')]
    .filter((e) => e.clientWidth && !e.closest('.visually-hidden') && !e.closest('svg')
                   && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
    .map((e) => e.tagName + '.' + e.className)"""


class Hall:
    """Sessions of every sort that a phone meets, on the running server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.names = itertools.count(1)
        with server.app.app_context():
            root = make_org("SF", name="示范区", kind=OrgKind.COMMITTEE)
            branch = make_org("SF01", root, name="中共示范区柳塘街道第二社区第一党支部")
            self.branch, self.root_id = SimpleNamespace(id=branch.id), root.id
            now = datetime.now(UTC)
            title = "主题党日:学习贯彻全会精神,交流一年来的体会和打算"
            kinds: dict[str, dict[str, Any]] = {
                "usual": {"starts_at": now, "title": title, "minutes": 90},
                "late": {"starts_at": now - timedelta(minutes=30), "late_after_minutes": 10},
                "ending": {"starts_at": now - timedelta(minutes=112), "asks_sign_out": True},
                "leaving": {"starts_at": now - timedelta(minutes=30), "asks_sign_out": True},
                "online": {"starts_at": now, "mode": "online", "join_url": "https://live.example/1"},
                "soon": {"starts_at": now + timedelta(hours=2), "state": SessionState.PUBLISHED},
            }
            self.ids = {
                name: make_session(branch, **{"state": SessionState.OPEN, **facts}).id
                for name, facts in kinds.items()
            }

    def member(self, phone: str | None = None) -> int:
        with self.server.app.app_context():
            name = f"欧阳修远{next(self.names)}"
            member_id: int = make_member(name, self.branch, phone=phone).id
            with writing() as session:
                session.add(
                    ExpectedAttendee(
                        session_id=self.ids["online"], member_id=member_id, org_id=self.branch.id, groups=0
                    )
                )
        return member_id

    def bound(self, member_id: int) -> str:
        with self.server.app.app_context():
            return create_binding(member_id, Scope((self.root_id,), None), datetime.now(UTC))

    def card_code(self, member_id: int) -> str:
        with self.server.app.app_context():
            return issue_card_codes([member_id], None, "office", datetime.now(UTC))[member_id]

    def scanned(self, name: str) -> str:
        code = long_code(b"s" * 32, self.ids[name], step_of(datetime.now(UTC), 15))
        return f"{self.server.url}/c/{code}"

    def link(self, name: str, member_id: int) -> str:
        with self.server.app.app_context():
            return f"{self.server.url}/j/{personal_link(b's' * 32, self.ids[name], member_id)}"


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One server for all tests here: each has members of its own."""
    with running(tmp_path_factory.mktemp("phone")) as server:
        yield Hall(server)


def weight_of(page: Page, address: str) -> int:
    """Bytes of everything that a first visit of the address fetches, unpacked, the icon included."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  Playwright takes no built-in
    page.goto(address)
    # Bodies are asked for afterwards: within the event the answer of the style sheet would be missed.
    weights = [len(answer.body()) for answer in answers]
    assert len(weights) >= 2, "the page and its style sheet at least"
    icon = 0 if any("favicon" in answer.url for answer in answers) else ICON.stat().st_size
    return sum(weights) + icon


def test_an_old_messenger_without_script_binds_by_the_card_and_checks_in(
    hall: Hall, chromium: Browser
) -> None:
    member_id = hall.member()
    page = chromium.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=False, user_agent=WECHAT
    ).new_page()
    weight = weight_of(page, hall.scanned("usual"))
    print(f"\nfirst visit: {weight:,} bytes")  # noqa: T201  to be read
    assert weight < LIGHT
    expect(page.locator("script")).to_have_count(0)
    page.fill("[name=one_time_code]", hall.card_code(member_id))
    page.click("text=用绑定码确认")
    expect(page.locator("h1")).to_contain_text("主题党日")
    page.click(".big-button")
    expect(page.locator("h1")).to_have_text("签到成功")
    expect(page.locator("main")).to_contain_text("90")
    # A second scan says so at once.
    page.goto(hall.scanned("usual"))
    expect(page.locator("main")).to_contain_text("您已签到过")
    with hall.server.app.app_context():
        row = db.session.get_one(Attendance, (hall.ids["usual"], member_id))
        assert row.method is Method.MEMBER_SCAN


def test_every_page_of_the_path_is_light(hall: Hall, chromium: Browser) -> None:
    member_id = hall.member()
    token = hall.bound(member_id)
    heavy = {}
    for name, address in {
        "confirm": hall.scanned("usual"),
        "code": f"{hall.server.url}/c",
        "link": hall.link("online", member_id),
        "mine": f"{hall.server.url}/mine",
    }.items():
        # Each as a first visit: nothing is kept from the page before.
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": "bulou_member", "value": token, "url": hall.server.url}])
        weight = weight_of(context.new_page(), address)
        print(f"\n{name}: {weight:,} bytes")  # noqa: T201  to be read
        if weight >= LIGHT:
            heavy[name] = weight
        context.close()
    assert heavy == {}


def test_six_digits_without_script(hall: Hall, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, user_agent=WECHAT)
    member_id = hall.member()
    context.add_cookies([{"name": "bulou_member", "value": hall.bound(member_id), "url": hall.server.url}])
    page = context.new_page()
    page.goto(f"{hall.server.url}/c")
    digits = short_code(b"s" * 32, hall.ids["usual"], step_of(datetime.now(UTC), 15))
    page.fill("[name=code]", f"{digits[:3]} {digits[3:]}")
    page.click(".big-button")
    page.click(".big-button")
    expect(page.locator("h1")).to_have_text("签到成功")


def hold(context: BrowserContext, url: str, *tokens: str) -> None:
    """Make it the phone of these members."""
    context.add_cookies([{"name": "bulou_member", "value": ".".join(tokens), "url": url}])


def walk(hall: Hall, context: BrowserContext) -> Iterator[tuple[str, Page]]:
    """Every page that a member can meet on the way, in turn."""
    page, url = context.new_page(), hall.server.url
    first, second = hall.member(), hall.member()
    his, hers = hall.bound(first), hall.bound(second)
    yield from first_time(hall, page)
    hold(context, url, his)
    yield from come_and_go(hall, page)
    hold(context, url, his, hers)
    yield from on_one_phone(hall, page)
    yield from by_link(hall, page, first)
    context.clear_cookies(name="bulou_browser")
    page.goto(hall.link("online", hall.member()))
    context.clear_cookies()
    page.click(".big-button")
    yield "no cookies", page


def first_time(hall: Hall, page: Page) -> Iterator[tuple[str, Page]]:
    page.goto(hall.scanned("usual"))
    yield "bind", page
    page.click(".big-button")
    yield "bind, nothing typed", page
    page.fill("[name=one_time_code]", "1")
    page.click("form:has([name=one_time_code]) button")
    yield "bind, a wrong code", page


def come_and_go(hall: Hall, page: Page) -> Iterator[tuple[str, Page]]:
    page.goto(hall.scanned("usual"))
    yield "confirm", page
    page.click(".big-button")
    yield "done", page
    page.goto(hall.scanned("usual"))
    yield "again", page
    page.goto(hall.scanned("late"))
    page.click(".big-button")
    yield "late", page
    for name in ("leaving", "ending"):
        page.goto(hall.scanned(name))
        page.click(".big-button")
        page.goto(hall.scanned(name))
        yield f"{name}: may sign out", page
        page.click("form[action='/checkin/leave'] button")
        yield f"{name}: signed out", page
        page.goto(hall.scanned(name))
        yield f"{name}: back again", page


def on_one_phone(hall: Hall, page: Page) -> Iterator[tuple[str, Page]]:
    page.goto(hall.scanned("usual"))
    yield "two people", page
    page.click("main a[href^='/bind?ticket=']")
    yield "one more", page
    page.go_back()
    page.click("main a[href^='/unbind?ticket=']")
    yield "not me", page
    page.goto(f"{hall.server.url}/c")
    yield "six digits", page
    page.fill("[name=code]", "000")
    page.click(".big-button")
    yield "wrong digits", page
    page.goto(f"{hall.server.url}/mine")
    yield "mine", page


def by_link(hall: Hall, page: Page, member_id: int) -> Iterator[tuple[str, Page]]:
    page.goto(f"{hall.server.url}/c/1.2.AAAAAAAAAAAAAAAA")
    yield "unknown code", page
    page.goto(hall.link("soon", member_id))
    yield "link, too early", page
    page.goto(hall.link("online", member_id))
    yield "link", page
    page.click(".big-button")
    yield "link, done", page


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_the_path_is_for_everyones_eyes(hall: Hall, chromium: Browser, look: str) -> None:
    language, elder, colours, width = LOOKS[look]
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=colours)  # type: ignore[arg-type]
    kept = {"lang": language, **({"elder": "1"} if elder else {})}
    wrong = []
    script = AXE.read_text()
    asked = f"() => axe.run(document, {{runOnly: {WCAG!r}}})"
    for where, page in walk(hall, context):
        context.add_cookies([{"name": k, "value": v, "url": hall.server.url} for k, v in kept.items()])
        if where == "bind":
            page.reload()
        # A click returns when the next page has begun, which may be before it has any element.
        page.wait_for_load_state()
        page.evaluate(script)
        found = page.evaluate(asked)
        assert found["passes"], "it was looked at"
        for each in found["violations"]:
            nodes = [node["html"][:120] for node in each["nodes"][:3]]
            wrong.append(f"{where}: {each['id']} ({each['help']}): {nodes}")
        wrong += [f"{where}: cut: {name}" for name in page.evaluate(CUT)]
    context.close()
    assert not wrong, "\n".join(wrong)
