"""A member says that something recorded is wrong; those who serve the member correct it or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.crypto import seal
from app.core.db import writing
from app.core.errors import FieldError, InvalidInput, NotFound, WrongState
from app.core.i18n import lazy
from app.core.vocabulary import RequestState
from app.members.models import CorrectionRequest, Member
from app.members.queries.wishes import PURPOSE, open_text, wish_in_scope
from app.members.rules_visits import Fault, has_id_number
from app.members.rules_wishes import LONGEST_ANSWER, LONGEST_TEXT, MOST_OPEN, Wish
from app.members.services.spans import require_member
from app.members.words import FAULT_WORDS


def ask_for_correction(member_id: int, wish: Wish, now: datetime) -> int:
    """The member's own wish, who has proven who they are; returns its id. Raises NotFound, InvalidInput.

    The same words again while they wait for an answer are the same wish.
    """
    with writing() as session:
        # Locked, so that a form posted twice at once counts and compares one after the other.
        member = session.scalars(select(Member).where(Member.id == member_id).with_for_update()).first()
        if member is None:
            raise NotFound()
        return _ask(session, member_id, wish, None, now)


def enter_wish(member_id: int, wish: Wish, scope: Scope, now: datetime) -> int:
    """The same for a member who told a person instead of a phone. `scope`: that of "members.write"."""
    with writing() as session:
        require_member(session, member_id, scope, office_date(now))
        return _ask(session, member_id, wish, scope.user_id, now)


def answer_wish(wish_id: int, state: RequestState, answer: str, scope: Scope, now: datetime) -> None:
    """Say what became of it: done, or declined with the reason. The same answer again changes nothing.

    Raises NotFound; WrongState for one that was answered otherwise; InvalidInput.
    """
    said = answer.strip()
    with writing() as session:
        if wish_in_scope(session, wish_id, scope, office_date(now)) is None:
            raise NotFound()
        row = session.get_one(CorrectionRequest, wish_id, with_for_update=True, populate_existing=True)
        if row.state is not RequestState.OPEN:
            if (row.state, open_text(row.answer_sealed) or "") == (state, said):
                return
            raise WrongState(lazy("这条请求已经有人答复了。"), code="answered_already")
        _refuse_answer(state, said)
        row.state, row.answered_by_id, row.answered_at = state, scope.user_id, now
        row.answer_sealed = seal(said, PURPOSE) if said else None
        record_act(
            session,
            "wish.answer",
            f"member:{row.member_id}",
            scope.user_id,
            now,
            wish=wish_id,
            state=state.value,
        )


def _ask(session: Session, member_id: int, wish: Wish, user_id: int | None, now: datetime) -> int:
    text = wish.text.strip()
    if not text:
        raise InvalidInput.field("text", "required", lazy("请写下哪里不对、应该是什么。"))
    if len(text) > LONGEST_TEXT:
        raise InvalidInput.field("text", "too_long", lazy("请不要超过 %(n)s 个字。", n=LONGEST_TEXT))
    if has_id_number(text):
        raise InvalidInput.field("text", "id_number", FAULT_WORDS[Fault.ID_NUMBER])
    waiting = session.scalars(
        select(CorrectionRequest).where(
            CorrectionRequest.member_id == member_id, CorrectionRequest.state == RequestState.OPEN
        )
    ).all()
    known = _same(waiting, wish, text)
    if known is not None:
        return known
    if len(waiting) >= MOST_OPEN:
        words = lazy("已有 %(n)s 条请求在等答复,请等支部答复后再提,或直接联系支部。", n=MOST_OPEN)
        raise InvalidInput.field("text", "too_many", words)
    row = CorrectionRequest(
        member_id=member_id, about=wish.about.value, text_sealed=seal(text, PURPOSE), asked_at=now
    )
    session.add(row)
    session.flush()
    record_act(session, "wish.ask", f"member:{member_id}", user_id, now, wish=row.id, about=wish.about.value)
    return row.id


def _same(waiting: Sequence[CorrectionRequest], wish: Wish, text: str) -> int | None:
    return next(
        (row.id for row in waiting if row.about == wish.about and open_text(row.text_sealed) == text), None
    )


def _refuse_answer(state: RequestState, said: str) -> None:
    errors = []
    if state is RequestState.OPEN:
        errors.append(FieldError("state", "unknown", lazy("请选择“已改正”或“没有改”。")))
    if len(said) > LONGEST_ANSWER:
        errors.append(FieldError("answer", "too_long", lazy("请不要超过 %(n)s 个字。", n=LONGEST_ANSWER)))
    if has_id_number(said):
        errors.append(FieldError("answer", "id_number", FAULT_WORDS[Fault.ID_NUMBER]))
    if state is RequestState.DECLINED and not said:
        errors.append(FieldError("answer", "required", lazy("没有改的,请告诉本人原因。")))
    if errors:
        raise InvalidInput(errors=errors)
