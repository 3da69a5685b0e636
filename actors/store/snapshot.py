"""Snapshots: a shard's table as columnar files in a folder, each whole or absent."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import threading
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actors.store.errors import StoreError
from actors.store.folder import sync_folder
from rules.table.storage import MEMORY, Memory

FORMAT = 2
"""Since format 2 a map's values may be left out; what is of format 1 is read as well."""
KEPT = 2
"""Snapshots kept per shard: the newest, and one to fall back on when it is damaged."""
READERS = 4
"""Files of a snapshot that are read at a time."""
CHECKED_ROWS = 1 << 20
"""Rows that are put together at a time to be checked, where they lie apart."""

Array: TypeAlias = "NDArray[Any] | pa.Array"
Record = Callable[[int, "dict[str, Any]"], None]

_LOG = logging.getLogger(__name__)
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_READING_HEADER = threading.Lock()
"""Held by the one thread that reads a header: NumPy parses it as Python, of which Python 3.11
counts the depth for all threads together, and fails where two parse at once (gh-106905)."""
_ARRAY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class SnapshotDamaged(StoreError):  # noqa: N818 - says what happened, as every error of the store
    """A snapshot's files are not what was written."""


class Snapshot(NamedTuple):
    """What was saved: the log's seq it covers, the arrays by name, and the caller's facts."""

    seq: int
    arrays: dict[str, Array]
    meta: dict[str, Any]


