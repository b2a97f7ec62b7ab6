"""Pages of members and of the organisation tree."""

from app.members.views.blueprint import bp

# Imported for their routes.
from app.members.views import (  # noqa: F401  # isort: skip
    approvals,
    changes,
    duplicates,
    edits,
    export,
    history,
    import_steps,
    listing,
    org_changes,
    org_import,
    org_merge,
    org_posts,
    orgs,
    person,
    serving,
    transfers,
    visits,
    wishes,
)

__all__ = ["bp"]
