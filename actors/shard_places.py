"""Shard places: where one member shard keeps what it knows."""

from __future__ import annotations

from dataclasses import dataclass

from actors.member_journal import MemberJournal
from actors.notice_feed import NoticeFeed
from actors.store.archive import Archive
from actors.store.log import ShardLog
from actors.store.snapshot import SnapshotStore
from rules.table.storage import MEMORY, Memory


@dataclass(frozen=True, slots=True)
class ShardPlaces:
    """The places of one shard: entries go to its log, tables to snapshots, what they cover away.

    Without a journal postings are not recorded, without a feed nobody is told anything. What is
    kept of every event lies in `memory`.
    """

    log: ShardLog
    snapshots: SnapshotStore
    archive: Archive
    journal: MemberJournal | None = None
    feed: NoticeFeed | None = None
    memory: Memory = MEMORY

    @property
    def shard(self) -> int:
        """Give the shard's number."""
        return self.log.shard
