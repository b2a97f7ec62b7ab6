"""The English catalogue is complete: every message of app and templates, with the same placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from app.settings import ROOT

ENGLISH = ROOT / "app" / "translations" / "en" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
CJK = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff01-\uff5e]")
KEYWORDS = {"_": None, "gettext": None, "lazy": None, "lazy_gettext": None, "ngettext": (1, 2)}


def messages() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    """(file, line, message) of every marked text."""
    for folder, method in ((ROOT / "app", "python"), (ROOT / "templates", "jinja2.ext:babel_extract")):
        pattern = "**.py" if method == "python" else "**.*"
        found = extract_from_dir(str(folder), [(pattern, method)], keywords=KEYWORDS)
        for name, line, message, _comments, _context in found:
            yield str(Path(folder.name) / name), line, message


MESSAGES = list(messages())


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    path = ENGLISH / "messages.po"
    assert path.exists(), "the English catalogue is missing"
    with path.open("rb") as handle:
        return read_po(handle, locale="en")


def singular(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def translations(entry: Message) -> list[str]:
    return [entry.string] if isinstance(entry.string, str) else list(entry.string)


def test_messages_are_found_in_code_and_in_templates() -> None:
    assert {file.split("/")[0] for file, _line, _message in MESSAGES} == {"app", "templates"}


def test_every_message_has_an_english_translation(catalogue: Catalog) -> None:
    missing = []
    for file, line, message in MESSAGES:
        entry = catalogue.get(singular(message))
        if entry is None or entry.fuzzy or not all(translations(entry)):
            missing.append(f"{file}:{line}: {singular(message)}")
    assert missing == []


def test_translations_hold_the_same_placeholders(catalogue: Catalog) -> None:
    wrong = []
    for _file, _line, message in MESSAGES:
        entry = catalogue.get(singular(message))
        if entry is None:
            continue
        wanted = set(PLACEHOLDER.findall(singular(message)))
        wrong += [
            singular(message) for text in translations(entry) if set(PLACEHOLDER.findall(text)) != wanted
        ]
    assert wrong == []


def test_no_chinese_is_left_in_the_english_texts(catalogue: Catalog) -> None:
    left = [text for entry in catalogue if entry.id for text in translations(entry) if CJK.search(text)]
    assert left == []


def test_the_catalogue_holds_nothing_that_is_no_longer_used(catalogue: Catalog) -> None:
    used = {singular(message) for _file, _line, message in MESSAGES}
    assert [singular(entry.id) for entry in catalogue if entry.id and singular(entry.id) not in used] == []


def test_the_compiled_catalogue_is_the_written_one(catalogue: Catalog) -> None:
    compiled = read_mo(BytesIO((ENGLISH / "messages.mo").read_bytes()))
    written = {singular(entry.id): translations(entry) for entry in catalogue if entry.id and not entry.fuzzy}
    assert {singular(entry.id): translations(entry) for entry in compiled if entry.id} == written
