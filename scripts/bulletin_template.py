"""Writes the bulletin's Word templates that come with the product.

Run as `.venv/bin/python -m scripts.bulletin_template`. Their placeholders are those of
`app/reports/bulletin/document.py`. The files are kept in the repository: run it after a change here.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

FOLDER = Path(__file__).resolve().parent.parent / "app" / "reports" / "templates_docx"
PARAGRAPHS = ("training", "activities", "speakers", "reach", "guidance")
FIGURES = (
    ("共举办学习(场次)", "Sessions held", "sessions"),
    ("参加学习(人次)", "Person-times", "person_times"),
    ("参加学习(去重人数)", "Members who took part", "members"),
    ("集中培训(期)", "Central training (classes)", "kind_central_training_classes"),
    (
        "集中培训(班次人次)",
        "Central training (person-times)",
        "kind_central_training_class_person_times",
    ),
    ("读书班(场次)", "Reading classes (sessions)", "kind_reading_class_sessions"),
    ("专题研讨(场次)", "Seminars (sessions)", "kind_seminar_sessions"),
    ("革命传统教育(场次)", "Tradition education (sessions)", "kind_tradition_education_sessions"),
    ("主题党日(场次)", "Theme days (sessions)", "kind_theme_day_sessions"),
    ("集中学习(场次)", "Group study (sessions)", "kind_group_study_sessions"),
    ("讲师(名)", "Lecturers", "lecturers"),
    ("先进典型(名)", "Exemplary members", "exemplars"),
    ("覆盖率(全体)", "Coverage (all)", "coverage"),
    ("覆盖率(应训)", "Coverage (required)", "required_coverage"),
    ("指导员(名)", "Instructors", "instructors"),
    ("督导组(个)", "Supervision teams", "teams"),
    ("督导组干部(名)", "Officials in teams", "officials"),
    ("指导支部(个)", "Branches under guidance", "guided_branches"),
    ("示范支部(个)", "Model branches", "model_branches"),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    _write(FOLDER / "bulletin.docx", english=False)
    _write(FOLDER / "bulletin.en.docx", english=True)


def _write(path: Path, *, english: bool) -> None:
    document: Any = Document()
    # The same bytes on every run.
    document.core_properties.created = document.core_properties.modified = datetime(2020, 1, 1)  # noqa: DTZ001
    document.core_properties.title = "{{ title }}"
    document.core_properties.author = ""
    document.core_properties.comments = ""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    _font(document.styles["Normal"].font, "Times New Roman", "仿宋", 12 if english else 16)
    _line(document, "{{ title }}", "黑体", 22, centred=True, bold=True)
    _line(document, "{{ office }}  {{ as_of }}", "楷体", 14, centred=True)
    for name in PARAGRAPHS:
        paragraph = document.add_paragraph(f"{{{{ {name} }}}}")
        paragraph.paragraph_format.line_spacing = 1.3 if english else Pt(28)
        paragraph.paragraph_format.first_line_indent = Pt(0 if english else 32)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if english else WD_ALIGN_PARAGRAPH.JUSTIFY
    _line(document, "Figures" if english else "数字一览", "黑体", 14, bold=True)
    _table(document, english=english)
    _line(document, "{{ notes }}", "仿宋", 9)
    document.save(path)


def _table(document: Any, *, english: bool) -> None:
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    for chinese_label, english_label, name in FIGURES:
        cells = table.add_row().cells
        cells[0].text = english_label if english else chinese_label
        cells[1].text = f"{{{{ figures.{name} }}}}"
        cells[1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for cell in cells:
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            for run in cell.paragraphs[0].runs:
                _font(run.font, "Times New Roman", "仿宋", 11)
    for row in table.rows:
        row.cells[0].width, row.cells[1].width = Cm(11), Cm(4.5)


def _line(
    document: Any, text: str, face: str, points: int, *, centred: bool = False, bold: bool = False
) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.bold = bold
    _font(run.font, "Times New Roman", face, points)
    paragraph.paragraph_format.space_before = Pt(6)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _font(font: Any, latin: str, chinese: str, points: int) -> None:
    font.name, font.size = latin, Pt(points)
    properties = font.element.get_or_add_rPr() if hasattr(font.element, "get_or_add_rPr") else font.element
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), chinese)


if __name__ == "__main__":
    main()
