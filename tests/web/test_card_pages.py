"""Pages of cards: what a print would do, the print itself, one member's card and phones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient

from app.checkin.models import MemberBinding, MemberCard
from app.checkin.services.bindings import create_binding
from app.checkin.services.cards import holder_by_card, issue_card
from app.core.access import Scope
from app.core.db import db
from app.core.tasks import run_waiting
from app.core.vocabulary import Role
from tests.factories import count, make_staff, sign_in
from tests.web.session_office import Office, post

ONCE = re.compile(r'name="once" value="([^"]+)"')


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def order(browser: FlaskClient, printing: str = "new", org: str = "", **more: Any) -> Any:
    once = ONCE.findall(browser.get(f"/members/cards?org={org}").text)[0]
    return post(browser, "/members/cards", **{"printing": printing, "org": org, "once": once, **more})


def printed(browser: FlaskClient, answer: Any) -> list[str]:
    """The texts of the pages of the document that the task made."""
    run_waiting()
    return texts(browser.get(f"{answer.location}/cards.pdf").data)


def texts(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def codes(content: bytes) -> set[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        images = [page.render(scale=150 / 72).to_pil() for page in document]
    finally:
        document.close()
    return {code.text for image in images for code in zxingcpp.read_barcodes(image)}


def test_the_page_says_what_a_print_would_do(office: Office) -> None:
    issue_card(office.people[0].id, Scope((office.root.id,), None), datetime.now(UTC))
    browser = office.browser(Role.ADMINISTRATOR)
    page = browser.get("/members/cards").text
    assert "发新卡 3 张。" in page
    assert "发新卡 3 张,现在的卡再印 1 张" in page
    assert "发新卡 4 张,现在的 1 张停用" in page
    branch = browser.get("/members/cards?org=QB").text
    assert "发新卡 1 张。" in branch
    assert "全部换新卡" not in branch, "there is nothing to renew"


def test_members_without_a_card_get_one_on_sheets_by_branch(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    answer = order(browser)
    waiting = browser.get(answer.location)
    assert "正在准备" in waiting.text
    pages = printed(browser, answer)
    assert [("甲支部" in page, "乙支部" in page) for page in pages] == [(True, False), (False, True)]
    assert [page.count("请在签到时出示") for page in pages] == [3, 1]
    result = browser.get(answer.location).text
    assert "4 张卡排好了,共 2 页、2 个支部。" in result
    assert count(MemberCard) == 4


def test_every_code_of_a_sheet_checks_its_member_in(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    answer = order(browser, org="QA")
    run_waiting()
    read = codes(browser.get(f"{answer.location}/cards.pdf").data)
    assert {holder_by_card(text).name for text in read} == {"张一", "张二", "张三"}


def test_an_order_that_is_sent_twice_is_one(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    issue_card(office.people[0].id, Scope((office.root.id,), None), datetime.now(UTC))
    once = ONCE.findall(browser.get("/members/cards").text)[0]
    fields = {"printing": "renew", "org": "QA", "once": once, "sure": "1"}
    first, second = (post(browser, "/members/cards", **fields) for _ in range(2))
    assert first.location == second.location
    assert run_waiting() == 1
    assert count(MemberCard) == 4


def test_renewing_is_asked_once_with_its_numbers(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    old = issue_card(office.people[0].id, Scope((office.root.id,), None), datetime.now(UTC))
    asked = order(browser, "renew")
    assert "现在的 1 张卡会停用" in asked.text
    assert run_waiting() == 0, "nothing happens before the answer"
    assert holder_by_card(old).name == "张一"
    answer = order(browser, "renew", sure="1")
    assert len(printed(browser, answer)) == 2
    assert "停用的旧卡" in browser.get(answer.location).text


def test_nobody_fetches_another_persons_sheets(office: Office) -> None:
    answer = order(office.browser(Role.ADMINISTRATOR))
    run_waiting()
    colleague = sign_in(office.app.test_client(), make_staff("colleague", Role.ADMINISTRATOR, office.root))
    assert colleague.get(answer.location).status_code == 404
    assert colleague.get(f"{answer.location}/cards.pdf").status_code == 404


def test_a_secretary_prints_the_own_branch_and_no_other(office: Office) -> None:
    secretary = office.browser(Role.SECRETARY, office.a)
    assert "李四" not in secretary.get("/members/cards").text
    once = ONCE.findall(secretary.get("/members/cards").text)[0]
    fields = {"printing": "new", "org": "QB", "once": once}
    assert post(secretary, "/members/cards", **fields).status_code == 404
    assert [page.count("请在签到时出示") for page in printed(secretary, order(secretary))] == [3]


def test_a_missing_character_is_listed_with_the_result(office: Office) -> None:
    from app.core.db import writing
    from app.members.models import Member

    with writing() as session:
        session.get_one(Member, office.guest.id).name = "李\U0002ebf5"
    browser = office.browser(Role.ADMINISTRATOR)
    answer = order(browser)
    pages = printed(browser, answer)
    assert "方框处请手写" in pages[1]
    result = browser.get(answer.location).text
    assert "有 1 个姓名里有字库没有的字" in result
    assert "李\U0002ebf5" in result


def test_where_everybody_has_a_card_a_print_of_new_ones_is_refused_in_words(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    order(browser)
    run_waiting()
    once = ONCE.findall(browser.get("/members/cards").text)[0]
    answer = post(browser, "/members/cards", printing="new", org="", once=once)
    run_waiting()
    assert "这里没有要印的卡" in browser.get(answer.location).text


def test_the_list_shows_who_has_a_card_and_who_has_not(office: Office) -> None:
    issue_card(office.people[0].id, Scope((office.root.id,), None), datetime.now(UTC))
    browser = office.browser(Role.ADMINISTRATOR)
    having, without = (browser.get(f"/members/cards?having={key}").text for key in ("with", "without"))
    assert ("张一" in having, "张二" in having) == (True, False)
    assert ("张一" in without, "张二" in without) == (False, True)


def test_one_card_is_issued_printed_renewed_and_stopped(office: Office) -> None:
    browser = office.browser(Role.ADMINISTRATOR)
    path = f"/members/{office.people[0].id}"
    assert browser.get(f"{path}/card.pdf").location == f"{path}/access", "there is none yet"
    assert "卡已制好" in browser.get(post(browser, f"{path}/card").location).text
    [first] = codes(browser.get(f"{path}/card.pdf").data)
    assert holder_by_card(first).name == "张一"
    assert "旧卡不能再用" in browser.get(post(browser, f"{path}/card").location).text
    [second] = codes(browser.get(f"{path}/card.pdf").data)
    assert second != first
    stopped = browser.get(post(browser, f"{path}/card/revoke").location).text
    assert "卡已停用。" in stopped
    assert "停用于" in stopped
    assert "没有能用的卡" in browser.get(post(browser, f"{path}/card/revoke").location).text


def test_one_phone_is_let_go_and_the_other_stays(office: Office) -> None:
    member, scope = office.people[0], Scope((office.root.id,), None)
    for _ in range(2):
        create_binding(member.id, scope, datetime.now(UTC))
    browser = office.browser(Role.ADMINISTRATOR)
    page = browser.get(f"/members/{member.id}/access").text
    links = re.findall(rf'action="(/members/{member.id}/phones/\d+/unbind)"', page)
    assert len(links) == 2
    post(browser, links[0])
    assert post(browser, links[0]).status_code == 302, "a repeat does no harm"
    left = db.session.query(MemberBinding).filter(MemberBinding.revoked_at.is_(None)).count()
    assert left == 1
    other = links[1].replace(f"/{member.id}/", f"/{office.people[1].id}/")
    assert post(browser, other).status_code == 404, "the phone of somebody else"


def test_who_may_only_read_sees_states_and_no_buttons(office: Office) -> None:
    issue_card(office.people[0].id, Scope((office.root.id,), None), datetime.now(UTC))
    page = office.browser(Role.SUPERVISOR).get(f"/members/{office.people[0].id}/access").text
    assert "制于" in page
    for words in ("换新卡", "停用</button>", "生成绑定码", "card.pdf"):
        assert words not in page
