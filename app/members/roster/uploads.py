"""Where uploaded rosters and trees are kept between the steps of their pages, and what is wanted of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime

from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import NotFound
from app.core.files import instance_folder
from app.core.sealed_files import KEPT_FOR, SealedFiles
from app.members.roster.plan import Asked
from app.members.roster.rules_decisions import Decisions

__all__ = ["KEPT_FOR", "SealedFiles", "Wish", "keep_wish", "tree_store", "upload_store", "wish_of"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the uploader has set; None and "" leave it to the import. `task`: the review's token."""

    as_of: date | None = None
    accepted_on: date | None = None
    full_org: str = ""
    decisions: Decisions = field(default_factory=Decisions)
    task: str = ""

    def asked(self, now: datetime) -> Asked:
        today = office_date(now)
        return Asked(today, self.accepted_on or today, self.as_of, self.full_org, self.decisions)


def upload_store() -> SealedFiles:
    """This installation's uploads: parts "table" (the file), "wish", "review" (what it would do), "marked"
    (the workbook with every row's result) and "done" (counts of what was imported)."""
    return SealedFiles(instance_folder("roster-uploads"), "roster_upload")


def tree_store() -> SealedFiles:
    """The same for trees: parts "table" (the file) and "wish" (who uploaded it, and for which day)."""
    return SealedFiles(instance_folder("tree-uploads"), "tree_upload")


def keep_wish(store: SealedFiles, token: str, wish: Wish, scope: Scope) -> None:
    """Write the wish; the upload then belongs to the scope's user."""
    kept = {
        "user_id": scope.user_id,
        "as_of": wish.as_of.isoformat() if wish.as_of else None,
        "accepted_on": wish.accepted_on.isoformat() if wish.accepted_on else None,
        "full_org": wish.full_org,
        "decisions": wish.decisions.as_data(),
        "task": wish.task,
    }
    store.keep(token, "wish", json.dumps(kept, ensure_ascii=False).encode())


def wish_of(store: SealedFiles, token: str, user_id: int | None) -> Wish:
    """The wish of the user's own upload; raises NotFound for another's, and after a day."""
    kept = json.loads(store.read(token, "wish"))
    if kept["user_id"] != user_id:
        raise NotFound()
    as_of, accepted_on = (
        date.fromisoformat(kept[name]) if kept[name] else None for name in ("as_of", "accepted_on")
    )
    return Wish(as_of, accepted_on, kept["full_org"], Decisions.from_data(kept["decisions"]), kept["task"])
