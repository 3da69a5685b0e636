"""Reading: asks the ranking shards, one call in flight each; what comes meanwhile shares the next.

A question that waits is answered by a call that starts after it came, never by one already under
way, so a reader sees every event that was acknowledged before its question. A ranking shard that
lacks some of them is told by its member shard at once: what is gathered there for a while is for
times when nobody reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from actors.gateway.problems import warming
from actors.messages import Ask, RankingShardCalls, Reading, ShardDown, Warming

BEHIND_FOR_S: Final = 2.0
_PAUSE_S: Final = 0.01

Push = Callable[[], Awaitable[None]]
"""Has a member shard tell its ranking shard what waits to be told; may raise ShardDown."""


@dataclass(slots=True)
class _Waiter:
    asks: list[Ask]
    at_least: int
    ends_s: float
    found: asyncio.Future[Reading]


class ReadingLane:
    """Asks one ranking shard."""

    def __init__(
        self, shard: int, calls: RankingShardCalls, rules_hash: Callable[[], str], push: Push
    ) -> None:
        self.shard = shard
        self._rules_hash = rules_hash
        self._calls = calls
        self._push = push
        self._waiters: list[_Waiter] = []
        self._task: asyncio.Task[None] | None = None
        self._untold = self._told = -1

    async def ask(self, asks: Iterable[Ask], at_least: int, *, untold: bool = False) -> Reading:
        """Answer from one snapshot; raises Problem 503 when the shard stays behind or away.

        untold: what shows that version waits at the member shard, unless it was told since.
        """
        loop = asyncio.get_running_loop()
        self._untold = max(self._untold, at_least) if untold else self._untold
        waiter = _Waiter(
            list(asks), at_least, time.monotonic() + BEHIND_FOR_S, loop.create_future()
        )
        self._waiters.append(waiter)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        return await waiter.found

    async def _serve(self) -> None:
        told = False
        while self._waiters:
            waiters, self._waiters = self._waiters, []
            try:
                if self._told < self._untold:
                    self._told = self._untold
                    await self._have_told()
                    waiters += self._waiters
                    self._waiters = []
                asks = list(dict.fromkeys(ask for waiter in waiters for ask in waiter.asks))
                at_least = max(waiter.at_least for waiter in waiters)
                reading = await self._calls.read(asks, at_least)
                wanted = self._rules_hash()
                if wanted and reading.rules_hash != wanted:
                    raise Warming("it goes over to another version of the rules")
            except (ShardDown, Warming) as error:
                self._put_back(waiters, error)
                if told:
                    await asyncio.sleep(_PAUSE_S)
                else:
                    await self._have_told()
                told = not told
            except Exception as error:  # every waiter must hear of it, whatever it is
                for waiter in waiters:
                    if not waiter.found.done():
                        waiter.found.set_exception(error)
            else:
                told = False
                for waiter in waiters:
                    if not waiter.found.done():
                        waiter.found.set_result(reading)

    async def _have_told(self) -> None:
        # A member shard that ended tells its ranking shard everything once it is back.
        with contextlib.suppress(ShardDown):
            await self._push()

    def _put_back(self, waiters: list[_Waiter], error: Exception) -> None:
        now_s = time.monotonic()
        for waiter in waiters:
            if waiter.found.done():
                continue
            if now_s < waiter.ends_s:
                self._waiters.append(waiter)
            else:
                waiter.found.set_exception(
                    warming(f"Ranking shard {self.shard} is being rebuilt: {error}")
                )


class Readings:
    """Asks all ranking shards at once."""

    def __init__(
        self,
        shards: Sequence[RankingShardCalls],
        versions: Callable[[], list[int]],
        pushes: Sequence[Push],
        untold: Callable[[], list[bool]] | None = None,
    ) -> None:
        self.rules_hash = ""  # of the rules whose boards are read; "" for any
        self.lanes = [
            ReadingLane(number, calls, lambda: self.rules_hash, push)
            for number, (calls, push) in enumerate(zip(shards, pushes, strict=True))
        ]
        self._versions = versions
        self._untold = untold or (lambda: [False] * len(self.lanes))

    async def everywhere(self, asks: Iterable[Ask]) -> list[Reading]:
        """Put the same asks to every shard, each answering from one snapshot."""
        same = list(asks)
        return await self.each([same] * len(self.lanes))

    async def each(self, asks: list[list[Ask]]) -> list[Reading]:
        """Put each shard its own asks; a shard without any is not called."""
        versions = self._versions()
        called = [
            lane.ask(own, version, untold=untold)
            for lane, own, version, untold in zip(
                self.lanes, asks, versions, self._untold(), strict=True
            )
            if own
        ]
        answered = iter(await asyncio.gather(*called))
        return [
            next(answered) if own else Reading(version, {})
            for own, version in zip(asks, versions, strict=True)
        ]
