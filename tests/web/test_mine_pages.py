"""A member's own page on a bound phone: what it shows, what it keeps to itself, what can be stopped there."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.checkin.models import MemberBinding, MemberCard
from app.checkin.services.bindings import create_binding
from app.checkin.services.cards import issue_card
from app.core.access import Scope
from app.core.clock import today
from app.core.db import db, writing
from app.core.vocabulary import FOREVER, Group, Post, Role, SessionState, Status
from app.members.models import Membership, OrgPost, VisitNote
from app.members.rules_visits import Need, VisitDetails
from app.members.services.visit_notes import save_visit_note
from app.settings import ROOT
from app.trainings.models import ExpectedAttendee
from tests.factories import attend, expect, make_member, make_org, make_session, make_staff, put_in_group
from tests.query_counter import count_queries

PAGES = ("/mine", "/mine/records", "/mine/about", "/mine/wishes", "/mine/wishes/new", "/mine/phones")


class Phone:
    """A browser bound to a member of a branch, and a district around it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.root = make_org("Q", name="示范区党委")
        self.branch = make_org("QA", self.root, name="甲支部")
        self.member = make_member("王小明", self.branch, phone="13900001234")
        self.scope = Scope((self.root.id,), None)
        self.browser = app.test_client()
        self.bind(self.member)

    def bind(self, member: Any, browser: FlaskClient | None = None) -> None:
        browser = browser or self.browser
        cookie = browser.get_cookie("bulou_member")
        tokens = [*([cookie.value] if cookie else []), create_binding(member.id, self.scope, now())]
        browser.set_cookie("bulou_member", ".".join(tokens))

    def get(self, path: str, **query: Any) -> str:
        answer = self.browser.get(path, query_string=query)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, **fields: Any) -> TestResponse:
        page = self.browser.get("/bind").text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        return self.browser.post(path, data={"csrf_token": token, "member": self.member.id, **fields})

    def studied(self, day: date, title: str, status: Status = Status.PRESENT, **more: Any) -> None:
        starts_at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
        row = make_session(self.branch, title=title, starts_at=starts_at)
        expect(row, self.member)
        attend(row, self.member, status=status, **more)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def phone(ctx: Flask) -> Phone:
    return Phone(ctx)


@pytest.mark.parametrize(
    "path", [*PAGES, "/mine/download", "/mine/record.json", "/mine/record.html", "/unbind"]
)
def test_a_phone_that_stands_for_nobody_is_led_to_binding(ctx: Flask, path: str) -> None:
    answer = ctx.test_client().get(path)
    assert (answer.status_code, answer.location) == (302, "/bind")


def test_the_first_page_says_what_comes_next_and_what_can_be_made_up(phone: Phone) -> None:
    this_year = today().replace(month=1, day=1)
    phone.studied(this_year, "学过的")
    phone.studied(this_year, "错过的", Status.ABSENT)
    phone.studied(this_year.replace(year=this_year.year - 1), "去年错过的", Status.EXCUSED)
    page = phone.get("/mine")
    made_up = page[page.index("这些可以补学") : page.index("最近的记录")]
    assert "错过的" in made_up
    assert "去年错过的" not in made_up
    assert "学过的" not in made_up
    assert "32 学时" in page


def test_a_post_holder_is_told_of_central_trainings(phone: Phone) -> None:
    with writing() as session:
        session.add(
            OrgPost(
                member_id=phone.member.id,
                org_id=phone.branch.id,
                post=Post.SECRETARY,
                starts_on=date(2010, 1, 1),
            )
        )
    assert "集中培训 0 次,任职要求 1 次" in phone.get("/mine")
    assert "书记 · 甲支部" in phone.get("/mine/about")


def test_records_are_paged_and_chosen_by_year(phone: Phone) -> None:
    for n in range(23):
        phone.studied(date(2018, 3, 1) + timedelta(days=n), f"第{n}次")
    phone.studied(date(2019, 5, 1), "次年")
    assert "次年" in phone.get("/mine/records")
    first, second = (phone.get("/mine/records", year=2018, page=n) for n in (1, 2))
    assert ("第22次" in first, "第2次" in first, "看更早的" in first) == (True, False, True)
    assert ("第2次" in second, "第22次" in second, "看更近的" in second) == (True, False, True)
    assert "第2次" in phone.get("/mine/records", year=2018, page=99), "a page too far is the last one"
    assert "次年" in phone.get("/mine/records", year="x")


