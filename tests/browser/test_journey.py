"""The main job in a real browser: schedule, show, scan, bind, check in, close, read the figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from app.accounts.services import NewUser, create_user
from app.attendance.models import Attendance
from app.checkin.rules import long_code, step_of
from app.core.db import db
from app.core.vocabulary import OrgKind, OrgSector, Role, SessionState
from app.trainings.models import TrainingSession
from tests.browser.conftest import watched
from tests.factories import count, make_member, make_org, make_session
from tests.servers import Server, running

# One server and one district for the whole file, in this order: the first test counts everything there is.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey")]
# Seconds that a code is shown: no longer than a scan takes here.
STEP = 8
PASSWORD = "correct horse battery"
TZ = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("journey"), CODE_STEP_SECONDS=str(STEP)) as found:
        yield found


@pytest.fixture(scope="module")
def district(server: Server) -> SimpleNamespace:
    """A village branch with three members, and an administrator of the whole district."""
    with server.app.app_context():
        root = make_org("SF", name="示范区", kind=OrgKind.COMMITTEE)
        branch = make_org("SF01", root, name="柳塘村党支部", sector=OrgSector.VILLAGE)
        make_member("王小明", branch, birth_date=date(1985, 5, 5), phone="13900001234")
        for name in ("李大华", "赵老伯"):
            make_member(name, branch, birth_date=date(1950, 1, 1))
        user = NewUser("chief", "张主任", Role.ADMINISTRATOR, None, PASSWORD)
        create_user(user, None, datetime.now(UTC), datetime.now(TZ).date())
        found = SimpleNamespace(branch=SimpleNamespace(id=branch.id))
    return found


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("今日")


def read_code(page: Page, folder: Path) -> str:
    """What a phone's camera would read from the projected picture."""
    picture = folder / "projector.png"
    page.screenshot(path=picture)
    found = zxingcpp.read_barcodes(Image.open(picture))
    assert len(found) == 1, "one code on the picture, sharp enough to read"
    return found[0].text


def test_the_main_job_from_planning_to_the_list_of_those_not_reached(
    server: Server, district: SimpleNamespace, chromium: Browser, tmp_path: Path
) -> None:
    desk = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    phone = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    complaints = watched(desk), watched(phone)

    sign_in(desk, server.url)
    plan_a_session_and_show_its_code(desk, server.url)
    address = read_code(desk, tmp_path)
    bind_and_check_in(phone, address)

    # The count rises without a reload; a second scan adds nothing.
    expect(desk.locator("#attended")).to_have_text("1", timeout=8000)
    phone.goto(read_code(desk, tmp_path))
    expect(phone.locator("main")).to_contain_text("您已签到过")
    expect(phone.locator(".big-button")).to_have_count(0)
    with server.app.app_context():
        assert count(Attendance) == 1

    session_id, step, mac = address.rsplit("/", 1)[1].split(".")
    refuse_old_and_forged_codes(phone, server, int(session_id), int(step), mac)
    close_and_read_the_figures(desk, server.url, session_id)
    assert complaints == ([], [])


def plan_a_session_and_show_its_code(desk: Page, url: str) -> None:
    desk.goto(f"{url}/sessions/new")
    desk.fill("[name=title]", "主题党日:一个不漏")
    desk.select_option("[name=kind]", "theme_day")
    desk.fill("[name=day]", datetime.now(TZ).date().isoformat())
    desk.fill("[name=starts]", "00:01")
    desk.fill("[name=ends]", "23:59")
    desk.select_option("[name=host]", "SF01")
    desk.fill("[name=minutes]", "90")
    desk.check("[name=orgs][value=SF01]")
    desk.click("button[value=publish]")
    expect(desk.locator("h1")).to_contain_text("一个不漏")
    # The scheduler opens it by itself; the page offers the code as soon as it has.
    show = desk.get_by_role("link", name="出示签到码", exact=True)
    for _ in range(30):
        if show.is_visible():
            break
        desk.wait_for_timeout(500)
        desk.reload()
    show.click()
    expect(desk.locator("#attended")).to_have_text("0")
    expect(desk.locator("#expected")).to_have_text("3")


def bind_and_check_in(phone: Page, address: str) -> None:
    phone.goto(address)
    phone.fill("[name=name]", "王小明")
    phone.fill("[name=phone_tail]", "1234")
    phone.fill("[name=org_code]", "SF01")
    phone.click("text=确认是我")
    expect(phone.locator("main")).to_contain_text("主题党日:一个不漏")
    phone.click(".big-button")
    expect(phone.locator("h1")).to_have_text("签到成功")
    expect(phone.locator("main")).to_contain_text("90")


def refuse_old_and_forged_codes(phone: Page, server: Server, session_id: int, step: int, mac: str) -> None:
    with server.app.app_context():
        secret = db.session.get_one(TrainingSession, session_id).code_secret
    phone.goto(f"{server.url}/c/{long_code(secret, session_id, step - 10)}")
    expect(phone.locator("main")).to_contain_text("这个二维码已过期")
    expect(phone.locator("main")).to_contain_text("请再扫一次大屏幕上的新码")
    phone.goto(f"{server.url}/c/{session_id}.{step}.{mac[::-1]}")
    expect(phone.locator("main")).to_contain_text("没有认出这个签到码")


