"""Snapshots are written behind their shard, which answers meanwhile; no death loses anything."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from actors.folder_store import NoRanking
from actors.member_export import exported
from actors.member_journal import MemberJournal
from actors.member_shard import MemberShard
from actors.notice_feed import NoticeFeed
from actors.shard_places import ShardPlaces
from actors.standing_news import StandingNews
from actors.store.archive import Archive
from actors.store.client import connect
from actors.store.errors import LogGap
from actors.store.journal import JournalFiles
from actors.store.log import ShardLog
from actors.store.notice_stream import NoticeStream
from actors.store.snapshot import Snapshot, SnapshotStore
from rules.accounts.journal import Journal
from rules.accounts.posting import journalled
from rules.decoding.decode_json import decode_json
from rules.decoding.event_columns import running_stamps, stamp, to_ipc
from rules.notices.notice_book import Notice, NoticeBook
from tests.unit.played_log import Event, play, rules_of, table_of
from tests.unit.test_notice_book import SEASON, drawn
from tests.unnamed_files import files_from

WITHIN_S = 60
MEMBERS = ("a", "b", "c", "d")
OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir", "os.listdir")
PARTS = 6
"""Of the deaths at every operation: each syncs a disk many times, and a slow one takes minutes."""


class Held(SnapshotStore):
    """A folder on a disk that takes nothing until it is let go."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.entered, self.go = threading.Event(), threading.Event()

    def save(self, *args: Any) -> dict[str, Any]:
        """Save once it is let go."""
        self.entered.set()
        assert self.go.wait(WITHIN_S)
        return super().save(*args)


class Full(SnapshotStore):
    """A folder on a full disk."""

    def save(self, *_: Any) -> dict[str, Any]:
        """Refuse."""
        raise OSError(28, "No space left on device")


class Rig:
    """A shard on a folder and a server, beside a table that was told the same and never died."""

    def __init__(self, client: redis.Redis, folder: Path, scope: str) -> None:
        self.client, self.folder, self.scope = client, folder, scope
        self.rules = rules_of(SEASON)
        self.stream = NoticeStream(client, scope, 0)
        self.truth = table_of(SEASON)
        self.truth.journal, self.truth.notices = Journal(), NoticeBook()
        self.told: list[Notice] = []
        self.stamp_us = 0

    def shard(self, snapshots: SnapshotStore | None = None, every: int = 10**9) -> MemberShard:
        """Start a shard, after whatever became of the one before."""
        self.log = ShardLog(self.client, self.scope, 0)
        self.feed = NoticeFeed(self.stream)
        places = ShardPlaces(
            self.log,
            snapshots or SnapshotStore(self.folder / "snapshots"),
            Archive(self.folder / "archive"),
            MemberJournal(JournalFiles(self.folder / "journal", 0)),
            self.feed,
            files_from(8, self.folder),
        )
        news = StandingNews(NoRanking())
        shard = MemberShard(self.rules, places, news, lambda: 0, snapshot_events=every)
        shard.start()
        return shard

    def send(self, shard: MemberShard, events: list[Event]) -> None:
        """Have the shard and the table apply events."""
        decoded = decode_json(msgspec.json.encode(events), self.rules.names)
        at_us = decoded.columns.column("at_us").to_numpy()
        stamps = running_stamps(at_us, self.stamp_us)
        self.stamp_us = int(stamps[-1])
        shard.apply(to_ipc(stamp(decoded.columns, stamps)), "given")
        play(self.truth, events)
        assert self.truth.notices is not None
        self.told += self.truth.notices.take()

    def saved(self) -> Snapshot:
        """Read the newest snapshot."""
        found = SnapshotStore(self.folder / "snapshots").load(0)
        assert found is not None
        return found

    def check(self, shard: MemberShard) -> None:
        """Hold the shard to the table: members, coupons, postings, and everything told."""
        for what in ("members", "coupons"):
            assert shard.export(what, 0) == exported(self.truth, what, 0), what
        for member in MEMBERS:
            assert shard.explain("of", member) == journalled(self.truth, member), member
        self.feed.flush(WITHIN_S)
        chunks = self.stream.read((0, 0), 10_000)
        assert [notice for chunk in chunks for notice in chunk.notices] == self.told


@pytest.fixture
def rig(valkey_url: str, tmp_path: Path) -> Iterator[Rig]:
    with connect(valkey_url) as client:
        yield Rig(client, tmp_path, f"snapshots-{tmp_path.name}")


