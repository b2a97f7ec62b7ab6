"""Report pages: reads the address, calls one query a figure, shows or exports its table."""

from app.reports.views import corrections, drill, index, people, refused, tables, yearly
from app.reports.views.frame import bp

__all__ = ["bp", "corrections", "drill", "index", "people", "refused", "tables", "yearly"]
