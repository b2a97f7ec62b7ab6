"""What is entered from a paper sheet: a choice a row, and running numbers typed for many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.attendance.rules_paper import list_mark, read_numbers
from app.core.errors import InvalidInput
from app.core.i18n import Text, lazy
from app.core.vocabulary import Status

# What a row offers, and what each typed field stands for; None: nothing is recorded.
OFFERED = (Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.EXCUSED, Status.ABSENT)
TYPED: dict[str, tuple[Status | None, Text]] = {
    "absent": (Status.ABSENT, lazy("没来的序号")),
    "excused": (Status.EXCUSED, lazy("请假的序号")),
    "late": (Status.LATE, lazy("迟到的序号")),
    "left_early": (Status.LEFT_EARLY, lazy("早退的序号")),
    "blank": (None, lazy("先空着的序号")),
}
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Entered:
    """A sheet as entered so far: by member what is to be recorded, the texts, and what is wrong with each.

    said: by member, what a typed number says; also of those who are recorded already.
    """

    choices: Mapping[int, Status | None]
    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(TYPED, ""))
    errors: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)
    said: Mapping[int, Status | None] = field(default_factory=dict)


def all_set(member_ids: Sequence[int], status: Status | None, texts: Mapping[str, str]) -> Entered:
    """Every row the same; what was typed stays."""
    return Entered(dict.fromkeys(member_ids, status), texts)


def read_choices(posted: Mapping[str, str], member_ids: Sequence[int]) -> Entered:
    """What stands in the form, the numbers not looked at yet."""
    choices = {member_id: _status(posted.get(f"s{member_id}", "")) for member_id in member_ids}
    return Entered(choices, {name: posted.get(name, "")[:_LONGEST] for name in TYPED})


def with_numbers(entered: Entered, member_ids: Sequence[int], first: int, mark: str) -> Entered:
    """The choices as the typed numbers change them, or what is wrong with the numbers.

    first: the running number of the first of `member_ids`. mark: the list that the user looked at; the
    numbers of another list would name other people.
    """
    known = range(first, first + len(member_ids))
    errors: dict[str, tuple[Text, ...]] = {}
    said: dict[int, str] = {}
    for name, text in entered.texts.items():
        numbers = read_numbers(text, known)
        wrong = [_wrong(token, known) for token in numbers.wrong]
        for number in numbers.found:
            if number in said:
                other = TYPED[said[number]][1]
                wrong.append(lazy("%(n)s 也写在“%(other)s”里,请只留一处。", n=number, other=other))
            said.setdefault(number, name)
        if wrong:
            errors[name] = tuple(wrong)
    if said and mark != list_mark(member_ids):
        words = lazy("名单在您打开这一页以后有变化,序号对应的人可能不同了。请核对序号后再提交。")
        errors["list"] = (words,)
    if errors:
        return replace(entered, errors=errors)
    by_member = {member_ids[number - first]: TYPED[name][0] for number, name in said.items()}
    # The numbers now stand in the rows: typed once more they would only be in the way.
    return Entered({**entered.choices, **by_member}, said=by_member)


def _status(text: str) -> Status | None:
    if text and text not in OFFERED:
        raise InvalidInput.field("status", "unknown", lazy("没有认出这个登记,请刷新页面后再点一次。"))
    return Status(text) if text else None


def _wrong(token: str, known: range) -> Text:
    of = {"text": token[:20], "first": known.start, "last": known.stop - 1}
    return lazy("“%(text)s”不是名单里的序号(%(first)s 到 %(last)s)。", **of)
