import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.store.errors import FolderFormat, FolderInUse
from actors.store.folder import FORMAT, FolderLock, write_durably

OWNER = """
import sys
from actors.store.folder import FolderLock
FolderLock(sys.argv[1]).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused_with_folder_pid_and_fix(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(FolderInUse) as refused:
        FolderLock(tmp_path).acquire()
    assert str(tmp_path) in str(refused.value)
    assert str(os.getpid()) in str(refused.value)
    assert "--data" in str(refused.value)


def test_the_folder_is_free_again_after_release(tmp_path: Path) -> None:
    for _ in range(2):
        with FolderLock(tmp_path / "new"):
            assert (tmp_path / "new" / "format").read_text() == f"{FORMAT}\n"


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            OWNER,
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUse, match=f"process {owner.pid}"):
            FolderLock(tmp_path).acquire()
    finally:
        owner.kill()
        owner.communicate()
    with FolderLock(tmp_path) as lock:
        assert lock.left_behind
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    with FolderLock(tmp_path) as lock:
        assert not lock.left_behind


def test_a_newer_format_is_refused_and_the_lock_given_back(tmp_path: Path) -> None:
    (tmp_path / "format").write_text(f"{FORMAT + 1}\n")
    with pytest.raises(FolderFormat, match=f"format {FORMAT + 1}; this version reads up to"):
        FolderLock(tmp_path).acquire()
    (tmp_path / "format").write_text("Sütterlin", encoding="latin-1")
    with pytest.raises(FolderFormat, match="not a format number"):
        FolderLock(tmp_path).acquire()
    (tmp_path / "format").write_text(f"{FORMAT}\n")
    with FolderLock(tmp_path):
        assert (tmp_path / "format").read_text() == f"{FORMAT}\n"


def test_durable_writing_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_durably(tmp_path / "f", b"one")
    write_durably(tmp_path / "f", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_bytes() == b"two"
