"""Folders for unsealed work: private, gone afterwards, and cleared when their process was killed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.sealed_files import SealedFiles
from app.core.work_folders import clear_left, work_folder


def fail_within(parent: Path) -> None:
    with work_folder(parent) as folder:
        (folder / "names").write_text("x")
        assert folder.stat().st_mode & 0o777 == 0o700
        raise RuntimeError


def test_a_folder_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    parent = tmp_path / "store"
    with pytest.raises(RuntimeError):
        fail_within(parent)
    assert list(parent.iterdir()) == []


def test_what_a_killed_process_left_goes_at_once_and_what_is_in_use_stays(tmp_path: Path) -> None:
    left = tmp_path / "work-left"
    left.mkdir()
    (left / "names").write_text("x")
    with work_folder(tmp_path) as folder:
        assert not left.exists()
        left.mkdir()
        assert SealedFiles(tmp_path, "test").forget_old(datetime.now(UTC)) == 1
        assert not left.exists()
        with work_folder(tmp_path) as second:
            assert folder.exists()
        assert not second.exists()
        assert clear_left(tmp_path) == 0
        assert folder.exists()
