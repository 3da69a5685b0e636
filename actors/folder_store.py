"""Folder store: a data folder opened for upkeep, with the store that its logs are in."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from actors.member_journal import MemberJournal
from actors.messages import BoardLayout
from actors.shard_places import ShardPlaces
from actors.store.archive import Archive
from actors.store.client import check_server, connect
from actors.store.errors import FolderFormat, FolderInUse, StoreError, StoreUnavailable
from actors.store.folder import FolderLock
from actors.store.journal import JournalFiles
from actors.store.log import ShardLog
from actors.store.server import EmbeddedServer
from actors.store.snapshot import SnapshotStore
from rules.compiling.compiled import Rules, compile_rules
from rules.ranks.standings import Standing
from rules.season.season_file import load_season

OWN: Final = ("archive", "snapshots", "journal", "server", "logs", "lock")
"""What upkeep treats by itself; every other file of a folder is copied as it is."""


@dataclass(frozen=True)
class FolderStore:
    """An open data folder: where it lies, its store, and what its live.json says."""

    path: Path
    client: redis.Redis
    live: dict[str, Any]
    running: bool

    @property
    def scope(self) -> str:
        """Name the season whose keys these are."""
        return str(self.live["season"])

    @property
    def shards(self) -> int:
        """Count the shards."""
        return int(self.live["shards"])

    @property
    def archive(self) -> Archive:
        """Give the archive."""
        return Archive(self.path / "archive")

    @property
    def snapshots(self) -> SnapshotStore:
        """Give the snapshots."""
        return SnapshotStore(self.path / "snapshots")

    def log(self, shard: int) -> ShardLog:
        """Give a shard's log."""
        return ShardLog(self.client, self.scope, shard)

    def places(self, shard: int, *, journalled: bool = False) -> ShardPlaces:
        """Give a shard's places in the folder, for a shard that tells nobody anything."""
        journal = MemberJournal(JournalFiles(self.path / "journal", shard)) if journalled else None
        return ShardPlaces(self.log(shard), self.snapshots, self.archive, journal)

    def rules(self) -> Rules:
        """Compile the file that the folder began with."""
        path = self.path / "season.toml"
        return compile_rules(load_season(path.read_text(encoding="utf-8"), str(path)))

    def other_files(self) -> list[Path]:
        """List the folder's files but for logs, archive, snapshots and the server's, ascending."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        return sorted(
            path
            for path in found
            if path.relative_to(self.path).parts[0] not in OWN
            and not path.relative_to(self.path).parts[0].startswith((".", "snapshots."))
            and not path.name.endswith(".partial")
        )


class NoRanking:
    """A ranking sink for shards that nobody reads boards from."""

    def update(self, *_: Any) -> None:
        """Take nothing."""

    def replace(self, version: int, clock_us: int, standing: Standing, layout: BoardLayout) -> None:
        """Take nothing."""

    def is_behind(self) -> bool:
        """Never be behind."""
        return False

    def needs_all(self) -> bool:
        """Want nothing."""
        return False


@contextlib.contextmanager
def open_folder(
    path: Path, redis_url: str | None = None, *, beside_running: bool = False
) -> Iterator[FolderStore]:
    """Open a folder: alone, or beside the system that runs on it where that is allowed.

    Alone it is locked, upgraded where it is older, and its embedded server is started and
    stopped again.

    Raises:
        FolderFormat: it is no data folder, or of another format.
        FolderInUse: a system runs on it and `beside_running` is false.
        StoreError: its store can't be reached.
    """
    if not (path / "live.json").is_file():
        raise FolderFormat(
            f"{path}: is no data folder (it has no live.json): name the one given to "
            "`forecourt serve --data`"
        )
    with contextlib.ExitStack() as stack:
        running = False
        try:
            stack.enter_context(FolderLock(path))
        except FolderInUse:
            if not beside_running:
                raise
            running = True
        url = redis_url
        if url is None:
            url = _embedded(path, stack, running)
        client = stack.enter_context(connect(url, name="upkeep", answer_within_s=60.0))
        check_server(client)
        live = json.loads((path / "live.json").read_text(encoding="utf-8"))
        store = FolderStore(path.resolve(), client, live, running)
        _check_store(store)
        yield store


def _embedded(path: Path, stack: contextlib.ExitStack, running: bool) -> str:
    """Give the embedded server's address, started here unless it runs already."""
    if not (path / "server").is_dir():
        raise StoreUnavailable(
            f"{path} has no embedded server: give the address its system is started with, "
            "--redis-url URL"
        )
    server = EmbeddedServer(path / "server")
    if not running:
        stack.enter_context(server)
    return server.url


def _check_store(store: FolderStore) -> None:
    """Refuse a server that isn't this folder's: its logs end before the folder's archive does."""
    for shard in range(store.shards):
        last, archived = store.log(shard).last_seq(), store.archive.last_seq(shard)
        if last < archived:
            raise StoreError(
                f"log of shard {shard} ends at entry {last}, but the archive in {store.path} "
                f"goes on to {archived}: the server is not this folder's, or lost its data; give "
                "the right --redis-url, or restore a backup"
            )


def no_season_keys(client: redis.Redis, scope: str) -> bool:
    """Tell whether a server holds no log of a season yet."""
    return ShardLog(client, scope, 0).last_seq() == 0
