"""Pages of members and of the organisation tree."""

from app.members.views.blueprint import bp

# Imported for their routes.
from app.members.views import (  # noqa: F401  # isort: skip
    approvals,
    changes,
    edits,
    history,
    listing,
    orgs,
    person,
    transfers,
)

__all__ = ["bp"]
