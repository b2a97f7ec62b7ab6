"""Edits the lists that sessions choose from: kinds, venues, lecturers. Nothing is deleted, only retired."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound
from app.core.i18n import lazy
from app.trainings.models import Lecturer, SessionKind, Venue
from app.trainings.services.locked import require_unlocked_since

FIRST_YEAR = 1921
FREQUENCIES = ("monthly", "quarterly", "yearly")


@dataclass(frozen=True, slots=True)
class KindDraft:
    """A kind of session; without an English name the Chinese one stands for it."""

    name_zh: str
    name_en: str = ""
    duty_frequency: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class VenueDraft:
    """A place of study."""

    name: str
    address: str = ""
    capacity: int | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class LecturerDraft:
    """Someone who speaks at sessions."""

    name: str
    title: str = ""
    is_exemplar: bool = False
    is_active: bool = True


def save_kind(key: str | None, draft: KindDraft, scope: Scope, now: datetime) -> str:
    """Change a kind, or add one (`key` None); returns its key, which never changes.

    Raises InvalidInput, and PeriodLocked for another duty once a period is locked.
    """
    name_zh, name_en = draft.name_zh.strip(), draft.name_en.strip() or draft.name_zh.strip()
    errors = [*_length("name_zh", name_zh, 40), *_length("name_en", name_en, 60)]
    if draft.duty_frequency is not None and draft.duty_frequency not in FREQUENCIES:
        errors.append(FieldError("duty_frequency", "unknown", lazy("请从列表中选择频次。")))
    with writing() as session:
        taken = select(SessionKind.key).where(SessionKind.name_zh == name_zh, SessionKind.key != (key or ""))
        if session.scalars(taken).first() is not None:
            errors.append(FieldError("name_zh", "taken", lazy("已有同名的类别。")))
        if errors:
            raise InvalidInput(errors=errors)
        row = session.get(SessionKind, key) if key is not None else _new_kind(session, name_en)
        if row is None:
            raise NotFound()
        if key is not None and row.duty_frequency != draft.duty_frequency:
            # It decides what every year owed.
            require_unlocked_since(session, FIRST_YEAR)
        row.name_zh, row.name_en = name_zh, name_en
        row.duty_frequency, row.is_active = draft.duty_frequency, draft.is_active
        session.add(row)
        record_act(session, "kind.save", f"kind:{row.key}", scope.user_id, now, is_active=row.is_active)
        return row.key


def save_venue(venue_id: int | None, draft: VenueDraft, scope: Scope, now: datetime) -> int:
    """Change a venue, or add one (None); returns its id. Raises NotFound, InvalidInput."""
    name, address = draft.name.strip(), draft.address.strip()
    errors = [*_length("name", name, 120)]
    if len(address) > 200:
        errors.append(FieldError("address", "too_long", lazy("请不要超过 %(n)s 个字。", n=200)))
    if draft.capacity is not None and not 1 <= draft.capacity <= 100_000:
        errors.append(FieldError("capacity", "out_of_range", lazy("座位数应在 1 到 10 万之间。")))
    with writing() as session:
        taken = select(Venue.id).where(Venue.name == name, Venue.id != (venue_id or 0))
        if session.scalars(taken).first() is not None:
            errors.append(FieldError("name", "taken", lazy("已有同名的场所。")))
        if errors:
            raise InvalidInput(errors=errors)
        row = session.get(Venue, venue_id) if venue_id is not None else Venue()
        if row is None:
            raise NotFound()
        row.name, row.address = name, address or None
        row.capacity, row.is_active = draft.capacity, draft.is_active
        session.add(row)
        session.flush()
        record_act(session, "venue.save", f"venue:{row.id}", scope.user_id, now, is_active=row.is_active)
        return row.id


def save_lecturer(lecturer_id: int | None, draft: LecturerDraft, scope: Scope, now: datetime) -> int:
    """Change a lecturer, or add one (None); returns the id. Raises NotFound, InvalidInput.

    Sessions name lecturers by their name, so that two of one name are refused.
    """
    name, title = draft.name.strip(), draft.title.strip()
    errors = [*_length("name", name, 80)]
    if len(title) > 120:
        errors.append(FieldError("title", "too_long", lazy("请不要超过 %(n)s 个字。", n=120)))
    with writing() as session:
        taken = select(Lecturer.id).where(Lecturer.name == name, Lecturer.id != (lecturer_id or 0))
        if session.scalars(taken).first() is not None:
            errors.append(FieldError("name", "taken", lazy("已有同名的讲师;可在姓名后加单位以示区别。")))
        if errors:
            raise InvalidInput(errors=errors)
        row = session.get(Lecturer, lecturer_id) if lecturer_id is not None else Lecturer()
        if row is None:
            raise NotFound()
        row.name, row.title = name, title or None
        row.is_exemplar, row.is_active = draft.is_exemplar, draft.is_active
        session.add(row)
        session.flush()
        record_act(
            session, "lecturer.save", f"lecturer:{row.id}", scope.user_id, now, is_active=row.is_active
        )
        return row.id


def _length(field: str, text: str, most: int) -> list[FieldError]:
    if not text:
        return [FieldError(field, "required", lazy("请填写名称。"))]
    if len(text) > most:
        return [FieldError(field, "too_long", lazy("请不要超过 %(n)s 个字。", n=most))]
    return []


def _new_kind(session: Session, name_en: str) -> SessionKind:
    """A kind at the end of the list. Its key comes from the English name: programs read it."""
    known = set(session.scalars(select(SessionKind.key)))
    base = re.sub(r"[^a-z0-9]+", "_", name_en.lower()).strip("_")[:34] or "kind"
    key = next(k for n in range(1, len(known) + 2) if (k := base if n == 1 else f"{base}_{n}") not in known)
    last = session.scalar(select(func.max(SessionKind.position))) or 0
    return SessionKind(key=key, position=last + 1)
