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
"""How long the desk works before connections are looked at; a body that has begun is ended."""

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
        self._turning = False

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
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)
        began_s = time.perf_counter()
        try:
            return work()
        finally:
            self._spent_s += time.perf_counter() - began_s

    def _turn(self) -> None:
        """Do what waits until the time is up."""
        self._spent_s, self._turning = 0.0, False
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
