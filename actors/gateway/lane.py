"""Lane: the strictly ordered way from the gateway to one member shard.

One batch is in flight; what arrives meanwhile becomes the next one. A batch whose outcome is
unknown goes out again as it is, until the shard answers: the event ids make that safe.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.submission import Extras, Submission
from actors.gateway.tally import TALLY
from actors.messages import BatchAnswer, LaneCalls, ShardDown, ShardStatus
from rules.event_columns import concat, to_ipc

BATCH_EVENTS_MAX: Final = 20_000
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parcel:
    """The events of one submission that go to one shard; places int64[k] in the submission."""

    submission: Submission
    places: npt.NDArray[np.int64]
    batch: pa.RecordBatch


@dataclass(slots=True)
class Order:
    """A move of the clock or of the season's end, or new rules, in line with the events."""

    kind: str
    at_us: int
    done: asyncio.Future[ShardStatus]
    rules: tuple[int, str] = (0, "")  # a version's number and text


class Lane:
    """Sends parcels and orders to one shard, in the order they came."""

    def __init__(
        self, shard: int, calls: LaneCalls, stamp: str, on_idle: Callable[[], None]
    ) -> None:
        self.shard = shard
        self.version = 0
        self.clock_us = 0
        self.queued_events = 0
        self.down_since_s: float | None = None
        self.sent_us = 0
        self._calls = calls
        self._stamp = stamp
        self._on_idle = on_idle
        self._line: deque[Parcel | Order] = deque()
        self._wake = asyncio.Event()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is in flight."""
        return not self._busy and not self._line

    def put(self, item: Parcel | Order) -> None:
        """Line an item up; never waits."""
        if isinstance(item, Parcel):
            self.queued_events += len(item.places)
        self._line.append(item)
        self._wake.set()

    async def run(self) -> None:
        """Serve the line until cancelled."""
        while True:
            while not self._line:
                self._wake.clear()
                self._on_idle()
                if not self._line:
                    await self._wake.wait()
            self._busy = True
            self.sent_us = time.time_ns() // 1000
            try:
                if isinstance(self._line[0], Order):
                    await self._carry_out(self._line[0])
                    self._line.popleft()
                else:
                    await self._send()
            finally:
                self._busy = False
                self.sent_us = 0

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

    async def _send(self) -> None:
        parcels = self._next_parcels()
        batches = [parcel.batch for parcel in parcels]
        TALLY.batches.add(sum(batch.num_rows for batch in batches))
        body = to_ipc(concat(batches, batches[0].schema))
        answer = await self._until_answered(lambda: self._calls.apply(body, self._stamp))
        for parcel in parcels:
            self._line.popleft()
            self.queued_events -= len(parcel.places)
        if isinstance(answer, Exception):
            for parcel in parcels:
                parcel.submission.fail(answer)
            return
        self.version = max(self.version, answer.version)
        self.clock_us = max(self.clock_us, answer.clock_us)
        self._hand_out(parcels, answer)

    def _next_parcels(self) -> list[Parcel]:
        parcels: list[Parcel] = []
        events = 0
        for item in self._line:
            if isinstance(item, Order):
                break
            events += len(item.places)
            if parcels and events > BATCH_EVENTS_MAX:
                break
            parcels.append(item)
        return parcels

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
                if self.down_since_s is None:
                    self.down_since_s = asyncio.get_running_loop().time()
                    log.warning("member shard %d does not answer: %s", self.shard, error)
            except Exception as error:
                log.exception("member shard %d failed on a batch", self.shard)
                failures += 1
                if failures == 3:
                    return error
            else:
                if self.down_since_s is not None:
                    log.info("member shard %d answers again", self.shard)
                self.down_since_s = None
                return answer
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
