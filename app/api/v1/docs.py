"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, current_app, render_template

from app.api.v1.blueprint import PREFIX, bp
from app.api.v1.reading import chapters, told
from app.api.v1.spec import build_spec
from app.core.access import PUBLIC, permission

_KEPT = "api_v1_document"


@bp.get("/openapi.json")
@permission(PUBLIC)
def openapi() -> Response:
    """Holds no data, so anyone may read it."""
    text = json.dumps(document(current_app), ensure_ascii=False)
    return Response(text, content_type="application/json")


@bp.get("/docs")
@permission(PUBLIC)
def docs() -> str:
    spec = document(current_app)
    return render_template(
        "api/docs.html",
        info=spec["info"],
        about=told(spec["info"]["description"]),
        chapters=chapters(spec),
        prefix=PREFIX,
    )


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI document; built once, when it is first asked for."""
    kept: dict[str, Any] | None = app.extensions.get(_KEPT)
    if kept is None:
        kept = app.extensions[_KEPT] = build_spec(app, bp.name, PREFIX)
    return kept
