"""Words of the domain mean one thing each."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.core import vocabulary
from app.settings import ROOT

# Flask and SQLAlchemy own `Session`; the others are words that mean nothing in this office.
FORBIDDEN_CLASSES = {"Session", "Event", "User", "Utils", "Helper", "Manager"}
FORBIDDEN_MODULES = {"utils", "util", "helpers", "common", "misc"}


def classes() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                yield node.name, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_class_takes_a_word_that_others_own() -> None:
    assert [where for name, where in classes() if name in FORBIDDEN_CLASSES] == []


def test_no_module_is_named_for_nothing() -> None:
    names = [path for path in (ROOT / "app").rglob("*.py") if path.stem in FORBIDDEN_MODULES]
    assert names == []


def test_every_enumeration_of_the_office_is_defined_once() -> None:
    words = {name for name, value in vars(vocabulary).items() if isinstance(value, type)} - {
        "StrEnum",
        "date",
    }
    elsewhere = [where for name, where in classes() if name in words and "core/vocabulary" not in where]
    assert elsewhere == []
