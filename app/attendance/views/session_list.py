"""The list of sessions: tabs and filters in the address, attended and expected beside each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import render_template, request

from app.attendance.queries.session import session_counts
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.i18n import Text, lazy, localised
from app.core.paging import PAGE_SIZE, Page, page_number
from app.core.vocabulary import OrgKind
from app.trainings.queries.choices import OrgChoice, kinds, org_choices
from app.trainings.queries.listing import SessionFilter, Tab, month_days, sessions_page
from app.trainings.views import bp

TAB_LABELS: dict[Tab, Text] = {
    Tab.UPCOMING: lazy("即将开始"),
    Tab.TODAY: lazy("今天"),
    Tab.PAST: lazy("以前的"),
    Tab.DRAFTS: lazy("草稿"),
    Tab.ALL: lazy("全部"),
}
# With more units than this, only those that have others below them are offered as a filter.
MOST_ORGS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address; `org` is a code."""

    tab: Tab
    kind: str
    org: str
    month: str
    day: str
    text: str

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.org or self.month or self.day or self.text)

    def address(self, tab: Tab) -> dict[str, str]:
        """Arguments of the same filters under another tab; empty ones are left out."""
        named = {"kind": self.kind, "org": self.org, "month": self.month, "q": self.text}
        return {"tab": tab.value, **{name: value for name, value in named.items() if value}}


@bp.get("/sessions")
@permission("sessions.read")
def index() -> str:
    """Sessions of the scope."""
    now, scope, session = utc_now(), current_scope(), db.session()
    asked, number = _asked(), page_number()
    orgs = org_choices(session, scope, today())
    wanted, known_org = _filter(asked, orgs)
    rows, total = (
        sessions_page(session, wanted, scope, now, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
        if known_org
        else ([], 0)
    )
    return render_template(
        "attendance/sessions.html",
        asked=asked,
        tabs=[(tab, label, asked.address(tab)) for tab, label in TAB_LABELS.items()],
        page=Page(rows, number, total),
        counts=session_counts(session, [row.id for row in rows]),
        kinds=[(kind.key, localised(kind.name_zh, kind.name_en)) for kind in kinds(session, keep=asked.kind)],
        orgs=_offered(orgs, asked.org),
        now=now,
    )


def _asked() -> Asked:
    tab, day = request.args.get("tab", ""), request.args.get("day", "")
    asked = Asked(
        tab=Tab(tab) if tab in set(Tab) else Tab.UPCOMING,
        kind=request.args.get("kind", "")[:40],
        org=request.args.get("org", "")[:40],
        month=month if month_days(month := request.args.get("month", "")) else "",
        day=day if _one_day(day) else "",
        text=request.args.get("q", "").strip()[:80],
    )
    # A month or day named without a tab means all of it, not only what lies ahead.
    return replace(asked, tab=Tab.ALL) if not tab and (asked.month or asked.day) else asked


def _filter(asked: Asked, orgs: list[OrgChoice]) -> tuple[SessionFilter, bool]:
    """The filter, and whether the organisation in it is one that this user may see."""
    org_id = next((org.id for org in orgs if org.code == asked.org), None)
    wanted = SessionFilter(
        tab=asked.tab,
        kind=asked.kind or None,
        org_id=org_id,
        days=_one_day(asked.day) or month_days(asked.month),
        text=asked.text,
    )
    return wanted, org_id is not None or not asked.org


def _one_day(text: str) -> tuple[date, date] | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return (day, day + timedelta(days=1)) if 2000 <= day.year < 2100 else None


def _offered(orgs: list[OrgChoice], chosen: str) -> list[tuple[str, str]]:
    above = (OrgKind.COMMITTEE, OrgKind.GENERAL_BRANCH)
    few = len(orgs) <= MOST_ORGS
    return [
        (org.code, "\u3000" * org.depth + org.name)
        for org in orgs
        if few or org.kind in above or org.code == chosen
    ]