class SnapshotStore:
    """Snapshots of all shards under one folder.

    Layout: `shard-3/seq-00000000000000000042.000/` with one `.npy` (NumPy) or `.arrow` (strings and
    anything else of Arrow) file per array and `manifest.json`. A snapshot appears by a rename
    once all of it is on disk, so a crash leaves the one before.

    Args:
        root: the folder, as a path or a `file://` URL.
        record: called after each save with the shard and the manifest, for example to keep it
            in Redis. What it raises is logged only: the disk is what `load` reads.
    """

    def __init__(self, root: str | Path, record: Record | None = None) -> None:
        self.root = folder_of(root)
        self._record = record

    def save(
        self, shard: int, seq: int, arrays: Mapping[str, Array], meta: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Save a snapshot durably, drop all but the last two, and return its manifest.

        Args:
            shard: whose table it is.
            seq: the last log entry that is applied in it.
            arrays: by name; NumPy arrays of any shape and fixed dtype, or Arrow arrays.
            meta: further facts that JSON can hold, given back by `load`.

        Raises:
            ValueError: for an array of Python objects or a name that is no file name.
        TypeError: for something else than an array.
            OSError: when the disk does not take it; the snapshots before stay.
        """
        folder = self._shard_folder(shard)
        folder.mkdir(parents=True, exist_ok=True)
        # Another snapshot of the same seq goes beside the first, which stays until it is whole.
        same = 1 + max(
            [int(one.suffix[1:]) for one in folder.glob(f"seq-{seq:020d}.*")], default=-1
        )
        final = folder / f"seq-{seq:020d}.{same:03d}"
        partial = folder / f".partial-{seq:020d}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            described = {name: _write(partial, name, array) for name, array in arrays.items()}
            manifest = {
                "format": FORMAT,
                "shard": shard,
                "seq": seq,
                "arrays": described,
                "meta": dict(meta),
            }
            _write_manifest(partial / "manifest.json", manifest)
            sync_folder(partial)
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        sync_folder(folder)
        self._prune(folder)
        self._tell(shard, manifest)
        return manifest

    def load(self, shard: int, storage: Memory = MEMORY) -> Snapshot | None:
        """Load the newest whole snapshot of a shard, None when there is none.

        A damaged one is logged as a warning and the one before it is taken; the log must
        therefore be trimmed only up to `seqs(shard)[0]`, or be readable from the archive. NumPy
        arrays are read into a storage.

        Raises:
            SnapshotDamaged: when there are snapshots and none of them is whole.
        """
        found = self._snapshots(shard)
        damages = []
        for folder in reversed(found):
            try:
                return _read(folder, storage)
            except (SnapshotDamaged, OSError, ValueError, KeyError, pa.ArrowException) as error:
                _LOG.warning("snapshot %s is damaged, taking the one before: %s", folder, error)
                damages.append(f"{folder}: {error}")
        if damages:
            raise SnapshotDamaged(
                f"no snapshot of shard {shard} is whole ({'; '.join(damages)}): restore the "
                "folder from a backup, or move it away to rebuild from the archive"
            )
        return None

    def renew(self, shard: int) -> None:
        """Let copies of the newest snapshot stand in for those before it.

        Raises OSError when the disk does not take one; the snapshots stay as they were then.
        """
        found = self._snapshots(shard)
        older = found[:-1]
        if not older:
            return
        newest = found[-1]
        partial = self._shard_folder(shard) / f".partial-{newest.name[4:24]}"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(newest, partial)
        partial.rename(newest.with_suffix(f".{int(newest.suffix[1:]) + 1:03d}"))
        sync_folder(self._shard_folder(shard))
        self._prune(self._shard_folder(shard))

    def seqs(self, shard: int) -> list[int]:
        """List the seqs of the snapshots there are, oldest first."""
        return [int(folder.name[4:24]) for folder in self._snapshots(shard)]

    def saved_at_s(self, shard: int) -> float | None:
        """Tell when the newest snapshot was saved, seconds since 1970; None without one."""
        there = self._snapshots(shard)
        return max(one.stat().st_mtime for one in there) if there else None

    def _snapshots(self, shard: int) -> list[Path]:
        return sorted(self._shard_folder(shard).glob("seq-*.*"))

    def _shard_folder(self, shard: int) -> Path:
        return self.root / f"shard-{shard}"

    def _prune(self, folder: Path) -> None:
        """Delete all but the newest snapshots, and what crashes left."""
        for old in sorted(folder.glob("seq-*.*"))[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        for left in folder.glob(".partial-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _tell(self, shard: int, manifest: dict[str, Any]) -> None:
        if self._record is None:
            return
        try:
            self._record(shard, manifest)
        except StoreError as error:
            _LOG.warning("snapshot of shard %d is saved but not recorded: %s", shard, error)


def folder_of(root: str | Path) -> Path:
    """Turn a storage place into a folder's path.

    >>> folder_of("file:///var/lib/forecourt")
    PosixPath('/var/lib/forecourt')

    Raises:
        ValueError: for a URL of another storage than a folder.
    """
    text = str(root)
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme != "file":
        raise ValueError(
            f"storage {text!r}: only folders are supported here, give a path or file:///path "
            "(mount a shared file system for several machines)"
        )
    return Path(unquote(parts.path))


def _write(folder: Path, name: str, array: Array) -> dict[str, Any]:
    """Write one array and give its line of the manifest."""
    if not _ARRAY_NAME.fullmatch(name):
        raise ValueError(f"array name {name!r}: must be letters, digits, '_', '.' or '-'")
    if isinstance(array, np.ndarray):
        if array.dtype.hasobject:
            raise ValueError(
                f"array {name} has dtype {array.dtype}: give a fixed dtype or a pyarrow array"
            )
        array = np.ascontiguousarray(array) if array.ndim > 1 else array
        path = folder / f"{name}.npy"
        with path.open("wb") as file:
            np.lib.format.write_array(file, array, allow_pickle=False)
            _sync(file)
        return {"file": path.name, "rows": array.size, "crc32": _crc(array)}
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not isinstance(array, pa.Array):
        kind = type(array).__name__
        raise TypeError(f"array {name} is a {kind}: give a NumPy or pyarrow array")
    path = folder / f"{name}.arrow"
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([array], names=["values"])
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content = sink.getvalue()
    with path.open("wb") as file:
        file.write(content)
        _sync(file)
    return {"file": path.name, "rows": len(array), "crc32": zlib.crc32(content)}


def _sync(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest with a checksum of its own."""
    text = json.dumps(manifest, ensure_ascii=False)
    sealed = json.dumps({"crc32": zlib.crc32(text.encode()), "manifest": text})
    with path.open("w", encoding="utf-8") as file:
        file.write(sealed)
        _sync(file)


def _read(folder: Path, storage: Memory) -> Snapshot:
    """Read one snapshot and check every byte of it."""
    sealed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if zlib.crc32(sealed["manifest"].encode()) != sealed["crc32"]:
        raise SnapshotDamaged("manifest.json has another checksum")
    manifest = json.loads(sealed["manifest"])
    if manifest["format"] > FORMAT:
        raise SnapshotDamaged(f"format {manifest['format']} is newer than {FORMAT}")
    lines = manifest["arrays"]
    with ThreadPoolExecutor(READERS, "snapshot-reader") as readers:
        arrays = list(readers.map(partial(_read_array, folder, storage), lines.values()))
    return Snapshot(manifest["seq"], dict(zip(lines, arrays, strict=True)), manifest["meta"])


def _read_array(folder: Path, storage: Memory, line: Mapping[str, Any]) -> Array:
    """Read one array and check it; reading and checksums leave other threads their turn."""
    path = folder / line["file"]
    if path.suffix == ".npy":
        array: Array = _read_numbers(path, storage)
        checksum = _crc(array)
    else:
        with pa.OSFile(str(path)) as file:
            content = file.read_buffer()
        checksum = zlib.crc32(content)
        array = pa.ipc.open_file(content).read_all().column(0).combine_chunks()
    if checksum != line["crc32"]:
        raise SnapshotDamaged(f"{line['file']} has another checksum")
    return array


def _read_numbers(path: Path, storage: Memory) -> NDArray[Any]:
    """Read a NumPy file into a storage."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read_header = _HEADERS.get(version)
        if read_header is None:
            raise SnapshotDamaged(f"{path.name} is in NumPy's format {version}")
        with _READING_HEADER:
            shape, transposed, dtype = read_header(file)
        if transposed or dtype.hasobject:
            raise SnapshotDamaged(f"{path.name} holds what no snapshot does")
        array = storage.zeros(shape, dtype)
        into = array.reshape(-1).view(np.uint8).data
        while into:
            count = file.readinto(into)
            if not count:
                raise SnapshotDamaged(f"{path.name} is cut short")
            into = into[count:]
    return array


def _crc(array: NDArray[Any]) -> int:
    """Checksum an array's shape, type and content without copying it as a whole."""
    checksum = zlib.crc32(f"{array.dtype.str}{array.shape}".encode())
    rows = array.reshape(-1) if array.flags.c_contiguous else array
    for first in range(0, len(rows), CHECKED_ROWS):
        piece = np.ascontiguousarray(rows[first : first + CHECKED_ROWS])
        checksum = zlib.crc32(piece.reshape(-1).view(np.uint8).data, checksum)
    return checksum
