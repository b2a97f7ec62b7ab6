"""The page of a round on a helper's phone: works without a network, and sends what was noted."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, jsonify, make_response, render_template, request, url_for

from app.checkin.forms import read_sent_ticks
from app.checkin.queries.rounds import known_of, round_members
from app.checkin.round_words import round_words
from app.checkin.services.batch import BatchAnswer
from app.checkin.services.rounds import MOST_TICKS, ROUND_STATUSES, KnownRound, known_round, record_round
from app.checkin.views import bp
from app.core.access import PUBLIC, permission, scope_of
from app.core.clock import office_tz, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.i18n import is_english
from app.core.labels import EXCUSE_LABELS, METHOD_LABELS
from app.core.office import session_rules
from app.core.pages import asset
from app.core.security import csrf

# Everything the page needs to open without a network, beside itself.
_ASSETS = ("css/member.css", "css/rounds.css", "js/round_store.js", "js/rounds.js", "img/favicon.svg")
_WORKER = "checkin/rounds_worker.js"


@bp.get("/rounds")
@permission(PUBLIC)
def round_page() -> str:
    """The shell alone, the same for everybody: what is in it comes from the phone."""
    told = {
        **round_words(),
        "locale": "en-GB" if is_english() else "zh-CN",
        "zone": str(office_tz()),
        "page": url_for("checkin.round_page"),
        "worker": url_for("checkin.round_worker"),
    }
    return render_template("checkin/rounds.html", excuse_labels=EXCUSE_LABELS, words=told)


@bp.get("/rounds/manifest.webmanifest")
@permission(PUBLIC)
def round_manifest() -> Response:
    """What a phone needs to know to put the page on its home screen."""
    page = url_for("checkin.round_page")
    pictures = [
        {"src": asset(f"img/round-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    response = jsonify(
        {
            "name": _("不漏 · 离线登记"),
            "short_name": _("离线登记"),
            "id": page,
            "start_url": page,
            "scope": page,
            "display": "standalone",
            "background_color": "#faf8f5",
            "theme_color": "#faf8f5",
            "icons": pictures,
        }
    )
    response.content_type = "application/manifest+json"
    return response


@bp.get("/rounds/worker.js")
@permission(PUBLIC)
def round_worker() -> Response:
    """The service worker; its text changes whenever a file of the page does, and phones then fetch anew."""
    files = [asset(name) for name in _ASSETS]
    version = hashlib.sha256(" ".join(files).encode()).hexdigest()[:12]
    page = url_for("checkin.round_page")
    response = make_response(render_template(_WORKER, page=page, files=files, version=version))
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    # It lies below the page that it serves.
    response.headers["Service-Worker-Allowed"] = page
    return response


# No CSRF token: no cookie is looked at. Whoever was signed in when the list was taken along may not be any
# more when the phone is back in a network; the round's own token may send ticks of its people, nothing else.
@bp.post("/rounds/<int:round_id>/ticks")
@csrf.exempt  # type: ignore[untyped-decorator]  # flask_wtf has no types
@permission(PUBLIC)
def send_ticks(round_id: int) -> Response:
    """Take in what a phone noted, MOST_TICKS at a time; without items it only asks how things stand."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise NotFound()
    taken, now = known_round(round_id, given.token), utc_now()
    sent = read_sent_ticks(request.get_json(), MOST_TICKS, ROUND_STATUSES)
    scope = scope_of(taken.created_by_id, "attendance.write")
    answers = record_round(taken, sent, scope, now, **session_rules())
    refs = {tick.id: tick.ref for tick in sent.ticks}
    return jsonify(
        {
            "now": now.isoformat(),
            "revoked": taken.is_revoked,
            "expires_at": taken.expires_at.isoformat(),
            "items": _told(taken, answers, refs),
        }
    )


def _told(taken: KnownRound, answers: list[BatchAnswer], refs: dict[str, str]) -> list[dict[str, Any]]:
    """Each answer; beside "already recorded", by whom, so that two helpers can talk to each other."""
    again = [answer for answer in answers if answer.result == "already_recorded"]
    members = round_members(db.session(), taken.id, [refs[answer.id] for answer in again])
    known = known_of(db.session(), taken.session_id, set(members.values()))
    told = []
    for answer in answers:
        line: dict[str, Any] = {"id": answer.id, "result": answer.result, "status": answer.status}
        line["recorded_at"] = answer.recorded_at.isoformat() if answer.recorded_at else None
        found = known.get(members.get(refs[answer.id], 0)) if answer in again else None
        if found is not None:
            line["by"] = found.recorded_by or str(METHOD_LABELS[found.method])
        told.append(line)
    return told
