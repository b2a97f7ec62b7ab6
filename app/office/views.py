"""Settings: one page that leads to each list, and for each list its rows and one form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for

from app.attendance.queries.hours import policies
from app.attendance.rules import HourRule
from app.attendance.services.duty_rules import DutyDraft, save_duty_rule
from app.attendance.services.policy import save_policy
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import InvalidInput, PeriodLocked
from app.core.i18n import gettext as _
from app.core.i18n import lazy, localised
from app.core.numbers import whole
from app.core.paging import PAGE_SIZE, Page, page_number
from app.office.forms import (
    FREQUENCY_LABELS,
    DutyForm,
    KindForm,
    LecturerForm,
    OfficeForm,
    PolicyForm,
    VenueForm,
)
from app.trainings.queries.catalogue import (
    kind_rows,
    lecturer_count,
    lecturer_row,
    lecturer_rows,
    venue_count,
    venue_row,
    venue_rows,
)
from app.trainings.queries.duty_rules import duty_frequencies, duty_rules
from app.trainings.services.catalogue import (
    KindDraft,
    LecturerDraft,
    VenueDraft,
    save_kind,
    save_lecturer,
    save_venue,
)

bp = Blueprint("office", __name__, url_prefix="/settings")

# What the page leads to; entries of other features appear once those have their pages.
DOORS = (
    ("office.kinds", lazy("类别"), lazy("集中培训、主题党日等。")),
    ("office.venues", lazy("场所"), lazy("常用的学习阵地。")),
    ("office.lecturers", lazy("讲师"), lazy("讲师和先进典型。")),
    ("office.policy", lazy("学时规则"), lazy("每年的学时要求和折算办法。")),
    ("office.duties", lazy("组织生活频次"), lazy("三会一课、主题党日等,支部多久应开展一次。")),
    ("attendance.locks", lazy("锁定月份和年份"), lazy("数字报出以后不再变动;之后的更正单列。")),
    ("members.orgs", lazy("党组织"), lazy("组织树,以及各支部的标签。")),
    ("members_import.upload", lazy("导入花名册"), lazy("从 Excel 表更新党员。")),
    ("deliveries.schedules", lazy("定期报表"), lazy("每月自动做好哪些报表,送给谁。")),
    ("supervision.index", lazy("指导员和督导组"), lazy("谁联系哪些支部,从什么时候起。")),
    ("accounts.users", lazy("工作人员账号"), lazy("谁能用,能管哪里。")),
)


@bp.get("")
@permission("settings.write")
def index() -> str:
    """Which settings there are."""
    doors = [door for door in DOORS if door[0] in current_app.view_functions]
    return render_template("office/index.html", doors=doors)


@bp.get("/kinds")
@permission("settings.write")
def kinds() -> Any:
    """Kinds of sessions; `edit` names the one in the form."""
    return _kinds_page(_form_of(KindForm, _kind(request.args.get("edit"))), request.args.get("edit"))


@bp.post("/kinds")
@permission("settings.write")
def save_kind_submit() -> Any:
    form, key = KindForm(request.form), request.args.get("edit") or None

    def save() -> Any:
        draft = KindDraft(form.name_zh.data, form.name_en.data or "", form.is_active.data)
        return save_kind(key, draft, current_scope(), utc_now())

    return _save(form, save, "office.kinds", lambda: _kinds_page(form, key))


@bp.get("/venues")
@permission("settings.write")
def venues() -> Any:
    """Venues; `edit` names the one in the form."""
    wanted = _id(request.args.get("edit"))
    row = venue_row(db.session(), wanted) if wanted is not None else None
    return _venues_page(_form_of(VenueForm, row), wanted)


@bp.post("/venues")
@permission("settings.write")
def save_venue_submit() -> Any:
    form, wanted = VenueForm(request.form), _id(request.args.get("edit"))

    def save() -> Any:
        draft = VenueDraft(form.name.data, form.address.data or "", form.capacity.data, form.is_active.data)
        return save_venue(wanted, draft, current_scope(), utc_now())

    return _save(form, save, "office.venues", lambda: _venues_page(form, wanted))


@bp.get("/lecturers")
@permission("settings.write")
def lecturers() -> Any:
    """Lecturers; `edit` names the one in the form."""
    wanted = _id(request.args.get("edit"))
    row = lecturer_row(db.session(), wanted) if wanted is not None else None
    return _lecturers_page(_form_of(LecturerForm, row), wanted)


@bp.post("/lecturers")
@permission("settings.write")
def save_lecturer_submit() -> Any:
    form, wanted = LecturerForm(request.form), _id(request.args.get("edit"))

    def save() -> Any:
        draft = LecturerDraft(
            form.name.data, form.title.data or "", form.is_exemplar.data, form.is_active.data
        )
        return save_lecturer(wanted, draft, current_scope(), utc_now())

    return _save(form, save, "office.lecturers", lambda: _lecturers_page(form, wanted))


@bp.get("/hours")
@permission("settings.write")
def policy() -> Any:
    """The study-hour rule of every year, and a form for a coming one that starts from the latest."""
    latest = policies(db.session())[0]
    form = PolicyForm(obj=latest)
    form.from_year.data = max(today().year + 1, latest.from_year)
    return _policy_page(form)


@bp.post("/hours")
@permission("settings.write")
def save_policy_submit() -> Any:
    form = PolicyForm(request.form)

    def save() -> Any:
        return save_policy(HourRule(**form.data), current_scope(), utc_now())

    return _save(form, save, "office.policy", lambda: _policy_page(form))


@bp.get("/duties")
@permission("settings.write")
def duties() -> Any:
    """How often branches owe each kind of session, and a form for a year that may still be changed."""
    kind, coming = request.args.get("kind") or "", today().year + 1
    often = duty_frequencies(db.session(), coming).get(kind, "")
    return _duties_page(_duty_form(data={"kind_key": kind, "frequency": often, "from_year": coming}))


@bp.post("/duties")
@permission("settings.write")
def save_duty_submit() -> Any:
    form = _duty_form(request.form)

    def save() -> Any:
        draft = DutyDraft(form.kind_key.data, form.from_year.data, form.frequency.data or None)
        return save_duty_rule(draft, current_scope(), utc_now())

    return _save(form, save, "office.duties", lambda: _duties_page(form))


def _save(form: OfficeForm, save: Callable[[], Any], endpoint: str, page: Callable[[], str]) -> Any:
    """Check, save, and say so; or show the form again with everything typed."""
    if form.validate():
        try:
            save()
        except InvalidInput as wrong:
            form.add_errors(wrong.errors)
        except PeriodLocked as refused:
            form.form_errors.append(str(refused.detail))
    if form.errors:
        return page(), 422
    flash(_("已保存。"), "success")
    return redirect(url_for(endpoint))


def _kind(key: str | None) -> Any:
    if not key:
        return None
    return next((row for row in kind_rows(db.session()) if row.key == key), None) or abort(404)


def _id(text: str | None) -> int | None:
    if not text:
        return None
    number = whole(text)
    return number if number is not None else abort(404)


def _form_of(form: type[OfficeForm], row: Any) -> OfficeForm:
    return form(obj=row) if row is not None else form()


def _kinds_page(form: OfficeForm, key: str | None) -> str:
    return render_template("office/kinds.html", form=form, edit=key, rows=kind_rows(db.session()))


def _venues_page(form: OfficeForm, wanted: int | None) -> str:
    session, number = db.session(), page_number()
    rows = venue_rows(session, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    page = Page(rows, number, venue_count(session))
    return render_template("office/venues.html", form=form, edit=wanted, page=page)


def _lecturers_page(form: OfficeForm, wanted: int | None) -> str:
    session, number = db.session(), page_number()
    rows = lecturer_rows(session, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    page = Page(rows, number, lecturer_count(session))
    return render_template("office/lecturers.html", form=form, edit=wanted, page=page)


def _policy_page(form: OfficeForm) -> str:
    rows = policies(db.session())
    return render_template("office/policy.html", form=form, rows=rows, this_year=today().year)


def _duty_form(*args: Any, **kwargs: Any) -> DutyForm:
    form = DutyForm(*args, **kwargs)
    form.kind_key.choices = [
        (row.key, localised(row.name_zh, row.name_en)) for row in kind_rows(db.session()) if row.is_active
    ]
    return form


def _duties_page(form: OfficeForm) -> str:
    session, year = db.session(), today().year
    in_force = duty_frequencies(session, year)
    coming: dict[str, list[Any]] = {}
    for rule in duty_rules(session):
        if rule.from_year > year:
            coming.setdefault(rule.kind_key, []).append(rule)
    rows = [
        (row, localised(row.name_zh, row.name_en), in_force.get(row.key, ""), coming.get(row.key, []))
        for row in kind_rows(session)
        if row.is_active or row.key in in_force or row.key in coming
    ]
    return render_template(
        "office/duties.html", form=form, rows=rows, labels=FREQUENCY_LABELS, this_year=year
    )
