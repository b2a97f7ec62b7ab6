"""Pages of transfers asked for and of corrected branch rows; hosted members at the host's sessions."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.attendance.models import Attendance
from app.core.access import Scope
from app.core.clock import today, utc_now
from app.core.db import db, writing
from app.core.vocabulary import Group, Role, TransferState
from app.members.models import GroupMembership, Membership, TransferRequest
from app.members.services.transfer_requests import ask_transfer
from app.reports.queries import coverage, person_times, place_in_scope
from app.reports.rules import By, CoverageBy, Period, Snapshot
from tests.factories import NOW, make_member, put_in_group
from tests.query_counter import count_queries
from tests.web.session_office import Office, post, tick


@pytest.fixture
def office(ctx: Flask) -> Office:
    return Office(ctx)


def ask(office: Office) -> int:
    """A request of branch QA for its first member to go to QB; its id."""
    return ask_transfer(office.people[0].id, "QB", Scope((office.a.id,), None), utc_now())


def branches(member: Any) -> list[tuple[date, int]]:
    db.session.expire_all()
    query = select(Membership.starts_on, Membership.org_id).where(Membership.member_id == member.id)
    return [(first, org_id) for first, org_id in db.session.execute(query.order_by(Membership.starts_on))]


def test_a_secretary_asks_on_the_members_page_and_sees_that_it_waits(office: Office) -> None:
    browser = office.browser(Role.SECRETARY, office.a)
    path = f"/members/{office.people[0].id}"
    page = browser.get(path).text
    assert "申请转到其他支部" in page
    assert '<option value="乙支部 QB">' in page
    # No other branch in the own part of the tree: nothing to transfer to at once.
    assert f'action="{path}/transfer"' not in page
    answer = post(browser, f"{path}/transfer-request", **{"ask-org_code": "丙支部"})
    assert (answer.status_code, "没有找到这个党组织。" in answer.text) == (422, True)
    assert 'value="丙支部"' in answer.text
    assert post(browser, f"{path}/transfer-request", **{"ask-org_code": "乙支部"}).status_code == 302
    page = browser.get(path).text
    assert "已申请转到乙支部,待对方接收。" in page
    assert f'action="{path}/transfer-request"' not in page
    assert "待接收" in browser.get("/transfers?show=outgoing").text


def test_the_other_branch_finds_it_on_today_and_accepts(office: Office) -> None:
    request_id, member, day = ask(office), office.people[0], today() - timedelta(days=1)
    browser = office.browser(Role.SECRETARY, office.b)
    assert re.search(r'href="/transfers".*?1 人待接收', browser.get("/").text, re.S)
    page = browser.get("/transfers").text
    assert "张一" in page
    assert "从甲支部到乙支部" in page
    # The name and the branch, and nothing more.
    assert f"/members/{member.id}" not in page
    assert browser.get(f"/members/{member.id}").status_code == 404
    answer = post(browser, f"/transfers/{request_id}/accept", accepted_on="昨天")
    assert (answer.status_code, 'value="昨天"' in answer.text) == (422, True)
    assert post(browser, f"/transfers/{request_id}/accept", accepted_on=str(day)).status_code == 302
    assert branches(member) == [(date(2000, 1, 1), office.a.id), (day, office.b.id)]
    assert browser.get(f"/members/{member.id}").status_code == 200
    assert "人待接收" not in browser.get("/").text
    assert "已接收" in browser.get("/transfers?show=settled").text


@pytest.mark.parametrize(
    ("role", "org", "step", "ends"),
    [
        ("secretary", "b", "decline", TransferState.DECLINED),
        ("secretary", "a", "withdraw", TransferState.WITHDRAWN),
    ],
)
def test_either_side_ends_it_and_a_second_answer_comes_too_late(
    office: Office, role: str, org: str, step: str, ends: TransferState
) -> None:
    request_id = ask(office)
    browser = office.browser(Role(role), getattr(office, org))
    other = post(browser, f"/transfers/{request_id}/{'withdraw' if step == 'decline' else 'decline'}")
    assert other.status_code == 404
    assert post(browser, f"/transfers/{request_id}/{step}").status_code == 302
    db.session.expire_all()
    assert db.session.get_one(TransferRequest, request_id).state is ends
    late = post(
        office.browser(Role.ADMINISTRATOR), f"/transfers/{request_id}/accept", accepted_on=str(today())
    )
    assert late.status_code == 302
    assert len(branches(office.people[0])) == 1


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.SUPERVISOR])
def test_those_who_may_not_write_members_have_no_list(office: Office, role: Role) -> None:
    assert office.browser(role).get("/transfers").status_code == 403


def test_a_wrong_acceptance_is_corrected_on_the_page(office: Office) -> None:
    member, browser = office.people[0], office.browser(Role.ADMINISTRATOR)
    path = f"/members/{member.id}"
    fields = {"transfer-org_code": "QB", "transfer-accepted_on": "2019-03-01"}
    post(browser, f"{path}/transfer", **fields)
    assert f'href="{path}/branch?row=2019-03-01"' in browser.get(path).text
    page = browser.get(f"{path}/branch?row=2019-03-01").text
    assert "已经登记的签到、学时和已定的应到名单不变" in page
    assert 'value="2019-03-01"' in page
    early = post(browser, f"{path}/branch/start", row="2019-03-01", **{"start-right": "1999-01-01"})
    assert early.status_code == 422
    assert "要在前一段组织关系的开始或结束(2000年1月1日)之后。" in early.text
    done = post(browser, f"{path}/branch/start", row="2019-03-01", **{"start-right": "2019-04-01"})
    assert done.status_code == 302
    assert branches(member) == [(date(2000, 1, 1), office.a.id), (date(2019, 4, 1), office.b.id)]
    assert post(browser, f"{path}/branch/undo-transfer", row="2019-04-01").status_code == 302
    assert branches(member) == [(date(2000, 1, 1), office.a.id)]
    assert (
        post(browser, f"{path}/branch/unit", row="2000-01-01", **{"branch-org_code": "QB"}).status_code == 302
    )
    assert branches(member) == [(date(2000, 1, 1), office.b.id)]
    for row in ("2019-04-01", "soon", ""):
        assert post(browser, f"{path}/branch/undo-transfer", row=row).status_code == 404
        assert browser.get(f"{path}/branch?row={row or 'x'}").status_code == 404


def test_a_departure_that_was_none_is_undone_on_the_page(office: Office) -> None:
    member, browser = office.people[0], office.browser(Role.SECRETARY, office.a)
    path = f"/members/{member.id}"
    post(browser, f"{path}/leave", **{"leave-left_on": "2019-05-01"})
    assert "没有转出本区" in browser.get(f"{path}/branch").text
    assert post(browser, f"{path}/branch/undo-leaving", row="2000-01-01").status_code == 302
    assert "现在不在本区任何支部" not in browser.get(path).text


def test_a_correction_across_branches_is_for_those_above_both(office: Office) -> None:
    request_id = ask(office)
    browser = office.browser(Role.SECRETARY, office.b)
    post(browser, f"/transfers/{request_id}/accept", accepted_on=str(today()))
    path = f"/members/{office.people[0].id}/branch"
    assert "请由上级的管理员更正" in browser.get(path).text
    refused = post(browser, f"{path}/undo-transfer", row=str(today()))
    assert (refused.status_code, "请由上级的管理员更正" in refused.text) == (422, True)
    assert len(branches(office.people[0])) == 2


def test_a_groups_row_says_why_who_and_what_it_was_before(office: Office) -> None:
    member, browser = office.people[0], office.browser(Role.ADMINISTRATOR)
    path = f"/members/{member.id}"
    fields = {
        "group-group": "mobile", "group-starts_on": "2019-01-01", "group-is_in": "1",
        "group-direction": "out", "group-host_org_code": "乙支部 QB", "group-reason": "外出务工",
    }  # fmt: skip
    assert post(browser, f"{path}/groups", **fields).status_code == 302
    page = browser.get(path).text
    for words in ("挂靠乙支部", "原因:外出务工", "administratorQ 于", "2019年7月1日 起计入流动党员"):
        assert words in page
    refused = post(browser, f"{path}/groups", **{**fields, "group-reason": "电话 13900000001"})
    assert (refused.status_code, "这里不要写身份证号码或电话号码。" in refused.text) == (422, True)
    post(
        browser,
        f"{path}/groups/end",
        group="mobile",
        starts_on="2019-01-01",
        is_in="1",
        last_day="2019-08-31",
    )
    assert re.search(r"<details[^>]*>\s*<summary[^>]*>以前的记录\(1\)</summary>", browser.get(path).text)


def hosted_at_b(office: Office) -> Any:
    """A member of QA who studies with QB."""
    member = office.people[0]
    put_in_group(member, Group.MOBILE, starts_on=date(2020, 1, 1), direction="out", host_org_id=office.b.id)
    return member


def opened_by_b(office: Office, secretary: FlaskClient) -> int:
    """A session of branch QB that is open all day."""
    times = {"day": str(today()), "starts": "00:01", "ends": "23:59"}
    return office.opened(secretary, **times, host="QB", orgs=["QB"])


def test_a_hosted_member_is_recorded_by_the_host_and_counts_at_home(office: Office) -> None:
    member = hosted_at_b(office)
    secretary = office.browser(Role.SECRETARY, office.b)
    session_id = office.opened(
        secretary, day=str(today()), starts="00:01", ends="23:59", host="QB", orgs=["QB"]
    )
    page = secretary.get(f"/sessions/{session_id}").text
    assert re.search(r"挂靠在本单位的流动党员.*张一.*甲支部", page, re.S)
    assert "张二" not in page
    assert "张一" in secretary.get(f"/sessions/{session_id}/candidates?add=zha").text
    # Name and home branch, and nothing more.
    assert secretary.get(f"/members/{member.id}").status_code == 404
    assert tick(secretary, session_id, office.people[1], "present").status_code == 404
    assert tick(secretary, session_id, member, "present").status_code == 302
    row = db.session.scalars(select(Attendance)).one()
    assert (row.org_id, row.is_extra) == (office.a.id, True)
    post(secretary, f"/sessions/{session_id}/close")
    period, place = Period(today(), today()), place_in_scope(
        db.session(), Scope((office.root.id,), None), None, today()
    )  # fmt: skip
    times = {row.key: row.person_times for row in person_times(db.session(), period, place, By.ORG).rows}
    assert times == {"QA": 1, "QB": 0}
    by_org = coverage(db.session(), period, Snapshot(today(), 60), place, CoverageBy.ORG)
    assert {row.key: row.covered for row in by_org.rows} == {"QA": 1, "QB": 0}


def test_somebody_hosted_elsewhere_or_no_longer_is_not_found(office: Office) -> None:
    gone = office.people[1]
    put_in_group(
        gone, Group.MOBILE, starts_on=date(2020, 1, 1), ends_on=date(2020, 2, 1), direction="out",
        host_org_id=office.b.id,
    )  # fmt: skip
    secretary = office.browser(Role.SECRETARY, office.b)
    session_id = office.opened(
        secretary, day=str(today()), starts="00:01", ends="23:59", host="QB", orgs=["QB"]
    )
    assert "挂靠在本单位的流动党员" not in secretary.get(f"/sessions/{session_id}").text
    assert tick(secretary, session_id, gone, "present").status_code == 404


def test_the_lists_cost_a_fixed_number_of_questions(office: Office) -> None:
    ids = [make_member(f"人{n}", office.a).id for n in range(60)]
    with writing() as session:
        for member_id in ids:
            request = {"from_org_id": office.a.id, "to_org_id": office.b.id, "asked_at": NOW}
            session.add(TransferRequest(member_id=member_id, **request))
            row = {"group": Group.EXEMPT, "starts_on": date(2020, 1, 1), "created_at": NOW}
            session.add(GroupMembership(member_id=member_id, **row))
    browser = office.browser(Role.ADMINISTRATOR)
    for path in ("/transfers", "/transfers?show=outgoing&page=2", "/members/approvals", "/"):
        with count_queries() as queries:
            assert browser.get(path).status_code == 200
        assert queries.count <= 15, (path, queries.count)
    assert browser.get("/members/approvals").text.count('class="list__row"') == 50
