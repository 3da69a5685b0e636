"""Restore: a data folder, and its store, from a backup."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import redis

from actors.backup import FOLDER, KEYS, BackupDamaged, Contents, ShardPart, read_backup, tail_name
from actors.folder_store import no_season_keys
from actors.store import keys
from actors.store.client import check_server, connect
from actors.store.errors import FolderInUse, StoreError, translated
from actors.store.files import sync_folder
from actors.store.folder import FolderLock
from actors.store.frames import read_frames
from actors.store.key_dump import restore_key
from actors.store.log import Draft, ShardLog
from actors.store.server import EmbeddedServer

_APPEND_BYTES: Final = 8 << 20
_APPEND_ENTRIES: Final = 1_000
_BLOCK_BYTES: Final = 1 << 20


def restore_backup(file: Path, data: Path, redis_url: str | None = None) -> Contents:
    """Make a data folder of a backup; it appears in one step, whole.

    Args:
        file: the backup.
        data: the folder to make; it may be there when it is empty.
        redis_url: an empty server of one's own for the log; the embedded one when None.

    Raises:
        FolderInUse: the folder, or the season in the server, holds something.
        BackupDamaged: the backup is not whole, or of a newer format.
        StoreError: the store does not take it.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise FolderInUse(f"{data} is not empty: give a new folder with --data")
    data.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = data.absolute().with_name(f".{data.name}.restoring")
    shutil.rmtree(partial, ignore_errors=True)
    aside = partial / ".store"
    try:
        contents = read_backup(file, lambda name, content: _take(partial, aside, name, content))
        with FolderLock(partial):  # an older format is upgraded here
            if redis_url is not None:
                _fill(redis_url, aside, contents)
            else:
                with EmbeddedServer(partial / "server") as server:
                    _fill(server.url, aside, contents)
        shutil.rmtree(aside)
        if data.exists():
            data.rmdir()
        os.sync()  # many files, and the folder is believed once it has its name
        partial.rename(data)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync_folder(data.absolute().parent)
    return contents


def _take(partial: Path, aside: Path, name: str, content: IO[bytes]) -> None:
    """Put one file where it belongs: the folder's own, or what goes into the store."""
    inside = name.startswith(FOLDER)
    root, relative = (partial, name[len(FOLDER) :]) if inside else (aside, name)
    path = root / relative
    if ".." in Path(relative).parts or Path(relative).is_absolute():
        raise BackupDamaged(f"{name} points out of the folder; take a backup you trust")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as error:
        raise StoreError(f"{path} can't be written: {error.strerror}") from error
    with file:
        while block := content.read(_BLOCK_BYTES):
            try:
                file.write(block)
            except OSError as error:
                raise StoreError(f"{path} can't be written: {error.strerror}") from error
    path.chmod(0o600)


def _fill(url: str, aside: Path, contents: Contents) -> None:
    """Put logs and keys into an empty store."""
    with connect(url, name="restore", answer_within_s=60.0) as client:
        check_server(client)
        if not no_season_keys(client, contents.season):
            raise FolderInUse(
                f"the server holds a log of {contents.season} already: give an empty one"
            )
        for part in contents.shards:
            _fill_log(client, contents.season, part, aside / tail_name(part.shard))
        with (aside / KEYS).open("rb") as file:
            for key, kind, value in read_frames(file):
                restore_key(client, (key, kind, value))


def _fill_log(client: redis.Redis, scope: str, part: ShardPart, tail: Path) -> None:
    """Write the end of a shard's log behind what its archive has."""
    head: dict[Any, Any] = {"epoch": 1, "seq": part.archived_seq, "stamp_us": part.stamp_us}
    with translated(f"write the head of the log of shard {part.shard}"):
        client.hset(keys.head(scope, part.shard), mapping=head)
    log = ShardLog(client, scope, part.shard)
    log.take_epoch()
    for drafts in _drafts(tail, part):
        log.append_many(drafts)
    if log.last_seq() != part.seq:
        raise StoreError(f"shard {part.shard}: its log ends at {log.last_seq()}, not {part.seq}")


def _drafts(tail: Path, part: ShardPart) -> Iterator[list[Draft]]:
    """Read a log's tail in lists of bounded size."""
    due = part.archived_seq + 1
    drafts: list[Draft] = []
    size = 0
    with tail.open("rb") as file:
        for seq, kind, stamp_us, payload in read_frames(file):
            if seq != due:
                raise BackupDamaged(f"shard {part.shard}: entry {due} is missing before {seq}")
            due += 1
            drafts.append(Draft(kind, stamp_us, payload))
            size += len(payload)
            if size >= _APPEND_BYTES or len(drafts) >= _APPEND_ENTRIES:
                yield drafts
                drafts, size = [], 0
    if drafts:
        yield drafts
