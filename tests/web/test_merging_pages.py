"""The pages of doubled records: listed, compared, merged or called two people."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import db
from app.core.vocabulary import OrgKind, Role
from app.members.models import DistinctMembers, Member
from tests.factories import count, make_member, make_org, make_staff, sign_in

PHONE = "13900000001"


@pytest.fixture
def ids(app: Flask) -> tuple[int, int]:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        root = make_org("Q", kind=OrgKind.COMMITTEE)
        branch = make_org("QA", root, name="甲支部")
        kept = make_member("张三", branch, phone=PHONE, birth_date=date(1950, 1, 2))
        other = make_member("张三", branch, phone=PHONE, birth_date=date(1951, 1, 2))
        make_staff("admin", Role.ADMINISTRATOR, root)
        make_staff("secretary", Role.SECRETARY, root)
        return kept.id, other.id


def client_of(app: Flask, name: str) -> FlaskClient:
    from sqlalchemy import select

    from app.accounts.models import StaffUser

    with app.app_context():
        user = db.session.scalars(select(StaffUser).where(StaffUser.username == name)).one()
        return sign_in(app.test_client(), user)


@pytest.fixture(autouse=True)
def _csrf_back(app: Flask) -> object:
    yield
    app.config["WTF_CSRF_ENABLED"] = True


def test_the_list_names_the_pair_and_why(app: Flask, ids: tuple[int, int]) -> None:
    page = client_of(app, "admin").get("/members/duplicates").text
    assert "姓名和电话相同" in page
    assert f"/members/{ids[0]}/merge/{ids[1]}" in page
    assert PHONE not in page


def test_the_comparison_marks_what_differs(app: Flask, ids: tuple[int, int]) -> None:
    page = client_of(app, "admin").get(f"/members/{ids[0]}/merge/{ids[1]}").text
    assert 'name="take" value="birth_date"' in page
    assert 'value="name"' not in page
    assert "139****0001" in page
    assert PHONE not in page


def test_merging_leads_to_the_one_kept_with_the_chosen_value(app: Flask, ids: tuple[int, int]) -> None:
    kept, other = ids
    admin = client_of(app, "admin")
    answer = admin.post(f"/members/{kept}/merge/{other}", data={"take": ["birth_date", "password"]})
    assert (answer.status_code, answer.location) == (302, f"/members/{kept}")
    with app.app_context():
        assert db.session.get_one(Member, kept).birth_date == date(1951, 1, 2)
    assert "没有可能重复的记录" in admin.get("/members/duplicates").text
    # The double tap.
    assert admin.post(f"/members/{kept}/merge/{other}").status_code == 302


def test_two_people_are_not_offered_again(app: Flask, ids: tuple[int, int]) -> None:
    admin = client_of(app, "admin")
    for _ in range(2):
        assert admin.post(f"/members/{ids[0]}/distinct/{ids[1]}").status_code == 302
    assert "没有可能重复的记录" in admin.get("/members/duplicates").text
    with app.app_context():
        assert count(DistinctMembers) == 1


def test_a_secretary_merges_nobody(app: Flask, ids: tuple[int, int]) -> None:
    secretary = client_of(app, "secretary")
    assert secretary.get("/members/duplicates").status_code == 403
    assert secretary.post(f"/members/{ids[0]}/merge/{ids[1]}").status_code == 403
    with app.app_context():
        assert db.session.get_one(Member, ids[1]).merged_into_id is None


def test_an_unknown_record_is_not_found(app: Flask, ids: tuple[int, int]) -> None:
    admin = client_of(app, "admin")
    assert admin.get(f"/members/{ids[0]}/merge/999999").status_code == 404
    assert admin.post(f"/members/{ids[0]}/merge/999999").status_code == 404
    assert admin.post(f"/members/{ids[0]}/merge/{ids[0]}").status_code == 422
