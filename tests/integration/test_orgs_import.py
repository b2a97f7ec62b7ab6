"""The organisation tree comes from a table: by code, in any order, all or nothing, moves dated."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.core.access import Scope
from app.core.db import db
from app.core.errors import InvalidInput
from app.core.vocabulary import FOREVER, OrgKind, OrgSector
from app.members.models import OrgPlacement, OrgUnit
from app.members.queries.tree import roots, subtree_ids, tree
from app.members.roster.orgs import OrgPlan, import_orgs, read_orgs
from app.members.rules import SINCE_EVER
from tests.factories import NOW, count, make_member

TODAY = date(2019, 6, 3)
TREE = """code,name,kind,parent_code
B1,第一党支部,党支部,Z1
Z1,东风社区党总支,党总支,J1
J1,甲街道党工委,党委,Q
J2,乙街道党工委,committee,Q
Q,中共示范区委员会,committee,
G1,第一党小组,党小组,B1
"""


def take(text: str, **more: object) -> OrgPlan:
    return import_orgs(read_orgs(text.encode()), TODAY, NOW, **more)  # type: ignore[arg-type]


def line(code: str, name: str, kind: str, parent: str) -> str:
    return f"code,name,kind,parent_code\n{code},{name},{kind},{parent}\n"


def codes(plan: OrgPlan) -> list[str]:
    return [
        problem.code
        for place in sorted(plan.rejected, key=lambda p: p.row)
        for problem in plan.rejected[place]
    ]


def unit(code: str) -> OrgUnit:
    db.session.rollback()
    return db.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()


def below(code: str, on: date) -> set[str]:
    ids = subtree_ids([unit(code).id], on)
    return set(db.session.scalars(select(OrgUnit.code).where(OrgUnit.id.in_(ids))))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_a_tree_in_any_order_is_stored_with_its_paths(ctx: Flask) -> None:
    assert take(TREE).counts.line() == "created=6 updated=0 unchanged=0 rejected=0"
    (root,) = roots(db.session(), TODAY)
    rows = {row.code: row for row in tree(db.session(), Scope((root.id,), None), TODAY)}
    assert {code: row.parent_code for code, row in rows.items()} == {
        "Q": None, "J1": "Q", "J2": "Q", "Z1": "J1", "B1": "Z1", "G1": "B1",
    }  # fmt: skip
    assert {code: row.depth for code, row in rows.items()} == {
        "Q": 0,
        "J1": 1,
        "J2": 1,
        "Z1": 2,
        "B1": 3,
        "G1": 4,
    }
    assert rows["Z1"].kind is OrgKind.GENERAL_BRANCH


def test_the_same_table_again_changes_nothing(ctx: Flask) -> None:
    take(TREE)
    assert take(TREE).counts.line() == "created=0 updated=0 unchanged=6 rejected=0"
    assert count(OrgPlacement) == 6


def test_new_units_count_since_ever_unless_a_day_is_given(ctx: Flask) -> None:
    take(TREE)
    assert below("Q", SINCE_EVER) == {"Q", "J1", "J2", "Z1", "B1", "G1"}
    make_member("张三", unit("B1"))
    take(line("B2", "新支部", "支部", "J2"))
    assert below("J2", date(2019, 6, 2)) == {"J2", "B2"}
    take(line("B3", "旧支部", "支部", "J2"), as_of=date(2018, 1, 1))
    assert below("J2", date(2018, 1, 1)) == {"J2", "B2", "B3"}
    assert below("J2", date(2017, 12, 31)) == {"J2", "B2"}


def test_a_move_takes_everything_below_along_from_its_day_on(ctx: Flask) -> None:
    take(TREE)
    plan = take(line("Z1", "东风社区党总支", "党总支", "J2"))
    assert plan.counts.line() == "created=0 updated=1 unchanged=0 rejected=0"
    assert below("J1", date(2019, 6, 2)) == {"J1", "Z1", "B1", "G1"}
    assert below("J1", TODAY) == {"J1"}
    assert below("J2", TODAY) == {"J2", "Z1", "B1", "G1"}
    assert below("Q", TODAY) == {"Q", "J1", "J2", "Z1", "B1", "G1"}
    # Back on the same day: as if nothing had been.
    take(line("Z1", "东风社区党总支", "党总支", "J1"))
    assert below("J1", TODAY) == {"J1", "Z1", "B1", "G1"}


def test_names_kinds_and_sectors_are_corrected_and_a_blank_sector_stays(ctx: Flask) -> None:
    header = "编码,名称,类型,上级编码,行业\n"
    take(header + "Q,区委,党委,,\nB1,一支部,支部,Q,非公企业\n")
    assert unit("B1").sector is OrgSector.NON_PUBLIC
    assert take(header + "B1,一支部,支部,Q,\n").counts.unchanged == 1
    assert take(header + "B1,第一党支部,支部,Q,村\n").counts.updated == 1
    assert (unit("B1").name, unit("B1").sector) == ("第一党支部", OrgSector.VILLAGE)
    assert count(OrgPlacement) == 2


def test_units_that_the_table_does_not_name_stay(ctx: Flask) -> None:
    take(TREE)
    take(line("J2", "乙街道党委", "党委", "Q"))
    assert count(OrgUnit) == 6


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("A,甲,党委,X\n", ["parent_unknown"]),
        ("A,甲,党委,A\n", ["parent_itself"]),
        ("A,甲,党委,B\nB,乙,党委,C\nC,丙,党委,A\n", ["parent_itself"] * 3),
        ("A,甲,党委,\nA,乙,党委,\n", ["code_doubled"] * 2),
        ("A,甲,党支部,\nB,乙,党委,A\n", ["parent_kind"]),
        ("A,甲,党小组,\nB,乙,党小组,A\n", ["parent_kind"]),
        ("A,甲,股份公司,\n", ["kind_unknown"]),
        (",甲,党委,\n", ["code_missing"]),
        ("A/1,甲,党委,\n", ["code_odd"]),
        ("A,,党委,\n", ["org_name_missing"]),
    ],
)
def test_one_wrong_row_stores_nothing(ctx: Flask, rows: str, wrong: list[str]) -> None:
    plan = take(f"code,name,kind,parent_code\nQ,区委,党委,\n{rows}")
    assert codes(plan) == wrong
    assert (count(OrgUnit), count(OrgPlacement)) == (0, 0)


def test_a_move_below_its_own_child_is_refused(ctx: Flask) -> None:
    take(TREE)
    assert codes(take(line("J1", "甲街道党工委", "党委", "J1"))) == ["parent_itself"]
    take("code,name,kind,parent_code\nJ3,丙,党委,J1\n")
    assert codes(take(line("J1", "甲街道党工委", "党委", "J3"))) == ["parent_itself"]


def test_a_day_in_the_future_is_refused(ctx: Flask) -> None:
    with pytest.raises(InvalidInput):
        take(TREE, as_of=date(2019, 6, 4))


def test_a_dry_run_stores_nothing(ctx: Flask) -> None:
    assert take(TREE, dry_run=True).counts.created == 6
    assert count(OrgUnit) == 0


def test_the_command_reads_excel_and_csv_with_either_header(ctx: Flask, folder: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ["党组织名册"],
        ["名称", "编码", "上级编码", "类型"],
        ["区委", 1, None, "党委"],
        ["一支部", 2.0, 1, "党支部"],
    ):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    (folder / "tree.xlsx").write_bytes(out.getvalue())
    first = run(ctx, "orgs", "import", str(folder / "tree.xlsx"))
    assert (first.exit_code, first.stdout) == (0, "created=2 updated=0 unchanged=0 rejected=0\n"), (
        first.stderr
    )
    (folder / "tree.csv").write_bytes("code,name,kind,parent_code\n2,一支部,branch,1\n".encode("gb18030"))
    again = run(ctx, "orgs", "import", str(folder / "tree.csv"))
    assert again.stdout == "created=0 updated=0 unchanged=1 rejected=0\n"
    places = db.session.scalars(select(OrgPlacement.ends_on)).all()
    assert set(places) == {FOREVER}


def test_the_command_names_the_cell_that_is_wrong(ctx: Flask, folder: Path) -> None:
    path = folder / "tree.csv"
    path.write_text("code,name,kind,parent_code\nQ,区委,党委,\nB,一支部,支部,X\n")
    result = run(ctx, "orgs", "import", str(path))
    assert (result.exit_code, result.stdout) == (1, "created=0 updated=0 unchanged=0 rejected=1\n")
    assert "第 3 行 D 列(parent_code):上级编码 X 既不在文件里,也没有登记过。" in result.stderr
