"""Notice file: delivery as lines of JSON appended to a file a month, on disk before it counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.notice_webhook import Sent
from actors.store.files import sync_folder

TAIL_BYTES: Final = 4 * 1024 * 1024
"""More than one append ever writes: what a crash left without a note is within it."""


class NoticeFile:
    """Appends notices to `notices-YYYY-MM.ndjson` in a folder; one writer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, set[str]] | None = None

    def send(self, letters: Sequence[dict[str, Any]], month: str) -> list[Sent | None]:
        """Append letters that aren't in the file yet; raises OSError and may be called again."""
        if self._known is None:
            self._known = _by_shard(self._tail_ids())
        ids = _by_shard(letter["id"] for letter in letters)
        written = {name for shard in ids for name in self._known.get(shard, ())}
        new = [letter for letter in letters if letter["id"] not in written]
        if new:
            self._append(month, b"".join(msgspec.json.encode(letter) + b"\n" for letter in new))
        # What these shards had written before is noted from here on; another's may not be.
        self._known |= ids
        return [Sent(True, 1) for _ in letters]

    def _append(self, month: str, lines: bytes) -> None:
        path = self._folder / f"notices-{month}.ndjson"
        fresh = not path.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            size = file.tell()
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, size)
                raise
        if fresh:
            sync_folder(self._folder)

    def _tail_ids(self) -> set[str]:
        """Read the ids at the end of the newest files, and cut off a line that a crash tore."""
        found: set[str] = set()
        for path in sorted(self._folder.glob("notices-*.ndjson"))[-2:]:
            with path.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                first = max(0, size - TAIL_BYTES)
                file.seek(first)
                tail = file.read()
                whole = tail.rfind(b"\n") + 1
                if whole < len(tail):
                    file.truncate(first + whole)
                    os.fsync(file.fileno())
            lines = tail[:whole].split(b"\n")[1 if first else 0 :]
            found |= {msgspec.json.decode(line)["id"] for line in lines if line}
        return found


def _by_shard(names: Iterable[str]) -> dict[str, set[str]]:
    """Sort ids of notices by the shards they are of.

    >>> sorted(_by_shard(["0-7-200", "1-7-0"]))
    ['0', '1']
    """
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(name.partition("-")[0], set()).add(name)
    return found
