"""Files without a name for columns, as a shard and a simulated season open them."""

import os
import tempfile
from pathlib import Path

from rules.table.storage import ScratchFiles


def files_from(rows: int, folder: Path | None = None) -> ScratchFiles:
    """Keep arrays of so many rows or more in files; a refused file fails the test."""
    return ScratchFiles(lambda: unnamed_file(folder), refused=_fail, from_rows=rows)


def unnamed_file(folder: Path | None = None) -> int:
    """Open an empty file without a name and give its descriptor away."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        return os.dup(file.fileno())


def _fail(error: OSError) -> None:
    raise AssertionError(f"no file for a column: {error}")
