"""Members who seem to be recorded twice: the list, the two side by side, and the merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from app.core import labels
from app.core.access import current_scope, permission
from app.core.clock import today, utc_now
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.core.office import elderly_age
from app.members.queries.duplicates import MOST_PAIRS, possible_duplicates
from app.members.queries.member_page import MemberPage, member_page
from app.members.services.merging import FACTS, Merge, call_distinct, merge_members
from app.members.views.blueprint import bp
from app.members.views.parts import record_counts

_LABELS: dict[str, Text] = {
    "name": lazy("姓名"),
    "surname_pinyin": lazy("姓氏读音"),
    "phone": lazy("电话"),
    "sex": lazy("性别"),
    "birth_date": lazy("出生日期"),
    "ethnicity": lazy("民族"),
    "education": lazy("学历"),
    "membership_type": lazy("人员类别"),
    "joined_party_on": lazy("入党日期"),
    "confirmed_on": lazy("转正日期"),
    "job": lazy("工作岗位"),
    "social_stratum": lazy("新社会阶层类型"),
    "is_migrant_worker": lazy("是否农民工"),
}


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact of both records. `differs`: both say something, and not the same."""

    key: str
    label: Text
    kept: Any
    other: Any

    @property
    def differs(self) -> bool:
        return self.kept is not None and self.other is not None and self.kept != self.other


@bp.get("/members/duplicates")
@permission("members.merge")
def duplicates() -> str:
    """Pairs that share name and phone, or name, birth date and branch."""
    pairs = possible_duplicates(db.session(), current_scope(), today())
    return render_template("members/duplicates.html", pairs=pairs, most=MOST_PAIRS)


@bp.get("/members/<int:member_id>/merge/<int:other_id>")
@permission("members.merge")
def compare_person(member_id: int, other_id: int) -> str:
    """The two records side by side; the first one is kept."""
    kept, other = _page(member_id), _page(other_id)
    return render_template(
        "members/merge.html",
        kept=kept,
        other=other,
        facts=_facts(kept, other),
        counts=record_counts([member_id, other_id]),
        labels=labels,
        on=today(),
    )


@bp.post("/members/<int:member_id>/merge/<int:other_id>")
@permission("members.merge")
def merge_person(member_id: int, other_id: int) -> Any:
    taken = frozenset(request.form.getlist("take")) & frozenset(_LABELS)
    merge_members(Merge(member_id, other_id, taken), current_scope(), utc_now())
    flash(_("两条记录已合并。"), "success")
    return redirect(url_for("members.show", member_id=member_id))


@bp.post("/members/<int:member_id>/distinct/<int:other_id>")
@permission("members.merge")
def distinct(member_id: int, other_id: int) -> Any:
    call_distinct((member_id, other_id), current_scope(), utc_now())
    flash(_("已记为两个人,不再提示。"), "success")
    return redirect(url_for("members.duplicates"))


def _page(member_id: int) -> MemberPage:
    page = member_page(db.session(), member_id, current_scope(), today(), elderly_age())
    if page is None:
        raise NotFound()
    return page


def _facts(kept: MemberPage, other: MemberPage) -> list[FactRow]:
    rows = [
        FactRow(key, _LABELS[key], getattr(kept.person, key), getattr(other.person, key)) for key in FACTS
    ]
    rows.insert(1, FactRow("phone", _LABELS["phone"], kept.person.phone_masked, other.person.phone_masked))
    return [row for row in rows if row.kept is not None or row.other is not None]
