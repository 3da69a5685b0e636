"""Member shard: the only writer of one shard's members. Log first, then apply, then answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.figures import Figures, figures_of_process
from actors.leases import Leases
from actors.leases import decoded as lease_change
from actors.leases import encoded as lease_payload
from actors.member_export import exported
from actors.member_journal import MemberJournal
from actors.member_reads import READS
from actors.member_view import member_view
from actors.messages import BatchAnswer, BoardLayout, ShardStatus, Turn
from actors.notice_feed import NoticeFeed
from actors.rules_book import RulesBook, Stand, Version
from actors.rules_book import decoded as decoded_version
from actors.rules_book import encoded as encoded_version
from actors.settings import SNAPSHOT_EVENTS
from actors.shard_history import History
from actors.snapshotter import Snapshotter, events_between
from actors.stages import STAGES
from actors.standing_news import RankingSink, StandingNews
from actors.store.archive import Archive
from actors.store.code_owners import CodeOwners
from actors.store.journal import JournalFiles
from actors.store.log import Entry, Kind, ShardLog
from actors.store.pool_leases import PoolLeases
from actors.store.snapshot import Snapshot, SnapshotStore
from actors.turns import Turns
from rules.compiling.calendar import HOUR_US
from rules.compiling.compiled import TYPE_CODES, Rules
from rules.coupons.claim_codes import read_number
from rules.decoding.event_columns import from_ipc, stamp, to_ipc
from rules.judging.coding import Events, encode
from rules.judging.contention import demand_of_campaign, demand_of_ticks, demand_with_ticks
from rules.judging.kernel import advance, apply_events, held
from rules.judging.next_season import await_season
from rules.judging.orders import apply_order
from rules.judging.results import Outcome
from rules.judging.ticks import due, use_rules
from rules.judging.versions import adopt
from rules.notices.notice_book import NoticeBook
from rules.ranks.standings import Standing
from rules.table.member_table import NO_CLOCK_US, MemberTable
from rules.table.storage import MEMORY, Memory

NOTHING_ALONE: Final = 2**63

Int64s = npt.NDArray[np.int64]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Attempt:
    """A batch whose append has an unknown outcome: it may come again as it was."""

    received: bytes
    events: Events
    payload: bytes


class MemberShard:
    """Holds one shard's member table, a projection of its log.

    Not safe for several threads at once. Calls that write raise StoreUnavailable when the log
    can't be reached (the caller repeats the call as it was) and Fenced when another copy of
    this shard owns the log (this one has to stop).
    """

    def __init__(
        self,
        rules: Rules,
        shard_log: ShardLog,
        snapshots: SnapshotStore,
        archive: Archive,
        ranking: RankingSink,
        wall_us: Callable[[], int],
        shared: PoolLeases | None = None,
        code_owners: CodeOwners | None = None,
        snapshot_events: int = SNAPSHOT_EVENTS,
        journal: JournalFiles | None = None,
        feed: NoticeFeed | None = None,
        push_period_s: float = 0.0,
        storage: Memory = MEMORY,
    ) -> None:
        self.book = RulesBook(rules)
        self.shard = shard_log.shard
        self.seq = 0
        self.version = 0
        self._log = shard_log
        self._snapshots = snapshots
        self._archive = archive
        self._news = StandingNews(ranking, push_period_s)
        self._turns = Turns()
        self._wall_us = wall_us
        self._storage = storage
        self._snapshot_events = snapshot_events
        self._events_since_snapshot = 0
        self._events_since_away = 0
        self._attempt: _Attempt | None = None
        self._code_owners = code_owners
        self._leases = Leases(shared, self._log_lease) if shared is not None else None
        self._journal = MemberJournal(journal) if journal is not None else None
        self._feed = feed
        self._snapshotter = Snapshotter(shard_log, snapshots, archive, self._journal, feed)
        self._table = self._new_table()

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""
        return self.book.rules

    def start(self) -> None:
        """Take the log over and rebuild the table from snapshot and log tail."""
        self._log.take_epoch()
        if self._feed is not None:
            self._feed.start(self._log.last_seq())
        with STAGES.timed("load"):
            found = self._snapshots.load(self.shard, self._storage)
            history = History(self._log.beside(), self._archive, self._journal)
            if found is not None and history.goes_on_from(found, self._table):
                self._restore(found)
        del found  # it holds all of the table a second time
        with STAGES.timed("replay"):
            for piece in history.behind(self.seq, self._told_from()):
                self._apply_entry(*piece)
        if self._leases is not None:
            self._leases.start(self._table.pools)
        with STAGES.timed("tell"):
            self._push_all()

    def apply(self, batch: bytes, stamp_by: str, turn: Turn | None = None) -> BatchAnswer:
        """Log and apply a batch of events (an Arrow stream), and answer every row.

        stamp_by "given" reads the rows' own stamps, "wall" stamps all of them now, never
        backwards. Rows whose identity is known are answered from the table, not logged again.
        Raises OutOfTurn, with nothing done, for a batch whose predecessor in its lane is missing.
        """
        self._turns.check(turn)
        attempt = self._attempt
        if not (self._log.unsettled and attempt is not None and attempt.received == batch):
            self._settle()
            with STAGES.timed("encode"):
                attempt = self._prepare(batch, stamp_by)
        stamp_us = int(attempt.events.stamp_us[-1])
        ticks = bool(due(self._table, stamp_us))
        if attempt.payload:
            self._attempt = attempt
            with STAGES.timed("append"):
                self.seq = self._log.append("events", stamp_us, attempt.payload)
            self._attempt = None
        elif ticks:
            # Nothing is new but the time, which a replay has to see pass at the same place.
            self._order("advance", stamp_us)
        if ticks:
            # Midnight's boards are those of all events before it.
            self._news.tell(self._table)
        with STAGES.timed("apply"):
            outcome = self._apply(attempt.events)
        self._turns.done(turn)
        with STAGES.timed("push"):
            self._news.crowded = turn is not None and turn.crowded
            waiting = self._news.tell_when_due(self._table)
            self._tell()
        if self._leases is not None:
            self._leases.after_batch(self._table.pools)
        self._snapshot_when_due(len(attempt.events))
        return BatchAnswer(
            outcome.status,
            outcome.reason,
            outcome.points,
            self.version,
            self._table.clock_us,
            outcome.details,
            outcome.notes,
            waiting,
        )

    def push(self) -> None:
        """Send the ranking shard what waits to be sent."""
        self._news.tell(self._table)

    def advance(self, to_us: int) -> ShardStatus:
        """Move the clock to an instant, running every tick due; nothing when it is past it."""
        self._settle()
        if self._moves(to_us):
            if self._leases is not None:
                ticks = len(due(self._table, to_us))
                self._leases.cover(self._table.pools, demand_of_ticks(self._table, ticks))
            self._order("advance", to_us)
            self._news.tell(self._table)
            self._advance(to_us)
            self._news.tell(self._table)
            self._tell()
        return self.status()

    def close(self, ends_us: int) -> ShardStatus:
        """Move the season's end to an instant; later closes of a closed season do nothing."""
        self._settle()
        if ends_us < self.rules.ends_us:
            self._order("close", ends_us)
            self._close(ends_us)
        return self.status()

    def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        """Go on under version `number` of the season file, unless it is in force or past.

        Raises SeasonErrors or VersionRefused for a text that can't take over; nothing is logged
        then.
        """
        self._settle()
        if number > self.book.number:
            since_us = max(at_us, self._table.clock_us)
            version = self.book.version(text, since_us)
            payload = encoded_version(version, self.rules.rules_hash)
            self.seq = self._log.append("rules", since_us, payload)
            self._adopt_rules(version)
            self._tell()
        return self.status()

    def rules_versions(self) -> list[Version]:
        """List the versions of the season file after the first."""
        return self.book.versions

    def order(self, order: bytes, at_us: int | None) -> dict[str, Any]:
        """Log and apply something decided by hand (JSON), at an instant, by default now.

        An order that comes again, by its `id`, is answered as at first.
        """
        self._settle()
        known = self._table.orders.get(json.loads(order)["id"])
        if known is not None:
            return known
        stamp_us = max(self._wall_us() if at_us is None else at_us, self._table.clock_us)
        if due(self._table, stamp_us):
            self.advance(stamp_us)
        if self._leases is not None:
            self._leases.cover(self._table.pools, demand_of_campaign(self._table))
        self.seq = self._log.append("order", stamp_us, order)
        told = self._carry_out(order, stamp_us)
        self._tell()
        return told

    def poke(self, now_us: int | None) -> ShardStatus:
        """Run what is due at the wall clock, and refill a ranking shard that lost its rows."""
        if now_us is not None and self._tick_due(now_us):
            self.advance(now_us)
        if self._leases is not None:
            self._leases.poke(self._table.pools)
        self._news.tell(self._table)
        if self._news.needs_all():
            self._push_all()
        return self.status()

    def status(self, hours: int = 0) -> ShardStatus:
        """Tell where the shard stands, with the points of the last hours (-1: of all)."""
        older = self._table.older
        return ShardStatus(
            shard=self.shard,
            seq=self.seq,
            version=self.version,
            clock_us=self._table.clock_us,
            ends_us=self.rules.ends_us,
            members=len(self._table),
            epoch=self._log.epoch or 0,
            final=self._table.final,
            rules_number=self.book.number,
            season=self.rules.season_id,
            older=older.id if older else None,
            older_final=older is not None and older.final,
            older_ends_us=older.rules.ends_us if older else None,
            points_per_hour=self._points_per_hour(hours) if hours else {},
        )

    def figures(self) -> Figures:
        """Tell what this shard holds and how far its snapshot is behind."""
        saved_s = self._snapshots.saved_at_s(self.shard)
        age_s = -1.0 if saved_s is None else max(0.0, self._wall_us() / 1e6 - saved_s)
        values: dict[str, float] = {
            "members": len(self._table),
            "seq": self.seq,
            "version": self.version,
            "epoch": self._log.epoch or 0,
            "snapshot_age_s": age_s,
            "events_since_snapshot": self._events_since_snapshot,
            "kept_events": self._table.ledger.identities.size,
            "file_bytes": self._storage.file_bytes,
        }
        return figures_of_process(values, tuple(self._table.pools.used.tolist()))

    def member(self, member: str) -> dict[str, Any] | None:
        """Describe one member, or None when there is none of that id."""
        return member_view(self._table, member)

    def read(self, name: str, *arguments: Any) -> Any:
        """Answer one of the questions that actors.member_reads lists, from the table as it is."""
        return READS[name](self._table, *arguments)

    def explain(self, what: str, *arguments: Any) -> Any:
        """Answer a question about members' postings: a method of MemberJournal by name."""
        assert self._journal is not None
        return getattr(self._journal, what)(self._table, *arguments)

    def export(self, what: str, first: int) -> tuple[int, bytes]:
        """Give some rows of what is held, as an Arrow stream, and where to go on (-1: nowhere)."""
        return exported(self._table, what, first)

    def standing(self) -> Standing:
        """Give the standing of all members as it is, or as it was at the final instant."""
        return self._table.standing()

    def older_standing(self) -> Standing | None:
        """Give the standing of all members in the season before, None when none is held."""
        return self._table.older_standing() if self._table.older is not None else None

    def stop(self) -> None:
        """Write a snapshot, so that the next start is quick."""
        self._settle()
        self.snapshot()

    def purge(self) -> None:
        """Replace every snapshot by the table as it is, so that none holds what was erased."""
        self._settle()
        self.snapshot()
        self._snapshots.renew(self.shard)

    def snapshot(self) -> None:
        """Save the table, then archive and trim the part of the log that it covers.

        Waits for the snapshot that is being written. Raises OSError, StoreError.
        """
        self._snapshotter.save(self._table, self.seq, self._facts())
        self._events_since_snapshot = self._events_since_away = 0

    def _prepare(self, received: bytes, stamp_by: str) -> _Attempt:
        batch = from_ipc(received)
        payload = received
        if stamp_by == "wall":
            now_us = max(self._wall_us(), self._table.clock_us)
            batch = stamp(batch, np.full(batch.num_rows, now_us, dtype=np.int64))
            payload = b""
        events = encode(self._table, batch)
        if self._leases is not None:
            self._leases.cover(self._table.pools, demand_with_ticks(self._table, events))
        if self._code_owners is not None and len(self._table.claim_codes):
            self._settle_codes(self._code_owners, events)
        old = held(self._table, events)
        if old.all():
            payload = b""
        elif old.any():
            payload = to_ipc(batch.filter(pa.array(~old)))
        elif not payload:
            payload = to_ipc(batch)
        return _Attempt(received, events, payload)

    def _settle(self) -> None:
        """Apply an earlier append whose outcome was unknown, if it turns out to be logged."""
        if self._log.unsettled:
            for entry in self._log.settle():
                self._apply_entry(entry)
            self._attempt = None
            if self._leases is not None:
                self._leases.start(self._table.pools)

    def _carry_out(self, order: bytes, at_us: int) -> dict[str, Any]:
        return apply_order(self._table, json.loads(order), at_us)

    def _new_table(self) -> MemberTable:
        table = MemberTable(self.rules, self._storage)
        if self._leases is not None:
            table.pools.share()
        if self._journal is not None:
            self._journal.begin(table)
        self._tell(table)
        return table

    def _settle_codes(self, owners: CodeOwners, events: Events) -> None:
        """Learn which claim codes of a batch members of other shards came with first."""
        claims = np.flatnonzero(events.type == TYPE_CODES["claim"]).tolist()
        texts = {place: events.text("coupon", place) for place in claims}
        codes = {place: str(read_number(text)) for place, text in texts.items()
                 if read_number(text) is not None}  # fmt: skip
        members = [self._table.member_ids[events.row[place]] for place in codes]
        first = owners.first(list(codes.values()), members) if codes else []
        elsewhere = [
            texts[place]
            for place, owner, member in zip(codes, first, members, strict=True)
            if owner != member
        ]
        if elsewhere:
            name = f"codes used {self._log.shard} {self.seq}"
            order = json.dumps({"id": name, "kind": "codes_used", "codes": elsewhere}).encode()
            stamp_us = self._table.clock_us
            self.seq = self._log.append("order", stamp_us, order)
            self._carry_out(order, stamp_us)

    def _log_lease(self, change: Int64s) -> None:
        self.seq = self._log.append("lease", self._table.clock_us, lease_payload(change))
        self._table.pools.lease += change

    def _order(self, kind: Kind, at_us: int) -> None:
        self.seq = self._log.append(kind, at_us)

    def _told_from(self) -> int:
        """Give the entry from which on notices may be missing; they are numbered by entries."""
        files = (self.rules, self.book.upcoming)
        if self._feed is None or not any(one and one.season.notices for one in files):
            return NOTHING_ALONE
        return self._feed.last_seq

    def _apply_entry(self, entry: Entry, batch: pa.RecordBatch | None = None) -> None:
        """Apply one entry of the log, at start or when an append is settled.

        batch are its events where they are read already.
        """
        self.seq = entry.seq
        if entry.kind == "events":
            batch = from_ipc(entry.payload) if batch is None else batch
            self._apply(encode(self._table, batch))
            # Rows that were known already aren't logged; the clock went on to theirs.
            self._advance(entry.stamp_us)
            self._events_since_snapshot += batch.num_rows
        elif entry.kind == "advance":
            self._advance(entry.stamp_us)
        elif entry.kind == "order":
            self._carry_out(entry.payload, entry.stamp_us)
        elif entry.kind == "lease":
            self._table.pools.lease += lease_change(entry.payload)
        elif entry.kind == "rules":
            self._adopt_rules(decoded_version(entry.payload))
        else:
            self._close(entry.stamp_us)
        if self._journal is not None:
            self._journal.applied(self._table, entry.seq)
        self._tell()

    def _tell(self, table: MemberTable | None = None) -> None:
        """Hand on what the last entry has members told; record more where the file asks for it."""
        table = self._table if table is None else table
        if self._feed is None:
            return
        if table.notices is not None:
            self._feed.put(self.seq, table.notices.take())
        wanted = table.rules.season.notices is not None
        if wanted != (table.notices is not None):
            table.notices = NoticeBook() if wanted else None

    def _apply(self, events: Events) -> Outcome:
        outcome = apply_events(self._table, events)
        self._push(outcome.changed)
        return outcome

    def _advance(self, to_us: int) -> None:
        if not self._moves(to_us):
            return
        self._push(advance(self._table, to_us))

    def _moves(self, to_us: int) -> bool:
        """Tell whether an advance does anything; a close may put the final instant behind us."""
        return to_us > self._table.clock_us or bool(due(self._table, to_us))

    def _close(self, ends_us: int) -> None:
        use_rules(self._table, self.book.close(ends_us))
        self._push_all()

    def _adopt_rules(self, version: Version) -> None:
        """Run what is due under the rules so far, then go on under the new ones."""
        if self._table.clock_us != NO_CLOCK_US and self._moves(version.since_us):
            advance(self._table, version.since_us)
            self._note_opening()
        rules = self.book.adopt(version)
        if rules is not None:
            adopt(self._table, rules)
        else:
            assert self.book.upcoming is not None
            await_season(self._table, self.book.upcoming)
            self._note_opening()
        self._push_all()

    def _note_opening(self) -> bool:
        """Follow the table when it opened the next season; tells whether it did."""
        if self._table.rules.season_id == self.rules.season_id:
            return False
        self.book.open_next()
        assert self._table.older is not None
        self.book.rules, self.book.older = self._table.rules, self._table.older.rules
        log.info("shard %d opens season %s", self.shard, self.rules.season_id)
        return True

    def _push(self, changed: Int64s) -> None:
        """Have changed standings sent on."""
        if self._note_opening():
            self._push_all()
            return
        if len(changed):
            self.version = self.seq
            self._news.note(changed, self.version)

    def _push_all(self) -> None:
        self.version = self.seq
        self._news.tell_all(self._table, self.version, BoardLayout.of(self.rules))

    def _tick_due(self, now_us: int) -> bool:
        if self._table.clock_us == NO_CLOCK_US:
            # Nothing is due for nobody, but a shard without members becomes final too.
            return now_us >= self.rules.final_us
        return bool(due(self._table, now_us))

    def _points_per_hour(self, hours: int) -> dict[int, int]:
        points = self._table.points_by_hour
        filled = np.flatnonzero(points)
        if hours > 0 and len(filled):
            filled = filled[filled > filled[-1] - hours]
        starts_us = self.rules.starts_us
        return {starts_us + hour * HOUR_US: int(points[hour]) for hour in filled.tolist()}

    def _snapshot_when_due(self, events: int) -> None:
        """Have a snapshot written behind the shard; the next one waits until it is.

        What piles up between the snapshots of a large table is put into files more often.
        """
        self._events_since_snapshot += events
        self._events_since_away += events
        if self._snapshotter.busy:
            return
        wanted = events_between(self._snapshot_events, self._table.ledger.identities.size)
        if self._events_since_snapshot >= wanted:
            self._snapshotter.begin(self._table, self.seq, self._facts())
            self._events_since_snapshot = self._events_since_away = 0
        elif self._events_since_away >= self._snapshot_events:
            self._snapshotter.put_away(self._table, self.seq)
            self._events_since_away = 0

    def _facts(self) -> dict[str, Any]:
        """Tell what a snapshot has to say beside the table."""
        return {
            "ends_us": self.rules.ends_us,
            "rules_hash": self.rules.rules_hash,
            "versions": self.book.told(),
            "season": self.rules.season_id,
            "older_ends_us": self._table.older.rules.ends_us if self._table.older else None,
        }

    def _restore(self, found: Snapshot) -> None:
        meta = found.meta
        stand = Stand(meta["season"], meta["ends_us"], meta["older_ends_us"])
        self.book = RulesBook.restored(self.book.first, meta["versions"], stand)
        self._table = MemberTable.from_state(
            self.rules, found.arrays, self.book.older, self._storage
        )
        if self.book.upcoming is not None:
            await_season(self._table, self.book.upcoming)
        if self._journal is not None:
            self._journal.begin(self._table)
        self.seq = self._snapshotter.seq = found.seq
        self._tell()
