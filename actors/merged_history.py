"""Merged history: what several shards logged, as one stream in the order of its stamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.store.log import Entry
from rules.decoding.event_columns import STAMPED, concat, from_ipc, stamp

Int64s = npt.NDArray[np.int64]

FOR_ALL = ("close", "order", "rules")
"""Entries that every shard gets; advances and leases are a shard's own and made anew."""


@dataclass(slots=True)
class _Cursor:
    """Where reading a shard's history stands: at events, at something for all, or at its end."""

    entries: Iterator[Entry]
    batch: pa.RecordBatch | None = None
    mark: Entry | None = None
    clock_us: int = 0

    def fill(self) -> None:
        """Read on until there are events or something for all."""
        while self.batch is None and self.mark is None:
            entry = next(self.entries, None)
            if entry is None:
                return
            self.clock_us = max(self.clock_us, entry.stamp_us)
            if entry.kind == "events":
                batch = from_ipc(entry.payload)
                self.batch = batch if batch.num_rows else None
            elif entry.kind in FOR_ALL:
                self.mark = entry

    def stamps(self) -> Int64s:
        """Give the stamps of the events at hand, int64[n]."""
        assert self.batch is not None
        found: Int64s = self.batch.column("stamp_us").to_numpy()
        return found

    def take(self, upto_us: int) -> pa.RecordBatch | None:
        """Take the events up to an instant from those at hand; None when there are none."""
        if self.batch is None:
            return None
        count = int(np.searchsorted(self.stamps(), upto_us, side="right"))
        taken = self.batch.slice(0, count)
        self.batch = self.batch.slice(count) if count < self.batch.num_rows else None
        return taken if count else None


class MergedHistory:
    """Merges the histories of shards.

    Events come ordered by stamp, and by their place in the log within a shard, so each member's
    keep their order. What all shards got comes once, behind the events that any shard had
    before it and before those that any had after.
    """

    def __init__(self, histories: Sequence[Iterator[Entry]]) -> None:
        self._cursors = [_Cursor(entries) for entries in histories]
        self._clock_us = -(2**62)

    @property
    def clock_us(self) -> int:
        """Give the greatest stamp there is, advances too, once everything was read."""
        return max(cursor.clock_us for cursor in self._cursors)

    def read(self) -> Iterator[pa.RecordBatch | Entry]:
        """Yield stamped events, some at a time, and what every shard gets."""
        done: set[tuple[str, bytes, int]] = set()
        while True:
            for cursor in self._cursors:
                cursor.fill()
            ahead = [int(one.stamps()[-1]) for one in self._cursors if one.batch is not None]
            if ahead:
                yield self._events_upto(min(ahead))
                continue
            marks = [cursor for cursor in self._cursors if cursor.mark is not None]
            if not marks:
                return
            mark = marks[0].mark
            assert mark is not None
            if _name(mark) not in done:
                done.add(_name(mark))
                yield mark
            for cursor in marks:
                if cursor.mark is not None and _name(cursor.mark) in done:
                    cursor.mark = None

    def _events_upto(self, upto_us: int) -> pa.RecordBatch:
        """Take every shard's events up to an instant, in order."""
        parts = [part for one in self._cursors if (part := one.take(upto_us)) is not None]
        joined = concat([_compact(part) for part in parts], STAMPED)
        stamps = joined.column("stamp_us").to_numpy()
        order = np.argsort(stamps, kind="stable")
        joined = joined.take(pa.array(order))
        # Only where a shard learnt of something for all later than another can a stamp fall.
        running = np.maximum.accumulate(np.maximum(stamps[order], self._clock_us))
        self._clock_us = int(running[-1])
        return stamp(joined.drop_columns(["stamp_us"]), running)


def _compact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Copy a slice, so that joining sees only its own rows."""
    return batch.take(pa.array(np.arange(batch.num_rows)))


def _name(mark: Entry) -> tuple[str, bytes, int]:
    """Tell what is for all apart: a close by its instant, anything else by its content."""
    return mark.kind, mark.payload, mark.stamp_us if mark.kind == "close" else 0
