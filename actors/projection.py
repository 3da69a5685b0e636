"""Projection: what a shard's log makes of its members, one entry after the other."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.leases import decoded as lease_change
from actors.member_journal import MemberJournal
from actors.messages import BoardLayout
from actors.notice_feed import NoticeFeed
from actors.rules_book import RulesBook
from actors.season_versions import Stand, Version
from actors.season_versions import decoded as decoded_version
from actors.standing_news import StandingNews
from actors.store.log import Entry
from actors.store.snapshot import Snapshot
from rules.compiling.compiled import Rules
from rules.decoding.event_columns import from_ipc
from rules.judging.coding import Events, encode
from rules.judging.kernel import advance, apply_events
from rules.judging.next_season import await_season
from rules.judging.orders import apply_order
from rules.judging.results import Outcome
from rules.judging.ticks import due, use_rules
from rules.judging.versions import adopt
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.storage import Memory

Int64s = npt.NDArray[np.int64]

log = logging.getLogger(__name__)


class Projection:
    """One shard's member table and season file, as the entries of its log make them.

    It knows what each kind of entry does, and whose standings, notices and postings come of it.
    It doesn't know the log, nor when an entry is written or a snapshot taken: whoever writes an
    entry sets `seq` to it and then has it take effect here, and a start has `follow` do both.
    `version` is the last entry that changed a standing.
    """

    def __init__(
        self,
        shard: int,
        rules: Rules,
        news: StandingNews,
        storage: Memory,
        journal: MemberJournal | None = None,
        feed: NoticeFeed | None = None,
        *,
        shares: bool = False,
    ) -> None:
        self.book = RulesBook(rules)
        self.table = MemberTable(rules, storage)
        self.seq = 0
        self.version = 0
        self._shard = shard
        self._news = news
        self._storage = storage
        self._journal = journal
        self._feed = feed
        if shares:
            self.table.pools.share()
        self._record()

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""
        return self.book.rules

    def restore(self, found: Snapshot) -> None:
        """Go on from a snapshot, which facts() described and this version of the table made."""
        meta = found.meta
        stand = Stand(meta["season"], meta["ends_us"], meta["older_ends_us"])
        self.book = RulesBook.restored(self.book.first, meta["versions"], stand)
        self.table = MemberTable.from_state(
            self.rules, found.arrays, self.book.older, self._storage
        )
        if self.book.upcoming is not None:
            await_season(self.table, self.book.upcoming)
        self.seq = found.seq
        self._record()

    def facts(self) -> dict[str, Any]:
        """Tell what a snapshot has to say beside the table."""
        older = self.table.older
        return {
            "ends_us": self.rules.ends_us,
            "rules_hash": self.rules.rules_hash,
            "versions": self.book.told(),
            "season": self.rules.season_id,
            "older_ends_us": older.rules.ends_us if older else None,
        }

    def follow(self, entry: Entry, batch: pa.RecordBatch | None = None) -> int:
        """Let an entry that is logged take effect, at start or when an append is settled.

        batch are its events where they are read already. Returns how many events it has.
        """
        self.seq = entry.seq
        events = 0
        if entry.kind == "events":
            batch = from_ipc(entry.payload) if batch is None else batch
            events = batch.num_rows
            self.apply(encode(self.table, batch))
            # Rows that were known already aren't logged; the clock went on to theirs.
            self.advance(entry.stamp_us)
        elif entry.kind == "advance":
            self.advance(entry.stamp_us)
        elif entry.kind == "order":
            self.carry_out(entry.payload, entry.stamp_us)
        elif entry.kind == "lease":
            self.lease(lease_change(entry.payload))
        elif entry.kind == "rules":
            self.adopt_rules(decoded_version(entry.payload))
        else:
            self.close(entry.stamp_us)
        if self._journal is not None:
            self._journal.applied(self.table, entry.seq)
        self.tell()
        return events

    def apply(self, events: Events) -> Outcome:
        """Judge events, after the ticks that are due before them."""
        outcome = apply_events(self.table, events)
        self._changed(outcome.changed)
        return outcome

    def advance(self, to_us: int) -> None:
        """Move the clock to an instant, running every tick due; nothing when it is past it."""
        if self.moves(to_us):
            self._changed(advance(self.table, to_us))

    def moves(self, to_us: int) -> bool:
        """Tell whether an advance does anything; a close may put the final instant behind us."""
        return to_us > self.table.clock_us or bool(due(self.table, to_us))

    def tick_due(self, now_us: int) -> bool:
        """Tell whether a tick is due at an instant."""
        if self.table.clock_us == NO_CLOCK_US:
            # Nothing is due for nobody, but a shard without members becomes final too.
            return now_us >= self.rules.final_us
        return bool(due(self.table, now_us))

    def close(self, ends_us: int) -> None:
        """Move the season's end to an instant."""
        use_rules(self.table, self.book.close(ends_us))
        self.tell_all()

    def carry_out(self, order: bytes, at_us: int) -> dict[str, Any]:
        """Do what was decided by hand (JSON), and tell what came of it."""
        return apply_order(self.table, json.loads(order), at_us)

    def lease(self, change: Int64s) -> None:
        """Hold more, or less, of the shared pools: int64[pools]."""
        self.table.pools.lease += change

    def adopt_rules(self, version: Version) -> None:
        """Run what is due under the rules so far, then go on under the new ones."""
        if self.table.clock_us != NO_CLOCK_US and self.moves(version.since_us):
            advance(self.table, version.since_us)
            self._note_opening()
        rules = self.book.adopt(version)
        if rules is not None:
            adopt(self.table, rules)
        else:
            assert self.book.upcoming is not None
            await_season(self.table, self.book.upcoming)
            self._note_opening()
        self.tell_all()

    def tell(self) -> None:
        """Hand on what the last entry has members told."""
        if self._feed is not None:
            self._feed.take(self.seq, self.table)

    def tell_all(self) -> None:
        """Have the standings of all members sent on."""
        self.version = self.seq
        self._news.tell_all(self.table, self.version, BoardLayout.of(self.rules))

    def _record(self) -> None:
        """Have a table that is new here record postings and notices from now on."""
        if self._journal is not None:
            self._journal.begin(self.table)
        self.tell()

    def _changed(self, rows: Int64s) -> None:
        """Have changed standings sent on, or all of them under a new season's boards."""
        if self._note_opening():
            self.tell_all()
        elif len(rows):
            self.version = self.seq
            self._news.note(rows, self.version)

    def _note_opening(self) -> bool:
        """Follow the table when it opened the next season; tells whether it did."""
        if self.table.rules.season_id == self.rules.season_id:
            return False
        self.book.open_next()
        assert self.table.older is not None
        self.book.rules, self.book.older = self.table.rules, self.table.older.rules
        log.info("shard %d opens season %s", self._shard, self.rules.season_id)
        return True
