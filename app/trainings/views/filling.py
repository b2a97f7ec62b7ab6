"""What the form about a session starts with: an earlier session, the stored one, and every choice offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms.fields.choices import SelectChoice

from app.core.access import Scope
from app.core.clock import office_date
from app.core.db import db
from app.core.i18n import gettext as _
from app.core.i18n import localised
from app.core.vocabulary import OrgKind
from app.trainings.forms import SessionForm
from app.trainings.queries import choices
from app.trainings.queries.choices import LastSession, Named, OrgChoice
from app.trainings.queries.page import Audience, SessionFacts, audience, session_facts, speakers
from app.trainings.rules import next_same_weekday

# A first session, before there is one to start from: two hours of an afternoon, tomorrow.
FIRST_START, FIRST_END = time(14, 30), time(16, 30)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form offers beside what is filled in."""

    orgs: tuple[OrgChoice, ...]
    venues: tuple[str, ...]
    lecturers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """The form's first values, and the session they were taken from."""

    data: dict[str, Any]
    source: LastSession | None = None


def start_of_new(kind: str | None, copied_id: int | None, scope: Scope, now: datetime, tz: ZoneInfo) -> Start:
    """A copy of the session that is named (NotFound outside the scope), else of the kind's last one.

    Without either: tomorrow, the scope's own organisation, and its people where it is a branch.
    """
    session, today = db.session(), office_date(now, tz)
    if copied_id is not None:
        facts = session_facts(session, copied_id, scope, now)
        source = LastSession(facts.id, facts.title, facts.office_date)
        return Start(_moved(facts, today, tz), source)
    last = choices.last_session(session, kind, scope, now)
    if last is None:
        return Start(_first(kind, scope, today))
    facts = session_facts(session, last.id, scope, now)
    # The title says what this one is about, and the class is over: both are for a copy only.
    return Start({**_moved(facts, today, tz), "title": "", "class_id": "", "note": ""}, last)


def start_of_edit(facts: SessionFacts, tz: ZoneInfo) -> dict[str, Any]:
    """The stored session as the form shows it."""
    starts, ends = facts.starts_at.astimezone(tz), facts.ends_at.astimezone(tz)
    session = db.session()
    invited = audience(session, facts.id)
    return {
        "kind": facts.kind_key,
        "title": facts.title,
        "mode": facts.mode_key,
        "day": starts.date(),
        "starts": starts.time(),
        "ends": ends.time(),
        "ends_day": ends.date() if ends.date() != starts.date() else None,
        "host": facts.host_code,
        "venue": facts.venue_name or "",
        "lecturers": [(speaker.name, speaker.role.value) for speaker in speakers(session, facts.id)],
        # Left empty where it is the length, so that it follows when the times are changed.
        "minutes": None if facts.credited_minutes == facts.length_minutes else facts.credited_minutes,
        "class_id": str(facts.class_id or ""),
        "note": facts.note or "",
        "declared": facts.declared_person_times,
        "mark": facts.declared_mark.value,
        "late_after": facts.late_after_minutes,
        "asks_sign_out": facts.asks_sign_out,
        "join_url": facts.join_url or "",
        **_audience_data(invited),
    }


def offer_choices(
    form: SessionForm, scope: Scope, now: datetime, stored: SessionFacts | None = None
) -> Offer:
    """Give the form its lists; what the stored session uses stays offered."""
    session = db.session()
    orgs = choices.org_choices(session, scope, office_date(now))
    kind, class_id = (stored.kind_key, stored.class_id) if stored else (None, None)
    form.kind.choices = _named(choices.kinds(session, keep=kind))
    form.mode.choices = _named(choices.modes(session))
    form.host.choices = [SelectChoice(org.code, "\u3000" * org.depth + org.name) for org in orgs]
    classes = choices.open_classes(session, scope, now, keep=class_id)
    in_none = SelectChoice("", _("不属于班次"))
    form.class_id.choices = [in_none, *[SelectChoice(str(key), title) for key, title in classes]]
    form.orgs.choices = list(form.host.choices)
    if stored is not None:
        known = {org.code for org in orgs}
        # Set by somebody with a wider scope: shown, so that nothing is dropped in silence.
        wider = [org for org in audience(session, stored.id).orgs if org[0] not in known]
        form.orgs.choices += [SelectChoice(code, name) for code, name in wider]
    venues, lecturers = choices.venue_names(session), choices.lecturer_names(session)
    return Offer(tuple(orgs), tuple(venues), tuple(lecturers))


def _named(rows: list[Named]) -> list[SelectChoice]:
    return [SelectChoice(row.key, localised(row.name_zh, row.name_en)) for row in rows]


def _audience_data(invited: Audience) -> dict[str, Any]:
    return {
        "orgs": [code for code, _name in invited.orgs],
        "groups": [group.value for group in invited.groups],
        "members": [member_id for member_id, _name in invited.members],
    }


def _moved(facts: SessionFacts, today: date, tz: ZoneInfo) -> dict[str, Any]:
    """The session as a new one: the same weekday and times, and nothing that happened at it."""
    data = start_of_edit(facts, tz)
    day = next_same_weekday(data["day"], today)
    later = data["ends_day"] - data["day"] if data["ends_day"] else None
    return {
        **data,
        "day": day,
        "ends_day": day + later if later else None,
        "declared": None,
        "mark": "exact",
    }


def _first(kind: str | None, scope: Scope, today: date) -> dict[str, Any]:
    orgs = choices.org_choices(db.session(), scope, today)
    host = next((org for org in orgs if org.id in scope.org_ids), None)
    data: dict[str, Any] = {
        "mode": "in_person",
        "day": today + timedelta(days=1),
        "starts": FIRST_START,
        "ends": FIRST_END,
        "lecturers": [],
    }
    if kind:
        data["kind"] = kind
    if host is not None:
        data["host"] = host.code
        # A branch invites its own people; a whole district is not invited by default.
        data["orgs"] = [host.code] if host.kind in (OrgKind.BRANCH, OrgKind.GROUP) else []
    return data
