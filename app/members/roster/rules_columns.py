"""Rules of headers: which column of a table holds what, in whatever order and wording offices use."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read. `aliases` are other headers for it, taken only where `header` is missing."""

    field: str
    header: str
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """Where a sheet's header stands: positions count from 0, row numbers as the spreadsheet shows them."""

    row_number: int
    positions: Mapping[str, int]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of the file as somebody sees it who says what it holds. `samples` are a few of its cells,
    none of a column with ID numbers; `field` is what it is taken for, "" for not read."""

    position: int
    header: str
    samples: tuple[str, ...] = dataclasses.field(repr=False)
    field: str = ""
    is_id: bool = False


class DoubledColumn(ValueError):
    """Two columns have the same header, so nobody can tell which is meant."""

    def __init__(self, header: str) -> None:
        super().__init__(header)
        self.header = header


class MissingColumns(ValueError):
    """A header row was found, but it lacks columns without which nothing can be read."""

    def __init__(self, headers: Sequence[str], cells: Sequence[object]) -> None:
        super().__init__(", ".join(headers))
        self.headers = tuple(headers)
        self.cells = cells


ROSTER = (
    Column("name", "姓名", ("党员姓名", "name"), required=True),
    Column(
        "branch",
        "所在党支部",
        (
            "所在支部",
            "所属党支部",
            "所属支部",
            "党支部",
            "所在党支部名称",
            "党支部名称",
            "支部名称",
            "所在党组织",
            "所属党组织",
        ),
        required=True,
    ),
    Column("branch_code", "党支部编码", ("支部编码", "所在党支部编码", "党组织编码", "org_code")),
    Column("sex", "性别"),
    Column("ethnicity", "民族"),
    Column("birth_date", "出生日期", ("出生年月日", "出生年月", "生日")),
    Column("education", "学历"),
    Column("membership_type", "人员类别", ("党员类别", "党员类型")),
    Column("phone", "手机号码", ("手机号", "手机", "联系电话", "移动电话", "联系方式", "电话", "电话号码")),
    Column("joined_party_on", "入党日期", ("入党时间", "加入党组织日期")),
    Column("confirmed_on", "转正日期", ("转正时间", "转为正式党员日期")),
    Column("social_stratum", "新社会阶层类型"),
    Column("job", "工作岗位"),
    Column("is_migrant_worker", "是否农民工", ("农民工",)),
    Column("is_lost_contact", "是否失联党员", ("失联党员", "是否失联")),
    Column("is_mobile", "是否流动党员", ("流动党员", "是否流动")),
    Column("away_since", "外出日期", ("流动日期", "流出日期", "外出时间")),
    Column("away_at", "外出流向", ("流动去向", "外出地点", "流向")),
)

ORGS = (
    Column("code", "编码", ("code", "党组织编码", "组织编码", "代码"), required=True),
    Column("name", "名称", ("name", "党组织名称", "组织名称", "党组织全称"), required=True),
    Column("kind", "类型", ("kind", "组织类型", "党组织类型"), required=True),
    Column(
        "parent_code",
        "上级编码",
        ("parent_code", "上级党组织编码", "上级组织编码", "上级代码"),
        required=True,
    ),
    Column("sector", "行业", ("类别", "sector", "所属行业", "单位类别")),
)

NO_MAPPING: Mapping[str, str] = {}
# Read by nobody: named here so that the template and the guide can say so.
NEVER_READ = "公民身份号码"

_NOTE = re.compile(r"\(.*?\)$|\[.*?\]$")
_PAST_NAMES = re.compile(r"[\s*:_\u200b\ufeff]+")


def plain_header(cell: object) -> str:
    """A header as it is compared: no spaces, breaks, stars, colons or note in brackets at the end."""
    text = unicodedata.normalize("NFKC", cell).strip().lower() if isinstance(cell, str) else ""
    return _PAST_NAMES.sub("", _NOTE.sub("", text.rstrip("*:： \n")))


def recognise(
    cells: Sequence[object], columns: Sequence[Column], mapping: Mapping[str, str] = NO_MAPPING
) -> dict[str, int]:
    """Field → position of every column whose header stands in this row.

    mapping: plain header → field, or "" for a column that is not read: the office's own word, which wins.
    Then the official header wins over aliases. Raises DoubledColumn where two columns are the same.
    """
    where: dict[str, list[int]] = {}
    for position, cell in enumerate(cells):
        if title := plain_header(cell):
            where.setdefault(title, []).append(position)
    found: dict[str, int] = {}
    for title, field in mapping.items():
        places = where.pop(title, [])
        if len(places) > 1 and field:
            raise DoubledColumn(title)
        if places and field:
            found[field] = places[0]
    for column in columns:
        if column.field in found:
            continue
        for header in (column.header, *column.aliases):
            places = where.get(plain_header(header), [])
            if len(places) > 1:
                raise DoubledColumn(header)
            if places:
                found[column.field] = places[0]
                break
    return found


def find_header(
    rows: Sequence[tuple[int, Sequence[object]]],
    columns: Sequence[Column],
    mapping: Mapping[str, str] = NO_MAPPING,
) -> Header | None:
    """The header among the first rows of a sheet: the one with most known columns, the first of equals.

    None when no row looks like one. Raises MissingColumns for a header that lacks required ones.
    """
    best: tuple[int, Sequence[object], dict[str, int]] | None = None
    required = {column.field for column in columns if column.required}
    wanted = {plain_header(h) for c in columns if c.required for h in (c.header, *c.aliases)}
    wanted |= {title for title, field in mapping.items() if field in required}
    for number, cells in rows:
        # Cheap first look; a doubled column matters in the header only.
        if wanted.isdisjoint(plain_header(cell) for cell in cells):
            continue
        found = recognise(cells, columns, mapping)
        if len(found) >= 2 and (best is None or len(found) > len(best[2])):
            best = (number, cells, found)
    if best is None:
        return None
    number, cells, found = best
    lacking = [column.header for column in columns if column.required and column.field not in found]
    if "branch_code" in found:
        lacking = [header for header in lacking if header != "所在党支部"]
    if lacking:
        raise MissingColumns(lacking, cells)
    return Header(number, found, {field: " ".join(str(cells[at]).split()) for field, at in found.items()})


_ID_HEADER = re.compile(r"身份证|身份号|证件号|idcard|idnumber")


def is_id_header(header: object) -> bool:
    """Whether the header says that its column holds ID numbers: such a column is never read."""
    return bool(_ID_HEADER.search(plain_header(header)))


def guess_header(rows: Sequence[tuple[int, Sequence[object]]]) -> tuple[int, Sequence[object]] | None:
    """The row that looks most like a header: most different words, the first of equals; None without two."""
    best: tuple[int, Sequence[object]] | None = None
    most = 1
    for number, cells in rows:
        words = {plain_header(cell) for cell in cells if isinstance(cell, str) and len(cell) <= 30}
        words = {word for word in words if word and not any(char.isdigit() for char in word)}
        if len(words) > most:
            best, most = (number, cells), len(words)
    return best


def column_letter(position: int) -> str:
    """0 → A, 25 → Z, 26 → AA: as spreadsheets name columns."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
