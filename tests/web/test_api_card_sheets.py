"""Cards for many members through the API: ask, look, fetch."""

from __future__ import annotations

import pytest
from flask import Flask

from app.checkin.models import MemberCard
from app.core.tasks import LongTask
from app.core.vocabulary import Role
from tests.api_world import World, refusal, wrong_fields
from tests.factories import count
from tests.web.test_roster_pages import work

SHEETS = "/members/card-sheets"
KEY = "abcdefghijklmnopqrstu-"


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def cards(world: World) -> int:
    with world.app.app_context():
        return count(MemberCard)


def test_cards_of_a_unit_are_asked_for_looked_at_and_fetched(world: World) -> None:
    asked = world.admin.post(SHEETS, {"only": "new", "org": "QA"})
    assert asked.status_code == 202
    path = f"{SHEETS}/{asked.get_json()['id']}"
    assert (asked.get_json()["state"], asked.get_json()["cards"]) == ("waiting", None)
    assert refusal(world.admin.get(f"{path}/sheets.pdf")) == (404, "not_found")
    work(world.admin.client)
    found = world.admin.get(path).get_json()
    assert {name: found[name] for name in ("state", "cards", "pages", "issued", "stopped", "lacking")} == {
        "state": "done", "cards": 3, "pages": 1, "issued": 3, "stopped": 0, "lacking": 0,
    }  # fmt: skip
    document = world.admin.get(f"{path}/sheets.pdf")
    assert document.content_type == "application/pdf"
    assert document.data.startswith(b"%PDF")


def test_the_same_key_again_is_the_same_print(world: World) -> None:
    for _ in range(2):
        asked = world.admin.post(SHEETS, {"only": "renew", "id": KEY})
        assert (asked.status_code, asked.get_json()["id"]) == (202, KEY)
        work(world.admin.client)
    assert cards(world) == 4
    with world.app.app_context():
        assert count(LongTask) == 1


def test_a_print_with_nothing_to_print_says_why(world: World) -> None:
    world.admin.post(SHEETS, {"only": "all"})
    work(world.admin.client)
    path = f"{SHEETS}/{world.admin.post(SHEETS, {'only': 'new'}).get_json()['id']}"
    work(world.admin.client)
    found = world.admin.get(path).get_json()
    assert (found["state"], found["cards"], found["lacking"]) == ("refused", None, None)
    assert "每个人都有卡了" in found["detail"]
    assert refusal(world.admin.get(f"{path}/sheets.pdf")) == (404, "not_found")


def test_a_print_belongs_to_whoever_asked_for_it(world: World) -> None:
    world.admin.post(SHEETS, {"only": "new", "id": KEY})
    work(world.admin.client)
    with world.app.app_context():
        other = world.caller("other", Role.ADMINISTRATOR, world.root)
    for path in (f"{SHEETS}/{KEY}", f"{SHEETS}/{KEY}/sheets.pdf", f"{SHEETS}/nothing"):
        assert refusal(other.get(path)) == (404, "not_found")
    assert refusal(other.post(SHEETS, {"only": "new", "id": KEY})) == (404, "not_found")


def test_wrong_orders_are_refused_and_issue_nothing(world: World) -> None:
    wrong = world.admin.post(SHEETS, {"only": "some", "id": f"{KEY}\n"})
    assert wrong_fields(wrong) == {"only": "unknown", "id": "invalid"}
    assert refusal(world.secretary_a.post(SHEETS, {"only": "new", "org": "QB"})) == (404, "not_found")
    assert refusal(world.supervisor.post(SHEETS, {"only": "new"})) == (403, "forbidden")
    work(world.admin.client)
    assert cards(world) == 0


def test_a_secretary_prints_for_their_own_branch(world: World) -> None:
    path = f"{SHEETS}/{world.secretary_a.post(SHEETS, {'only': 'all'}).get_json()['id']}"
    work(world.admin.client)
    assert world.secretary_a.get(path).get_json()["cards"] == 3
