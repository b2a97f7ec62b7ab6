"""What stays bounded where there are more members and units than one page should hold."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from flask import Flask

from app.core.db import db
from app.core.tasks import LongTask, run_waiting
from app.core.vocabulary import FOREVER, OrgKind, Role
from app.members.models import Membership
from app.members.queries import find
from tests.factories import make_member, make_org, make_staff, make_token, sign_in
from tests.query_counter import count_queries
from tests.web.session_office import post

PAGE_BUDGET = 15


class District:
    """R above A and B, where lists of units and exports are long from three on."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = make_org("R", kind=OrgKind.COMMITTEE, name="示范区党委")
        self.a = make_org("A", self.root, name="甲支部")
        self.b = make_org("B", self.root, name="乙支部")
        self.member = make_member("张三", self.a)
        self.admin = make_staff("admin", Role.ADMINISTRATOR, self.root)
        self.browser = sign_in(app.test_client(), self.admin)
        self.page = f"/members/{self.member.id}"
        monkeypatch.setattr("app.members.views.person.MOST_CHOICES", 2)
        for module in ("members.views.export", "api.v1.imports"):
            monkeypatch.setattr(f"app.{module}.MOST_AT_ONCE", 2)

    def branches(self) -> list[int]:
        rows = db.session.query(Membership).filter_by(member_id=self.member.id, ends_on=FOREVER)
        return [row.org_id for row in rows]


@pytest.fixture
def district(ctx: Flask, monkeypatch: pytest.MonkeyPatch) -> District:
    return District(ctx, monkeypatch)


def test_a_members_page_offers_no_units_where_there_are_too_many(district: District) -> None:
    with count_queries() as queries:
        page = district.browser.get(district.page).text
    assert queries.count <= PAGE_BUDGET
    assert "转接组织关系" in page
    assert "<datalist" not in page
    assert "乙支部" not in page


def test_a_small_part_of_a_large_district_is_chosen_from_and_the_rest_is_asked(
    district: District, ctx: Flask
) -> None:
    make_org("A1", district.a, kind=OrgKind.GROUP, name="甲一组")
    secretary = sign_in(ctx.test_client(), make_staff("sec", Role.SECRETARY, district.a))
    page = secretary.get(district.page).text
    assert '<option value="A1">' in page
    assert "申请转到其他支部" in page
    assert "乙支部" not in page


@pytest.mark.parametrize("text", ["B", " 乙支部 ", "乙支部 B"])
def test_a_branch_for_a_transfer_is_typed_by_code_or_name(district: District, text: str) -> None:
    fields = {"transfer-org_code": text, "transfer-accepted_on": "2019-05-01"}
    assert post(district.browser, f"{district.page}/transfer", **fields).status_code == 302
    assert district.branches() == [district.b.id]


@pytest.mark.parametrize(
    ("text", "words"),
    [("丙支部", "没有找到这个党组织。"), ("", "请填写接收的党支部。"), ("A", "该党员已在这个支部")],
)
def test_a_typed_branch_that_cannot_be_stays_in_the_form(district: District, text: str, words: str) -> None:
    fields = {"transfer-org_code": text, "transfer-accepted_on": "2019-05-01"}
    answer = post(district.browser, f"{district.page}/transfer", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{text}"' in answer.text
    assert district.branches() == [district.a.id]


def test_a_branch_outside_the_own_part_is_asked_and_not_taken(ctx: Flask, district: District) -> None:
    other = make_org("C", make_org("Q", kind=OrgKind.COMMITTEE, name="别的党委"), name="丙支部")
    fields = {"transfer-org_code": other.name, "transfer-accepted_on": "2019-05-01"}
    answer = post(district.browser, f"{district.page}/transfer", **fields)
    assert "没有找到这个党组织。" in answer.text
    assert "申请转到其他支部" in answer.text
    assert district.branches() == [district.a.id]


@pytest.mark.parametrize("q", ["", "&q=张"])
def test_a_page_far_beyond_is_the_last_and_sorts_no_more_than_it_must(
    district: District, monkeypatch: pytest.MonkeyPatch, q: str
) -> None:
    needs: list[Any] = []
    first = find._first

    def noted(*args: Any) -> Any:
        needs.append(args[3])
        return first(*args)

    monkeypatch.setattr(find, "_first", noted)
    monkeypatch.setattr(find, "COUNT_BUDGET", 0)
    assert "张三" in district.browser.get(f"/members?page=100000{q}").text
    assert needs
    assert max(needs) <= find.MOST_COUNTED + 1


def test_a_long_export_of_a_search_is_made_by_the_worker_and_the_name_kept_sealed(
    district: District, ctx: Flask
) -> None:
    for name in ("张建", "张设", "李四"):
        make_member(name, district.b)
    address = district.browser.get("/members/export.xlsx?q=张").location
    assert "张" not in str([task.task_order for task in db.session.query(LongTask)])
    run_waiting()
    book = openpyxl.load_workbook(io.BytesIO(district.browser.get(address).data))
    names = {row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert {"张三", "张建", "张设"} <= names
    assert "李四" not in names


def test_the_api_asks_to_narrow_down_a_long_export(district: District, ctx: Flask) -> None:
    for name in ("张建", "张设", "李四"):
        make_member(name, district.b, birth_date=date(1990, 1, 1))
    headers = {"Authorization": f"Bearer {make_token(district.admin)}"}
    client = ctx.test_client()
    for wish in ({}, {"q": "张"}):
        answer = client.post("/api/v1/members/exports", json=wish, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (413, "too_much")
        assert "缩小范围" in answer.json["detail"]
    narrow = client.post("/api/v1/members/exports", json={"org": "A"}, headers=headers)
    assert narrow.status_code == 200
