"""Member shard: the only writer of one shard's members. Log first, then apply, then answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.attempt import Attempt
from actors.commons import ALONE, Commons, Neighbours
from actors.figures import Figures, figures_of_process
from actors.leases import encoded as lease_payload
from actors.member_export import exported
from actors.member_reads import DRAWING, READS
from actors.member_view import member_view
from actors.messages import BatchAnswer, ShardStatus, Turn
from actors.notice_feed import NOTHING_ALONE
from actors.projection import Projection
from actors.season_versions import Version
from actors.season_versions import encoded as encoded_version
from actors.settings import SNAPSHOT_EVENTS
from actors.shard_history import History
from actors.shard_places import ShardPlaces
from actors.shard_status import status_of
from actors.snapshot_pace import SnapshotPace
from actors.snapshotter import Snapshotter
from actors.stages import STAGES
from actors.standing_news import StandingNews
from actors.store.log import Kind
from actors.turns import Turns
from rules.compiling.compiled import Rules
from rules.judging.ticks import due
from rules.ranks.standings import Standing
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


class MemberShard:
    """Owns one shard's log and everything around it; what the log means, its projection knows.

    Here is when an entry is written, in what order with everyone it concerns: leases and claim
    codes before a batch, the projection behind its entry, then ranking, notices and snapshots.
    Not safe for several threads at once. Calls that write raise StoreUnavailable when the log
    can't be reached (the caller repeats the call as it was) and Fenced when another copy of
    this shard owns the log (this one has to stop).
    """

    def __init__(
        self,
        rules: Rules,
        places: ShardPlaces,
        news: StandingNews,
        wall_us: Callable[[], int],
        neighbours: Neighbours = ALONE,
        snapshot_events: int = SNAPSHOT_EVENTS,
    ) -> None:
        self.shard = places.shard
        self._places = places
        self._log = places.log
        self._snapshots = places.snapshots
        self._journal = places.journal
        self._feed = places.feed
        self._news = news
        self._turns = Turns()
        self._wall_us = wall_us
        self._attempt: Attempt | None = None
        self._commons = Commons(neighbours, self._log_lease, self._log_codes)
        self._snapshotter = Snapshotter(places)
        self._pace = SnapshotPace(snapshot_events)
        self._projection = Projection(
            self.shard,
            rules,
            news,
            places.memory,
            places.journal,
            places.feed,
            shares=neighbours.pools is not None,
        )

    @property
    def rules(self) -> Rules:
        """Give the rules in force."""
        return self._projection.rules

    @property
    def seq(self) -> int:
        """Give the last entry of the log that is applied, or being applied."""
        return self._projection.seq

    @property
    def _table(self) -> MemberTable:
        return self._projection.table

    def start(self) -> None:
        """Take the log over and rebuild the table from snapshot and log tail."""
        self._log.take_epoch()
        if self._feed is not None:
            self._feed.start(self._log.last_seq())
        with STAGES.timed("load"):
            found = self._snapshots.load(self.shard, self._places.memory)
            history = History(self._places)
            if found is not None and history.goes_on_from(found, self._table):
                self._projection.restore(found)
                self._snapshotter.seq = found.seq
        del found  # it holds all of the table a second time
        with STAGES.timed("replay"):
            for piece in history.behind(self.seq, self._told_from()):
                self._pace.found(self._projection.follow(*piece))
        self._commons.restate(self._table)
        with STAGES.timed("tell"):
            self._projection.tell_all()

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
                wall_us = self._wall_us() if stamp_by == "wall" else None
                attempt = Attempt.of(self._table, batch, wall_us)
                self._commons.before_batch(self._table, attempt.events)
        ticks = bool(due(self._table, attempt.stamp_us))
        if attempt.payload:
            self._attempt = attempt
            with STAGES.timed("append"):
                self._append("events", attempt.stamp_us, attempt.payload)
            self._attempt = None
        elif ticks:
            # Nothing is new but the time, which a replay has to see pass at the same place.
            self._append("advance", attempt.stamp_us)
        else:
            attempt.hold_clock(self._table.clock_us)
        if ticks:
            # Midnight's boards are those of all events before it.
            self._news.tell(self._table)
        with STAGES.timed("apply"):
            outcome = self._projection.apply(attempt.events)
        self._turns.done(turn)
        with STAGES.timed("push"):
            self._news.crowded = turn is not None and turn.crowded
            waiting = self._news.tell_when_due(self._table)
            self._projection.tell()
        self._commons.after_batch(self._table)
        self._snapshot_when_due(len(attempt.events))
        return BatchAnswer(
            outcome.status,
            outcome.reason,
            outcome.points,
            self._projection.version,
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
        if self._projection.moves(to_us):
            self._commons.before_ticks(self._table, to_us)
            self._append("advance", to_us)
            self._news.tell(self._table)
            self._projection.advance(to_us)
            self._news.tell(self._table)
            self._projection.tell()
        return self.status()

    def close(self, ends_us: int) -> ShardStatus:
        """Move the season's end to an instant; later closes of a closed season do nothing."""
        self._settle()
        if ends_us < self.rules.ends_us:
            self._append("close", ends_us)
            self._projection.close(ends_us)
        return self.status()

    def adopt_rules(self, number: int, text: str, at_us: int) -> ShardStatus:
        """Go on under version `number` of the season file, unless it is in force or past.

        Raises SeasonErrors or VersionRefused for a text that can't take over; nothing is logged
        then.
        """
        self._settle()
        book = self._projection.book
        if number > book.number:
            since_us = max(at_us, self._table.clock_us)
            version = book.version(text, since_us)
            self._append("rules", since_us, encoded_version(version, self.rules.rules_hash))
            self._projection.adopt_rules(version)
            self._projection.tell()
        return self.status()

    def rules_versions(self) -> list[Version]:
        """List the versions of the season file after the first."""
        return self._projection.book.versions

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
        self._commons.before_order(self._table)
        self._append("order", stamp_us, order)
        told = self._projection.carry_out(order, stamp_us)
        self._projection.tell()
        return told

    def poke(self, now_us: int | None) -> ShardStatus:
        """Run what is due at the wall clock, and refill a ranking shard that lost its rows."""
        if now_us is not None and self._projection.tick_due(now_us):
            self.advance(now_us)
        self._commons.poke(self._table)
        self._news.tell(self._table)
        if self._news.needs_all():
            self._projection.tell_all()
        return self.status()

    def status(self, hours: int = 0) -> ShardStatus:
        """Tell where the shard stands, with the points of the last hours (-1: of all)."""
        return status_of(self.shard, self._log.epoch or 0, self._projection, hours)

    def figures(self) -> Figures:
        """Tell what this shard holds and how far its snapshot is behind."""
        saved_s = self._snapshots.saved_at_s(self.shard)
        age_s = -1.0 if saved_s is None else max(0.0, self._wall_us() / 1e6 - saved_s)
        values: dict[str, float] = {
            "members": len(self._table),
            "seq": self.seq,
            "version": self._projection.version,
            "epoch": self._log.epoch or 0,
            "snapshot_age_s": age_s,
            "events_since_snapshot": self._pace.since_snapshot,
            "kept_events": self._table.ledger.identities.size,
            "file_bytes": self._places.memory.file_bytes,
        }
        return figures_of_process(values, tuple(self._table.pools.used.tolist()))

    def member(self, member: str) -> dict[str, Any] | None:
        """Describe one member, or None when there is none of that id."""
        return member_view(self._table, member)

    def read(self, name: str, *arguments: Any) -> Any:
        """Answer one of the questions that actors.member_reads lists, from the table as it is."""
        if name in DRAWING:
            arguments = (*arguments, self._commons.left(self._table))
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
        self._snapshotter.save(self._table, self.seq, self._projection.facts())
        self._pace.taken()

    def _append(self, kind: Kind, at_us: int, payload: bytes = b"") -> None:
        """Write an entry that the projection is about to follow."""
        self._projection.seq = self._log.append(kind, at_us, payload)

    def _settle(self) -> None:
        """Apply an earlier append whose outcome was unknown, if it turns out to be logged."""
        if self._log.unsettled:
            for entry in self._log.settle():
                self._pace.found(self._projection.follow(entry))
            self._attempt = None
            self._commons.restate(self._table)

    def _log_lease(self, change: Int64s) -> None:
        self._append("lease", self._table.clock_us, lease_payload(change))
        self._projection.lease(change)

    def _log_codes(self, codes: list[str]) -> None:
        """Log which codes are used by members of other shards, who came with them first."""
        name = f"codes used {self.shard} {self.seq}"
        order = json.dumps({"id": name, "kind": "codes_used", "codes": codes}).encode()
        stamp_us = self._table.clock_us
        self._append("order", stamp_us, order)
        self._projection.carry_out(order, stamp_us)

    def _told_from(self) -> int:
        """Give the entry from which on entries are applied one by one, for their notices."""
        if self._feed is None:
            return NOTHING_ALONE
        return self._feed.missing_from(self.rules, self._projection.book.upcoming)

    def _snapshot_when_due(self, events: int) -> None:
        """Have a snapshot written behind the shard; the next one waits until it is."""
        self._pace.count(events)
        if self._snapshotter.busy:
            return
        due_now = self._pace.due(self._table.ledger.identities.size)
        if due_now == "snapshot":
            self._snapshotter.begin(self._table, self.seq, self._projection.facts())
            self._pace.taken()
        elif due_now == "put_away":
            self._snapshotter.put_away(self._table, self.seq)
            self._pace.put_away()
