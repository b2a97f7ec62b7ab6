"""The roster: one tap a person, several at once, leave and its reason, who was not expected."""

import re
import threading

import pytest
from flask import Flask

from app.attendance.models import Attendance, AttendanceChange
from app.core.audit import AuditEntry
from app.core.db import db
from app.core.vocabulary import ExcuseReason, Group, Method, Role, Status
from tests.factories import count, make_member, make_staff, put_in_group, sign_in
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, tick, token_of


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def row_of(session_id: int, member: object) -> Attendance | None:
    return db.session.get(Attendance, (session_id, member.id), populate_existing=True)  # type: ignore[attr-defined]


def people_on(page: str) -> list[str]:
    return re.findall(r'roster__name"[^>]*>([^<]+)<', page)


@pytest.mark.parametrize("status", ["present", "late", "left_early", "absent"])
def test_one_tap_records_and_shows_who_did_it_and_how(office: Office, status: str) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    answer = tick(browser, session_id, office.people[0], status)
    assert answer.location == f"/sessions/{session_id}#m{office.people[0].id}"
    row = row_of(session_id, office.people[0])
    assert row is not None
    assert (row.status, row.method) == (Status(status), Method.STAFF_ENTRY)
    page = browser.get(f"/sessions/{session_id}").text
    assert re.search(rf'id="t{office.people[0].id}-{status}"[^>]*aria-pressed="true"', page)
    assert "工作人员登记" in page
    assert "organiserQ" in page


