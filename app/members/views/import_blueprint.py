"""The blueprint of the roster import, and what its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from app.core.i18n import Text, lazy
from app.members.roster.files import MAX_BYTES

bp = Blueprint("members_import", __name__, url_prefix="/members/import")
# Beside the file, the form's other fields and the borders between them.
_FORM_BYTES = 64 * 1024
STEPS: dict[str, Text] = {
    "reading": lazy("正在读取文件……"),
    "comparing": lazy("正在与系统里的名册对照……"),
    "writing": lazy("正在保存……"),
}


@bp.url_value_preprocessor
def allow_a_roster(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A roster may be larger than other bodies. Here, because the check for CSRF reads the form before
    any hook of a blueprint runs, and this one runs before both."""
    if endpoint == "members_import.upload":
        request.max_content_length = MAX_BYTES + _FORM_BYTES
