"""Lane: the strictly ordered way from the gateway to one member shard.

What waits goes by turns of the keys that sent it, each key's in the order it came. What arrives
while a batch is on its way becomes the next one, which follows it at once where it is large, so
that the shard never waits for the gateway. A batch whose outcome is unknown goes out again as it
is, and so do those behind it, in the same order, until the shard answers: the event ids make that
safe, and the batches' turns hold the order at the shard.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.batch_size import BATCH_EVENTS_LEAST, FOLLOWER_EVENTS_MIN, BatchSize
from actors.gateway.shard_line import Order, Parcel, ShardLine
from actors.gateway.submission import Extras
from actors.gateway.tally import TALLY
from actors.messages import BatchAnswer, LaneCalls, OutOfTurn, ShardDown, ShardStatus, Turn
from actors.stages import STAGES
from rules.decoding.event_columns import concat, restamped, running_stamps, to_ipc

FLIGHTS_MAX: Final = 2
LINGER_S: Final = 0.05
"""How long a small batch waits at most for events that are about to be decoded."""
PUSH_AFTER_S: Final = 0.02
TRIES: Final = 3
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Flight:
    """A batch on its way to the shard, or waiting to be sent again."""

    number: int
    parcels: list[Parcel]
    body: bytes
    sent_us: int
    sent_s: float
    call: asyncio.Future[BatchAnswer] | None = None
    failures: int = 0


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
        self.down_since_s: float | None = None
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
        self._name = secrets.token_hex(4)
        self._number = 0
        self._flights: deque[_Flight] = deque()
        self._pushing: asyncio.Future[None] | None = None
        self._steady = True  # False while failed batches wait to be sent again

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is in flight."""
        return not self._flights and not self._ordering_us and not self._line

    @property
    def sent_us(self) -> int:
        """Tell since when the oldest call has had no answer, µs since 1970 UTC; 0 without any."""
        return self._flights[0].sent_us if self._flights else self._ordering_us

    def put(self, item: Parcel | Order) -> None:
        """Line an item up; never waits."""
        if isinstance(item, Parcel):
            self.queued_events += len(item.places)
        self._line.put(item)
        self._wake.set()
        if self._flights and self._steady:
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
            for flight in self._flights:
                if flight.call is not None:
                    flight.call.cancel()

    async def _carry_out(self, order: Order) -> None:
        async def call() -> ShardStatus:
            if order.kind == "advance":
                return await self._calls.advance(order.at_us)
            if order.kind == "rules":
                return await self._calls.adopt_rules(*order.rules, order.at_us)
            return await self._calls.close(order.at_us)

        status = await self._until_answered(call)
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
            self._number += 1
            now_us, now_s = time.time_ns() // 1000, time.monotonic()
            self._flights.append(_Flight(self._number, parcels, body, now_us, now_s))
            self._send(self._flights[-1])

    def _in_time(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Raise stamps that were given before those of what went ahead: none runs backwards."""
        if self._stamp != "given":
            return batch
        given_us = np.asarray(batch.column("stamp_us"))
        stamps_us = running_stamps(given_us, self._stamped_us)
        self._stamped_us = int(stamps_us[-1])
        return batch if np.array_equal(stamps_us, given_us) else restamped(batch, stamps_us)

    def _send(self, flight: _Flight) -> None:
        on_their_way = sum(len(parcel.places) for one in self._flights for parcel in one.parcels)
        crowded = self.queued_events - on_their_way >= FOLLOWER_EVENTS_MIN
        turn = Turn(self._name, flight.number, self._flights[0].number, crowded)
        flight.call = asyncio.ensure_future(self._calls.apply(flight.body, self._stamp, turn))

    async def _land(self) -> None:
        """Wait for the oldest batch's answer and hand it out; send again what failed."""
        pause_s = _FIRST_PAUSE_S
        while True:
            flight = self._flights[0]
            assert flight.call is not None
            try:
                answer: BatchAnswer | Exception = await asyncio.shield(flight.call)
            except (ShardDown, OutOfTurn) as error:
                self._note_down(error)
            except Exception as error:
                log.exception("member shard %d failed on a batch", self.shard)
                flight.failures += 1
                if flight.failures == TRIES:
                    self._drop_first(error)
                    if self._flights:
                        await self._send_again(0.0)
                    return
            else:
                assert isinstance(answer, BatchAnswer)
                self._note_up()
                self._take_answer(answer)
                return
            await self._send_again(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _send_again(self, pause_s: float) -> None:
        """Send the batches on their way anew, in order, but for those answered meanwhile."""
        self._steady = False
        calls = [flight.call for flight in self._flights if flight.call is not None]
        await asyncio.wait(calls)
        await asyncio.sleep(pause_s)
        for flight in self._flights:
            assert flight.call is not None
            if flight.call.cancelled() or flight.call.exception() is not None:
                self._send(flight)
        self._steady = True

    def _take_answer(self, answer: BatchAnswer) -> None:
        flight = self._flights.popleft()
        events, now_s = sum(len(parcel.places) for parcel in flight.parcels), time.monotonic()
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
        flight = self._flights.popleft()
        for parcel in flight.parcels:
            self.queued_events -= len(parcel.places)
            parcel.submission.fail(error)

    def _push_if_still(self, number: int) -> None:
        """Have the shard tell its rankings what waits there, unless a batch since did."""
        if number == self._number:
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

    async def _until_answered(self, call: Callable[[], Awaitable[T]]) -> T | Exception:
        """Call until the shard answers; an error that repeating can't heal is returned."""
        pause_s, failures = _FIRST_PAUSE_S, 0
        while True:
            try:
                answer = await call()
            except ShardDown as error:
                self._note_down(error)
            except Exception as error:
                log.exception("member shard %d failed on an order", self.shard)
                failures += 1
                if failures == TRIES:
                    return error
            else:
                self._note_up()
                return answer
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _note_down(self, error: Exception) -> None:
        if self.down_since_s is None:
            self.down_since_s = asyncio.get_running_loop().time()
            log.warning("member shard %d does not answer: %s", self.shard, error)

    def _note_up(self) -> None:
        if self.down_since_s is not None:
            log.info("member shard %d answers again", self.shard)
        self.down_since_s = None
