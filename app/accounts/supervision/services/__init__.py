"""Use cases of instructors and supervision teams.

Each opens its own `writing()` transaction, takes the scope within which the caller holds
"supervision.write" and `now` (aware UTC), and appends to the audit log. All raise NotFound for whom or
what lies outside the scope, WrongState where somebody also has units outside it and is to be changed as
such, and InvalidInput with one FieldError a field (`name`, `work_place`, `username`, `org_codes`,
`from`, `to`, `is_leader`).
"""

from app.accounts.supervision.services.edits import edit_assignment, edit_instructor, edit_official
from app.accounts.supervision.services.officials import add_official, change_official, delete_official
from app.accounts.supervision.services.people import (
    delete_overseer,
    link_account,
    open_account,
    save_instructor,
    save_team,
)
from app.accounts.supervision.services.units import assign_units, change_assignment, delete_assignment

__all__ = [
    "add_official",
    "assign_units",
    "change_assignment",
    "change_official",
    "delete_assignment",
    "delete_official",
    "delete_overseer",
    "edit_assignment",
    "edit_instructor",
    "edit_official",
    "link_account",
    "open_account",
    "save_instructor",
    "save_team",
]