def test_a_double_tap_changes_nothing(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    for _ in range(2):
        assert tick(browser, session_id, office.people[0], "present").status_code == 302
    assert (count(Attendance), count(AttendanceChange)) == (1, 1)


def test_undo_makes_a_member_not_recorded_again_and_twice_is_harmless(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    for _ in range(2):
        assert tick(browser, session_id, office.people[0], "not_recorded").status_code == 302
    assert row_of(session_id, office.people[0]) is None
    assert [
        (c.status_before, c.status_after)
        for c in db.session.query(AttendanceChange).order_by(AttendanceChange.id)
    ] == [
        (None, Status.PRESENT),
        (Status.PRESENT, None),
    ]


def test_leave_takes_one_tap_and_its_reason_a_second(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    member = office.people[0]
    assert "公假" not in browser.get(f"/sessions/{session_id}").text
    tick(browser, session_id, member, "excused")
    assert "公假" in browser.get(f"/sessions/{session_id}").text
    tick(browser, session_id, member, "excused:sick")
    tick(browser, session_id, member, "excused")
    row = row_of(session_id, member)
    assert row is not None
    assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK), (
        "a second tap keeps the reason"
    )


@pytest.mark.parametrize("status", ["made_up", "excused:lazy", "nonsense", ""])
def test_a_status_that_no_button_offers_is_refused(office: Office, status: str) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    assert tick(browser, session_id, office.people[0], status).status_code == 422
    assert count(Attendance) == 0


def test_before_opening_only_leave_can_be_entered(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    member = office.people[0]
    page = browser.get(f"/sessions/{session_id}").text
    buttons = dict(re.findall(rf'id="t{member.id}-(\w+)"[^>]*aria-pressed="\w+"( disabled)?', page))
    assert {name for name, disabled in buttons.items() if not disabled} == {"excused", "none"}
    refused = tick(browser, session_id, member, "present")
    assert refused.status_code == 302
    assert "还没有开始签到" in browser.get(refused.location).text
    tick(browser, session_id, member, "excused:official")
    row = row_of(session_id, member)
    assert row is not None
    assert row.excuse_reason is ExcuseReason.OFFICIAL


def test_a_cancelled_session_takes_no_ticks(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    post(browser, f"/sessions/{session_id}/cancel")
    refused = tick(browser, session_id, office.people[0], "excused")
    assert "这场学习已取消" in browser.get(refused.location).text
    assert count(Attendance) == 0


def test_htmx_gets_the_row_and_the_numbers_only(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    answer = tick(browser, session_id, office.people[0], "late", htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert people_on(answer.text) == ["张一"]
    assert '<span id="n-attended" hx-swap-oob="innerHTML">1</span>' in answer.text
    assert '<span id="n-unrecorded" hx-swap-oob="innerHTML">2</span>' in answer.text
    gone = tick(browser, session_id, office.guest, "not_recorded", htmx=True)
    assert people_on(gone.text) == []


def test_a_refusal_reaches_htmx_as_words_beside_the_unchanged_row(office: Office) -> None:
    browser = office.browser()
    session_id = office.saved(browser, step="publish")
    answer = tick(browser, session_id, office.people[0], "present", htmx=True)
    assert answer.status_code == 200
    assert "还没有开始签到" in answer.text
    assert re.search(r'-present"[^>]*aria-pressed="false"', answer.text)


def test_a_tick_leads_back_to_where_it_was_made_and_nowhere_else(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    member = office.people[0]
    back = f"/sessions/{session_id}?show=unrecorded&page=2"
    assert tick(browser, session_id, member, "late", next=back).location == f"{back}#m{member.id}"
    away = tick(browser, session_id, member, "late", next="//evil.example/").location
    assert away == f"/sessions/{session_id}#m{member.id}"


def test_several_are_ticked_at_once_and_who_was_recorded_stays(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "excused:sick")
    chosen = [str(person.id) for person in office.people[:2]]
    answer = post(browser, f"/sessions/{session_id}/roster", members=chosen, status="present")
    assert "已登记 1 人;另有 1 人之前已登记,没有改动" in browser.get(answer.location).text
    statuses = [row.status if (row := row_of(session_id, person)) else None for person in office.people]
    assert statuses == [Status.EXCUSED, Status.PRESENT, None]


def test_several_ticked_twice_are_recorded_once(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    chosen = [str(person.id) for person in office.people]
    for _ in range(2):
        post(browser, f"/sessions/{session_id}/roster", members=chosen, status="absent")
    assert (count(Attendance), count(AttendanceChange)) == (3, 3)


def test_several_with_a_stranger_among_them_record_nobody(office: Office) -> None:
    session_id = office.opened(office.browser())
    browser = office.browser(Role.SECRETARY, office.a)
    chosen = [str(office.people[0].id), str(office.guest.id)]
    assert (
        post(browser, f"/sessions/{session_id}/roster", members=chosen, status="present").status_code == 404
    )
    assert count(Attendance) == 0


def test_nobody_chosen_is_said(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    answer = post(browser, f"/sessions/{session_id}/roster", status="present")
    assert "还没有选人" in browser.get(answer.location).text


def test_every_box_of_the_page_can_be_ticked_without_javascript(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    tick(browser, session_id, office.people[0], "present")
    page = browser.get(f"/sessions/{session_id}?checked=1").text
    assert len(re.findall(r'name="members"[^>]* checked', page)) == 2


def test_who_was_not_expected_is_found_added_and_shown_as_extra(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    found = browser.get(f"/sessions/{session_id}?add=lisi").text
    assert f"/sessions/{session_id}/roster/{office.guest.id}" in found
    part = browser.get(f"/sessions/{session_id}/candidates?add=zhang").text
    assert part.count("已在名单上") == 3
    tick(browser, session_id, office.guest, "present")
    page = browser.get(f"/sessions/{session_id}?show=extra").text
    assert people_on(page) == ["李四"]
    assert "列席" in page
    row = row_of(session_id, office.guest)
    assert row is not None
    assert row.is_extra


def test_only_members_of_the_own_scope_are_found_and_added(office: Office) -> None:
    session_id = office.opened(office.browser())
    browser = office.browser(Role.SECRETARY, office.a)
    assert "没有查到" in browser.get(f"/sessions/{session_id}/candidates?add=lisi").text
    assert tick(browser, session_id, office.guest, "present").status_code == 404
    assert count(Attendance) == 0


def test_each_number_shows_the_people_behind_it(office: Office) -> None:
    browser = office.browser()
    late = make_member("张四", office.a, pinyin="zhangd", initials="zd")
    put_in_group(late, Group.EXEMPT, approved_by_id=None)
    session_id = office.opened(browser)
    for member, status in zip(
        [*office.people[:2], office.guest, office.people[2]],
        ["present", "excused", "late", "absent"],
        strict=True,
    ):
        tick(browser, session_id, member, status)
    page = browser.get(f"/sessions/{session_id}").text
    numbers = dict(re.findall(r'id="n-(\w+)">([\d,]+)<', page))
    assert numbers == {
        "attended": "2",
        "expected": "4",
        "unrecorded": "1",
        "excused": "1",
        "absent": "1",
        "extra": "1",
        "made_up": "0",
    }
    for part, number in numbers.items():
        shown = people_on(browser.get(f"/sessions/{session_id}?show={part}").text)
        assert len(shown) == int(number), part
    assert people_on(browser.get(f"/sessions/{session_id}?q=lisi").text) == ["李四"]
    assert people_on(browser.get(f"/sessions/{session_id}?q=四&show=unrecorded").text) == ["张四"]
    assert "这里没有人" in browser.get(f"/sessions/{session_id}?show=made_up").text


def test_a_session_for_everyone_has_no_list_and_says_so(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser, orgs=None)
    assert "谁都可以来" in browser.get(f"/sessions/{session_id}").text
    tick(browser, session_id, office.guest, "present")
    assert people_on(browser.get(f"/sessions/{session_id}").text) == ["李四"]


def test_a_long_roster_comes_fifty_at_a_time_within_the_budget(office: Office) -> None:
    for n in range(60):
        make_member(f"党员{n}", office.a, pinyin=f"dang{n:02}", initials="d")
    browser = office.browser()
    session_id = office.opened(browser)
    first = people_on(browser.get(f"/sessions/{session_id}").text)
    second = people_on(browser.get(f"/sessions/{session_id}?page=2").text)
    assert (len(first), len(second)) == (50, 13)
    assert not set(first) & set(second)
    with count_queries() as queries:
        browser.get(f"/sessions/{session_id}?page=2")
    assert queries.count <= 15


def test_two_users_who_tick_the_same_member_at_once_leave_one_row(app: Flask) -> None:
    with app.app_context():
        office = Office(app)
        session_id, member_id = office.opened(office.browser()), office.people[0].id
        users = [make_staff(f"user{n}", Role.SECRETARY, office.a) for n in range(2)]
        browsers = [sign_in(app.test_client(), users[n % 2]) for n in range(8)]
        tokens = [token_of(browser) for browser in browsers]
    answers: list[int] = []

    def tap(n: int) -> None:
        answer = browsers[n].post(
            f"/sessions/{session_id}/roster/{member_id}",
            data={"csrf_token": tokens[n], "status": "present" if n % 2 else "late"},
        )
        answers.append(answer.status_code)

    taps = [threading.Thread(target=tap, args=(n,)) for n in range(8)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    assert answers == [302] * 8
    with app.app_context():
        row = db.session.query(Attendance).one()
        last = db.session.query(AttendanceChange).order_by(AttendanceChange.id.desc()).first()
        assert last is not None
        assert last.status_after is row.status


def test_several_cannot_be_taken_back_at_once_and_a_reason_is_kept(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    chosen = [str(person.id) for person in office.people[:2]]
    refused = post(browser, f"/sessions/{session_id}/roster", members=chosen, status="not_recorded")
    assert (refused.status_code, count(Attendance)) == (422, 0)
    post(browser, f"/sessions/{session_id}/roster", members=chosen, status="excused:sick")
    for person in office.people[:2]:
        row = row_of(session_id, person)
        assert row is not None
        assert (row.status, row.excuse_reason) == (Status.EXCUSED, ExcuseReason.SICK)


def test_who_corrects_a_closed_session_by_one_tap_is_asked_why_and_asked_once(office: Office) -> None:
    browser, member = office.browser(), office.people[0]
    session_id = office.opened(browser)
    tick(browser, session_id, member, "absent")
    tick(browser, session_id, member, "late")
    page = f"/sessions/{session_id}"
    why = f'action="{page}/roster/{member.id}/reason"'
    assert why not in browser.get(page).text, "a slip of the finger at an open session needs no reason"
    assert post(browser, f"{page}/close").status_code == 302
    assert "为什么改" in tick(browser, session_id, member, "present", htmx=True).text
    assert why in browser.get(page).text
    others = office.browser(Role.ADMINISTRATOR)
    assert why not in others.get(page).text
    asked = f"{page}/roster/{member.id}/reason"
    # A colleague's words do not stand under somebody else's correction, and nothing is no reason.
    for who, said in ((others, "我听说的"), (browser, " "), (browser, "长" * 201)):
        assert post(who, asked, reason=said, htmx=True).status_code == 200
    assert db.session.query(AttendanceChange).order_by(AttendanceChange.id.desc()).first().reason == ""  # type: ignore[union-attr]
    shown = post(browser, asked, reason="对照纸质签到表", htmx=True).text
    assert "对照纸质签到表" in shown
    assert "为什么改" not in shown
    again = post(browser, asked, reason="另一种说法")
    assert (again.status_code, again.location) == (302, f"{page}#m{member.id}")
    assert "对照纸质签到表" in browser.get(page).text
    assert "另一种说法" not in browser.get(page).text
    acts = db.session.query(AuditEntry).filter_by(action="attendance.reason").all()
    assert [act.subject for act in acts] == [f"session:{session_id}/member:{member.id}"]


def test_a_reason_is_told_only_within_the_own_scope(office: Office) -> None:
    browser = office.browser()
    session_id = office.opened(browser)
    stranger = office.browser(Role.SECRETARY, office.b)
    path = f"/sessions/{session_id}/roster/{office.people[0].id}/reason"
    assert post(stranger, path, reason="不归我管").status_code == 404
    assert browser.post(path, data={"reason": "没有令牌"}).status_code == 400
