"""A member's card and bound phones over the API."""

from __future__ import annotations

import pytest
from flask import Flask

from app.checkin.services.cards import holder_by_card
from tests.api_world import World, refusal


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_a_card_is_shown_once_and_its_state_ever_after(world: World) -> None:
    path = f"/members/{world.ids[0]}/card"
    assert world.admin.get(path).get_json() == {"number": None, "issued_at": None, "revoked_at": None}
    made = world.admin.post(path)
    assert made.status_code == 201
    with world.app.app_context():
        assert holder_by_card(made.get_json()["card"]).member_id == world.ids[0]
    state = world.admin.get(path).get_json()
    assert state["number"].isdigit()
    assert (state["issued_at"] is not None, state["revoked_at"]) == (True, None)
    assert world.admin.delete(path).status_code == 204
    assert world.admin.get(path).get_json()["revoked_at"] is not None
    assert world.admin.delete(path).status_code == 204, "a repeat does no harm"


def test_a_new_card_stops_the_one_before(world: World) -> None:
    session = world.open_session()
    path = f"/members/{world.ids[0]}/card"
    old, new = (world.admin.post(path).get_json()["card"] for _ in range(2))
    refused = world.admin.post("/checkins", {"session": session, "card": old})
    assert refusal(refused)[1] == "revoked"
    assert world.admin.post("/checkins", {"session": session, "card": new}).status_code == 201


def test_one_of_two_phones_is_let_go(world: World) -> None:
    path = f"/members/{world.ids[0]}/bindings"
    for _ in range(2):
        world.bind(world.ids[0])
    first, second = world.admin.get(path).get_json()["items"]
    assert (first["proof"], set(first)) == ("api", {"id", "proof", "created_at"})
    assert world.admin.delete(f"{path}/{first['id']}").status_code == 204
    assert [row["id"] for row in world.admin.get(path).get_json()["items"]] == [second["id"]]
    elsewhere = f"/members/{world.ids[1]}/bindings/{second['id']}"
    assert refusal(world.admin.delete(elsewhere)) == (404, "not_found")


def test_cards_outside_the_scope_are_not_found(world: World) -> None:
    other = world.neighbour_id
    assert refusal(world.secretary_a.get(f"/members/{other}/card")) == (404, "not_found")
    assert refusal(world.secretary_a.post(f"/members/{other}/card")) == (404, "not_found")
    assert refusal(world.secretary_a.get(f"/members/{other}/bindings")) == (404, "not_found")
