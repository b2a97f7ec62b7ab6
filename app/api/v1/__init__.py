"""Version 1 of the HTTP API: JSON routes over the same services as the pages.

A route is declared once (`operation.py`), and the declaration parses, serialises and documents it.
`fields.py` and `schemas/` say what bodies hold; `spec.py` turns all of it into OpenAPI.
"""

from __future__ import annotations

from flask import Flask

from app.core.security import csrf


def init_app(app: Flask) -> None:
    """Register every route of this version."""
    # Imported here: a resource adds its routes to the blueprint when it is imported.
    from app.api.v1 import (  # noqa: F401
        assignments,
        attendance,
        bindings,
        bulk,
        calendar,
        cards,
        checkins,
        codes,
        deliveries,
        docs,
        glance,
        groups,
        imports,
        kiosks,
        leave,
        links,
        locks,
        make_ups,
        members,
        officials,
        on_the_day,
        org_rows,
        orgs,
        reach,
        reports,
        reviews,
        rounds,
        sessions,
        steps,
        supervision,
        transfers,
        visits,
        wishes,
    )
    from app.api.v1.blueprint import CONVERTERS, bp

    app.url_map.converters.update(CONVERTERS)
    app.register_blueprint(bp)
    # Cookies are never looked at under /api/, so a foreign page has nothing to ride on.
    csrf.exempt(bp)
