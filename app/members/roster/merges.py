"""Reads which cells of a sheet are merged downwards; openpyxl's read-only mode leaves that out."""

from __future__ import annotations

import re
import zipfile

from openpyxl.utils.cell import range_boundaries

_CHUNK_BYTES = 1 << 20
# Longer than any one element that is looked for.
_OVERLAP_BYTES = 256
_MERGE = re.compile(rb"<(?:\w{1,20}:)?mergeCell\s[^<>]{0,100}?ref=\"([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})\"")
_END_OF_ROWS = re.compile(rb"</(?:\w{1,20}:)?sheetData>")
MAX_MERGED_CELLS = 400_000
_MOST_COLUMNS = 100


def merged_down(archive: zipfile.ZipFile, path: str) -> dict[int, dict[int, int]]:
    """Row number → column position → number of the top row of the merged block; top rows left out.

    Blocks beyond the bound are ignored: their lower rows are then read as blank and reported.
    """
    blocks: dict[int, dict[int, int]] = {}
    cells = 0
    for ref in _references(archive, path):
        left, top, right, bottom = (int(edge or 0) for edge in range_boundaries(ref))
        if bottom <= top or right > _MOST_COLUMNS:
            continue
        cells += bottom - top
        if cells > MAX_MERGED_CELLS:
            break
        for row in range(top + 1, bottom + 1):
            # Across, only the first column holds the value.
            blocks.setdefault(row, {})[left - 1] = top
    return blocks


def _references(archive: zipfile.ZipFile, path: str) -> list[str]:
    """The merge list stands behind the rows; text inside cells cannot contain a bare "<"."""
    found: list[str] = []
    past_rows = False
    tail = b""
    with archive.open(path.lstrip("/")) as source:
        while chunk := source.read(_CHUNK_BYTES):
            window = tail + chunk
            if not past_rows and (end := _END_OF_ROWS.search(window)):
                past_rows, window = True, window[end.end() :]
            keep = max(0, len(window) - _OVERLAP_BYTES)
            if past_rows:
                last = 0
                for match in _MERGE.finditer(window):
                    found.append(match[1].decode())
                    last = match.end()
                keep = max(keep, last)
            tail = window[keep:]
    return found
