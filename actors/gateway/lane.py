"""Lane: the strictly ordered way from the gateway to one member shard.

What waits goes by turns of the keys that sent it, each key's in the order it came. What arrives
while a batch is on its way becomes the next one, which follows it at once where it is large, so
that the shard never waits for the gateway. A batch whose outcome is unknown goes out again as it
is, and so do those behind it, in the same order, until the shard answers: the event ids make that
safe, and the batches' turns hold the order at the shard. What waits is the shard line's, what is
on its way the flights'; here is when one becomes the other, and who hears of an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.batch_size import BATCH_EVENTS_LEAST, FOLLOWER_EVENTS_MIN, BatchSize
from actors.gateway.flights import Flights
from actors.gateway.reach import TRIES, Reach, pauses
from actors.gateway.shard_line import Order, Parcel, ShardLine
from actors.gateway.submission import Extras
from actors.gateway.tally import TALLY
from actors.messages import BatchAnswer, LaneCalls, OutOfTurn, ShardDown, ShardStatus
from actors.stages import STAGES
from rules.decoding.event_columns import concat, restamped, running_stamps, to_ipc

FLIGHTS_MAX: Final = 2
LINGER_S: Final = 0.05
"""How long a small batch waits at most for events that are about to be decoded."""
PUSH_AFTER_S: Final = 0.02

log = logging.getLogger(__name__)


class Lane:
    """Sends parcels and orders to one shard, keys in turn.

    Args:
        shard: the shard's number.
        calls: the way to the shard.
        stamp: "given" where parcels bring their stamps, else "wall".
        on_idle: called when nothing waits.
        on_batch: called before the next batch is made of what waits; may put more.
        more_comes: tells whether more is about to be put.
    """

    def __init__(
        self,
        shard: int,
        calls: LaneCalls,
        stamp: str,
        on_idle: Callable[[], None],
        on_batch: Callable[[], None],
        more_comes: Callable[[], bool],
    ) -> None:
        self.shard = shard
        self.version = 0
        self.untold = False  # what shows that version waits at the shard
        self.clock_us = 0
        self.queued_events = 0
        self._calls = calls
        self._stamp = stamp
        self._on_idle = on_idle
        self._on_batch = on_batch
        self._more_comes = more_comes
        self._stamped_us = 0  # the last stamp on its way
        self._line = ShardLine()
        self._size = BatchSize()
        self._answered_s = 0.0
        self._wake = asyncio.Event()
        self._ordering_us = 0
        self._reach = Reach(shard)
        self._flights = Flights(calls, stamp, self._is_crowded)
        self._pushing: asyncio.Future[None] | None = None

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is in flight."""
        return not self._flights and not self._ordering_us and not self._line

    @property
    def sent_us(self) -> int:
        """Tell since when the oldest call has had no answer, µs since 1970 UTC; 0 without any."""
        return self._flights.first.sent_us if self._flights else self._ordering_us

    @property
    def down_since_s(self) -> float | None:
        """Tell since when the shard doesn't answer, by the loop's clock; None when it does."""
        return self._reach.down_since_s

    def put(self, item: Parcel | Order) -> None:
        """Line an item up; never waits."""
        if isinstance(item, Parcel):
            self.queued_events += len(item.places)
        self._line.put(item)
        self._wake.set()
        if self._flights and self._flights.steady:
            self._launch()

    def together(self, keys: Sequence[str]) -> list[npt.NDArray[np.int64]]:
        """Group events by who sent them: rows int64[k] that may share a parcel."""
        return self._line.together(keys)

    async def run(self) -> None:
        """Serve the line until cancelled."""
        try:
            while True:
                while not self._line and not self._flights:
                    self._wake.clear()
                    self._on_idle()
                    if not self._line:
                        await self._wake.wait()
                order = self._line.order
                if not self._flights and order is not None:
                    self._ordering_us = time.time_ns() // 1000
                    await self._carry_out(order)
                    self._line.drop_order()
                    self._ordering_us = 0
                    continue
                if not self._flights and not self._is_worth_it():
                    await self._linger()
                self._gather_and_launch(alone=True)
                await self._land()
        finally:
            self._flights.cancel()

    async def _carry_out(self, order: Order) -> None:
        async def call() -> ShardStatus:
            if order.kind == "advance":
                return await self._calls.advance(order.at_us)
            if order.kind == "rules":
                return await self._calls.adopt_rules(*order.rules, order.at_us)
            return await self._calls.close(order.at_us)

        status = await self._reach.until_answered(call)
        if isinstance(status, Exception):
            if not order.done.done():
                order.done.set_exception(status)
            return
        self.version = max(self.version, status.version)
        self.clock_us = max(self.clock_us, status.clock_us)
        if not order.done.done():
            order.done.set_result(status)

    async def _linger(self) -> None:
        """Wait a moment for a batch to become worth its cost, while more is being decoded."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._is_worth_it():
                    self._wake.clear()
                    await self._wake.wait()

    def _is_worth_it(self) -> bool:
        """Tell whether what may go is a batch: if more comes at once, it is to be a large one."""
        if self._more_comes() and self._line.is_open:
            return self._line.events >= BATCH_EVENTS_LEAST
        return not self._flights or self._line.events >= FOLLOWER_EVENTS_MIN

    def _is_crowded(self) -> bool:
        """Tell whether more than another batch waits beside those on their way."""
        return self.queued_events - self._flights.events > self._size.events_max

    def _gather_and_launch(self, *, alone: bool = False) -> None:
        """Send what waits, and what waits to be decoded with it: that must not miss its turn."""
        if self._line:
            self._on_batch()
        self._launch(alone=alone)

    def _launch(self, *, alone: bool = False) -> None:
        """Send as many batches as may be on their way; whatever waits if it would go alone."""
        while self._line and len(self._flights) < FLIGHTS_MAX:
            if not (alone and not self._flights) and not self._is_worth_it():
                return
            parcels = self._line.take(self._size.events_max)
            if not parcels:
                return
            batches = [parcel.batch for parcel in parcels]
            TALLY.batches.add(sum(batch.num_rows for batch in batches))
            with STAGES.timed("route"):
                body = to_ipc(self._in_time(concat(batches, batches[0].schema)))
            self._flights.launch(parcels, body)

    def _in_time(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Raise stamps that were given before those of what went ahead: none runs backwards."""
        if self._stamp != "given":
            return batch
        given_us = np.asarray(batch.column("stamp_us"))
        stamps_us = running_stamps(given_us, self._stamped_us)
        self._stamped_us = int(stamps_us[-1])
        return batch if np.array_equal(stamps_us, given_us) else restamped(batch, stamps_us)

    async def _land(self) -> None:
        """Wait for the oldest batch's answer and hand it out; send again what failed."""
        for pause_s in pauses():
            flight = self._flights.first
            assert flight.call is not None
            try:
                answer: BatchAnswer | Exception = await asyncio.shield(flight.call)
            except (ShardDown, OutOfTurn) as error:
                self._reach.lost(error)
            except Exception as error:
                log.exception("member shard %d failed on a batch", self.shard)
                flight.failures += 1
                if flight.failures == TRIES:
                    self._drop_first(error)
                    if self._flights:
                        await self._flights.send_again(0.0)
                    return
            else:
                assert isinstance(answer, BatchAnswer)
                self._reach.answered()
                self._take_answer(answer)
                return
            await self._flights.send_again(pause_s)

    def _take_answer(self, answer: BatchAnswer) -> None:
        flight = self._flights.land()
        events, now_s = flight.events, time.monotonic()
        self._size.took(events, now_s - max(flight.sent_s, self._answered_s))
        self._answered_s = now_s
        self.queued_events -= events
        self.version = max(self.version, answer.version)
        self.clock_us = max(self.clock_us, answer.clock_us)
        self._gather_and_launch()
        with STAGES.timed("answer"):
            self._hand_out(flight.parcels, answer)
        self.untold = answer.waiting
        if answer.waiting:
            asyncio.get_running_loop().call_later(PUSH_AFTER_S, self._push_if_still, flight.number)

    def _drop_first(self, error: Exception) -> None:
        flight = self._flights.land()
        for parcel in flight.parcels:
            self.queued_events -= len(parcel.places)
            parcel.submission.fail(error)

    def _push_if_still(self, number: int) -> None:
        """Have the shard tell its rankings what waits there, unless a batch since did."""
        if number == self._flights.last_number:
            self._pushing = asyncio.ensure_future(self._push())

    async def _push(self) -> None:
        # A shard that ended tells its rankings everything once it is back.
        with contextlib.suppress(ShardDown):
            await self._calls.push()

    @staticmethod
    def _hand_out(parcels: list[Parcel], answer: BatchAnswer) -> None:
        extras = Extras(answer.details, answer.notes)
        first = 0
        for parcel in parcels:
            rows = slice(first, first + len(parcel.places))
            parcel.submission.fill(
                parcel.places,
                answer.status[rows],
                answer.reason[rows],
                answer.points[rows],
                extras.part(rows.start, rows.stop),
            )
            first = rows.stop
