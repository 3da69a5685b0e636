"""Vitals: what every actor tells of itself, asked at most once a second whoever wants to know."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from actors.figures import Figures
from actors.messages import ShardDown
from actors.store.errors import StoreError

FRESH_S: Final = 1.0
ANSWER_WITHIN_S: Final = 0.8

log = logging.getLogger(__name__)


class Part(NamedTuple):
    """One actor: what it is, and which shard's, 0 where there is one for all."""

    actor: str
    shard: int


@dataclass(slots=True)
class Pulse:
    """What was last heard of an actor, and whether it answered this time.

    cpu_share is the share of one core it took lately, None until it was asked twice.
    """

    figures: Figures | None = None
    up: bool = False
    restarts: int = 0
    cpu_share: float | None = None
    heard_s: float = 0.0

    def hear(self, figures: Figures, now_s: float) -> None:
        """Take an answer; another process than before means that it was started again."""
        before = self.figures
        if before is not None:
            if figures.pid != before.pid or figures.uptime_s < before.uptime_s:
                self.restarts += 1
                self.cpu_share = None
            elif now_s - self.heard_s > 0:
                self.cpu_share = (figures.cpu_s - before.cpu_s) / (now_s - self.heard_s)
        self.figures, self.up, self.heard_s = figures, True, now_s


@dataclass(frozen=True, slots=True)
class Vital:
    """All pulses of one moment, and what the store tells; store is None when it is away."""

    at_s: float
    parts: Mapping[Part, Pulse]
    store: Mapping[str, float] | None


class Vitals:
    """Asks all actors at once; who doesn't answer in time is down, their last figures stay."""

    def __init__(
        self,
        sources: Mapping[Part, Callable[[], Awaitable[Figures]]],
        store: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._sources = dict(sources)
        self._store = store
        self._pulses = {part: Pulse() for part in self._sources}
        self._asking = asyncio.Lock()
        self._last: Vital | None = None

    async def now(self) -> Vital:
        """Give figures at most a second old."""
        async with self._asking:
            if self._last is None or time.monotonic() - self._last.at_s >= FRESH_S:
                store, *_ = await asyncio.gather(
                    self._ask_store(), *(self._ask(part) for part in self._sources)
                )
                self._last = Vital(time.monotonic(), self._pulses, store)
            return self._last

    async def _ask(self, part: Part) -> None:
        pulse = self._pulses[part]
        try:
            figures = await asyncio.wait_for(_as_task(self._sources[part]), ANSWER_WITHIN_S)
        except (TimeoutError, ShardDown, StoreError):
            pulse.up = False
        except Exception as error:  # one that fails must not hide the others
            log.warning("%s %d does not tell its figures: %s", *part, type(error).__name__)
            pulse.up = False
        else:
            pulse.hear(figures, time.monotonic())

    async def _ask_store(self) -> Mapping[str, float] | None:
        try:
            told = await asyncio.wait_for(asyncio.to_thread(self._store), ANSWER_WITHIN_S)
        except (TimeoutError, StoreError):
            return None
        return {name: float(told[name]) for name in STORE_FIGURES if name in told}


STORE_FIGURES: Final = (
    "used_memory",
    "connected_clients",
    "instantaneous_ops_per_sec",
    "aof_current_size",
    "used_cpu_user",
    "used_cpu_sys",
)
"""What of the server's INFO is told."""


async def _as_task(source: Callable[[], Awaitable[Figures]]) -> Figures:
    return await source()
