"""Uploaded logs: files that come in parts, to be fitted by a simulation that then takes them."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final, Literal, get_args

FOLDER: Final = "uploads"
BYTES_MAX: Final = 64 << 20
KEPT_MAX: Final = 4
"""Files that no simulation has taken; the one begun first goes when another begins."""
LogKind = Literal["csv", "ndjson", "parquet"]
KINDS: Final[tuple[LogKind, ...]] = get_args(LogKind)
_NAME: Final = re.compile(rf"([0-9a-f]{{12}})[.]({'|'.join(KINDS)})")


class UploadRefused(ValueError):  # noqa: N818  it says why
    """A part can't be added; the text says why, and `size` how much is there."""

    def __init__(self, why: str, size: int) -> None:
        super().__init__(why)
        self.size = size


class UploadedLogs:
    """Keeps them in a data folder; every method blocks on the disk."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def begin(self, kind: LogKind) -> str:
        """Begin an empty file and return its id."""
        self._folder.mkdir(exist_ok=True)
        held = sorted(self._held(), key=lambda path: path.stat().st_mtime_ns)
        for path in held[: max(0, len(held) - KEPT_MAX + 1)]:
            path.unlink(missing_ok=True)
        log = secrets.token_hex(6)
        (self._folder / f"{log}.{kind}").touch(exist_ok=False)
        return log

    def find(self, log: str) -> Path | None:
        """Find a file by its id."""
        return next((path for path in self._held() if path.stem == log), None)

    def add(self, log: str, offset: int, part: bytes) -> int:
        """Add a part behind the first `offset` bytes and return the whole size.

        Raises:
            KeyError: there is no such file.
            UploadRefused: other than `offset` bytes are there, or it would be too large.
            OSError: the disk doesn't take it.
        """
        path = self.find(log)
        if path is None:
            raise KeyError(log)
        with path.open("ab") as file:
            size = file.tell()
            if offset != size:
                raise UploadRefused(
                    f"offset = {offset}: {size:,} bytes are there; go on from those.", size
                )
            if size + len(part) > BYTES_MAX:
                raise UploadRefused(
                    f"a log has at most {BYTES_MAX >> 20} MiB here; use `forecourt calibrate` "
                    "for a larger one.",
                    size,
                )
            file.write(part)
            file.flush()
            os.fsync(file.fileno())
        return size + len(part)

    def _held(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
