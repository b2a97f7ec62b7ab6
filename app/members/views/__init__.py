"""Pages of members and of the organisation tree."""

from app.members.views.blueprint import bp

# Imported for their routes.
from app.members.views import changes, duplicates, edits, export, import_steps, listing, orgs, person  # noqa: F401  # isort: skip

__all__ = ["bp"]
