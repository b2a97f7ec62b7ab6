"""Who may read `/metrics`."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests import databases

PRODUCTION = {"APP_ENV": "production", "BASE_URL": "https://study.example", "TRUSTED_HOSTS": "study.example"}


def client(folder: Path, **changes: str) -> FlaskClient:
    return databases.make_app(f"sqlite:///{folder / 'x.sqlite3'}", folder, **changes).test_client()


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [("", "", 404), ("", "Bearer ", 404), ("t", "", 404), ("t", "Bearer other", 404), ("t", "Bearer t", 200)],
)
def test_production_shows_metrics_by_token_only(tmp_path: Path, token: str, header: str, status: int) -> None:
    asked = client(tmp_path, **PRODUCTION, METRICS_TOKEN=token)
    answer = asked.get("/metrics", headers={"Host": "study.example", "Authorization": header})
    assert answer.status_code == status


def test_elsewhere_metrics_are_open(tmp_path: Path) -> None:
    assert "bulou_requests_total" in client(tmp_path).get("/metrics").text
