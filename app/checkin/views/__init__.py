"""Pages of check-in: the member's phone, the projector, the door, paper, and a member's phones and card."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("checkin", __name__)

from app.checkin.views import (  # noqa: E402
    access,
    bind_codes,
    binding,
    door,
    joining,
    kiosk,
    kiosks,
    links,
    member_part,
    mine,
    own_access,
    own_file,
    own_leave,
    phone,
    printed,
    projector,
    quick,
    round_page,
    rounds,
    stream,
)

__all__ = [
    "access",
    "bind_codes",
    "binding",
    "bp",
    "door",
    "joining",
    "kiosk",
    "kiosks",
    "links",
    "member_part",
    "mine",
    "own_access",
    "own_file",
    "own_leave",
    "phone",
    "printed",
    "projector",
    "quick",
    "round_page",
    "rounds",
    "stream",
]
