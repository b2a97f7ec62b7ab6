"""Writes files with personal data so that only who asked for them can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 from its first byte; one that is there is narrowed before it is filled."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        # A pipe or /dev/stdout keeps its own mode.
        if stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            path.chmod(0o600)
        handle.write(content)
