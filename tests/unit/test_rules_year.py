"""A member's year, added up from words."""

from __future__ import annotations

from app.attendance.rules_year import (
    CLASS_SHIFT,
    KIND_COLUMNS,
    MADE_UP,
    MEMBER_COLUMNS,
    MINUTES_SHIFT,
    MORNING_SHIFT,
    SEPARATOR,
    VISIT,
    Words,
    YearSums,
)


def word(day: str, kind: str, minutes: int, morning: int = 0, *, class_id: int = 0, flags: int = 0) -> str:
    number = (class_id << CLASS_SHIFT) + (minutes << MINUTES_SHIFT) + (morning << MORNING_SHIFT) + flags
    return f"{number}{day}{kind}"


def sums(*members: list[str], words: Words | None = None) -> YearSums:
    found = YearSums(2019, 240, 480, words or Words())
    for number, said in enumerate(members, 1):
        found.add(number, SEPARATOR.join(said))
    return found


def member(found: YearSums, row: int = 0) -> dict[str, object]:
    return dict(zip(MEMBER_COLUMNS, found.members[row], strict=True))


def test_halves_of_a_day_are_cut_and_then_the_day() -> None:
    found = member(
        sums([word("2019-03-05", "a", 300, 300), word("2019-03-05", "b", 200), word("2019-03-06", "a", 90)])
    )
    assert (found["person_times"], found["minutes"], found["credited_minutes"]) == (3, 590, 240 + 200 + 90)
    assert (found["days_3"], found["days_4"]) == (1 << 4 | 1 << 5, 0)


def test_what_was_made_up_and_what_a_visit_brought_are_capped_apart() -> None:
    found = member(
        sums(
            [
                word("2019-12-31", "a", 300, 300, flags=MADE_UP),
                word("2019-12-31", "a", 60, 60, flags=MADE_UP | VISIT),
            ]
        )
    )
    assert (found["credited_minutes"], found["made_up_minutes"], found["home_minutes"]) == (240, 240, 60)
    assert found["days_12"] == 1 << 30


def test_a_class_counts_once_in_all_and_once_in_each_kind() -> None:
    found = sums(
        [
            word("2019-01-01", "a", 90, class_id=7),
            word("2019-01-02", "a", 90, class_id=7),
            word("2019-01-03", "b", 90, class_id=7),
            word("2019-01-03", "b", 90),
        ]
    )
    assert member(found)["class_person_times"] == 1
    kinds = [dict(zip(KIND_COLUMNS, row, strict=True)) for row in found.kinds]
    assert [(row["kind_key"], row["class_person_times"], row["single_sessions"]) for row in kinds] == [
        ("a", 1, 0),
        ("b", 1, 1),
    ]
    assert [row["days_1"] for row in kinds] == [0b11, 0b100]


def test_a_kind_may_be_named_in_any_way() -> None:
    found = sums([word("2019-01-01", "2019-x", 5), word("2019-01-01", "", 6)])
    assert [row[2] for row in found.kinds] == ["2019-x", ""]
    assert member(found)["minutes"] == 11


def test_days_are_those_of_the_members_added_here() -> None:
    words = Words()
    sums([word("2019-01-01", "a", 10)], words=words)
    found = sums(
        [word("2019-01-02", "a", 20)], [word("2019-01-02", "a", 30), word("2019-01-02", "b", 5)], words=words
    )
    assert sorted(found.days()) == [("2019-01-02", "a", 2, 50), ("2019-01-02", "b", 1, 5)]
