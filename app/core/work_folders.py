"""Private folders for what a library writes unsealed while it works; nothing stays in one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

try:
    import fcntl
except ImportError:  # Windows: one process serves everything there
    fcntl = None  # type: ignore[assignment]

PREFIX = "work-"


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A folder, mode 0700, for as long as the block runs; clears what a killed process has left."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as held:
        # Nobody clears between the making of a folder and its being held.
        with _held(parent):
            _clear(parent)
            folder = Path(mkdtemp(prefix=PREFIX, dir=parent))
            held.enter_context(_held(folder))
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def clear_left(parent: Path) -> int:
    """Remove the folders whose process is gone, however young they are; returns how many.

    Where a process cannot hold a folder (Windows) they stay until the next piece of work begins.
    """
    # Asked for by every page of an upload, and hardly ever anything is there.
    if fcntl is None or not any(parent.glob(f"{PREFIX}*")):
        return 0
    with _held(parent):
        return _clear(parent)


def _clear(parent: Path) -> int:
    gone = 0
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(BlockingIOError, FileNotFoundError), _held(folder, wait=False):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


@contextmanager
def _held(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock, which the system lets go when the process ends, however it ends.

    wait: else raises BlockingIOError while another holds it.
    """
    with ExitStack() as held:
        if fcntl is not None:
            handle = os.open(folder, os.O_RDONLY)
            held.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
