"""The forms of the roster import: the file, and what is decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wtforms import FileField, Form
from wtforms.validators import Optional, ValidationError

from app.core.i18n import lazy
from app.core.vocabulary import OrgSector
from app.members.forms import ChoiceField, DayField
from app.members.roster.kept import Review
from app.members.roster.rules_columns import FileColumn
from app.members.roster.rules_decisions import NEW_PERSON, Decisions, NewBranch
from app.members.roster.rules_problems import Place

# More on one page would be tiring; the rest follows once these are settled.
ASKED_AT_ONCE = 20


class ImportForm(Form):  # type: ignore[misc]
    """The file, two days and a unit that may stay blank."""

    file = FileField(lazy("花名册文件"))
    full_org = ChoiceField(lazy("这是不是一份完整的名单"), [Optional()])
    as_of = DayField(lazy("花名册反映哪一天的情况"), Optional())
    accepted_on = DayField(lazy("转接和变动从哪一天起算"), Optional())

    def validate_file(self, field: FileField) -> None:
        if not getattr(field.data, "filename", ""):
            raise ValidationError(lazy("请选择要导入的文件。"))


def chosen_fields(form: Mapping[str, str], columns: list[FileColumn]) -> dict[int, str]:
    """Position of each column → the field that was chosen for it; "" for not read."""
    return {column.position: form.get(f"c{column.position}", "").strip() for column in columns}


def decided(form: Mapping[str, str], review: Review, before: Decisions) -> Decisions:
    """The decisions so far and those of the page; what was left open stays open.

    Controls are named by their number in the review: b0, b1, … for branches, d… for doubled rows, u… for
    unclear ones.
    """
    means, creates = dict(before.means), dict(before.creates)
    merges, persons = dict(before.merges), dict(before.persons)
    for number, (text, _rows, near, may_be_created) in enumerate(review.unknown[:ASKED_AT_ONCE]):
        act = form.get(f"b{number}", "")
        if act == "create" and may_be_created:
            creates[text] = _new_branch(form, f"b{number}-", text)
        elif act == "other" and form.get(f"b{number}-means", "").strip():
            means[text] = form[f"b{number}-means"].strip()
        elif act in {code for code, _name in near}:
            means[text] = act
    parent = form.get("all-parent", "").strip()
    if form.get("all") and parent:
        creates |= {
            text: NewBranch(parent, text)
            for text, _rows, _near, may in review.unknown
            if may and text not in means
        }
    for number, double in enumerate(review.doubles[:ASKED_AT_ONCE]):
        places = [Place(row["sheet"], row["row"]) for row in double["rows"]]
        winner = form.get(f"d{number}", "")
        if winner.isdigit() and int(winner) < len(places):
            merges |= {place: places[int(winner)] for place in places if place != places[int(winner)]}
    for number, unclear in enumerate(review.unclear[:ASKED_AT_ONCE]):
        choice = form.get(f"u{number}", "")
        if choice == "new":
            persons[Place(unclear["sheet"], unclear["row"])] = NEW_PERSON
        elif choice in {str(candidate["id"]) for candidate in unclear["candidates"]}:
            persons[Place(unclear["sheet"], unclear["row"])] = int(choice)
    agreeing = before.merge_agreeing or "agreeing" in form
    return replace(
        before, means=means, creates=creates, merges=merges, persons=persons, merge_agreeing=agreeing
    )


def _new_branch(form: Mapping[str, str], prefix: str, text: str) -> NewBranch:
    sector = form.get(f"{prefix}sector", "")
    return NewBranch(
        parent_code=form.get(f"{prefix}parent", "").strip(),
        name=form.get(f"{prefix}name", "").strip() or text,
        code=form.get(f"{prefix}code", "").strip(),
        sector=OrgSector(sector) if sector in set(OrgSector) else None,
    )
