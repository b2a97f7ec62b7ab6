"""What the scheduler and the worker of long tasks ask of this feature."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.checkin.commands import CardOrder, Printing
from app.checkin.services.card_sheets import CARD_SHEETS, make_sheets
from app.checkin.services.tickets import forget_expired
from app.checkin.sheet_store import PART, sheet_store
from app.core.access import Scope
from app.core.clock import utc_now
from app.core.office import office_name
from app.core.tasks import RUNNERS, TaskRun


def forget_spent_tickets(now: datetime) -> int:
    """Drop spent tickets that would have expired anyway."""
    return forget_expired(now)


def forget_old_sheets(now: datetime) -> int:
    """Delete card sheets that have been kept for a day."""
    return sheet_store().forget_old(now)


def run_card_sheets(run: TaskRun) -> Mapping[str, Any]:
    """Issue and draw what the task's order wants, keep the document, and return its counts."""
    order = CardOrder(
        Printing(run.order["printing"]),
        run.order["org_id"],
        datetime.fromisoformat(run.order["asked_at"]),
        with_codes=bool(run.order.get("with_codes")),
    )
    scope = Scope(tuple(run.order["org_ids"]), run.user_id)
    made = make_sheets(order, scope, office_name(), utc_now(), run.tell)
    run.tell("keeping")
    sheet_store().keep(run.token, PART, made.sheets.pdf)
    return {
        "cards": made.sheets.cards,
        "pages": made.sheets.pages,
        "branches": made.branches,
        "issued": made.issued,
        "stopped": made.stopped,
        "bytes": len(made.sheets.pdf),
        "lacking": made.sheets.lacking,
    }


RUNNERS[CARD_SHEETS] = run_card_sheets
