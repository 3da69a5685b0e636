"""Desk: bodies are decoded one after another, keys in turn, and the loop goes on between them.

Each body used to be decoded as soon as it was there: of a flood that came together all were, and
whoever came next was read only after the last of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from actors.gateway.fair_line import FairLine

TURN_S: Final = 0.002
"""How long the desk works before everything else has its turn; a body that has begun is ended."""
RESTS: Final = 6
"""Turns of the loop in between: a batch or a request takes several, one after another."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], Any]
    done: asyncio.Future[Any]


class Desk:
    """Does work at once while there is time, else in turn; a key's own in the order it came."""

    def __init__(self) -> None:
        self._line: FairLine[_Job] = FairLine()
        self._spent_s = 0.0  # in this turn of the loop
        self._rests = 0  # turns of the loop until the next work; 0 when there is time

    def __len__(self) -> int:
        return len(self._line)

    def __contains__(self, key: str) -> bool:
        """Tell whether work of a key waits."""
        return key in self._line

    async def do(self, key: str, amount: int, work: Callable[[], T]) -> T:
        """Do a key's work, of an amount that tells how much it is beside other work."""
        if not self._line and self._spent_s < TURN_S:
            return self._timed(work)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._line.put(_Job(work, done), {key: amount})
        return await done

    def _timed(self, work: Callable[[], T]) -> T:
        if not self._rests:
            self._rest(RESTS)
        began_s = time.perf_counter()
        try:
            return work()
        finally:
            self._spent_s += time.perf_counter() - began_s

    def _rest(self, turns: int) -> None:
        self._rests = turns
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """Do what waits until the time is up, once everything else had its turns."""
        if self._rests > 1:
            self._rest(self._rests - 1)
            return
        self._spent_s, self._rests = 0.0, 0
        while self._line and self._spent_s < TURN_S:
            job = self._line.take()
            try:
                result = self._timed(job.work)
            except Exception as error:  # whoever waits must hear of it, whatever it is
                if not job.done.done():
                    job.done.set_exception(error)
            else:
                if not job.done.done():
                    job.done.set_result(result)
