"""Files: small ones written whole or not at all, and folders whose entries are on disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write a small file so that after a crash it holds the old or the new content, whole."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable (a rename or a new file in it)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unnamed_file(folder: Path) -> int:
    """Open an empty file without a name in a folder, and give its descriptor away.

    It is gone when it is closed, and when the process ends, however that happens.
    """
    with tempfile.TemporaryFile(dir=folder, prefix=".columns-", buffering=0) as file:
        return os.dup(file.fileno())
