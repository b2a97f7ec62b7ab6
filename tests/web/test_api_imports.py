"""Rosters through the API: upload, look, apply, discard, export."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.vocabulary import OrgKind, Role
from app.members.models import Member
from app.members.roster.files import MAX_BYTES
from tests.factories import count, make_member, make_org, make_staff, make_token
from tests.web.test_roster_pages import BAD, GOOD, work

IMPORTS = "/api/v1/members/imports"


@pytest.fixture
def office(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", name="区委", kind=OrgKind.COMMITTEE)
    return {"root": root, "branch": make_org("B1", root, name="第一党支部")}


def headers_of(
    office: dict[str, Any], name: str = "admin", role: Role = Role.ADMINISTRATOR
) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(make_staff(name, role, office['root']))}"}


@pytest.fixture
def headers(office: dict[str, Any]) -> dict[str, str]:
    return headers_of(office)


def test_a_roster_is_uploaded_looked_at_and_applied(client: FlaskClient, headers: dict[str, str]) -> None:
    put = client.post(IMPORTS, data=GOOD.encode(), headers=headers)
    assert put.status_code == 202
    assert put.json["state"] == "waiting"
    address = f"{IMPORTS}/{put.json['id']}"
    assert client.post(f"{address}/apply", headers=headers).json["code"] == "wrong_state"
    work(client)
    seen = client.get(address, headers=headers).json
    assert seen["state"] == "reviewed"
    assert seen["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0, "missing": 0}
    for _again in range(2):
        assert client.post(f"{address}/apply", headers=headers).status_code == 202
        work(client)
    assert client.get(address, headers=headers).json["state"] == "applied"
    assert count(Member) == 2


def test_rejected_rows_are_told_by_place_and_code_in_pages(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    bad = BAD.replace("13900000002", "12")
    form = {"file": (io.BytesIO(bad.encode()), "roster.csv")}
    put = client.post(IMPORTS, data=form, headers=headers, content_type="multipart/form-data")
    work(client)
    address = f"{IMPORTS}/{put.json['id']}?limit=1"
    first = client.get(address, headers=headers).json
    assert [row["row"] for row in first["rejected"]] == [2]
    assert first["rejected"][0]["problems"][0]["code"] == "phone_invalid"
    second = client.get(f"{address}&cursor={first['next']}", headers=headers).json
    assert [row["row"] for row in second["rejected"]] == [3]
    assert second["next"] is None


def test_an_import_belongs_to_its_user_and_can_be_discarded(
    client: FlaskClient, office: dict[str, Any], headers: dict[str, str]
) -> None:
    address = f"{IMPORTS}/{client.post(IMPORTS, data=GOOD.encode(), headers=headers).json['id']}"
    stranger = headers_of(office, "other")
    assert client.get(address, headers=stranger).status_code == 404
    assert client.delete(address, headers=stranger).status_code == 404
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404
    assert (
        client.post(IMPORTS, data=GOOD.encode(), headers=headers_of(office, "s", Role.SECRETARY)).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "file_empty"),
        (b"%PDF-1.7\n\x00", 422, "file_wrong_kind"),
        (b"x" * (MAX_BYTES + 200_000), 413, "too_large"),
    ],
)
def test_a_wrong_file_is_refused_at_once(
    client: FlaskClient, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = client.post(IMPORTS, data=content, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_unknown_columns_and_wrong_wishes_are_told(client: FlaskClient, headers: dict[str, str]) -> None:
    put = client.post(IMPORTS, data="谁,哪里\n张三,一支部\n".encode(), headers=headers)
    work(client)
    assert client.get(f"{IMPORTS}/{put.json['id']}", headers=headers).json["state"] == "needs_columns"
    for query in ("as_of=2999-01-01", "full_org=nowhere"):
        assert client.post(f"{IMPORTS}?{query}", data=GOOD.encode(), headers=headers).status_code == 422


def test_the_roster_is_exported(client: FlaskClient, office: dict[str, Any], headers: dict[str, str]) -> None:
    make_member("张三", office["branch"], phone="13900000001")
    for wish, phone in (({}, "139****0001"), ({"with_phones": True, "org": "B1"}, "13900000001")):
        answer = client.post("/api/v1/members/exports", json=wish, headers=headers)
        rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
        assert phone in rows[1]
    assert client.post("/api/v1/members/exports", json={"org": "X"}, headers=headers).status_code == 404
