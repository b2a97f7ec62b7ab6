"""Every page with a chart: nothing for axe to say, its table beside it, and the numbers without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from app.core.clock import office_tz, today
from app.core.vocabulary import Group, OrgKind, Role, SessionState
from app.settings import ROOT
from tests.browser.conftest import watched
from tests.factories import attend, make_member, make_org, make_session, make_staff, put_in_group, sign_in
from tests.servers import running

pytestmark = pytest.mark.browser
AXE = next((ROOT / "tests" / "vendor").glob("axe-core-*/axe.min.js"))
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# language, colours, width
LOOKS = (
    ("zh_Hans_CN", "light", 390),
    ("en", "light", 1440),
    ("zh_Hans_CN", "dark", 1440),
    ("en", "dark", 390),
)
# Address → how many charts it draws once all its parts are there.
PAGES = {
    "/reports": 3,
    "/reports/trend": 2,
    "/reports/duty-gaps": 0,
    "/reports/coverage?by=org": 1,
    "/reports/person-times?by=month": 1,
}
# The first page has no chart, but shows parts of these pages.
HOME = {"/": 0, "/branch": 0}
# Parts of the page whose content is wider than they are, and which do not scroll in a frame of their own.
TOO_WIDE = """() => [document.body, ...document.querySelectorAll('main, main section, main .grid > *')]
    .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.tagName + '.' + e.className)"""
# Charts that were drawn, and those whose table is missing or has no numbers.
DRAWN = "() => document.querySelectorAll('figure[data-chart]:not([hidden]) canvas').length"
WITHOUT_TABLE = """() => [...document.querySelectorAll('figure[data-chart]')]
    .filter((f) => !document.querySelectorAll('#' + f.dataset.table + ' [data-value]').length
                   || !f.querySelector('figcaption').textContent.trim()).map((f) => f.dataset.table)"""


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A running product with this month's sessions, some of which nobody held, and a signed-in browser."""
    with running(tmp_path_factory.mktemp("charts")) as server:
        with server.app.app_context():
            root = make_org("Q", name="示范区委员会", kind=OrgKind.COMMITTEE)
            street = make_org("Q1", root, name="春江街道工作委员会", kind=OrgKind.COMMITTEE)
            first, second = make_org("Q11", street, name="第一支部"), make_org("Q12", street, name="第二支部")
            other = make_org("Q2", root, name="机关支部")
            people = [make_member(f"成员{n}", unit) for n, unit in enumerate((first, first, second, other))]
            put_in_group(people[1], Group.MOBILE)
            begun = datetime.combine(today(), time(0, 30), office_tz()).astimezone(UTC)
            for title, host in (("主题党日", first), ("专题学习", other)):
                attend(make_session(host, title=title, starts_at=begun, minutes=30), people[0])
            make_session(second, title="正在签到", starts_at=datetime.now(UTC), state=SessionState.OPEN)
            user = make_staff("secretary", Role.SECRETARY, root)
            cookie = sign_in(server.app.test_client(), user).get_cookie("bulou")
        assert cookie is not None
        yield SimpleNamespace(server=server, cookie=cookie.value)


def opened(
    hall: SimpleNamespace, chromium: Browser, look: tuple[str, str, int], *, script: bool
) -> BrowserContext:
    language, colours, width = look
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=colours,  # type: ignore[arg-type]
        java_script_enabled=script,
    )
    url = hall.server.url
    context.add_cookies(
        [
            {"name": "bulou", "value": hall.cookie, "url": url},
            {"name": "lang", "value": language, "url": url},
        ]
    )
    return context


def wrong_on(page: Page, charts: int) -> list[str]:
    """What axe finds, what is cut, and charts that were not drawn or stand without their table."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(f"({DRAWN})() === {charts}")
    page.evaluate(AXE.read_text())
    found = page.evaluate(f"() => axe.run(document, {{runOnly: {WCAG!r}}})")
    assert found["passes"], "it was looked at"
    wrong = [
        f"{each['id']} ({each['help']}): {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found["violations"]
    ]
    wrong += [f"too wide: {name}" for name in page.evaluate(TOO_WIDE)]
    return wrong + [f"no table: {name}" for name in page.evaluate(WITHOUT_TABLE)]


def test_chart_pages_are_for_everyones_eyes(hall: SimpleNamespace, chromium: Browser) -> None:
    wrong = []
    for look in LOOKS:
        context = opened(hall, chromium, look, script=True)
        for address, charts in {**PAGES, **(HOME if look in LOOKS[:2] else {})}.items():
            page = context.new_page()
            complaints = watched(page)
            answer = page.goto(hall.server.url + address)
            assert answer is not None
            found = [*wrong_on(page, charts), *complaints]
            # Parts that come later are parts: they do not rename the page.
            if f"<title>{page.title()}</title>" not in answer.text():
                found.append(f"title: {page.title()}")
            wrong += [f"{look} {address}: {each}" for each in found]
            page.close()
        context.close()
    assert not wrong, "\n".join(wrong)


def test_without_script_the_numbers_are_there_or_one_link_away(
    hall: SimpleNamespace, chromium: Browser
) -> None:
    context = opened(hall, chromium, LOOKS[0], script=False)
    page = context.new_page()
    page.goto(f"{hall.server.url}/reports")
    assert page.locator(".number-card__value").all_inner_texts()[:3] == ["2", "2", "1"]
    assert page.locator("#coverage tfoot td").last.inner_text() == "3 人 →"
    for link, table in (("每个月的人次", "#trend-figures"), ("哪些支部没有开展", "#gaps-figures")):
        page.goto(f"{hall.server.url}/reports")
        page.click(f"text={link}")
        assert page.locator(f"{table} [data-value]").count() > 2
    # On a phone the gaps are a list of what is lacking.
    assert page.locator(".gaps__list").is_visible()
    assert not page.locator("#gaps-figures").is_visible()
    page.locator(".gaps__one").first.click()
    assert int(page.locator("#count").get_attribute("data-value") or 0) >= 1
    page.goto(f"{hall.server.url}/")
    page.click("text=还没有学到的人")
    assert "成员2" in page.locator("#branch").inner_text()
    context.close()
