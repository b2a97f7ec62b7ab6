"""Lists of sessions, the page of one, the steps of its life, the month, classes; who may see and do what."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from app.core.clock import office_tz, today
from app.core.db import db
from app.core.vocabulary import Role, SessionState, Status
from app.trainings.models import TrainingClass, TrainingSession
from tests.factories import attend, make_member, make_session, make_staff, sign_in
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, tick

# The busiest is the page of an open session with a search for somebody to add.
PAGE_BUDGET = 18


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def at(days: int, hour: int = 9) -> datetime:
    """An office morning some days from today."""
    return datetime.combine(today() + timedelta(days=days), time(hour), office_tz()).astimezone(UTC)


def state_of(session_id: int) -> SessionState:
    return db.session.get_one(TrainingSession, session_id, populate_existing=True).state


def titles(page: str) -> list[str]:
    return re.findall(r'class="row-link" href="/sessions/\d+">([^<]+)<', page)


def test_the_whole_walk_from_a_new_session_to_a_closed_one(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser)
    page = f"/sessions/{session_id}"
    assert "发布" in browser.get(page).text
    for step, after, said in (
        ("publish", SessionState.PUBLISHED, "已发布,应到名单已确定"),
        ("open", SessionState.OPEN, "已开始签到"),
    ):
        answer = post(browser, f"{page}/{step}")
        assert answer.location == page
        assert said in browser.get(page).text
        assert state_of(session_id) is after
    assert "出示签到码" in browser.get(page).text
    tick(browser, session_id, office.people[0], "present")
    post(browser, f"{page}/close")
    shown = browser.get(page).text
    assert state_of(session_id) is SessionState.CLOSED
    assert "还有 2 人未登记" in shown
    assert 'id="n-attended">1<' in shown
    post(browser, f"{page}/reopen")
    assert state_of(session_id) is SessionState.OPEN


def test_opening_on_the_way_to_the_code_leads_to_the_code(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    answer = post(browser, f"/sessions/{session_id}/open", then="code")
    assert answer.location == f"/sessions/{session_id}/code"


@pytest.mark.parametrize("step", ["publish", "open", "close", "reopen", "cancel"])
def test_a_step_taken_twice_is_answered_kindly(office: Office, step: str) -> None:
    browser = office.browser()
    session_id = office.saved(browser)
    way = {"publish": [], "open": ["publish"], "close": ["publish", "open"], "cancel": []}
    for before in way.get(step, ["publish", "open", "close"]):
        post(browser, f"/sessions/{session_id}/{before}")
    post(browser, f"/sessions/{session_id}/{step}")
    after = state_of(session_id)
    again = post(browser, f"/sessions/{session_id}/{step}")
    assert again.status_code == 302
    shown = browser.get(again.location).text
    assert "notice--warning" in shown
    assert re.search(r"这场(已发布|正在签到|已经结束|已经取消)", shown)
    assert state_of(session_id) is after


def test_each_tab_shows_its_part_of_the_sessions(office: Office) -> None:
    for title, start, state in (
        ("昨天的", at(-1), SessionState.CLOSED),
        ("没开的", at(-2), SessionState.PUBLISHED),
        ("还开着", at(-3), SessionState.OPEN),
        ("今天的", at(0, 23), SessionState.PUBLISHED),
        ("下周的", at(7), SessionState.PUBLISHED),
        ("没写完", at(8), SessionState.DRAFT),
        ("不办了", at(9), SessionState.CANCELLED),
    ):
        make_session(office.a, title=title, starts_at=start, state=state, minutes=30)
    browser = office.browser()
    assert titles(browser.get("/sessions").text) == ["还开着", "今天的", "下周的"]
    assert titles(browser.get("/sessions?tab=today").text) == ["今天的"]
    assert titles(browser.get("/sessions?tab=past").text) == ["昨天的", "没开的", "还开着"]
    assert titles(browser.get("/sessions?tab=drafts").text) == ["没写完"]
    assert len(titles(browser.get("/sessions?tab=all").text)) == 7
    assert "时间已过,没有签到" in browser.get("/sessions?tab=past").text


def test_filters_stand_in_the_address_and_narrow_the_list(office: Office) -> None:
    make_session(
        office.a, title="三月读书", kind="reading_class", starts_at=datetime(2026, 3, 5, 1, tzinfo=UTC)
    )
    make_session(
        office.b, title="四月读书", kind="reading_class", starts_at=datetime(2026, 4, 5, 1, tzinfo=UTC)
    )
    make_session(office.b, title="四月研讨", kind="seminar", starts_at=datetime(2026, 4, 6, 1, tzinfo=UTC))
    browser = office.browser()
    for query, found in (
        ("kind=reading_class", ["四月读书", "三月读书"]),
        ("org=QB", ["四月研讨", "四月读书"]),
        ("org=Q&kind=seminar", ["四月研讨"]),
        ("month=2026-03", ["三月读书"]),
        ("q=读书&org=QB", ["四月读书"]),
        ("day=2026-04-06", ["四月研讨"]),
        ("org=unknown", []),
    ):
        assert titles(browser.get(f"/sessions?tab=all&{query}").text) == found, query
    page = browser.get("/sessions?tab=past&kind=seminar&q=x").text
    assert 'href="/sessions?tab=all&amp;kind=seminar&amp;q=x"' in page
    assert "没有符合的场次" in page


@pytest.mark.parametrize(
    "query",
    ["tab=nothing", "month=2026-13", "month=x", "day=2026-02-30", "page=0", "page=-1", "page=x"],
)
def test_a_mangled_address_still_shows_a_list(office: Office, query: str) -> None:
    assert office.browser().get(f"/sessions?{query}").status_code == 200


def test_a_list_holds_fifty_and_the_rest_follow(office: Office) -> None:
    for n in range(51):
        make_session(office.a, title=f"第{n}场", starts_at=at(-n - 1))
    browser = office.browser()
    first = browser.get("/sessions?tab=past&kind=theme_day").text
    assert len(titles(first)) == 50
    assert "共 51 场" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert titles(browser.get(following[1].replace("&amp;", "&")).text) == ["第50场"]


def test_attended_and_expected_stand_beside_each_session(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    tick(browser, session_id, office.guest, "late")
    page = browser.get("/sessions").text
    assert re.search(r'class="num">\s*2 / 3\s*<', page)


def test_the_month_shows_its_days_and_leads_to_the_neighbours(office: Office) -> None:
    start = datetime(2026, 3, 31, 17, tzinfo=UTC)  # 1 April in the office
    make_session(office.a, title="愚人节前后", starts_at=start)
    make_session(office.a, title="取消的", starts_at=start, state=SessionState.CANCELLED)
    browser = office.browser()
    april = browser.get("/sessions/calendar?month=2026-04").text
    assert "2026 年 4 月" in april
    assert "愚人节前后" in april
    assert "取消的" not in april
    assert "共 1 场" in april
    assert "month=2026-03" in april
    assert "month=2026-05" in april
    assert "共 0 场" in browser.get("/sessions/calendar?month=2026-03").text
    assert browser.get("/sessions/calendar?month=nothing").status_code == 200


def test_a_full_day_of_the_month_leads_to_its_list(office: Office) -> None:
    for n in range(8):
        make_session(office.a, title=f"场{n}", starts_at=datetime(2026, 4, 1, 1 + n, tzinfo=UTC))
    browser = office.browser()
    page = browser.get("/sessions/calendar?month=2026-04").text
    assert "还有 3 场" in page
    assert len(titles(browser.get("/sessions?tab=all&day=2026-04-01").text)) == 8


def test_a_class_counts_each_member_once_and_held_sessions_only(office: Office) -> None:
    made = TrainingClass(
        title="轮训班", kind_key="rotation_class", host_org_id=office.root.id, created_at=at(0)
    )
    db.session.add(made)
    db.session.commit()
    one, two, open_one = [
        make_session(office.root, title=f"第{n}课", class_id=made.id, starts_at=at(-n), state=state)
        for n, state in ((1, SessionState.CLOSED), (2, SessionState.CLOSED), (3, SessionState.OPEN))
    ]
    for row in (one, two, open_one):
        attend(row, office.people[0])
    attend(two, office.people[1], status=Status.MADE_UP)
    attend(two, office.people[2], status=Status.ABSENT)
    page = office.browser().get(f"/classes/{made.id}").text
    figures = re.findall(r'number-card__value">([\d,]+)', page)
    assert figures == ["3", "2", "3"]  # sessions, class person-times, person-times
    assert titles(page) == ["第1课", "第2课", "第3课"]
    listed = office.browser(Role.SUPERVISOR).get("/classes").text
    assert "轮训班" in listed
    assert re.search(r'class="num">2 / 3<', listed)


def test_a_supervisor_sees_everything_and_finds_no_button(office: Office) -> None:
    session_id = office.opened(office.browser())
    draft = office.saved(office.browser(Role.SECRETARY, office.a), title="草稿一")
    browser = office.browser(Role.SUPERVISOR)
    for path in (
        "/sessions",
        f"/sessions/{session_id}",
        f"/sessions/{draft}",
        "/sessions/calendar",
        "/classes",
        "/",
    ):
        page = browser.get(path)
        assert page.status_code == 200
        main = page.text[page.text.index('<main class="main"') : page.text.index("</main>")]
        assert 'method="post"' not in main, path
        assert "/sessions/new" not in main, path
    assert "张一" in browser.get(f"/sessions/{session_id}").text


WRITES = [
    "publish",
    "open",
    "close",
    "cancel",
    "reopen",
    "edit",
    "roster",
    "roster/{member}",
]


@pytest.mark.parametrize("path", WRITES)
def test_a_supervisor_cannot_write(office: Office, path: str) -> None:
    session_id = office.saved(office.browser())
    browser = office.browser(Role.SUPERVISOR)
    answer = post(
        browser, f"/sessions/{session_id}/{path.format(member=office.people[0].id)}", status="present"
    )
    assert answer.status_code == 403
    assert state_of(session_id) is SessionState.DRAFT


@pytest.mark.parametrize("path", ["/sessions/new", "/sessions/members"])
def test_a_supervisor_cannot_begin_a_session(office: Office, path: str) -> None:
    assert post(office.browser(Role.SUPERVISOR), path, **office.typed()).status_code == 403


@pytest.mark.parametrize("path", WRITES)
def test_the_neighbours_session_is_not_found_by_any_step(office: Office, path: str) -> None:
    session_id = office.saved(office.browser(), step="publish")
    browser = office.browser(Role.SECRETARY, office.b)
    answer = post(
        browser,
        f"/sessions/{session_id}/{path.format(member=office.people[0].id)}",
        **office.typed(status="excused", members=[str(office.people[0].id)]),
    )
    assert answer.status_code == 404
    assert state_of(session_id) is SessionState.PUBLISHED


@pytest.mark.parametrize(
    "path",
    ["/sessions/{id}", "/sessions/{id}/edit", "/sessions/{id}/candidates?add=z", "/sessions/new?from={id}"],
)
def test_the_neighbours_session_is_not_found_by_any_page(office: Office, path: str) -> None:
    session_id = office.saved(office.browser(), step="publish")
    browser = office.browser(Role.SECRETARY, office.b)
    assert browser.get(path.format(id=session_id)).status_code == 404
    assert "主题党日</a>" not in browser.get("/sessions?tab=all").text


def test_the_neighbours_class_is_not_found(office: Office) -> None:
    office.saved(office.browser(), new_class="甲的班次")
    made = db.session.query(TrainingClass).one()
    browser = office.browser(Role.SECRETARY, office.b)
    assert browser.get(f"/classes/{made.id}").status_code == 404
    assert "甲的班次" not in browser.get("/classes").text


def test_who_writes_in_one_branch_only_reads_in_another(office: Office) -> None:
    from app.accounts.models import RoleGrant
    from app.core.db import writing

    session_id = office.saved(office.browser(), step="publish")
    user = make_staff("both", Role.SECRETARY, office.b)
    with writing() as session:
        session.add(RoleGrant(user_id=user.id, role=Role.SUPERVISOR, org_id=office.a.id))
    browser = sign_in(office.app.test_client(), user)
    page = browser.get(f"/sessions/{session_id}").text
    main = page[page.index('<main class="main"') : page.index("</main>")]
    assert 'method="post"' not in main
    assert post(browser, f"/sessions/{session_id}/open").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/sessions?tab=all",
        "/sessions?tab=all&org=Q&kind=theme_day&q=学",
        "/sessions/calendar?month=2026-04",
        "/classes",
        "/classes/{class_id}",
        "/sessions/{draft}",
        "/sessions/{published}",
        "/sessions/{open}?add=z",
        "/sessions/{open}?show=attended&q=z",
    ],
)
def test_pages_of_sessions_stay_within_the_budget_whatever_the_rows(office: Office, path: str) -> None:
    for n in range(30):
        make_session(office.a, title=f"学{n}", starts_at=datetime(2026, 4, 1 + n % 28, 1, tzinfo=UTC))
        make_member(f"党员{n}", office.a, pinyin=f"dang{n}", initials="d")
    browser = office.browser()
    ids = {
        "draft": office.saved(browser, new_class="班次", groups=["elderly"], members=[str(office.guest.id)]),
        "published": office.saved(browser, step="publish", title="二", starts="15:00", ends="17:00"),
        "open": office.opened(browser, title="三", starts="15:30", ends="17:00"),
        "class_id": db.session.query(TrainingClass).one().id,
    }
    for person in office.people:
        tick(browser, ids["open"], person, "present")
    with count_queries() as queries:
        assert browser.get(path.format(**ids)).status_code == 200
    assert queries.count <= PAGE_BUDGET, queries.statements


@pytest.mark.parametrize(
    ("mode", "stands_open"), [("in_person", False), ("home_visit", True), ("night_school", True)]
)
def test_other_ways_of_checking_in_stay_shut_unless_they_are_this_sessions_way(
    office: Office, mode: str, stands_open: bool
) -> None:
    browser = office.browser()
    session_id = office.opened(browser, mode=mode)
    page = browser.get(f"/sessions/{session_id}").text
    tools = re.search(r'<details class="tools"( open)?>(.*?)</details>', page, re.DOTALL)
    assert tools
    assert bool(tools[1]) is stands_open
    assert f'href="/sessions/{session_id}/code/stream"' in tools[2]
    # What ends the session or calls it off is never among them.
    assert "结束签到" not in tools[2]
    assert "取消这一场" not in tools[2]


def test_after_closing_the_paper_sheet_comes_first(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    post(browser, f"/sessions/{session_id}/close")
    page = browser.get(f"/sessions/{session_id}").text
    assert 0 < page.index("录入纸质签到表") < page.index('<details class="tools">')
