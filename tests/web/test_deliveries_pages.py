"""The page of monthly reports, the inbox, and the same by the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db, writing
from app.core.vocabulary import OrgKind, Role
from app.deliveries import jobs
from app.deliveries.models import ReportDelivery, ReportSchedule
from app.reports.exports.workbook import XLSX_TYPE
from tests.factories import make_member, make_org, make_staff, make_token, sign_in


@pytest.fixture
@writing()
def district(ctx: Flask) -> dict[str, Any]:
    root = make_org("Q", kind=OrgKind.COMMITTEE)
    branch = make_org("QA", root)
    make_member("张三", branch)
    make_org("QB", root)
    return {
        "admin": make_staff("管理员", Role.ADMINISTRATOR, root),
        "organiser": make_staff("组织者", Role.ORGANISER, branch),
        "reader": make_staff("书记", Role.SECRETARY, branch),
    }


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def made_last_month(schedule_id: int) -> None:
    """As if the schedule had been there since the month before."""
    with writing() as session:
        schedule = session.get_one(ReportSchedule, schedule_id)
        schedule.wanted_since = datetime.now(UTC) - timedelta(days=today().day)
    assert jobs.make_monthly_report(datetime.now(UTC)) == 1


def test_from_the_form_to_the_opened_report(ctx: Flask, district: dict[str, Any]) -> None:
    client = sign_in(ctx.test_client(), district["organiser"])
    page = client.get("/report-schedules").get_data(as_text=True)
    assert 'value="QA"' in page
    assert 'value="QB"' not in page, "only units within the scope are offered"
    assert "还没有设置邮件服务器" in page
    token = token_of(page)
    form = {"csrf_token": token, "report": "coverage", "org_code": "QA", "username": "书记"}
    form["language"] = "zh_Hans_CN"
    wrong = client.post("/report-schedules", data={**form, "org_code": "QB"})
    assert wrong.status_code == 422
    assert "请从列表中选择您负责范围内的党组织" in wrong.get_data(as_text=True)
    for _ in range(2):
        assert client.post("/report-schedules", data=form).status_code == 302
    db.session.rollback()
    schedule_id = db.session.scalars(select(ReportSchedule.id)).one()
    made_last_month(schedule_id)
    assert "在收件箱里" in client.get("/report-schedules").get_data(as_text=True)

    reader = sign_in(ctx.test_client(), district["reader"])
    assert "1 份未打开" in reader.get("/").get_data(as_text=True)
    inbox = reader.get("/inbox").get_data(as_text=True)
    assert "未打开" in inbox
    delivery_id = db.session.scalars(select(ReportDelivery.id)).one()
    path, data = f"/inbox/{delivery_id}/open", {"csrf_token": token_of(inbox)}
    answer = reader.post(path, data=data)
    assert (answer.status_code, answer.content_type) == (200, XLSX_TYPE)
    assert answer.data.startswith(b"PK")
    assert "未打开" not in reader.get("/inbox").get_data(as_text=True)
    assert "份未打开" not in reader.get("/").get_data(as_text=True)
    # Nobody else's, not even the administrator's.
    admin = sign_in(ctx.test_client(), district["admin"])
    theirs = {"csrf_token": token_of(admin.get("/inbox").get_data(as_text=True))}
    assert admin.post(path, data=theirs).status_code == 404

    pause = {"csrf_token": token}
    assert client.post(f"/report-schedules/{schedule_id}/pause", data=pause).status_code == 302
    assert "已停用" in client.get("/report-schedules").get_data(as_text=True)


def test_the_api_does_what_the_pages_do(ctx: Flask, district: dict[str, Any]) -> None:
    api = ctx.test_client()
    admin = {"Authorization": f"Bearer {make_token(district['admin'])}"}
    reader = {"Authorization": f"Bearer {make_token(district['reader'])}"}
    asked = {"report": "uncovered", "org_code": "QA", "username": "书记", "language": "en"}
    made = api.post("/api/v1/report-schedules", json=asked, headers=admin)
    assert made.status_code == 201
    schedule_id = made.get_json()["id"]
    assert api.post("/api/v1/report-schedules", json=asked, headers=admin).get_json()["id"] == schedule_id
    assert api.get("/api/v1/report-schedules", headers=reader).status_code == 403
    made_last_month(schedule_id)
    (item,) = api.get("/api/v1/inbox", headers=reader).get_json()["items"]
    path = f"/api/v1/inbox/{item['id']}"
    assert api.get(f"{path}/report.xlsx", headers=reader).data.startswith(b"PK")
    assert api.get(f"{path}/report.xlsx", headers=admin).status_code == 404
    assert api.get("/api/v1/inbox", headers=reader).get_json()["items"][0]["opened_at"] is None
    assert api.put(f"{path}/opened", headers=reader).status_code == 204
    (month,) = api.get("/api/v1/report-schedules", headers=admin).get_json()["items"][0]["months"]
    assert (month["state"], month["opened_at"] is None) == ("ready", False)
    changed = api.patch(f"/api/v1/report-schedules/{schedule_id}", json={"is_active": False}, headers=admin)
    assert changed.get_json()["is_active"] is False


def test_who_moved_on_cannot_open_what_was_made_before(ctx: Flask, district: dict[str, Any]) -> None:
    admin = {"Authorization": f"Bearer {make_token(district['admin'])}"}
    reader = {"Authorization": f"Bearer {make_token(district['reader'])}"}
    api = ctx.test_client()
    asked = {"report": "uncovered", "org_code": "QA", "username": "书记"}
    made_last_month(api.post("/api/v1/report-schedules", json=asked, headers=admin).get_json()["id"])
    with writing() as session:
        session.merge(district["reader"]).grants[0].org_id = make_org("QC").id
    (item,) = api.get("/api/v1/inbox", headers=reader).get_json()["items"]
    assert item["in_reach"] is False
    assert api.get(f"/api/v1/inbox/{item['id']}/report.xlsx", headers=reader).status_code == 404
