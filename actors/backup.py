"""Backup: a whole data folder in one file, taken beside the running system or from a stopped one.

The file is a tar archive behind zstd: `backup.json` first (its format, before anything is
believed), then the folder's files, each shard's newest snapshot and archive, the part of its log
that is not archived yet, the keys that are no shard's, and `manifest.json` last with the size and
SHA-256 of everything before it. A file without its manifest was cut short.

It is consistent because the log is the truth and only grows: a shard's snapshot is taken first,
then what is archived, then the log behind that, without a hole. So each shard is whole up to an
entry that was its last at some moment after the backup began; everything acknowledged before
that is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa

from actors.folder_store import FolderStore
from actors.store.errors import LogGap, StoreError
from actors.store.files import sync_folder
from actors.store.folder import FORMAT as FOLDER_FORMAT
from actors.store.frames import write_frame
from actors.store.key_dump import dump_keys

BACKUP_FORMAT: Final = 1
HEAD: Final = "backup.json"
MANIFEST: Final = "manifest.json"
KEYS: Final = "keys.frames"
_WAY: Final = "restore another backup"
FOLDER: Final = "folder/"
_TRIES: Final = 10
_BLOCK_BYTES: Final = 1 << 20


class BackupDamaged(StoreError):  # noqa: N818 - says what it is, as every error of the store
    """A backup file is cut short, changed, or of a format that this version doesn't read."""


@dataclass(frozen=True)
class ShardPart:
    """What a backup has of a shard: its snapshot, and its log up to an entry."""

    shard: int
    seq: int
    stamp_us: int
    archived_seq: int
    snapshot_seq: int | None


@dataclass
class Contents:
    """What a backup holds: the shards, and size and SHA-256 of each of its files."""

    season: str
    shards: list[ShardPart] = field(default_factory=list)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)

    def seal(self) -> bytes:
        """Write it with a checksum of its own."""
        text = json.dumps(asdict(self))
        digest = hashlib.sha256(text.encode()).hexdigest()
        return json.dumps({"sha256": digest, "contents": text}).encode()

    @property
    def size(self) -> int:
        """Count the bytes of all files, as they are without compression."""
        return sum(size for size, _ in self.files.values())

    @classmethod
    def read(cls, sealed: bytes) -> Contents:
        """Read what seal() wrote. Raises BackupDamaged."""
        try:
            whole = json.loads(sealed)
            text = whole["contents"]
            if hashlib.sha256(text.encode()).hexdigest() != whole["sha256"]:
                raise ValueError("another checksum")
            told = json.loads(text)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamaged(f"{MANIFEST} can't be read ({error}); {_WAY}") from error
        shards = [ShardPart(**one) for one in told["shards"]]
        files = {name: (size, digest) for name, (size, digest) in told["files"].items()}
        return cls(told["season"], shards, files)


def tail_name(shard: int) -> str:
    """Name the file of a shard's log behind its archive."""
    return f"tail/shard-{shard}.frames"


def write_backup(store: FolderStore, out: Path) -> Contents:
    """Write a backup of an open folder and make it appear in one step.

    Raises:
        FileExistsError: there is a file of that name.
        StoreError: the store can't be read.
        OSError: the disk does not take it; nothing is left then.
    """
    if out.exists():
        raise FileExistsError(17, "is there already; name a new file", str(out))
    partial = out.with_name(f".{out.name}.partial")
    contents = Contents(store.scope)
    try:
        with (
            pa.OSFile(str(partial), "wb") as raw,
            pa.CompressedOutputStream(raw, "zstd") as packed,
            tarfile.open(fileobj=packed, mode="w|", bufsize=_BLOCK_BYTES) as tar,
        ):
            _Writer(tar, contents).write(store)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(out.absolute().parent)
    return contents


