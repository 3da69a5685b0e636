"""Snapshotter: saves a shard's table behind the shard, then archives and trims its log.

What may change of the table is copied in the shard's own call; everything that takes long happens
in a thread: the notices and postings that a snapshot covers, its files, the archive, the log's
trimming, in this order. Whatever ends the process in between leaves the snapshot before whole,
and log or archive with everything behind it.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from actors.member_journal import Leaving
from actors.shard_places import ShardPlaces
from actors.stages import STAGES
from actors.store.errors import Fenced, StoreError
from actors.store.snapshot import Array
from rules.table.member_table import MemberTable

FLUSH_WITHIN_S: Final = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A table as it was after an entry of the log, with all that has to be on disk before it."""

    seq: int
    meta: Mapping[str, Any]
    arrays: Callable[[], Mapping[str, Array]]
    notices: int
    postings: Leaving | None


class Snapshotter:
    """Takes the snapshots of one shard, one at a time.

    All calls come from the shard's thread. `seq` is what the newest snapshot covers.
    """

    def __init__(self, places: ShardPlaces) -> None:
        self.seq = 0
        self._owned = places.log
        # A log isn't safe for two threads; its client gives each of them a connection.
        self._log = places.log.beside()
        self._shard = places.shard
        self._snapshots = places.snapshots
        self._archive = places.archive
        self._journal = places.journal
        self._feed = places.feed
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Tell whether a snapshot is being written."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, table: MemberTable, seq: int, meta: Mapping[str, Any]) -> None:
        """Copy a table as it is after an entry and have it written; what fails is logged only."""
        self.wait()
        with STAGES.timed("snapshot"):
            copy = self._copied(table, seq, meta)
        self._start(partial(self._write, copy))

    def put_away(self, table: MemberTable, seq: int) -> None:
        """Have postings and log up to an entry put into files, without a snapshot.

        So neither grows without end between the snapshots of a large table. A start reads from
        the archive what it would have read from the log. What fails is logged only.
        """
        self.wait()
        leaving = None if self._journal is None else self._journal.leave(table, seq)
        self._start(partial(self._write_away, leaving, seq))

    def save(self, table: MemberTable, seq: int, meta: Mapping[str, Any]) -> None:
        """Save a table now, unless the newest snapshot covers all of it; waits for that one.

        Raises OSError, StoreError.
        """
        self.wait()
        if seq != self.seq:
            self._write(self._copied(table, seq, meta))

    def wait(self) -> None:
        """Wait for the snapshot being written, whatever becomes of it."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _copied(self, table: MemberTable, seq: int, meta: Mapping[str, Any]) -> _Copy:
        return _Copy(
            seq,
            meta,
            table.copied(),
            0 if self._feed is None else self._feed.put_so_far,
            None if self._journal is None else self._journal.leave(table, seq),
        )

    def _start(self, work: Callable[[], None]) -> None:
        name = f"snapshot-{self._shard}"
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            with STAGES.timed("snapshot_write"):
                work()
        except (OSError, StoreError) as error:
            # The events are in the log already, and the snapshot before is whole.
            log.warning("shard %d goes on without a snapshot: %s", self._shard, error)
        except Exception:  # a fault here must not end the shard, and the log tells what it is
            log.exception("shard %d goes on without a snapshot", self._shard)

    def _write(self, copy: _Copy) -> None:
        """Write a copy with all that belongs to it; raises OSError, StoreError."""
        if self._feed is not None:
            # What the snapshot covers is never told again from the log.
            self._feed.flush(FLUSH_WITHIN_S, copy.notices)
        if self._journal is not None and copy.postings is not None:
            self._journal.write(copy.postings)
        self._snapshots.save(self._shard, copy.seq, copy.arrays(), copy.meta)
        self.seq = copy.seq
        self._write_archive(copy.seq)
        # One snapshot further back than the newest: it may have to stand in for a damaged one.
        held = self._snapshots.seqs(self._shard)[0]
        self._trim(min(held, self._archive.last_seq(self._shard)))

    def _write_away(self, leaving: Leaving | None, seq: int) -> None:
        """Write postings and archive up to an entry; raises OSError, StoreError."""
        if self._journal is not None and leaving is not None:
            self._journal.write(leaving)
        self._write_archive(seq)
        self._trim(self._archive.last_seq(self._shard))

    def _write_archive(self, upto_seq: int) -> None:
        # No further than what is applied: an entry behind it may still turn out not to be logged.
        behind = self._log.read(self._archive.last_seq(self._shard))
        covered = itertools.takewhile(lambda entry: entry.seq <= upto_seq, behind)
        self._archive.write(self._shard, covered)

    def _trim(self, upto_seq: int) -> None:
        """Trim the log as its owner, who may take another epoch meanwhile; raises StoreError."""
        self._log.epoch = self._owned.epoch
        try:
            self._log.trim(upto_seq)
        except Fenced:
            if self._log.epoch == self._owned.epoch:
                raise
