"""Pages of members and of the organisation tree."""

from app.members.views.blueprint import bp

# Imported for their routes.
from app.members.views import (  # noqa: F401  # isort: skip
    changes,
    duplicates,
    edits,
    export,
    import_steps,
    listing,
    orgs,
    person,
    serving,
    visits,
    wishes,
)

__all__ = ["bp"]
