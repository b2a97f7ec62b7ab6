"""What can be wrong with a file or a row, and the plain words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.errors import AppError
from app.core.i18n import Text, lazy
from app.core.i18n import gettext as _
from app.members.roster.rules_columns import FileColumn, Header, column_letter
from app.members.roster.rules_problems import Place, Problem


class FileRefused(AppError):
    """The file as a whole cannot be read; the words say why and what to do."""

    status = 422
    code = "file_refused"
    title = lazy("这个文件读不了")


class HeaderUnknown(FileRefused):
    """Which column holds what cannot be told; `columns` are there for somebody to say it."""

    def __init__(self, detail: Text, *, code: str, columns: Sequence[FileColumn]) -> None:
        super().__init__(detail, code=code)
        self.columns = columns


WORDS: dict[str, Text] = {
    "name_missing": lazy("没有姓名。"),
    "name_odd": lazy("这一格不像姓名,请核对。"),
    "too_long": lazy("内容太长,最多 %(limit)s 个字。"),
    "id_number": lazy("这一格像是公民身份号码。本系统不保存身份号码,请从这一列删去。"),
    "formula_error": lazy("这一格是公式错误(如 #N/A),请改成实际内容。"),
    "sex_unknown": lazy("性别请写“男”或“女”。"),
    "flag_unknown": lazy("请写“是”或“否”,不清楚就留空。"),
    "phone_invalid": lazy("电话号码不对。请填 11 位手机号,或带区号的固定电话。"),
    "phone_rounded": lazy("表格把号码变成了科学计数,末尾几位已丢失。请把这一列设为文本后重新填写。"),
    "phone_masked": lazy("电话只写了一部分(****),新增的党员请填完整的号码,或留空。"),
    "phone_mask_differs": lazy("写着的部分电话号码与系统里的不一致。请填完整的号码,或留空。"),
    "date_short_year": lazy("年份只有两位,分不清是哪一年。请写四位年份,如 1956-03-12。"),
    "date_year_only": lazy("只有年份,至少要写到月,如 1956-03。"),
    "date_lost_zero": lazy("分不清是 1 月还是 10 月(表格会丢掉末尾的 0)。请写成 1956-01 或 1956-10。"),
    "date_no_such_day": lazy("没有这一天,请核对月和日。"),
    "date_future": lazy("日期在今天以后,请核对。"),
    "date_too_early": lazy("日期早于 1900 年,请核对。"),
    "date_unreadable": lazy("看不懂这个日期。请写成 1956-03-12 这样。"),
    "too_young": lazy("按出生日期算还不满 18 岁,请核对。"),
    "joined_too_young": lazy("入党日期时还不满 18 岁,请核对出生日期和入党日期。"),
    "confirmed_before_joined": lazy("转正日期早于入党日期,请核对。"),
    "away_before_birth": lazy("外出日期早于出生日期,请核对。"),
    "branch_missing": lazy("没有所在党支部。"),
    "branch_unknown": lazy("没有找到党支部“%(text)s”。"),
    "branch_unknown_near": lazy("没有找到党支部“%(text)s”。相近的有:%(near)s。"),
    "branch_ambiguous": lazy("“%(text)s”可能是几个党支部:%(near)s。请写全称或党支部编码。"),
    "branch_not_branch": lazy("“%(text)s”不是党支部,请填党员所在的党支部。"),
    "branch_disagrees": lazy("党支部编码和党支部名称不是同一个支部,请核对。"),
    "unclear_several": lazy("分不清是哪一位党员:同名且信息相符的有 %(n)s 位。请补全出生日期和手机号码。"),
    "unclear_unconfirmed": lazy(
        "分不清是哪一位党员:支部里已有同名的,但出生日期和电话都对不上。请补全出生日期和手机号码。"
    ),
    "duplicate": lazy("与 %(other)s 是同一位党员,请只留一行。"),
    "member_elsewhere": lazy("这位党员已登记在您负责范围以外的党支部,请联系上级办理转接。"),
    "transfer_too_early": lazy("接收日期不能早于这位党员在现支部的起始日期 %(day)s。"),
    "transfer_refused": lazy("这位党员的组织关系已有以后的安排,请在党员页面办理转接。"),
    "code_missing": lazy("没有编码。"),
    "code_odd": lazy("编码里有空格或特殊符号,请只用字母、数字、点、横线。"),
    "code_doubled": lazy("编码 %(text)s 在文件里出现了不止一次(另见 %(other)s)。"),
    "org_name_missing": lazy("没有名称。"),
    "kind_unknown": lazy("类型请写 党委、党总支、党支部 或 党小组。"),
    "sector_unknown": lazy("行业“%(text)s”不在可选之列:%(near)s。"),
    "parent_unknown": lazy("上级编码 %(text)s 既不在文件里,也没有登记过。"),
    "parent_missing": lazy("没有上级编码。"),
    "parent_itself": lazy("上级绕了一圈又回到自己,请核对上级编码。"),
    "parent_kind": lazy("上级是%(parent)s,下面不能再设%(kind)s。"),
    "parent_too_deep": lazy("层级太多,请核对上级编码。"),
    "unit_closed": lazy("这个党组织已经撤销,不能再导入。"),
    "unit_elsewhere": lazy("这个编码已用于您负责范围以外的党组织。"),
    "move_too_early": lazy("调整日期不能早于它在现上级下的起始日期 %(day)s。"),
}


def place_words(sheet_title: str, place: Place) -> str:
    """Where a row is, for a person who looks for it in the spreadsheet."""
    if not sheet_title:
        return str(_("第 %(row)s 行", row=place.row))
    return str(_("工作表“%(sheet)s”第 %(row)s 行", sheet=sheet_title, row=place.row))


def cell_words(letter: str, header: str) -> str:
    return str(_("%(letter)s 列(%(header)s)", letter=letter, header=header))


def problem_words(problem: Problem, sheet_titles: Sequence[str] = ()) -> str:
    """What is wrong, in the reader's language, without the place."""
    params = {key: str(value) for key, value in problem.params.items()}
    if problem.other is not None:
        title = sheet_titles[problem.other.sheet] if problem.other.sheet < len(sheet_titles) else ""
        params["other"] = place_words(title, problem.other)
    return str(WORDS[problem.code]) % params


def row_words(problem: Problem, place: Place, headers: Mapping[int, Header], titles: Sequence[str]) -> str:
    """Where and what: sheet, row, column letter with header, and what is wrong."""
    where = place_words(titles[place.sheet] if place.sheet < len(titles) else "", place)
    header = headers.get(place.sheet)
    if problem.field and header and problem.field in header.positions:
        letter = column_letter(header.positions[problem.field])
        where = f"{where} {cell_words(letter, header.titles[problem.field])}"
    return str(_("%(where)s:%(words)s", where=where, words=problem_words(problem, titles)))