def test_what_the_office_knows_is_shown_but_not_that_contact_was_lost(phone: Phone) -> None:
    put_in_group(phone.member, Group.LOST_CONTACT)
    put_in_group(phone.member, Group.RURAL)
    approver = make_staff("chief", Role.ADMINISTRATOR, phone.root)
    put_in_group(phone.member, Group.EXEMPT, approved_by_id=approver.id)
    old = make_org("QB", phone.root, name="从前的支部")
    with writing() as session:
        row = session.query(Membership).filter_by(member_id=phone.member.id).one()
        row.starts_on = date(2015, 1, 1)
        session.add(
            Membership(
                member_id=phone.member.id, org_id=old.id, starts_on=date(2010, 1, 1), ends_on=date(2015, 1, 1)
            )
        )
    save_visit_note(
        phone.member.id, VisitDetails("红门", opener="女儿", needs=(Need.DIALECT,)), phone.scope, now()
    )
    page = phone.get("/mine/about")
    for text in (
        "1985年5月5日",
        "139****1234",
        "甲支部",
        "从前的支部",
        "可在家学习",
        "农村党员",
        "红门",
        "说方言",
    ):
        assert text in page, text
    everywhere = page + phone.get("/mine") + phone.get("/mine/record.html") + phone.get("/mine/record.json")
    assert "失联" not in everywhere
    assert "lost_contact" not in everywhere
    assert "对您不作硬性要求" in phone.get("/mine")


def test_where_a_mobile_member_is_and_why_is_shown_as_it_was_recorded(phone: Phone) -> None:
    host = make_org("QH", phone.root, name="挂靠的支部")
    put_in_group(
        phone.member, Group.MOBILE, direction="out", from_place="本区", to_place="深圳",
        host_org_id=host.id, reason="外出务工",
    )  # fmt: skip
    put_in_group(phone.member, Group.LOST_CONTACT, reason="电话不通")
    for page in ("/mine/about", "/mine/record.html"):
        text = phone.get(page)
        for words in ("流出", "从本区", "到深圳", "在挂靠的支部参加学习", "原因:外出务工"):
            assert words in text, (page, words)
        assert "电话不通" not in text
    (row,) = json.loads(phone.get("/mine/record.json"))["groups"]
    kept = {key: row[key] for key in ("direction", "from_place", "to_place", "host", "reason")}
    assert kept == {
        "direction": "out", "from_place": "本区", "to_place": "深圳", "host": "挂靠的支部",
        "reason": "外出务工",
    }  # fmt: skip


def test_the_page_of_each_on_a_shared_phone_is_their_own(phone: Phone) -> None:
    wife = make_member("李大华", phone.branch)
    phone.bind(wife)
    save_visit_note(wife.id, VisitDetails("蓝门"), phone.scope, now())
    assert "蓝门" not in phone.get("/mine/about")
    assert "蓝门" in phone.get("/mine/about", who=1)
    assert 'href="/mine?who=1"' in phone.get("/mine")
    assert 'href="/mine/records?who=1"' not in phone.get("/mine", who=1), "no records, no door"
    assert json.loads(phone.get("/mine/record.json", who=1))["person"]["name"] == "李大华"


def test_unbinding_asks_once_and_lets_go_of_the_one_who_was_meant(phone: Phone) -> None:
    wife = make_member("李大华", phone.branch)
    phone.bind(wife)
    assert "解除这部手机与 李大华 的绑定?" in phone.get("/unbind", who=1)
    assert live(phone.member) + live(wife) == 2, "asking lets go of nobody"
    answer = phone.post("/unbind?who=0", member=wife.id)
    assert answer.status_code == 302
    assert (live(phone.member), live(wife)) == (1, 0)
    assert "李大华" not in phone.get("/mine")
    phone.post("/unbind", member=wife.id)
    assert live(phone.member) == 1, "a form that came too late touches nobody else"


def test_phones_are_listed_this_one_first_and_another_one_can_be_dropped(phone: Phone) -> None:
    other = phone.app.test_client()
    phone.bind(phone.member, other)
    page = phone.get("/mine/phones")
    assert page.index("这部手机") < page.index("另一部手机")
    assert "139****1234" in page
    lost = db.session.query(MemberBinding).order_by(MemberBinding.id.desc()).first()
    assert lost is not None
    drop = f"/mine/phones/{lost.id}/drop"
    assert "解除那部手机的绑定?" in phone.get(drop)
    assert live(phone.member) == 2
    phone.post(drop)
    assert live(phone.member) == 1
    assert other.get("/mine").status_code == 302
    assert phone.browser.get("/mine").status_code == 200


def test_nobody_drops_the_phone_of_somebody_else(phone: Phone) -> None:
    stranger = make_member("赵六", phone.branch)
    phone.bind(stranger, phone.app.test_client())
    theirs = db.session.query(MemberBinding).filter_by(member_id=stranger.id).one()
    phone.post(f"/mine/phones/{theirs.id}/drop")
    assert live(stranger) == 1
    assert phone.post("/mine/card/stop", member=stranger.id).location == "/mine"


def test_all_phones_can_be_dropped_at_once(phone: Phone) -> None:
    phone.bind(phone.member, phone.app.test_client())
    phone.get("/mine/phones/drop")
    phone.post("/mine/phones/drop")
    assert live(phone.member) == 0
    assert phone.browser.get("/mine").location == "/bind"


