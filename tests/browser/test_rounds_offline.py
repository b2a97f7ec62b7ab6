"""Rounds of home visits in a real browser: no network, killed pages, cut lines, two phones, a wrong clock."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect
from sqlalchemy import delete, select, update

from app.accounts.services import NewUser, create_user
from app.attendance.models import Attendance, ReviewItem
from app.checkin.models import VisitRound, VisitRoundMember
from app.core.db import db, writing
from app.core.vocabulary import OrgKind, ReviewKind, Role, SessionState, Status
from app.members.models import Member, Membership
from app.trainings.models import ExpectedAttendee, TrainingSession
from tests.browser.conftest import CHROMIUM_FLAGS, watched
from tests.factories import LONG_AGO, NOW, make_member, make_org, make_session
from tests.servers import Server

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
PIN = "274913"
TZ = ZoneInfo("Asia/Shanghai")
PEOPLE, EACH = 450, 300
CUTS = 20
# Rows of the second phone whom the first has too; it notes some of them differently, and some too late.
DIFFERENT, TOO_LATE = 10, 5
FAST_HOURS = 3

# Taps the rows from..to, each as soon as the one before is noted.
TAP = """async ([from, to, reason]) => {
  const breath = () => new Promise((done) => setTimeout(done, 2));
  for (const row of [...document.querySelectorAll("#people > li")].slice(from, to)) {
    row.querySelector(reason ? "[data-does=why]" : "[data-does=present]").click();
    if (reason) row.querySelector(`[data-does=excused][value=${reason}]`).click();
    for (let n = 0; !row.dataset.status && n < 2000; n++) await breath();
  }
}"""
# Everything that the phone keeps, as text; sealed bytes too, as one letter a byte.
KEPT = """async () => {
  const text = (value) => JSON.stringify(value, (_, part) => {
    const bytes = part instanceof ArrayBuffer || part instanceof Uint8Array;
    return bytes ? new TextDecoder().decode(part) : part;
  });
  const asked = (q) => new Promise((done) => { q.onsuccess = () => done(q.result); });
  const opened = await asked(indexedDB.open("bulou-rounds"));
  const stores = [...opened.objectStoreNames];
  const whole = (name) => asked(opened.transaction(name).objectStore(name).getAll());
  const all = await Promise.all(stores.map(whole));
  opened.close();
  const cached = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) cached.push(await (await cache.match(request)).text());
  }
  return text([stores, all, Object.entries(localStorage), cached]);
}"""
CLOCK = f"""(() => {{
  const Real = Date, ahead = {FAST_HOURS} * 3600000;
  window.Date = class extends Real {{
    constructor(...given) {{ if (given.length) super(...given); else super(Real.now() + ahead); }}
    static now() {{ return Real.now() + ahead; }}
  }};
}})();"""


class Line:
    """The network between the phones and the server: whole, down, or cut at some of the sendings.

    cuts: "before" drops a sending on its way, "after" drops the answer when the server has stored.
    """

    def __init__(self, url: str) -> None:
        self.is_down = False
        self.cuts: Iterator[str] = iter(())
        self.was_cut = 0
        line, host = self, url.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length) if length else None
                cut = next(line.cuts, "") if self.command == "POST" and self.path.endswith("/ticks") else ""
                line.was_cut += bool(cut)
                if line.is_down or cut == "before":
                    return
                connection = http.client.HTTPConnection(host, timeout=30)
                connection.request(self.command, self.path, body, dict(self.headers))
                found = connection.getresponse()
                content = found.read()
                connection.close()
                if cut == "after":
                    return
                self.send_response_only(found.status)
                for name, value in found.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        self.proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.proxy.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.proxy.server_port}"
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Hundreds of rows are drawn here while another test may have the processor."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    made = Line(server.url)
    yield made
    made.proxy.shutdown()
    made.proxy.server_close()


@pytest.fixture
def visit(server: Server) -> SimpleNamespace:
    """An open visit session of one branch that expects everybody, and an administrator."""
    with server.app.app_context():
        root = make_org("SF", name="示范区", kind=OrgKind.COMMITTEE)
        branch = make_org("SF01", root, name="柳塘村党支部")
        first = make_member("某某零", branch)
        with writing() as session:
            names = [f"某{a}{b}{c}" for a, b, c in itertools.product("甲乙丙丁戊己庚辛", repeat=3)]
            people = [
                Member(name=name, pinyin="zhangsan", pinyin_initials="zs", created_at=NOW, updated_at=NOW)
                for name in names[1:PEOPLE]
            ]
            session.add_all(people)
            session.flush()
            _belong(session, branch.id, [one.id for one in people])
        held = make_session(
            branch,
            title="送学到柳塘",
            mode="home_visit",
            state=SessionState.OPEN,
            starts_at=datetime.now(UTC) - timedelta(minutes=5),
            minutes=600,
        )
        ids = [first.id, *(one.id for one in people)]
        with writing() as session:
            session.add_all(
                ExpectedAttendee(session_id=held.id, member_id=member_id, org_id=branch.id, groups=0)
                for member_id in ids
            )
        user = NewUser("chief", "张主任", Role.ADMINISTRATOR, None, PASSWORD)
        create_user(user, None, datetime.now(UTC), datetime.now(TZ).date())
        return SimpleNamespace(session_id=held.id, ids=ids, names=names[1:PEOPLE])


def _belong(session: Any, org_id: int, member_ids: list[int]) -> None:
    session.add_all(
        Membership(member_id=member_id, org_id=org_id, starts_on=LONG_AGO) for member_id in member_ids
    )


class Phone:
    """Phones by name; the same name again is the same phone, switched on once more."""

    def __init__(self, chromium: Browser, folder: Path) -> None:
        self.chromium, self.folder = chromium, folder
        self.started: dict[str, BrowserContext] = {}

    def start(self, name: str, script: str = "") -> BrowserContext:
        context = self.chromium.browser_type.launch_persistent_context(
            str(self.folder / name),
            executable_path=os.environ.get("CHROMIUM")
            or shutil.which("chromium")
            or shutil.which("chromium-browser"),
            args=CHROMIUM_FLAGS,
            viewport={"width": 390, "height": 844},
        )
        if script:
            context.add_init_script(script)
        self.started[name] = context
        return context

    def kill(self, name: str) -> None:
        """Without a word to the page: every process of this phone's browser ends at once."""
        ours = f"--user-data-dir={self.folder / name}".encode()
        killed = 0
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if ours in (entry / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed += 1
        assert killed, "the browser was running"
        with contextlib.suppress(Error):
            self.started.pop(name).close()


@pytest.fixture
def phone(chromium: Browser, tmp_path: Path) -> Iterator[Phone]:
    made = Phone(chromium, tmp_path)
    yield made
    for context in made.started.values():
        context.close()


def take_along(context: BrowserContext, url: str, session_id: int, rows: slice) -> Page:
    """Sign in, choose the rows, set the PIN; the page of the round, open and ready for no network."""
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    if page.url.endswith("/sign-in"):
        page.fill("[name=username]", "chief")
        page.fill("[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        expect(page.locator("h1")).to_contain_text("今日")
    page.goto(f"{url}/sessions/{session_id}/rounds/new")
    page.evaluate(
        """([from, to]) => {
          const boxes = [...document.querySelectorAll("[name=members]")];
          boxes.forEach((box, n) => { box.checked = n >= from && n < to; });
          boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        [rows.start, rows.stop],
    )
    expect(page.locator("#take-button")).to_contain_text(str(rows.stop - rows.start))
    page.click("#take-button")
    page.fill("#pin-first", PIN)
    page.fill("#pin-again", PIN)
    page.click("#pin-go")
    page.wait_for_url("**/rounds")
    expect(page.locator("#ready")).to_be_visible(timeout=15_000)
    unlock(page)
    return page


def unlock(page: Page, pin: str = PIN) -> None:
    """Of several lists the one taken along last."""
    card = page.locator("#cards > section").last
    card.locator("[data-part=pin]").fill(pin)
    card.locator("[data-part=pin-go]").click()
    if pin == PIN:
        expect(page.locator("#open")).to_be_visible(timeout=15_000)


def tap(page: Page, start: int, stop: int, reason: str = "") -> None:
    page.evaluate(TAP, [start, stop, reason])


def ask_to_send(page: Page) -> None:
    """A tap on the button if it is there now: it goes as soon as nothing waits."""
    page.locator("#send").evaluate("button => button.hidden || button.disabled || button.click()")


def send_all(page: Page) -> None:
    """Ask for sending again and again, as somebody with a bad line does, until nothing waits."""
    expect(page.locator("#outbox")).to_be_visible()
    for _ in range(600):
        if page.locator("#n-waiting").inner_text() == "0":
            return
        ask_to_send(page)
        page.wait_for_timeout(60)
    pytest.fail(f"still waiting: {page.locator('#n-waiting').inner_text()}")


def rows_of(server: Server) -> dict[int, Attendance]:
    with server.app.app_context():
        found = {row.member_id: row for row in db.session.scalars(select(Attendance))}
        db.session.expunge_all()
    return found


def review(server: Server, kind: ReviewKind) -> list[ReviewItem]:
    with server.app.app_context():
        found = list(db.session.scalars(select(ReviewItem).where(ReviewItem.kind == kind)))
        db.session.expunge_all()
    return found


def test_two_phones_without_a_network_bring_home_the_exact_union(
    server: Server, visit: SimpleNamespace, line: Line, phone: Phone
) -> None:
    first = phone.start("first")
    page = take_along(first, line.url, visit.session_id, slice(0, EACH))
    second = phone.start("second", CLOCK)
    other = take_along(second, line.url, visit.session_id, slice(PEOPLE - EACH, PEOPLE))
    complaints = watched(page), watched(other)

    line.is_down = True
    tap(page, 0, EACH)
    expect(page.locator("#n-waiting")).to_have_text(str(EACH))
    assert rows_of(server) == {}
    phone.kill("first")
    page = reopened_without_network(phone, line, visit)
    sent_over_a_line_that_is_cut(server, phone, line, page)
    of_first = visit.ids[:EACH]
    assert set(rows_of(server)) == set(of_first)

    the_second_phone_hears_of_the_first(server, visit, line, other)
    assert complaints == ([], [])


def reopened_without_network(phone: Phone, line: Line, visit: SimpleNamespace) -> Page:
    """The browser was killed; the page opens, has every tick, and shows names to the PIN alone."""
    page = phone.start("first").new_page()
    page.goto(f"{line.url}/rounds")
    expect(page.locator("#n-waiting")).to_have_text(str(EACH))
    kept = page.evaluate(KEPT)
    assert '"outbox"' in kept
    assert kept.count('"occurredAt"') == EACH
    assert [name for name in (*visit.names, "送学到柳塘", "柳塘村") if name in kept] == []
    unlock(page, "111222")
    expect(page.locator("[data-part=pin-error]")).to_contain_text("还可以试 9 次")
    unlock(page)
    expect(page.locator("#open-title")).to_have_text("送学到柳塘")
    expect(page.locator("#people")).to_contain_text(visit.names[0])
    return page


def sent_over_a_line_that_is_cut(server: Server, phone: Phone, line: Line, page: Page) -> None:
    """Cut twenty times, on the way there and on the way back, and the browser killed in the middle of it."""
    line.cuts = itertools.islice(itertools.cycle(("after", "before")), CUTS)
    line.is_down = False
    for _ in range(4):
        ask_to_send(page)
        page.wait_for_timeout(60)
    phone.kill("first")
    page = phone.start("first").new_page()
    page.goto(f"{line.url}/rounds")
    send_all(page)
    assert line.was_cut == CUTS
    expect(page.locator("#n-sent")).to_have_text(str(EACH))
    expect(page.locator("#n-look")).to_have_text("0")
    assert {row.status for row in rows_of(server).values()} == {Status.PRESENT}


def the_second_phone_hears_of_the_first(
    server: Server, visit: SimpleNamespace, line: Line, page: Page
) -> None:
    """Half of its list is recorded already; its clock is fast; the session closes before it is done."""
    line.is_down = True
    tap(page, 0, DIFFERENT, "sick")
    tap(page, DIFFERENT, EACH - TOO_LATE)
    line.is_down = False
    send_all(page)
    with server.app.app_context(), writing() as session:
        session.execute(update(TrainingSession).values(state=SessionState.CLOSED))
    tap(page, EACH - TOO_LATE, EACH)
    send_all(page)
    expect(page.locator("#n-sent")).to_have_text(str(EACH - DIFFERENT - TOO_LATE))
    expect(page.locator("#n-look")).to_have_text(str(DIFFERENT + TOO_LATE))
    look = page.locator("#look-list")
    expect(look.locator("li", has_text="张主任已登记为“到课”")).to_have_count(DIFFERENT)
    expect(look.locator("li", has_text="等组织者确认")).to_have_count(TOO_LATE)
    expect(look).to_contain_text(visit.names[PEOPLE - EACH])

    rows = rows_of(server)
    assert set(rows) == set(visit.ids[: PEOPLE - TOO_LATE]), "the exact union, less those who wait"
    assert {row.status for row in rows.values()} == {Status.PRESENT}
    late = review(server, ReviewKind.LATE_TICK)
    assert {item.member_id for item in late} == set(visit.ids[PEOPLE - TOO_LATE :])
    # Both times are kept, and the difference is put before a person once.
    by_fast_clock = rows[visit.ids[EACH]]
    apart = by_fast_clock.occurred_at - by_fast_clock.received_at
    assert timedelta(hours=FAST_HOURS, minutes=-5) < apart <= timedelta(hours=FAST_HOURS)
    [clock] = review(server, ReviewKind.WRONG_CLOCK)
    assert abs(clock.evidence["offset_seconds"] - FAST_HOURS * 3600) < 60


def test_a_stopped_or_expired_list_loses_its_names_and_keeps_its_ticks(
    server: Server, visit: SimpleNamespace, line: Line, phone: Phone
) -> None:
    page = take_along(phone.start("first"), line.url, visit.session_id, slice(0, 3))
    line.is_down = True
    tap(page, 0, 2)
    undo = page.locator("#people > li").nth(1).locator("[data-does=undo]")
    undo.click()
    expect(page.locator("#n-waiting")).to_have_text("1")
    page.evaluate(
        "RoundStore.rounds().then(([one]) => RoundStore.change(one.id, (r) => { r.expiresAt = 1; }))"
    )
    page.reload()
    expect(page.locator("#cards")).to_contain_text("已经到期")
    expect(page.locator("[data-part=pin-form]")).to_be_hidden()
    expect(page.locator("[data-part=drop]")).to_be_disabled()
    line.is_down = False
    send_all(page)
    assert list(rows_of(server)) == [visit.ids[0]]
    # The phone's clock had jumped: by the server's time the list is good, and opens again.
    unlock(page)
    with server.app.app_context(), writing() as session:
        session.execute(update(VisitRound).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    page.reload()
    expect(page.locator("#cards")).to_contain_text("已从这部手机上删去")
    assert 'sealed":null' in page.evaluate(KEPT)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("[data-part=drop]")
    expect(page.locator("#none")).to_be_visible()

    again = take_along(page.context, line.url, visit.session_id, slice(0, 3))
    again.goto(f"{line.url}/sessions/{visit.session_id}/rounds")
    again.locator("tbody tr").first.get_by_role("button", name="停用").click()
    again.locator("dialog[open]").get_by_role("button", name="停用").click()
    expect(again.locator("#flashes")).to_contain_text("已停用")
    page.reload()
    expect(page.locator("#cards")).to_contain_text("已被停用")
    assert 'sealed":null' in page.evaluate(KEPT)


def test_two_pages_of_one_phone_and_two_lists_do_not_lose_a_tick(
    server: Server, visit: SimpleNamespace, line: Line, phone: Phone
) -> None:
    page = take_along(phone.start("first"), line.url, visit.session_id, slice(0, 3))
    complaints = watched(page)
    tap(page, 0, 1)
    send_all(page)
    other = page.context.new_page()
    other.goto(f"{line.url}/rounds")
    with other.expect_event("dialog") as asked:
        other.once("dialog", lambda dialog: dialog.accept())
        other.click("[data-part=drop]")
    assert "归还吗" in asked.value.message
    expect(other.locator("#none")).to_be_visible()
    # The first page still shows the names; what is tapped there is refused aloud, and the names go.
    with page.expect_event("dialog") as told:
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#people > li").nth(1).locator("[data-does=present]").click()
    assert "没有记下" in told.value.message
    expect(page.locator("#open")).to_be_hidden()
    assert page.evaluate("RoundStore.outbox().then((ticks) => ticks.length)") == 0
    other.close()

    a_list_that_the_server_does_not_know_holds_up_no_other(server, visit, line, page)
    assert complaints == []


def a_list_that_the_server_does_not_know_holds_up_no_other(
    server: Server, visit: SimpleNamespace, line: Line, page: Page
) -> None:
    """As after a backup was put back: the first of two lists is not there, and its number is given again."""
    page = take_along(page.context, line.url, visit.session_id, slice(0, 3))
    line.is_down = True
    tap(page, 0, 1)
    with server.app.app_context(), writing() as session:
        session.execute(delete(VisitRoundMember))
        session.execute(delete(VisitRound))
    line.is_down = False
    page.goto(f"{line.url}/rounds")
    expect(page.locator("#state")).to_contain_text("没有这份名单")
    page = take_along(page.context, line.url, visit.session_id, slice(5, 8))
    numbers = page.evaluate("RoundStore.rounds().then((rounds) => rounds.map((one) => one.number))")
    assert len(numbers) == 2
    tap(page, 0, 2)
    expect(page.locator("#n-waiting")).to_have_text("3")
    ask_to_send(page)
    expect(page.locator("#n-waiting")).to_have_text("1")
    assert set(visit.ids[6:8]) < set(rows_of(server))
