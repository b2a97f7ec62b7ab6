"""Files and functions stay small enough to be read in one sitting."""

from __future__ import annotations

import ast

from app.settings import ROOT

SOURCES = sorted((ROOT / "app").rglob("*.py"))
MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 60
MOST_PARAMETERS = 8


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES_A_FILE} == {}


def test_no_function_is_longer_than_60_lines_or_takes_more_than_8_parameters() -> None:
    breaches = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            taken = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            parameters = [argument for argument in taken if argument.arg not in ("self", "cls")]
            if lines > MOST_LINES_A_FUNCTION or len(parameters) > MOST_PARAMETERS:
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                breaches.append(f"{where}: {lines} lines, {len(parameters)} parameters")
    assert breaches == []
