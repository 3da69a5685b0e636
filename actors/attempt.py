"""Attempt: a batch on its way into a shard's log, which may have to be made twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rules.decoding.event_columns import from_ipc, stamp, to_ipc
from rules.judging.coding import Events, encode
from rules.judging.kernel import held
from rules.table.member_table import MemberTable


@dataclass(slots=True)
class Attempt:
    """What came, what the table takes it for, and what of it the log doesn't have yet.

    An append whose outcome is unknown may come again: then `received` tells it by its bytes, and
    the same attempt is made again, with the stamps it had.
    """

    received: bytes
    events: Events
    payload: bytes  # the new rows, stamped, as an Arrow stream; empty when there are none

    @classmethod
    def of(cls, table: MemberTable, received: bytes, wall_us: int | None) -> Attempt:
        """Read an Arrow stream of events; a wall clock, if given, stamps them, never backwards.

        Members that the table doesn't have are added to it.
        """
        batch = from_ipc(received)
        payload = received
        if wall_us is not None:
            now_us = max(wall_us, table.clock_us)
            batch = stamp(batch, np.full(batch.num_rows, now_us, dtype=np.int64))
            payload = b""
        events = encode(table, batch)
        old = held(table, events)
        if old.all():
            payload = b""
        elif old.any():
            payload = to_ipc(batch.filter(pa.array(~old)))
        elif not payload:
            payload = to_ipc(batch)
        return cls(received, events, payload)

    @property
    def stamp_us(self) -> int:
        """Give the last row's stamp, to which the clock goes on."""
        return int(self.events.stamp_us[-1])

    def hold_clock(self, clock_us: int) -> None:
        """Have all rows answered as of an instant, µs UTC, where none of them is to be logged.

        The clock would go on to their stamps, and a start from the log wouldn't know of that.
        """
        self.events.stamp_us = np.full(len(self.events), clock_us, dtype=np.int64)
