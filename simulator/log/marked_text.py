"""Text files that aren't all UTF-8, read with a mark in place of every byte that isn't."""

import codecs
from pathlib import Path
from typing import Final

MARK: Final = "\uffff"
"""Stands for a byte that can't be read. Unicode keeps it free: it is no character of any text."""
_BLOCK_BYTES: Final = 1 << 20
_ESCAPED: Final = dict.fromkeys(range(0xDC80, 0xDD00), MARK)


def is_utf8(path: Path) -> bool:
    """Say whether a whole file is UTF-8, read a block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


class MarkedText:
    """A binary file, for pyarrow to read, of another file's text with its bad bytes marked."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8", errors="surrogateescape", newline="")
        self._rest = b""

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._file.closed

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        while len(self._rest) < size:
            text = self._file.read(_BLOCK_BYTES)
            if not text:
                break
            self._rest += text.translate(_ESCAPED).encode()
        given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def close(self) -> None:
        """Close the file."""
        self._file.close()
