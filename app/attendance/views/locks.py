"""Settings: which months and years are locked; locking one, and unlocking it with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.attendance.lock_forms import LockForm, UnlockForm
from app.attendance.queries.locks import lock_row, lock_rows
from app.attendance.services.locks import lock_period, unlock_period
from app.attendance.views import bp
from app.core.access import Scope, current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, NotFound, WrongState
from app.core.i18n import gettext as _
from app.core.office import session_rules
from app.core.paging import PAGE_SIZE, Page, page_number
from app.members.queries.tree import covers_all


@bp.get("/settings/locks")
@permission("settings.write")
def locks() -> str:
    """Every lock, in force or not, and the form for the month that ended last."""
    return _page(LockForm.before(today()))


@bp.post("/settings/locks")
@permission("settings.write")
def save_lock() -> Any:
    """Lock a month or a year; what stands in the way is said above the form."""
    form = LockForm(request.form)
    if form.validate():
        try:
            lock_period(form.year.data, form.chosen_month, current_scope(), utc_now())
        except InvalidInput as wrong:
            form.add_errors(wrong.errors)
        except WrongState as refused:
            form.form_errors.append(str(refused.detail))
    if form.errors:
        return _page(form), 422
    flash(_("已锁定。这段时间的数字从现在起不再变动。"), "success")
    return redirect(url_for("attendance.locks"))


@bp.get("/settings/locks/<int:lock_id>/unlock")
@permission("settings.write")
def unlock(lock_id: int) -> Any:
    """What unlocking does, and the form for the reason."""
    return _unlock_page(lock_id, UnlockForm())


@bp.post("/settings/locks/<int:lock_id>/unlock")
@permission("settings.write")
def save_unlock(lock_id: int) -> Any:
    """Unlock; the adjustments that waited count from now on."""
    form = UnlockForm(request.form)
    if form.validate():
        try:
            done = unlock_period(
                lock_id, form.reason.data or "", current_scope(), utc_now(), **session_rules()
            )
        except InvalidInput as wrong:
            form.add_errors(wrong.errors)
    if form.errors:
        return _unlock_page(lock_id, form), 422
    flash(_("已解锁,%(n)s 条调整作为更正计入。", n=done.applied), "success")
    return redirect(url_for("attendance.locks"))


def _page(form: LockForm) -> str:
    number = page_number()
    rows, total = lock_rows(db.session(), limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    return render_template(
        "attendance/locks.html",
        form=form,
        page=Page(rows, number, total),
        may_lock=_may_lock(current_scope()),
    )


def _unlock_page(lock_id: int, form: UnlockForm) -> Any:
    row = lock_row(db.session(), lock_id)
    if row is None or not _may_lock(current_scope()):
        raise NotFound()
    if row.unlocked_at is not None:
        return redirect(url_for("attendance.locks"))
    return render_template("attendance/unlock.html", row=row, form=form)


def _may_lock(scope: Scope) -> bool:
    """Whether nothing of the office lies outside: what is locked is locked for everybody."""
    return covers_all(db.session(), scope.org_ids, today())
