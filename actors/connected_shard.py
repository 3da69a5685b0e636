"""Connected shard: a member shard of a running season, with all around it."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Final

from actors.commons import ALONE, Neighbours
from actors.handles import ranking_handle
from actors.member_journal import MemberJournal
from actors.member_shard import MemberShard
from actors.notice_feed import NoticeFeed
from actors.ranking_relay import RankingRelay
from actors.settings import Settings
from actors.shard_places import ShardPlaces
from actors.standing_news import StandingNews
from actors.store.archive import Archive
from actors.store.client import connect
from actors.store.code_owners import CodeOwners
from actors.store.files import unnamed_file
from actors.store.journal import JournalFiles
from actors.store.log import ShardLog
from actors.store.manifest import ManifestRecord
from actors.store.notice_stream import NoticeStream
from actors.store.pool_leases import PoolLeases
from actors.store.replicated import copies_of
from actors.store.snapshot import SnapshotStore
from rules.table.storage import ScratchFiles

PUSH_PERIOD_S: Final = 0.02
"""Least time between two updates of a ranking shard: small batches share one."""

log = logging.getLogger(__name__)


def connected_shard(settings: Settings, number: int) -> MemberShard:
    """Build a member shard as the settings say, connected to all around it."""
    url, folder, scope = settings.redis_url, settings.folder, settings.rules.season_id
    client = connect(url, name=f"member-{number}")
    places = ShardPlaces(
        log=ShardLog(client, scope, number, copies_of(url)),
        snapshots=SnapshotStore(folder / "snapshots", ManifestRecord(client, scope)),
        archive=Archive(folder / "archive"),
        journal=MemberJournal(JournalFiles(folder / "journal", number)),
        feed=NoticeFeed(NoticeStream(connect(url, name=f"notices-{number}"), scope, number)),
        memory=ScratchFiles(partial(unnamed_file, folder), _no_file, settings.file_from_rows),
    )
    neighbours = ALONE
    if settings.shards > 1:
        pools = PoolLeases(client, scope, number, settings.shards)
        neighbours = Neighbours(pools, CodeOwners(client, scope))
    news = StandingNews(RankingRelay(ranking_handle(settings, number)), PUSH_PERIOD_S)
    return MemberShard(settings.rules, places, news, wall_us, neighbours, settings.snapshot_events)


def wall_us() -> int:
    """Read the wall clock, µs since 1970 UTC."""
    return time.time_ns() // 1000


def _no_file(error: OSError) -> None:
    log.warning("no file takes what is kept of events, which stays in memory: %s", error)
