"""Keeps files sealed on disk, under a random name: for a day, or as long as a row names them."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from app.core.crypto import CannotOpen, new_token, seal_bytes, unseal_bytes
from app.core.errors import NotFound
from app.core.work_folders import clear_left

KEPT_FOR = timedelta(hours=24)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_PART = re.compile(r"[a-z_]{1,20}")


class SealedFiles:
    """A folder of sealed files. Each thing kept has a random token and one or more named parts."""

    def __init__(self, folder: Path, purpose: str) -> None:
        self._folder = folder
        self._purpose = purpose

    @property
    def folder(self) -> Path:
        """Where the files are; work folders may be made in it (`work_folders`)."""
        return self._folder

    def new(self) -> str:
        """A token for something new."""
        return new_token(16)

    def keep(self, token: str, part: str, content: bytes) -> None:
        """Write a part, mode 0600; a reader sees the old one or the whole new one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(token, part)
        # The name is random, so a file that is left half-written by a crash is cleared by age.
        draft = path.with_suffix(f".{new_token(6)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(seal_bytes(content, self._purpose))
        draft.replace(path)

    def read(self, token: str, part: str) -> bytes:
        """A part's content; raises NotFound when it is gone or was sealed with another key."""
        try:
            return unseal_bytes(self._path(token, part).read_bytes(), self._purpose)
        except (OSError, CannotOpen) as exc:
            raise NotFound() from exc

    def has(self, token: str, part: str) -> bool:
        """Whether the part is still there."""
        return self._path(token, part).exists()

    def forget(self, token: str) -> None:
        """Delete every part; a repeat is harmless."""
        if not _TOKEN.fullmatch(token):
            raise NotFound()
        for path in self._folder.glob(f"{token}.*") if self._folder.is_dir() else ():
            path.unlink(missing_ok=True)

    def forget_part(self, token: str, part: str) -> None:
        """Delete one part; a repeat is harmless."""
        self._path(token, part).unlink(missing_ok=True)

    def forget_unnamed(self, named: Collection[str], now: datetime) -> int:
        """Delete what is older than a day and bears no token of `named`; returns how many files went.

        A day, because a file is kept before the row that names it is committed.
        """
        gone = 0
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            try:
                is_old = path.stat().st_mtime < (now - KEPT_FOR).timestamp()
                if is_old and path.name.partition(".")[0] not in named:
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue  # Another process was faster.
        return gone

    def forget_old(self, now: datetime) -> int:
        """Delete everything older than a day, and unsealed leftovers at once; returns how many went."""
        gone = clear_left(self._folder)
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            try:
                if path.is_dir():
                    continue
                if path.stat().st_mtime < (now - KEPT_FOR).timestamp():
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue  # Another process was faster.
        return gone

    def _path(self, token: str, part: str) -> Path:
        if not _TOKEN.fullmatch(token) or not _PART.fullmatch(part):
            raise NotFound()
        return self._folder / f"{token}.{part}"
