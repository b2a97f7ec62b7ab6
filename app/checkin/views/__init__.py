"""Pages of check-in: the member's phone, the projector, the door, and a member's phones and card."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("checkin", __name__)

from app.checkin.views import access, door, phone, projector  # noqa: E402

__all__ = ["access", "bp", "door", "phone", "projector"]