def test_a_lost_card_is_stopped_after_asking_once(phone: Phone) -> None:
    assert "您没有签到卡" in phone.get("/mine/phones")
    issue_card(phone.member.id, phone.scope, now())
    assert "您有一张签到卡" in phone.get("/mine/phones")
    phone.get("/mine/card/stop")
    assert db.session.query(MemberCard).filter_by(revoked_at=None).count() == 1
    phone.post("/mine/card/stop")
    assert db.session.query(MemberCard).filter_by(revoked_at=None).count() == 0


def live(member: Any) -> int:
    db.session.rollback()
    return db.session.query(MemberBinding).filter_by(member_id=member.id, revoked_at=None).count()


def test_the_file_holds_everything_and_names_no_staff(phone: Phone) -> None:
    staff = make_staff("登记员某某", Role.SECRETARY, phone.branch)
    phone.studied(date(2017, 3, 1), "早年的课", recorded_by_id=staff.id)
    phone.studied(today().replace(month=1, day=1), "今年的课")
    phone.post("/mine/wishes/new", about="name", text="名字写错了")
    save_visit_note(phone.member.id, VisitDetails("红门"), Scope((phone.root.id,), staff.id), now())
    answer = phone.browser.get("/mine/record.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == "attachment; filename=my-record.json"
    data = json.loads(answer.text)
    assert data["person"]["phone_masked"] == "139****1234"
    assert [row["title"] for row in data["attendance"]] == ["今年的课", "早年的课"]
    assert data["attendance"][1]["recorded_by"] == "staff"
    assert data["visit_note"]["door"] == "红门"
    assert data["correction_requests"][0]["text"] == "名字写错了"
    assert data["branches"] == [{"from": "2000-01-01", "last_day": None, "code": "QA", "name": "甲支部"}]
    assert {year["year"] for year in data["hours"]} == {2017, today().year}
    page = phone.browser.get("/mine/record.html")
    assert page.headers["Content-Disposition"] == "attachment; filename=my-record.html"
    assert page.headers["Cache-Control"] == "no-store"
    for text in ("早年的课", "今年的课", "名字写错了", "红门", "工作人员", "王小明"):
        assert text in page.text
    for text in (answer.text, page.text):
        assert "登记员某某" not in text
        assert "13900001234" not in text


def test_the_page_to_keep_needs_nothing_from_elsewhere(phone: Phone) -> None:
    page = phone.get("/mine/record.html")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert "<script" not in page
    shown = phone.browser.get("/mine/record.html?open=1")
    assert shown.headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("path", PAGES)
def test_own_pages_need_no_script_and_few_questions(phone: Phone, path: str) -> None:
    for n in range(30):
        phone.studied(date(2018, 3, 1) + timedelta(days=n), f"第{n}次")
    with count_queries() as queries:
        page = phone.browser.get(path)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert queries.count <= 12


def test_the_first_visit_stays_light(phone: Phone) -> None:
    soon = now() + timedelta(days=2)
    for n in range(10):
        row = make_session(phone.branch, title="很长的主题" * 4, starts_at=soon, state=SessionState.PUBLISHED)
        with writing() as session:
            session.add(
                ExpectedAttendee(
                    session_id=row.id, member_id=phone.member.id, org_id=phone.branch.id, groups=0
                )
            )
        phone.studied(date(2018, 3, 1) + timedelta(days=n), "又一个很长的主题" * 4)
    page = phone.get("/mine").encode()
    style = (ROOT / "static/css/member.css").read_bytes()
    icon = (ROOT / "static/img/favicon.svg").read_bytes()
    assert len(page) + len(style) + len(icon) < 60_000


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
@pytest.mark.parametrize("elder", ["0", "1"])
def test_own_pages_open_in_both_languages_and_sizes(phone: Phone, lang: str, elder: str) -> None:
    phone.studied(date(2018, 3, 1), "课")
    phone.browser.set_cookie("lang", lang)
    phone.browser.set_cookie("elder", elder)
    for path in (*PAGES, "/mine/download", "/mine/record.html", "/unbind", "/mine/card/stop"):
        page = phone.get(path)
        assert f'lang="{"en" if lang == "en" else "zh-Hans"}"' in page
        assert ('data-elder="1"' in page) == (elder == "1" and path != "/mine/record.html")


def test_somebody_who_has_left_still_reads_their_own_page(phone: Phone) -> None:
    with writing() as session:
        row = session.query(Membership).filter_by(member_id=phone.member.id).one()
        assert row.ends_on == FOREVER
        row.ends_on = date(2020, 1, 1)
    for path in PAGES:
        assert phone.browser.get(path).status_code == 200
    assert db.session.query(VisitNote).count() == 0
