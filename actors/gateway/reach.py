"""Reach: whether a member shard answers, since when it doesn't, and how often it is tried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar

from actors.messages import ShardDown

TRIES: Final = 3
"""How often a call may fail with an error of the shard's own before repeating it is given up."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0

T = TypeVar("T")

log = logging.getLogger(__name__)


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each further try, for ever.

    >>> from itertools import islice
    >>> list(islice(pauses(), 7))
    [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


class Reach:
    """Keeps whether one shard answers; says so in the log once when that changes."""

    def __init__(self, shard: int) -> None:
        self.down_since_s: float | None = None  # by the running loop's clock
        self._shard = shard

    def lost(self, error: Exception) -> None:
        """Note that the shard did not answer a call."""
        if self.down_since_s is None:
            self.down_since_s = asyncio.get_running_loop().time()
            log.warning("member shard %d does not answer: %s", self._shard, error)

    def answered(self) -> None:
        """Note that it answered."""
        if self.down_since_s is not None:
            log.info("member shard %d answers again", self._shard)
        self.down_since_s = None

    async def until_answered(self, call: Callable[[], Awaitable[T]]) -> T | Exception:
        """Call until the shard answers; an error that repeating can't heal is returned."""
        failures, waits_s = 0, pauses()
        while True:
            try:
                answer = await call()
            except ShardDown as error:
                self.lost(error)
            except Exception as error:
                log.exception("member shard %d failed on an order", self._shard)
                failures += 1
                if failures == TRIES:
                    return error
            else:
                self.answered()
                return answer
            await asyncio.sleep(next(waits_s))
