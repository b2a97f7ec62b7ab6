"""Report pages: reads the address, calls one query a figure, shows or exports its table."""

from app.reports.views import (
    bulletin,
    corrections,
    drill,
    glance,
    make_ups,
    people,
    refused,
    summaries,
    tables,
    yearly,
)
from app.reports.views.frame import bp

__all__ = [
    "bp",
    "bulletin",
    "corrections",
    "drill",
    "glance",
    "make_ups",
    "people",
    "refused",
    "summaries",
    "tables",
    "yearly",
]