def test_a_shard_answers_while_its_snapshot_is_written(rig: Rig) -> None:
    sent = drawn(random.Random(1))
    held = Held(rig.folder / "snapshots")
    shard = rig.shard(held, every=20)
    rig.send(shard, sent[:20])
    assert held.entered.wait(WITHIN_S)
    for first in range(20, 60, 10):
        # Those that fall due meanwhile wait for the one that is being written.
        rig.send(shard, sent[first : first + 10])
        rig.check(shard)
    assert held.seqs(0) == []
    assert next(iter(rig.log.read())).seq == 1, "the log was trimmed before a snapshot was there"
    ending = threading.Thread(target=shard.stop)
    ending.start()
    held.go.set()
    ending.join(WITHIN_S)
    assert held.seqs(0) == [1, rig.log.last_seq()], "one was in flight, the last one is at the end"
    rig.check(shard)
    assert rig.saved().seq == rig.log.last_seq()
    rig.check(rig.shard())


def test_a_full_disk_stops_no_shard_and_the_next_snapshot_covers_all(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    sent = drawn(random.Random(2))
    full = Full(rig.folder / "snapshots")
    shard = rig.shard(full, every=10)
    for first in range(0, 40, 10):
        rig.send(shard, sent[first : first + 10])
    rig.check(shard)
    with pytest.raises(OSError, match="No space left"):
        shard.stop()
    assert "goes on without a snapshot" in caplog.text
    again = rig.shard()
    rig.send(again, sent[40:])
    again.stop()
    rig.check(again)
    rig.check(rig.shard())


def test_postings_and_log_are_put_away_between_snapshots(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = drawn(random.Random(3))
    monkeypatch.setattr("actors.snapshot_pace.events_between", lambda *_: 45)
    shard = rig.shard(every=10)
    for first in range(0, 40, 10):
        rig.send(shard, sent[first : first + 10])
        shard._snapshotter.wait()
    last = rig.log.last_seq()
    assert SnapshotStore(rig.folder / "snapshots").seqs(0) == []
    assert JournalFiles(rig.folder / "journal", 0).last_seq() == last
    assert Archive(rig.folder / "archive").last_seq(0) == last
    with pytest.raises(LogGap):  # what is archived has left the log
        next(rig.log.read(last - 1))
    rig.check(shard)
    shard = rig.shard(every=10)
    rig.check(shard)
    rig.send(shard, sent[40:50])
    shard._snapshotter.wait()
    assert rig.saved().seq == rig.log.last_seq()
    rig.send(shard, sent[50:])
    shard._snapshotter.wait()
    rig.check(shard)
    rig.check(rig.shard())


class Died(BaseException):
    """The process ended here."""


class Death:
    """Ends this thread's work at its n-th operation on files, and at every one after it."""

    def __init__(self) -> None:
        self._thread = self._left = self.heard = 0
        sys.addaudithook(self._hear)

    def at(self, operations: int) -> None:
        """Die after so many operations from now on."""
        self._left, self.heard, self._thread = operations, 0, threading.get_ident()

    def off(self) -> None:
        """Go on living."""
        self._thread = 0

    def _hear(self, name: str, _: Any) -> None:
        if name in OPERATIONS and threading.get_ident() == self._thread:
            self.heard += 1
            if self.heard > self._left:
                raise Died


DEATH = Death()


def die_at(rig: Rig, events: list[Event], points: Iterable[int]) -> None:
    """Die at some operations of snapshots, restart after each, and hold the shard to the truth."""
    shard = rig.shard()
    for place, operations in enumerate(points):
        rig.send(shard, [{**events[-1], "event_id": f"more-{place}"}])
        DEATH.at(operations)
        with pytest.raises(Died):
            shard.snapshot()
        DEATH.off()
        shard = rig.shard()
        rig.check(shard)
    shard.stop()
    rig.check(rig.shard())


def operations_of_a_snapshot(rig: Rig, events: list[Event]) -> int:
    shard = rig.shard()
    for part in (events[:20], events[20:40], events[40:]):
        rig.send(shard, part)
        DEATH.at(10**9)
        shard.snapshot()
        DEATH.off()
    return DEATH.heard


def test_a_death_within_a_snapshot_leaves_what_the_log_says(rig: Rig) -> None:
    sent = drawn(random.Random(3))
    last = operations_of_a_snapshot(rig, sent)
    # Most operations write one array after another; what comes after them differs.
    die_at(rig, sent, [*range(0, last - 20, last // 4), *range(last - 20, last, 3)])


@pytest.mark.long
@pytest.mark.parametrize("first", range(PARTS))
def test_a_death_at_any_operation_of_a_snapshot_leaves_what_the_log_says(
    rig: Rig, first: int
) -> None:
    sent = drawn(random.Random(4))
    die_at(rig, sent, range(first, operations_of_a_snapshot(rig, sent), PARTS))
