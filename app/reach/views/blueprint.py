"""The blueprint of plans that reach everyone."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("reach", __name__, url_prefix="/reach")
