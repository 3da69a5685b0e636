"""The data folder: its format version and the lock of the process that owns it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from actors.store.errors import FolderFormat, FolderInUse
from actors.store.files import sync_folder, write_durably
from actors.store.upgrades import STEPS, upgrade

__all__ = ["FORMAT", "FolderLock", "check_format", "sync_folder", "write_durably"]

FORMAT = 2
"""Version of the data folder's layout that this program writes."""


class FolderLock:
    """Own a data folder for as long as this process lives.

    The lock is the kernel's (flock), so it vanishes with the process, even after kill −9; the
    file only tells others who holds it, and `left_behind` that its last owner ended without
    giving it back.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with FolderLock(folder):
    ...         FolderLock(folder).acquire()
    Traceback (most recent call last):
    actors.store.errors.FolderInUse: data folder ... is in use by process ...
    """

    def __init__(self, data_dir: str | Path) -> None:
        self.path = Path(data_dir).resolve()
        self._held: int | None = None
        self.left_behind = False

    def acquire(self) -> None:
        """Take the folder, making it at first use, and upgrade it where its format is older.

        Raises:
            FolderInUse: another process (or another lock of this one) holds it.
            FolderFormat: its format is newer or unreadable, or there is no way up from it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise FolderInUse(
                f"data folder {self.path} is in use by process {owner}: stop that process, "
                "or give this one another folder with --data"
            ) from None
        try:
            check_format(self.path)
        except BaseException:
            os.close(lock)
            raise
        self.left_behind = os.fstat(lock).st_size > 0
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._held = lock

    def release(self) -> None:
        """Give the folder back; harmless when it is not held."""
        if self._held is not None:
            os.ftruncate(self._held, 0)
            os.close(self._held)
            self._held = None

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def check_format(data_dir: Path) -> None:
    """Write the format file of a new folder, upgrade an older one, refuse a newer one.

    Raises:
        FolderFormat: the folder's format is newer than this program, no number, or can't be
            upgraded.
    """
    path = data_dir / "format"
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        write_durably(path, f"{FORMAT}\n".encode())
        return
    if not text.isdigit():
        raise FolderFormat(
            f"{path}: {text!r} is not a format number: restore the folder from a backup, or "
            "give another one with --data"
        )
    if int(text) > FORMAT:
        raise FolderFormat(
            f"data folder {data_dir} has format {text}; this version reads up to {FORMAT}: "
            "install the newer version that wrote it, or give another folder with --data"
        )
    upgrade(data_dir, int(text), FORMAT, STEPS)