class _Writer:
    """Adds files to a backup and notes their checksums."""

    def __init__(self, tar: tarfile.TarFile, contents: Contents) -> None:
        self._tar = tar
        self._contents = contents

    def write(self, store: FolderStore) -> None:
        """Add everything of a folder."""
        head = {
            "format": BACKUP_FORMAT,
            "folder_format": FOLDER_FORMAT,
            "made_by": version("forecourt"),
            "season": store.scope,
            "shards": store.shards,
        }
        self._add_bytes(HEAD, json.dumps(head).encode())
        for shard in range(store.shards):
            self._add_shard(store, shard)
        with tempfile.TemporaryFile() as keys:
            for dumped in dump_keys(store.client, store.scope):
                write_frame(keys, dumped)
            self._add_open(KEYS, keys)
        for path in store.other_files():
            # A file that is replaced meanwhile is there under its name again at once.
            self._add_path(FOLDER + path.relative_to(store.path).as_posix(), path)
        self._add_bytes(MANIFEST, self._contents.seal())

    def _add_shard(self, store: FolderStore, shard: int) -> None:
        """Add a shard's snapshot, then its archive, then the log behind that."""
        snapshot_seq = self._add_snapshot(store, shard)
        added: set[str] = set()
        for attempt in range(_TRIES):
            for path in store.archive.files(shard):
                if path.name not in added:
                    added.add(path.name)
                    self._add_path(f"{FOLDER}archive/shard-{shard}/{path.name}", path)
            archived = max((int(name.split("-")[1].split(".")[0]) for name in added), default=0)
            try:
                last = self._add_tail(store, shard, archived)
            except LogGap:
                # Archived and trimmed since the archive was listed: list it once more.
                if attempt == _TRIES - 1:
                    raise
                continue
            seq, stamp_us = last or (archived, store.log(shard).last_stamp_us())
            part = ShardPart(shard, seq, stamp_us, archived, snapshot_seq)
            self._contents.shards.append(part)
            return

    def _add_tail(self, store: FolderStore, shard: int, archived: int) -> tuple[int, int] | None:
        """Add the entries behind the archive; return the last one's seq and stamp."""
        last: tuple[int, int] | None = None
        with tempfile.TemporaryFile() as tail:
            for entry in store.log(shard).read(archived):
                write_frame(tail, [entry.seq, entry.kind, entry.stamp_us, entry.payload])
                last = entry.seq, entry.stamp_us
            self._add_open(tail_name(shard), tail)
        return last

    def _add_snapshot(self, store: FolderStore, shard: int) -> int | None:
        """Add the newest snapshot that is whole; None where there is none."""
        for _ in range(_TRIES):
            found = store.snapshots.load(shard)
            if found is None:
                return None
            root = store.snapshots.root / f"shard-{shard}"
            folders = sorted(root.glob(f"seq-{found.seq:020d}.*"))
            handles = contextlib.ExitStack()
            try:
                # A running shard may drop it meanwhile; what is open stays readable.
                files = [
                    (path.name, handles.enter_context(path.open("rb")))
                    for path in sorted(folders[-1].iterdir())
                ]
            except (FileNotFoundError, IndexError):
                handles.close()
                continue
            with handles:
                for name, file in files:
                    place = f"{FOLDER}snapshots/shard-{shard}/{folders[-1].name}/{name}"
                    self._add_open(place, file)
            return found.seq
        raise StoreError(f"shard {shard}: its snapshots change too fast to be read; try again")

    def _add_path(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._add_open(name, file)

    def _add_open(self, name: str, file: IO[bytes]) -> None:
        """Add a file as long as it is now, hashed on its way."""
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(info, hashed)  # type: ignore[arg-type]  # it only calls read(size)
        self._contents.files[name] = size, hashed.digest.hexdigest()

    def _add_bytes(self, name: str, content: bytes) -> None:
        with tempfile.SpooledTemporaryFile(max_size=_BLOCK_BYTES) as file:
            file.write(content)
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            file.seek(0)
            self._tar.addfile(info, file)
        self._contents.files[name] = len(content), hashlib.sha256(content).hexdigest()


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Read and hash some bytes."""
        content = self._file.read(size)
        self.digest.update(content)
        return content


Take = Callable[[str, IO[bytes]], None]


def read_backup(path: Path, take: Take) -> Contents:
    """Read a backup to its end: `take` gets each file's name and content, in order.

    What it gets is to be believed only once this returns: then all of it was there, unchanged.

    Raises:
        BackupDamaged: it is no backup, is cut short or changed, or of a newer format.
        FileNotFoundError: there is no such file.
    """
    try:
        with (
            pa.OSFile(str(path)) as raw,
            pa.CompressedInputStream(raw, "zstd") as packed,
            tarfile.open(fileobj=packed, mode="r|", bufsize=_BLOCK_BYTES) as tar,
        ):
            seen, contents = _read_files(tar, take)
    except FileNotFoundError:
        raise
    except (tarfile.TarError, OSError, EOFError, pa.ArrowException, ValueError) as error:
        raise BackupDamaged(f"{path}: can't be read to its end ({error}); {_WAY}") from error
    except BackupDamaged as error:
        raise BackupDamaged(f"{path}: {error}") from error
    if contents is None:
        raise BackupDamaged(f"{path}: is cut short, its manifest is missing; {_WAY}")
    names = sorted({*seen, *contents.files})
    wrong = [name for name in names if seen.get(name) != contents.files.get(name)]
    if wrong:
        raise BackupDamaged(f"{path}: {wrong[0]} is not what was written; {_WAY}")
    return contents


def _read_files(
    tar: tarfile.TarFile, take: Take
) -> tuple[dict[str, tuple[int, str]], Contents | None]:
    """Hand out every file of the archive; return what was seen, and the manifest."""
    seen: dict[str, tuple[int, str]] = {}
    for info in tar:
        inside = tar.extractfile(info)
        if inside is None:
            raise BackupDamaged(f"{info.name} has no place in a backup; {_WAY}")
        if not seen and info.name != HEAD:
            raise BackupDamaged(f"begins with {info.name}: it is no backup; name another file")
        if info.name == MANIFEST:
            return seen, Contents.read(inside.read())
        hashed = _Hashed(inside)
        if info.name == HEAD:
            _check_head(hashed.read(_BLOCK_BYTES))
        else:
            take(info.name, cast(IO[bytes], hashed))
        while hashed.read(_BLOCK_BYTES):
            pass
        seen[info.name] = info.size, hashed.digest.hexdigest()
    return seen, None


def verify(path: Path) -> Contents:
    """Read a whole backup back and tell what it holds. Raises as `read_backup`."""
    return read_backup(path, lambda _name, _file: None)


def _check_head(content: bytes) -> None:
    try:
        head: dict[str, Any] = json.loads(content)
        formats = int(head["format"]), int(head["folder_format"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{HEAD} can't be read ({error}); {_WAY}") from error
    if formats[0] > BACKUP_FORMAT or formats[1] > FOLDER_FORMAT:
        raise BackupDamaged(
            f"has format {formats[0]}, of a folder of format {formats[1]}; this version reads up "
            f"to {BACKUP_FORMAT} and {FOLDER_FORMAT}: install forecourt {head.get('made_by')} or "
            "newer"
        )
