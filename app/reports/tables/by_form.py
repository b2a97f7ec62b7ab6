"""The summaries by kind and mode, and by lecturer."""

from __future__ import annotations

from app.core.i18n import gettext as _
from app.core.i18n import lazy
from app.core.labels import LECTURER_ROLE_LABELS
from app.reports.definitions import notes
from app.reports.queries import FormRow, FormSummary, LecturerRow, LecturerSummary
from app.reports.rules import hours_of
from app.reports.tables.model import Ask, Cell, Column, Look, Params, Table, TableRow

FORM_COLUMNS = (
    Column("kind", lazy("类别"), width=16),
    Column("mode", lazy("形式"), width=12),
    Column("sessions", lazy("场次"), Look.COUNT, "sessions"),
    Column("person_times", lazy("人次"), Look.COUNT, "person_times"),
    Column("class_person_times", lazy("班次人次"), Look.COUNT, "class_person_times"),
    Column("members", lazy("人数"), Look.COUNT, "members"),
    Column("declared_person_times", lazy("上报人次"), Look.COUNT, "declared_person_times"),
    Column("uncounted", lazy("无人数场次"), Look.COUNT, "uncounted"),
)


def forms_table(result: FormSummary, ask: Ask) -> Table:
    """A line a kind and mode, in the office's order, and the deduplicated total."""
    rows = tuple(
        TableRow(
            f"{row.kind}-{row.mode}",
            (
                Cell(row.kind_label),
                Cell(row.mode_label),
                *_form_numbers(row, ask, {"kind": row.kind, "mode": row.mode}),
            ),
        )
        for row in result.rows
    )
    total = TableRow("total", (Cell(_("合计")), Cell(None, words=""), *_form_numbers(result.total, ask, {})))
    keys = [column.definition for column in FORM_COLUMNS if column.definition]
    told = notes("forms", "host_and_member", *keys)
    return Table("forms", ask.title(lazy("形式汇总")), FORM_COLUMNS, rows, told, total, ask.about())


def _form_numbers(row: FormRow, ask: Ask, params: Params) -> tuple[Cell, ...]:
    def cell(value: int, endpoint: str, **more: str) -> Cell:
        return Cell(value, ask.door(endpoint, **params, **more) if value else None)

    return (
        cell(row.sessions, "reports.session_rows"),
        cell(row.person_times, "reports.attendance_rows"),
        cell(row.class_person_times, "reports.attendance_rows", each="class"),
        cell(row.members, "reports.attendance_rows", each="member"),
        cell(row.declared_person_times, "reports.session_rows", declared="1"),
        cell(row.uncounted, "reports.session_rows", uncounted="1"),
    )


LECTURER_COLUMNS = (
    Column("name", lazy("讲师"), width=10),
    Column("title", lazy("职务"), width=26),
    Column("team", lazy("身份"), width=12),
    Column("role", lazy("角色"), width=10),
    Column("sessions", lazy("场次"), Look.COUNT, "sessions"),
    Column("hours", lazy("学时"), Look.HOURS, "lecturer_hours"),
    Column("person_times", lazy("听课人次"), Look.COUNT, "listeners"),
    Column("members", lazy("人数"), Look.COUNT),
    Column("declared_person_times", lazy("上报人次"), Look.COUNT, "declared_person_times"),
)


def lecturers_table(result: LecturerSummary, minutes_per_hour: int, ask: Ask) -> Table:
    """The team's lines, then those of exemplary members, and the deduplicated total."""
    rows = tuple(
        TableRow(
            f"{row.lecturer}-{row.role}",
            (
                Cell(row.name),
                Cell(row.title),
                Cell(_("先进典型") if row.is_exemplar else _("讲师团成员")),
                Cell(str(LECTURER_ROLE_LABELS[row.role]) if row.role else ""),
                *_given(row, minutes_per_hour, ask),
            ),
        )
        for row in result.rows
    )
    blank = Cell(None, words="")
    total = TableRow(
        "total", (Cell(_("合计")), blank, blank, blank, *_given(result.total, minutes_per_hour, ask))
    )
    told = notes("lecturers", "lecturer_hours", "listeners", "declared_person_times")
    title = ask.title(lazy("讲师授课统计"))
    return Table("lecturers", title, LECTURER_COLUMNS, rows, told, total, ask.about())


def _given(row: LecturerRow, minutes_per_hour: int, ask: Ask) -> tuple[Cell, ...]:
    params: Params = {"speaking": "1"}
    if row.role is not None:
        params = {"lecturer": str(row.lecturer), "role": row.role.value}

    def cell(value: int, endpoint: str, **more: str) -> Cell:
        return Cell(value, ask.door(endpoint, **params, **more) if value else None)

    return (
        cell(row.sessions, "reports.session_rows"),
        Cell(hours_of(row.minutes, minutes_per_hour)),
        cell(row.person_times, "reports.attendance_rows", host="1"),
        cell(row.members, "reports.attendance_rows", host="1", each="member"),
        cell(row.declared_person_times, "reports.session_rows", declared="1"),
    )
