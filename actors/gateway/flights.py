"""Flights: the batches on their way to one member shard, in order, and in order once more."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from actors.gateway.shard_line import Parcel
from actors.messages import BatchAnswer, LaneCalls, Turn


@dataclass(slots=True)
class Flight:
    """A batch on its way to the shard, or waiting to be sent again."""

    number: int
    parcels: list[Parcel]
    body: bytes
    sent_us: int
    sent_s: float
    call: asyncio.Future[BatchAnswer] | None = None
    failures: int = 0

    @property
    def events(self) -> int:
        """Count the batch's events."""
        return sum(len(parcel.places) for parcel in self.parcels)


class Flights:
    """Sends batches, each with its turn, and the same ones again with the turns they had.

    It knows which batches have no answer yet. What they hold, when one goes and who hears of its
    answer, the lane knows.

    Args:
        calls: the way to the shard.
        stamp: "given" where batches bring their stamps, else "wall".
        crowded: tells whether many more events wait, which the shard is told with a batch.
    """

    def __init__(self, calls: LaneCalls, stamp: str, crowded: Callable[[], bool]) -> None:
        self.steady = True
        """False while failed batches wait to be sent again: nothing may go ahead of them."""
        self.last_number = 0
        self._calls = calls
        self._stamp = stamp
        self._crowded = crowded
        self._lane = secrets.token_hex(4)
        self._flights: deque[Flight] = deque()

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def first(self) -> Flight:
        """Give the oldest batch; raises IndexError when none is on its way."""
        return self._flights[0]

    @property
    def events(self) -> int:
        """Count the events on their way."""
        return sum(flight.events for flight in self._flights)

    def launch(self, parcels: list[Parcel], body: bytes) -> None:
        """Send a batch behind those on their way."""
        self.last_number += 1
        now_us, now_s = time.time_ns() // 1000, time.monotonic()
        flight = Flight(self.last_number, parcels, body, now_us, now_s)
        self._flights.append(flight)
        self._send(flight)

    async def send_again(self, pause_s: float) -> None:
        """Send the batches on their way anew, in order, but for those answered meanwhile."""
        self.steady = False
        await asyncio.wait([flight.call for flight in self._flights if flight.call is not None])
        await asyncio.sleep(pause_s)
        for flight in self._flights:
            assert flight.call is not None
            if flight.call.cancelled() or flight.call.exception() is not None:
                self._send(flight)
        self.steady = True

    def land(self) -> Flight:
        """Take the oldest batch off: it has its answer, or never will."""
        return self._flights.popleft()

    def cancel(self) -> None:
        """Wait for no answer any more."""
        for flight in self._flights:
            if flight.call is not None:
                flight.call.cancel()

    def _send(self, flight: Flight) -> None:
        turn = Turn(self._lane, flight.number, self.first.number, self._crowded())
        flight.call = asyncio.ensure_future(self._calls.apply(flight.body, self._stamp, turn))
