"""Word templates: what is taken is filled in, what could do harm or makes no sense is refused."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document

from app.reports.docx_template import TemplateRefused, filled, repacked

VALUES = {"title": "综述 <2019> & 更多\x0b", "figures": {"sessions": "近1,200"}}


def template(text: str, parts: dict[str, bytes] | None = None) -> bytes:
    """A Word file with one paragraph of text, and further parts in its archive."""
    document = Document()
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    if parts:
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    return out.getvalue()


def docx_text(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)


def split_over_runs() -> bytes:
    """A placeholder as Word leaves it after some typing: each brace with a format of its own."""
    document = Document()
    paragraph = document.add_paragraph()
    for piece in ("共{", "{ figures", ".sessions }", "}场"):
        paragraph.add_run(piece).bold = len(piece) > 5
    document.sections[0].header.paragraphs[0].text = "{{ title }}"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_placeholders_are_filled_in_as_text_wherever_word_has_split_them() -> None:
    assert docx_text(filled(template("{{ title }}:{{figures.sessions}}"), VALUES)).strip() == (
        "综述 <2019> & 更多:近1,200"
    )
    made = Document(io.BytesIO(filled(split_over_runs(), VALUES)))
    assert made.paragraphs[-1].text == "共近1,200场"
    assert made.sections[0].header.paragraphs[0].text == "综述 <2019> & 更多"


_RELATIONS = (
    b'<Relationships><Relationship Id="r" Type="http://x/attachedTemplate" Target="http://x/a.dotm"'
    b' TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (template("{{ 7 * 7 }}"), "placeholder"),
        (template("{{ title.__class__.mro() }}"), "placeholder"),
        (template("{{ title.__class__ }}"), "placeholder"),
        (template("{% for x in figures %}a{% endfor %}"), "placeholder"),
        (template("{{ figures.items }}"), "placeholder"),
        (template("{{ figures['sessions'] }}"), "placeholder"),
        (template("{{ title | upper }}"), "placeholder"),
        (template("{{ range }}"), "placeholder"),
        (template("{{ figures }}"), "placeholder"),
        (template("{# a #}"), "placeholder"),
        (template("{{ title"), "placeholder"),
        (template("a", {"word/vbaProject.bin": b"x"}), "template_active"),
        (template("a", {"word/embeddings/a.bin": b"x"}), "template_active"),
        (template("a", {"word/_rels/settings.xml.rels": _RELATIONS}), "template_external"),
        (template("a", {"word/more.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}), "file_damaged"),
        (template("a", {"word/more.xml": "<!DOCTYPE a>".encode("utf-16")}), "file_damaged"),
        (template("a", {"word/more.xml": b" " * 1_100_000}), "file_too_large"),
        (template("a", {"word/media/a.bin": b"0" * 11_000_000}), "file_too_large"),
        (template("a", {f"word/{n}.bin": b"" for n in range(300)}), "file_too_large"),
        (b"PK\x03\x04 not an archive", "file_damaged"),
        (b"=cmd|' /C calc'!A0", "file_wrong_kind"),
        (b"PK" + b"x" * 950_000, "file_too_large"),
    ],
    # Not the files themselves: they hold the time at which they were made, and each worker makes its own.
    ids=map(str, range(22)),
)
def test_what_could_do_harm_or_cannot_be_filled_in_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        filled(content, VALUES)
    assert refusal.value.code == code


def test_what_is_kept_holds_the_parts_that_were_looked_at() -> None:
    given = template("{{ title }}")
    kept = zipfile.ZipFile(io.BytesIO(repacked(given)))
    assert kept.namelist() == zipfile.ZipFile(io.BytesIO(given)).namelist()
    assert kept.testzip() is None