def close_and_read_the_figures(desk: Page, url: str, session_id: str) -> None:
    desk.goto(f"{url}/sessions/{session_id}")
    desk.get_by_role("button", name="结束签到").click()
    desk.locator("dialog[open]").get_by_role("button", name="结束签到").click()
    expect(desk.locator("main")).to_contain_text("还有 2 人未登记")
    year = datetime.now(TZ).year
    period = f"from={year}-01-01&to={year}-12-31"
    desk.goto(f"{url}/reports/person-times?{period}&by=kind")
    expect(desk.locator("tbody tr", has_text="主题党日")).to_contain_text("90")
    desk.goto(f"{url}/reports/coverage?{period}&by=group")
    expect(desk.locator("tr", has_text="农村党员")).to_contain_text(re.compile(r"33\.3"))
    desk.goto(f"{url}/reports/uncovered?{period}")
    listed = desk.locator("main")
    for text in ("李大华", "赵老伯", "送学上门"):
        expect(listed).to_contain_text(text)
    expect(listed).not_to_contain_text("王小明")


def test_the_projector_goes_on_through_a_lost_network_and_shows_the_next_code(
    server: Server, district: SimpleNamespace, chromium: Browser, tmp_path: Path
) -> None:
    with server.app.app_context():
        session_id = make_session(district.branch, state=SessionState.OPEN, starts_at=datetime.now(UTC)).id
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints = watched(page)
    sign_in(page, server.url)
    page.goto(f"{server.url}/sessions/{session_id}/code")
    first = read_code(page, tmp_path)
    context.set_offline(True)
    # The next code is asked for in the last seconds of this one: until then nothing is amiss.
    expect(page.locator("#trouble")).to_be_visible(timeout=30000)
    context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden(timeout=15000)
    expect(page.locator("#code")).to_be_visible()
    page.wait_for_timeout((STEP + 1) * 1000)
    assert read_code(page, tmp_path) != first
    assert complaints == []


def test_the_phone_path_needs_no_script(server: Server, district: SimpleNamespace, chromium: Browser) -> None:
    with server.app.app_context():
        session = make_session(district.branch, state=SessionState.OPEN, starts_at=datetime.now(UTC))
        code = long_code(session.code_secret, session.id, step_of(datetime.now(UTC), STEP))
    page = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    weight = []
    page.on("response", lambda response: weight.append(len(response.body())))
    page.goto(f"{server.url}/c/{code}")
    assert sum(weight) < 60_000, "the first visit stays light"
    page.fill("[name=name]", "王小明")
    page.fill("[name=phone_tail]", "1234")
    page.fill("[name=org_code]", "SF01")
    page.click("text=确认是我")
    page.click(".big-button")
    expect(page.locator("h1")).to_have_text("签到成功")


def test_a_member_reads_keeps_and_corrects_what_is_recorded_without_script(
    server: Server, district: SimpleNamespace, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page, weight = context.new_page(), []
    page.goto(f"{server.url}/bind")
    page.fill("[name=name]", "王小明")
    page.fill("[name=phone_tail]", "1234")
    page.fill("[name=org_code]", "SF01")
    page.on("response", lambda response: weight.append(len(response.body())))
    page.click("text=确认是我")
    expect(page.locator("h1")).to_have_text("王小明")
    assert sum(weight) < 60_000, "the first visit stays light"

    page.click("text=我的资料")
    expect(page.locator("main")).to_contain_text("柳塘村党支部")
    page.locator("section", has_text="所在党支部").get_by_role("link", name="有错?请改正").click()
    expect(page.locator("[name=about]")).to_have_value("branch")
    page.fill("[name=text]", "我已转到镇上的支部")
    page.click("text=交给党支部")
    expect(page.locator("main")).to_contain_text("等待支部答复")
    page.click("text=回到我的学习")

    page.click("text=下载我的全部记录")
    with page.expect_download() as waited:
        page.click("text=下载成网页,可以打印")
    kept = Path(waited.value.path()).read_text()
    assert "我已转到镇上的支部" in kept
    # The file opens from a disk as it does here, and asks nobody for anything.
    page.goto(f"{server.url}/mine/record.html?open=1")
    family = page.locator("body").evaluate("body => getComputedStyle(body).fontFamily")
    assert "PingFang" in family, "its style came along"

    page.goto(f"{server.url}/mine")
    page.click("text=解除这部手机与 王小明 的绑定")
    expect(page.locator("h1")).to_contain_text("解除这部手机与 王小明 的绑定?")
    page.click("button:has-text('解除绑定')")
    expect(page.locator("h1")).to_have_text("第一次使用")


def test_back_from_a_saved_session_and_saving_again_makes_no_second_one(
    server: Server, district: SimpleNamespace, chromium: Browser
) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    complaints = watched(page)
    sign_in(page, server.url)
    page.goto(f"{server.url}/sessions/new")
    page.fill("[name=title]", "退回再存")
    page.select_option("[name=host]", "SF01")
    page.click("button[value=draft]")
    expect(page.locator("h1")).to_contain_text("退回再存")
    made = page.url
    page.go_back()
    expect(page.locator("[name=title]")).to_have_value("退回再存")
    page.click("button[value=draft]")
    expect(page.locator("#flashes")).to_contain_text("没有再建一场")
    assert page.url == made
    assert complaints == []
