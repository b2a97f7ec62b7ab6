"""Checks a session draft whole and says everything that is wrong at once, by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.clock import office_date
from app.core.errors import FieldError, InvalidInput
from app.core.i18n import lazy
from app.members.queries.as_of import members_in_scope
from app.members.queries.tree import codes_by_id, ids_by_code, in_scope
from app.trainings.commands import SessionDraft
from app.trainings.models import DeliveryMode, SessionKind, TrainingClass, TrainingSession
from app.trainings.queries.sessions import audience_ids
from app.trainings.rules import LONGEST

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_DECLARED = 1_000_000


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """What the draft's codes stand for."""

    host_id: int
    org_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the stored session names already: ids of organisations by code, members, its class."""

    orgs: dict[str, int]
    member_ids: frozenset[int]
    class_id: int | None


def check_draft(
    session: Session, draft: SessionDraft, scope: Scope, tz: ZoneInfo, stored: TrainingSession | None = None
) -> CheckedDraft:
    """Resolve the draft within the scope as of the session's day; raises InvalidInput with every error.

    stored: the session that the draft changes; what it names already may stay, whoever put it there.
    """
    if not EARLIEST <= draft.starts_at < LATEST:
        # Nothing below can be decided for a day outside the calendar.
        raise InvalidInput.field("starts_at", "out_of_range", lazy("开始时间不在合理范围内。"))
    day = office_date(draft.starts_at, tz)
    codes = (draft.host_org_code, *draft.audience.org_codes)
    kept = _kept(session, stored)
    known = {**kept.orgs, **ids_by_code(session, codes, scope, day)}
    errors = [*_text_errors(draft), *_time_errors(draft), *_number_errors(draft)]
    if draft.host_org_code not in known:
        errors.append(FieldError("host_org", "unknown", lazy("没有找到这个主办单位。")))
    errors += [
        FieldError("audience.orgs", "unknown", lazy("没有找到参加范围里的组织“%(code)s”。", code=code))
        for code in dict.fromkeys(draft.audience.org_codes)
        if code not in known
    ]
    errors += _catalogue_errors(session, draft)
    errors += _reach_errors(session, draft, kept, scope, day)
    if errors:
        raise InvalidInput(errors=errors)
    org_ids = tuple(known[code] for code in dict.fromkeys(draft.audience.org_codes))
    return CheckedDraft(known[draft.host_org_code], org_ids)


def _kept(session: Session, stored: TrainingSession | None) -> _Kept:
    if stored is None:
        return _Kept({}, frozenset(), None)
    org_ids, _groups, member_ids = audience_ids(session, stored.id)
    codes = codes_by_id(session, [stored.host_org_id, *org_ids])
    orgs = {code: org_id for org_id, code in codes.items()}
    return _Kept(orgs, frozenset(member_ids), stored.class_id)


def _text_errors(draft: SessionDraft) -> Iterator[FieldError]:
    if not draft.title.strip():
        yield FieldError("title", "required", lazy("请填写主题。"))
    if len(draft.title) > 200:
        yield FieldError("title", "too_long", lazy("主题请不要超过 200 个字。"))
    if len(draft.venue or "") > 120:
        yield FieldError("venue", "too_long", lazy("场所名称请不要超过 120 个字。"))
    if len(draft.note or "") > 500:
        yield FieldError("note", "too_long", lazy("备注请不要超过 500 个字。"))
    join_url = (draft.join_url or "").strip()
    if join_url and not (join_url.startswith("https://") and len(join_url) <= 500):
        yield FieldError("join_url", "address", lazy("观看地址请以 https:// 开头,不超过 500 个字符。"))
    if any(not 0 < len(lecturer.name.strip()) <= 80 for lecturer in draft.lecturers):
        yield FieldError("lecturers", "name", lazy("请填写讲师姓名,不超过 80 个字。"))


def _time_errors(draft: SessionDraft) -> Iterator[FieldError]:
    if draft.ends_at <= draft.starts_at:
        yield FieldError("ends_at", "before_start", lazy("结束时间要晚于开始时间。"))
    elif draft.ends_at - draft.starts_at > LONGEST:
        yield FieldError("ends_at", "too_long", lazy("一场最长 24 小时;多天的学习请建成班次,每天一场。"))


def _number_errors(draft: SessionDraft) -> Iterator[FieldError]:
    if draft.credited_minutes is not None and not 0 <= draft.credited_minutes <= 1440:
        yield FieldError("credited_minutes", "out_of_range", lazy("计入学时的分钟数应在 0 到 1440 之间。"))
    if draft.late_after_minutes is not None and not 0 <= draft.late_after_minutes <= 1440:
        yield FieldError("late_after_minutes", "out_of_range", lazy("迟到的分钟数应在 0 到 1440 之间。"))
    if draft.declared_person_times is not None and not 0 <= draft.declared_person_times <= MOST_DECLARED:
        yield FieldError("declared_person_times", "out_of_range", lazy("上报人次应在 0 到 100 万之间。"))


def _catalogue_errors(session: Session, draft: SessionDraft) -> Iterator[FieldError]:
    if session.get(SessionKind, draft.kind) is None:
        yield FieldError("kind", "unknown", lazy("没有这个类别。"))
    if session.get(DeliveryMode, draft.mode) is None:
        yield FieldError("mode", "unknown", lazy("没有这种形式。"))


def _reach_errors(
    session: Session, draft: SessionDraft, kept: _Kept, scope: Scope, day: date
) -> Iterator[FieldError]:
    """A class or members newly named, outside the scope."""
    if draft.class_id is not None and draft.class_id != kept.class_id:
        known = session.get(TrainingClass, draft.class_id)
        if known is None or not in_scope(session, known.host_org_id, scope, day):
            yield FieldError("class", "unknown", lazy("没有找到这个班次。"))
    named = set(draft.audience.member_ids) - kept.member_ids
    if named and named != members_in_scope(session, named, scope, day):
        yield FieldError("audience.members", "unknown", lazy("指定的党员中有人不在您负责的范围内。"))
