"""Pages of members and of the organisation tree."""

from app.members.views.blueprint import bp

# Imported for their routes.
from app.members.views import changes, edits, listing, orgs, person, visits, wishes  # noqa: F401  # isort: skip

__all__ = ["bp"]
