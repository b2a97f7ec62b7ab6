"""Pages of instructors and supervision teams."""

from app.accounts.supervision.views.blueprint import bp

# Imported for their routes, and for what a unit's page shows of them.
from app.accounts.supervision.views import assign, changes, lists, officials, org_part, page  # noqa: F401  # isort: skip

__all__ = ["bp"]
