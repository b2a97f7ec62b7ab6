"""Templates compile, fit the strict content security policy, and mark every Chinese text for translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from app.settings import ROOT
from tests.databases import test_settings as settings_for_tests

TEMPLATES = ROOT / "templates"
PAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file())
CJK = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
INLINE = re.compile(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"'{]|javascript:", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE)
# The names of the languages themselves are never translated.
LANGUAGE_NAMES = ('"中文"',)


@pytest.fixture(scope="module")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from app import create_app

    folder = tmp_path_factory.mktemp("templates")
    return create_app(settings_for_tests(f"sqlite:///{folder / 'none.sqlite3'}", folder))


def source(page: str) -> str:
    """The template's text without Jinja's and HTML's comments; line numbers stay right."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match.group(0).count("\n")

    text = re.sub(r"\{#.*?#\}", blank, (TEMPLATES / page).read_text(), flags=re.DOTALL)
    return re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_template_compiles(bare_app: Flask, page: str) -> None:
    bare_app.jinja_env.get_template(page)


@pytest.mark.parametrize("page", PAGES)
def test_the_template_has_no_inline_style_or_script(page: str) -> None:
    text = source(page)
    found = [match.group(0) for pattern in (INLINE, INLINE_SCRIPT) for match in pattern.finditer(text)]
    assert found == []


def _without_marked(text: str) -> str:
    """The text without what `_()`, `gettext()`, `ngettext()` and trans blocks hold."""
    text = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", text, flags=re.DOTALL)
    string = r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    text = re.sub(rf"\bngettext\(\s*{string}\s*,\s*{string}", "", text)
    return re.sub(rf"\b(?:_|gettext)\(\s*{string}", "", text)


@pytest.mark.parametrize("page", PAGES)
def test_every_chinese_text_of_the_template_is_marked(page: str) -> None:
    text = _without_marked(source(page))
    for name in LANGUAGE_NAMES:
        text = text.replace(name, "")
    found = [f"{page}:{n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if CJK.search(line)]
    assert found == []


def test_there_are_templates_to_look_at() -> None:
    assert Path("base.html") in {Path(page) for page in PAGES}
