"""Makes a Word template safe to fill in, and fills it: bounded, no macros, placeholders and nothing else."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from app.core.errors import AppError
from app.core.i18n import lazy

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_BYTES = 900 * 1024
MAX_ENTRIES = 300
MAX_UNPACKED_BYTES = 10 * 1024 * 1024
# What is read as text is small: a few pages of a bulletin are 50 KB.
MAX_PART_BYTES = 1024 * 1024
_TEXT = (".xml", ".rels")
_ACTIVE = re.compile(r"vbaproject|vbadata|activex|embeddings/|oleobject|attachedtoolbars", re.IGNORECASE)
_NOT_PLAIN = re.compile(rb"<!(?:DOCTYPE|ENTITY)|\x00")
_MACROS = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)
_RELATION = re.compile(rb"<[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>", re.IGNORECASE)
_HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"'<>]*/hyperlink[\"']")
_TAG = re.compile(r"\{\{(.*?)\}\}|(\{[%#].*?(?:[%#]\}|$))", re.DOTALL)
_NAME = re.compile(r"\s*([A-Za-z]\w*(?:\.[A-Za-z]\w*)?)\s*")
_XML_TAG = re.compile(r"<[^<>]*>")
# The second wall: whatever the first lets through is a text with names in it.
_PLAIN_NODES = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr)
# Characters that XML cannot hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class TemplateRefused(AppError):
    """The file is no template that can be filled in; the words say why and what to do."""

    status = 422
    code = "template_refused"
    title = lazy("这个模板不能使用")
    advice = lazy("管理员可以在年度综述的“Word 模板”一页改正,或恢复自带的模板。")


def filled(content: bytes, values: Mapping[str, Any]) -> bytes:
    """The document with its placeholders replaced by `values`: texts, or mappings of names to texts.

    Raises TemplateRefused, also where the file is not what it says it is: whoever stored it is not asked.
    """
    safe = repacked(content)
    environment = _Placeholders(_known(values))
    try:
        document = DocxTemplate(io.BytesIO(safe))
        document.render(_clean(values), environment)
        out = io.BytesIO()
        document.save(out)
    except (OpcError, etree.LxmlError, KeyError, ValueError, AttributeError, OSError) as exc:
        raise damaged() from exc
    except TemplateError as exc:
        raise TemplateRefused(lazy("占位符的花括号没有成对,请写成 {{ 名称 }}。"), code="placeholder") from exc
    return out.getvalue()


def names_something(content: bytes, values: Mapping[str, Any]) -> bool:
    """Whether a template that `filled` takes has any placeholder at all."""
    found: set[str] = DocxTemplate(io.BytesIO(content)).get_undeclared_template_variables(
        _Placeholders(_known(values))
    )
    return bool(found)


def repacked(content: bytes) -> bytes:
    """The archive packed anew from parts that were unpacked within bounds. Raises TemplateRefused."""
    if len(content) > MAX_BYTES:
        raise TemplateRefused(lazy("模板超过 900 KB。请压缩或删去图片后再上传。"), code="file_too_large")
    if not content.startswith(b"PK"):
        raise not_word()
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _judge(entries)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for entry in entries:
                part = archive.read(entry)
                _judge_part(entry.filename, part)
                packed.writestr(entry.filename, part)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, OSError, EOFError) as exc:
        raise damaged() from exc
    return out.getvalue()


def _judge(entries: list[zipfile.ZipInfo]) -> None:
    """By the directory alone, before anything is unpacked; reading stops at the size it tells."""
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise TemplateRefused(lazy("文件加了密码。请取消密码后再上传。"), code="file_encrypted")
    too_large = (
        len(entries) > MAX_ENTRIES
        or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES
        or any(entry.file_size > MAX_PART_BYTES and _is_text(entry.filename) for entry in entries)
    )
    if too_large:
        raise TemplateRefused(lazy("文件展开后太大。请另存一份只有文字的模板。"), code="file_too_large")
    if "word/document.xml" not in names or "[Content_Types].xml" not in names:
        raise not_word()
    if len(set(names)) != len(names):
        raise damaged()
    if any(_ACTIVE.search(name) for name in names):
        raise active()


def _judge_part(name: str, part: bytes) -> None:
    if not _is_text(name):
        return
    if _NOT_PLAIN.search(part):
        raise damaged()
    if _MACROS.search(part) and name == "[Content_Types].xml":
        raise active()
    if any(not _HYPERLINK.search(relation) for relation in _RELATION.findall(part)):
        raise TemplateRefused(
            lazy("模板引用了外部文件或图片。请改为直接插入后再上传。"), code="template_external"
        )


def _is_text(name: str) -> bool:
    return name.lower().endswith(_TEXT)


class _Placeholders(ImmutableSandboxedEnvironment):
    """Takes {{ name }} and {{ group.name }} of the known names and refuses every other instruction."""

    def __init__(self, known: Collection[str]) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self._known = known
        # A template has no functions to call.
        self.globals.clear()
        self.filters.clear()
        self.tests.clear()

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        for inner, other in _TAG.findall(source):
            _require_name(inner, other, self._known)
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, _PLAIN_NODES):
                raise TemplateRefused(lazy("占位符只能写名称,不能写计算或语句。"), code="placeholder")
        return tree


def _require_name(inner: str, other: str, known: Collection[str]) -> None:
    shown = _shown(other or f"{{{{{inner}}}}}")
    match = None if other else _NAME.fullmatch(inner)
    if match is None:
        words = lazy("占位符只能写名称,不能写计算或语句:%(placeholder)s", placeholder=shown)
        raise TemplateRefused(words, code="placeholder")
    if match[1] not in known:
        words = lazy("没有这个占位符:%(placeholder)s。请对照下面的名称改正。", placeholder=shown)
        raise TemplateRefused(words, code="placeholder")


def _shown(placeholder: str) -> str:
    """As it stands in Word, cut short."""
    text = " ".join(_XML_TAG.sub("", placeholder).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _known(values: Mapping[str, Any]) -> frozenset[str]:
    found = set()
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}" for inner in value}
        else:
            found.add(name)
    return frozenset(found)


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _clean(value) if isinstance(value, Mapping) else _CONTROL.sub("", str(value))
        for name, value in values.items()
    }


def not_word() -> TemplateRefused:
    return TemplateRefused(
        lazy("这不是 Word(.docx)文件。请在 Word 里另存为 .docx 后再上传。"), code="file_wrong_kind"
    )


def damaged() -> TemplateRefused:
    return TemplateRefused(
        lazy("文件损坏,打不开。请在 Word 里打开后另存为 .docx 再试。"), code="file_damaged"
    )


def active() -> TemplateRefused:
    return TemplateRefused(
        lazy("模板里有宏或嵌入的对象。请另存为不带宏的 .docx 后再上传。"), code="template_active"
    )
