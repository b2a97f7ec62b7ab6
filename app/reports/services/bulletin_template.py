"""Keeps the office's own Word template of the bulletin, in place of the one that comes with the product."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.access import Scope
from app.core.audit import record_act
from app.core.crypto import new_token
from app.core.db import writing
from app.core.files import instance_folder
from app.reports.docx_template import filled, repacked
from app.settings import ROOT

SHIPPED = ROOT / "app" / "reports" / "templates_docx"


def shipped_template(*, english: bool) -> bytes:
    """The one that comes with the product."""
    return (SHIPPED / ("bulletin.en.docx" if english else "bulletin.docx")).read_bytes()


def own_template() -> bytes | None:
    """The office's own; None while it uses the shipped one."""
    try:
        return _path().read_bytes()
    except FileNotFoundError:
        return None


def save_template(content: bytes, sample: Mapping[str, Any], scope: Scope, now: datetime) -> None:
    """Take an uploaded template once a document could be made from it. Raises TemplateRefused.

    sample: values of every placeholder that there is.
    """
    filled(content, sample)
    safe = repacked(content)
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{new_token(6)}")
    try:
        draft.write_bytes(safe)
        with writing() as session:
            record_act(session, "bulletin_template.save", "bulletin", scope.user_id, now, size=len(safe))
        # A reader sees the old one or the whole new one.
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def reset_template(scope: Scope, now: datetime) -> None:
    """Go back to the shipped one; a repeat changes nothing."""
    if own_template() is None:
        return
    with writing() as session:
        record_act(session, "bulletin_template.reset", "bulletin", scope.user_id, now)
    with suppress(FileNotFoundError):
        _path().unlink()


def _path() -> Path:
    return instance_folder("templates") / "bulletin.docx"
