"""Asks another branch to take a member over; nothing changes before that branch accepts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core.access import Scope
from app.core.audit import record_act
from app.core.clock import office_date
from app.core.db import writing
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import day_text, lazy
from app.core.vocabulary import FOREVER, TransferState
from app.members.models import Member, TransferRequest
from app.members.queries.district import unit_named, within_scope
from app.members.queries.tree import has_place, in_scope
from app.members.services.placing import hold_tree
from app.members.services.spans import branch_spans, require_member
from app.members.services.transfers import move_member

# The day may lie before the asking (the paper was quicker), but not so far that one branch takes
# away what another has reported: a letter of introduction is good for three months.
LETTER_GOOD_FOR = timedelta(days=92)


def ask_transfer(member_id: int, org_code: str, scope: Scope, now: datetime) -> int:
    """Ask a unit outside the scope to take a member of the scope over; returns the request's id.

    A member has at most one request that waits; the same again changes nothing. Raises InvalidInput
    (org_code: unknown, same_branch, within_scope, already_waiting) and WrongState for somebody who is
    in no branch of the district, or about to leave it.
    """
    today = office_date(now)
    with writing() as session:
        # Or it would wait for a unit that is being closed, after its closing has settled what waits.
        hold_tree(session)
        member = require_member(session, member_id, scope, today)
        from_org_id = _settled_branch(session, member.id, today)
        if from_org_id is None:
            raise WrongState(lazy("该党员现在不在本区支部,或已登记转走,不能申请转接。"))
        to_org_id = _target(session, org_code, from_org_id, scope, today)
        waiting = session.scalars(_waiting_of(member.id)).first()
        if waiting is not None:
            if (waiting.from_org_id, waiting.to_org_id) == (from_org_id, to_org_id):
                return waiting.id
            raise InvalidInput.field(
                "org_code", "already_waiting", lazy("该党员已有一份待接收的申请,请先撤回那一份。")
            )
        request = TransferRequest(
            member_id=member.id,
            from_org_id=from_org_id,
            to_org_id=to_org_id,
            asked_by_id=scope.user_id,
            asked_at=now,
        )
        session.add(request)
        session.flush()
        record_act(
            session, "transfer.ask", f"member:{member.id}", scope.user_id, now,
            request=request.id, from_org=from_org_id, to_org=to_org_id,
        )  # fmt: skip
        return request.id


def accept_transfer(request_id: int, accepted_on: date, scope: Scope, now: datetime) -> None:
    """Take the member over from `accepted_on`, by the rules of a transfer; the scope holds the new branch.

    The same again changes nothing. Raises NotFound for a request to another place, WrongState for one
    that is settled, whose member has moved or left, or whose unit is no more; InvalidInput for a day
    that does not fit.
    """
    today = office_date(now)
    with writing() as session:
        hold_tree(session)
        request = _locked(session, request_id)
        if not in_scope(session, request.to_org_id, scope, today):
            raise NotFound()
        if (request.state, request.accepted_on) == (TransferState.ACCEPTED, accepted_on):
            return
        _require_waiting(request)
        if _settled_branch(session, request.member_id, today) != request.from_org_id:
            raise WrongState(lazy("该党员在申请之后已转走或转出,这份申请不能再接收,只能退回。"), code="stale")
        if not has_place(session, request.to_org_id, today):
            words = lazy("接收的党组织已经撤销,这份申请不能再接收,只能退回。")
            raise WrongState(words, code="unit_closed")
        earliest = office_date(request.asked_at) - LETTER_GOOD_FOR
        if accepted_on < earliest:
            words = lazy("接收日期太早,最早可以填 %(day)s。", day=day_text(earliest))
            raise InvalidInput.field("accepted_on", "too_early", words)
        move_member(session, request.member_id, request.to_org_id, accepted_on, scope, now)
        request.accepted_on = accepted_on
        _settle(session, request, TransferState.ACCEPTED, scope, now)


def decline_transfer(request_id: int, scope: Scope, now: datetime) -> None:
    """The new branch does not take the member over, who stays. The same again changes nothing."""
    with writing() as session:
        request = _locked(session, request_id)
        if not within_scope(session, [request.to_org_id], scope, office_date(now)):
            raise NotFound()
        _end(session, request, TransferState.DECLINED, scope, now)


def withdraw_transfer(request_id: int, scope: Scope, now: datetime) -> None:
    """The old branch no longer asks. The same again changes nothing."""
    with writing() as session:
        request = _locked(session, request_id)
        if not within_scope(session, [request.from_org_id], scope, office_date(now)):
            raise NotFound()
        _end(session, request, TransferState.WITHDRAWN, scope, now)


def _target(session: Session, org_code: str, from_org_id: int, scope: Scope, today: date) -> int:
    """The unit asked, which must be another one and outside the scope."""
    unit = unit_named(session, org_code, today)
    if unit is None:
        raise InvalidInput.field("org_code", "unknown", lazy("没有找到这个党组织。"))
    if unit.id == from_org_id:
        raise InvalidInput.field("org_code", "same_branch", lazy("该党员已在这个支部,不需要转接。"))
    if in_scope(session, unit.id, scope, today):
        words = lazy("这个支部在您负责的范围内,直接办理转接就可以,不用申请。")
        raise InvalidInput.field("org_code", "within_scope", words)
    return unit.id


def _end(
    session: Session, request: TransferRequest, state: TransferState, scope: Scope, now: datetime
) -> None:
    if request.state is not state:
        _require_waiting(request)
        _settle(session, request, state, scope, now)


def _settle(
    session: Session, request: TransferRequest, state: TransferState, scope: Scope, now: datetime
) -> None:
    request.state, request.decided_by_id, request.decided_at = state, scope.user_id, now
    record_act(
        session, f"transfer.{state.value}", f"member:{request.member_id}", scope.user_id, now,
        request=request.id,
    )  # fmt: skip


def _require_waiting(request: TransferRequest) -> None:
    if request.state is not TransferState.WAITING:
        raise WrongState(lazy("这份申请已经办结。"))


def _locked(session: Session, request_id: int) -> TransferRequest:
    """The request, with its member locked: an acceptance waits for any other change of the member."""
    request = session.get(TransferRequest, request_id)
    if request is None:
        raise NotFound()
    session.execute(select(Member.id).where(Member.id == request.member_id).with_for_update())
    session.refresh(request)
    return request


def _settled_branch(session: Session, member_id: int, today: date) -> int | None:
    """The branch that has the member today and for good; None once a departure is recorded."""
    last = branch_spans(session, member_id)[-1]
    return last.org_id if last.starts_on <= today and last.ends_on == FOREVER else None


def _waiting_of(member_id: int) -> Select[TransferRequest]:
    return select(TransferRequest).where(
        TransferRequest.member_id == member_id, TransferRequest.state == TransferState.WAITING
    )
