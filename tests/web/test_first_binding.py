"""The first time on a phone: how people spell, a hall behind one address, and guesses that lead nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.checkin.models import BindCode, MemberBinding
from app.checkin.services import bindings
from app.checkin.services.bindings import Proof, bind_phone, create_bind_code
from app.checkin.services.card_codes import issue_card_codes
from app.checkin.services.cards import issue_card, revoke_card
from app.core.db import db
from app.core.errors import InvalidInput, TooManyTries
from app.core.vocabulary import Role
from tests.factories import make_member, make_org, make_staff, sign_in
from tests.web.test_phone_path import NOW, TICKET, Hall, csrf

HALL = "192.0.2.1"


@pytest.fixture
def hall(ctx: Flask) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield Hall(ctx)


def bind(client: FlaskClient, **typed: str) -> Any:
    return client.post("/bind", data={"csrf_token": csrf(client, "/bind"), **typed})


def by_name(tail: str, n: int = 0, name: str = "王小明", org: str = "Q1") -> str:
    """Prove oneself in the hall, from a browser of one's own."""
    return bind_phone(Proof(name=name, phone_tail=tail, org_code=org), f"browser{n}", HALL, NOW)


def wrong(count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        with pytest.raises(InvalidInput):
            bind_phone(Proof(one_time_code=f"{n:08d}"), f"browser{n}", HALL, NOW)


@pytest.mark.parametrize(
    ("name", "tail", "branch"),
    [
        ("阿依古丽·买买提", "1234", "q1"),
        ("阿依古丽•买买提", "１２３４", " Ｑ１ "),
        ("阿依古丽 ・ 买买提", "13900001234", "中共示范区清泉村党支部"),
        ("阿依古丽.买买提", "1 2 3 4", "清泉村支部"),
    ],
)
def test_what_people_type_is_understood(hall: Hall, name: str, tail: str, branch: str) -> None:
    org = make_org("Q2", hall.root, name="清泉村党支部")
    make_member("阿依古丽·买买提", org, phone="13900001234")
    typed_branch = {"q1": "q2", " Ｑ１ ": " Ｑ２ "}.get(branch, branch.replace("中共示范区", "中共"))
    answer = bind(hall.phone, name=name, phone_tail=tail, org_code=typed_branch)
    assert answer.status_code == 302, answer.text


@pytest.mark.parametrize("branch", ["支部", "党支部", "清泉", "", "%", "Q"])
def test_a_part_of_a_branchs_name_stands_for_none(hall: Hall, branch: str) -> None:
    make_member("李大华", make_org("Q2", hall.root, name="清泉村党支部"), phone="13900001234")
    assert bind(hall.phone, name="李大华", phone_tail="1234", org_code=branch).status_code == 422


def test_a_hall_of_hundreds_at_one_address_is_not_locked_out(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_ADDRESS", 12)
    # Everybody errs twice before it works: four times as many failures as the address alone may have.
    for n in range(24):
        wrong(2, first=1000 * n)
        make_member(f"王小{n}", hall.branch, phone="13900001234")
        by_name("1234", n, name=f"王小{n}")


def test_who_binds_the_same_person_again_and_again_gains_no_guesses_by_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_ADDRESS", 12)
    # The first of these gives back two failures, the others none.
    for n in range(6):
        wrong(2, first=1000 * n)
        by_name("1234", n)
    wrong(2, first=9000)
    with pytest.raises(TooManyTries):
        bind_phone(Proof(one_time_code="0"), "another", HALL, NOW)


def test_of_very_many_phones_of_one_member_the_oldest_are_let_go(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "PHONES_OF_A_MEMBER", 3)
    tokens = [by_name("1234", n) for n in range(5)]
    assert [token for token, _member in bindings.holders(tokens)] == tokens[2:]


def test_a_guesser_in_the_midst_of_the_hall_is_stopped_all_the_same(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_ADDRESS", 12)
    by_name("1234")
    wrong(12)
    with pytest.raises(TooManyTries):
        bind_phone(Proof(one_time_code="0"), "another", HALL, NOW)
    with pytest.raises(InvalidInput):
        bind_phone(Proof(one_time_code="0"), "another", "198.51.100.7", NOW)


def test_a_slow_guesser_meets_the_limit_of_the_day(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_ADDRESS_A_DAY", 6)
    for quarter in range(6):
        with pytest.raises(InvalidInput):
            bind_phone(Proof(one_time_code="0"), f"b{quarter}", HALL, NOW + quarter * timedelta(minutes=16))
    with pytest.raises(TooManyTries):
        bind_phone(Proof(one_time_code="0"), "b7", HALL, NOW + timedelta(hours=3))


def test_another_spelling_of_the_branch_is_no_fresh_start_for_guesses(hall: Hall) -> None:
    spellings = ("Q1", "q1", hall.branch.name, "Ｑ１", "Q1 ")
    for n, branch in enumerate(spellings):
        with pytest.raises(InvalidInput):
            by_name(f"{n:04d}", n, org=branch)
    with pytest.raises(TooManyTries):
        by_name("1234", 9, name="王 小 明")
    # Somebody guessed at them: a code of their own still works.
    code = create_bind_code(hall.member.id, hall.scope, NOW)
    assert bind_phone(Proof(one_time_code=code), "own", HALL, NOW)


def test_too_many_tries_leave_the_page_with_the_other_way_on_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "TRIES_PER_TARGET", 0)
    answer = bind(hall.phone, name="王小明", phone_tail="1234", org_code="Q1")
    assert answer.status_code == 429
    assert "用党支部给的绑定码" in answer.text
    assert 'name="one_time_code"' in answer.text


def test_a_code_on_a_card_binds_once_and_within_ninety_days(hall: Hall) -> None:
    issue_card(hall.member.id, hall.scope, NOW)
    code = issue_card_codes([hall.member.id], None, "office", NOW)[hall.member.id]
    assert len(code) == 12
    with time_machine.travel(NOW + timedelta(days=90), tick=False):
        assert bind(hall.app.test_client(), one_time_code=code).status_code == 422
    with time_machine.travel(NOW + timedelta(days=89), tick=False):
        typed = f"{code[:4]} {code[4:8]}-{code[8:]}"
        assert bind(hall.phone, one_time_code=typed).status_code == 302
        assert bind(hall.app.test_client(), one_time_code=code).status_code == 422


def live_codes() -> int:
    db.session.rollback()
    used = BindCode.used_at.is_(None)
    return len(db.session.scalars(select(BindCode).where(used, BindCode.expires_at > NOW)).all())


def test_a_code_stops_with_its_card_and_a_code_that_was_read_out_does_not(hall: Hall) -> None:
    issue_card(hall.member.id, hall.scope, NOW)
    printed = issue_card_codes([hall.member.id], None, "office", NOW)[hall.member.id]
    revoke_card(hall.member.id, hall.scope, NOW)
    assert bind(hall.phone, one_time_code=printed).status_code == 422
    issue_card(hall.member.id, hall.scope, NOW)
    again = issue_card_codes([hall.member.id], None, "office", NOW)[hall.member.id]
    read_out = create_bind_code(hall.member.id, hall.scope, NOW)
    assert bind(hall.phone, one_time_code=again).status_code == 422, "the later one stands for both"
    revoke_card(hall.member.id, hall.scope, NOW)
    assert bind(hall.phone, one_time_code=read_out).status_code == 302


def test_printing_again_leaves_one_live_code_for_each_member(hall: Hall) -> None:
    people = [hall.member.id, *(make_member(f"张{n}", hall.branch).id for n in range(5))]
    first = issue_card_codes(people, None, "office", NOW)
    assert live_codes() == len(people)
    second = issue_card_codes(people, None, "office", NOW)
    assert live_codes() == len(people)
    assert not set(first.values()) & set(second.values())


def test_staff_print_a_card_with_a_code_and_hand_one_out_from_the_roster(hall: Hall) -> None:
    desk = sign_in(hall.app.test_client(), make_staff("s", Role.SECRETARY, hall.branch))
    issue_card(hall.member.id, hall.scope, NOW)
    path = f"/members/{hall.member.id}"
    token = csrf(desk, f"{path}/bind-code?session={hall.session.id}")
    card = desk.post(f"{path}/card.pdf", data={"csrf_token": token})
    assert (card.mimetype, live_codes()) == ("application/pdf", 1)
    page = desk.post(f"{path}/bind-code", data={"csrf_token": token, "session": hall.session.id})
    assert f"/sessions/{hall.session.id}#m{hall.member.id}" in page.text
    digits = page.text.split('class="handed__code">', 1)[1].split("<", 1)[0]
    assert bind(hall.phone, one_time_code=digits).status_code == 302


def test_adding_a_second_person_keeps_the_ticket(hall: Hall) -> None:
    wife = make_member("李大华", hall.branch, phone="13900005678")
    hall.bind(hall.phone)
    page = hall.phone.get(f"/c/{hall.code()}").text
    way = page.split('href="/bind?ticket=', 1)[1].split('"', 1)[0]
    form = hall.phone.get(f"/bind?ticket={way}").text
    assert "添加另一位党员" in form
    bound = hall.phone.post(
        "/bind",
        data={
            "csrf_token": form.split('name="csrf_token" value="', 1)[1].split('"', 1)[0],
            "ticket": TICKET.findall(form)[0],
            "name": "李大华",
            "phone_tail": "5678",
            "org_code": "Q1",
        },
        follow_redirects=True,
    ).text
    tickets = TICKET.findall(bound)
    assert len(tickets) == 2
    done = hall.phone.post("/checkin", data={"ticket": tickets[1]}).text
    assert "李大华" in done
    assert 'href="/mine?who=1"' in done, "her records, not his"
    assert wife.name in hall.phone.get("/mine?who=1").text


def test_who_is_not_meant_lets_go_and_is_back_at_the_session(hall: Hall) -> None:
    hall.bind(hall.phone)
    page = hall.phone.get(f"/c/{hall.code()}").text
    assert "我不是 王小明" in page
    way = page.split('href="/unbind?ticket=', 1)[1].split('"', 1)[0]
    asked = hall.phone.get(f"/unbind?ticket={way}").text
    form = {
        "csrf_token": asked.split('name="csrf_token" value="', 1)[1].split('"', 1)[0],
        "member": hall.member.id,
        "ticket": TICKET.findall(asked)[0],
    }
    back = hall.phone.post("/unbind", data=form, follow_redirects=True).text
    assert "第一次使用" in back
    assert TICKET.findall(back)[0] == way, "the ticket of the scan is still in hand"
    assert db.session.scalars(select(MemberBinding.revoked_at)).one() is not None


@pytest.mark.parametrize("path", ["/checkin", "/checkin/leave", "/j", "/bind", "/c"])
def test_a_browser_that_keeps_nothing_is_told_what_to_do(hall: Hall, path: str) -> None:
    nothing = hall.app.test_client(use_cookies=False)
    page = nothing.get(f"/c/{hall.code()}").text
    form = {"ticket": TICKET.findall(page)[0], "csrf_token": "x", "name": "王小明"}
    answer = nothing.post(path, data=form)
    assert answer.status_code == 400
    assert "没有让网页记住您" in answer.text
    assert "工作人员" in answer.text
