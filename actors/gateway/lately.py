"""Lately: how the system did in the last half hour, a sample every few seconds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from actors.gateway.tally import REQUEST_BOUNDS_S, Tally, quantile

PERIOD_S: Final = 5.0
SAMPLES: Final = 360

log = logging.getLogger(__name__)


class Lags(NamedTuple):
    """What waits at one moment: events before a shard, and the oldest's and the mirror's wait."""

    queued_events: int
    log_lag_s: float
    mirror_lag_s: float


class Sample(NamedTuple):
    """One period: rates a second, how long answers took, and what waited at its end.

    p50_ms and p99_ms are of all requests that were answered in it, None without any.
    """

    at_us: int
    events_per_s: float
    requests_per_s: float
    p50_ms: float | None
    p99_ms: float | None
    lags: Lags


class LatelySeen:
    """Keeps the samples of the last half hour."""

    def __init__(self, tally: Tally, lags: Callable[[], Awaitable[Lags]]) -> None:
        self.samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._tally = tally
        self._lags = lags
        self._before = self._counts()

    async def run(self) -> None:
        """Take samples until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.sample()
            except Exception:  # a look that fails must not be the last
                log.exception("looking at how the system does failed")

    async def sample(self) -> None:
        """Take one sample since the one before."""
        lags = await self._lags()
        now, before = self._counts(), self._before
        self._before = now
        took_s = max(1e-9, now[0] - before[0])
        answered = [new - old for new, old in zip(now[3], before[3], strict=True)]
        self.samples.append(
            Sample(
                time.time_ns() // 1000,
                (now[1] - before[1]) / took_s,
                (now[2] - before[2]) / took_s,
                _ms(answered, 0.5),
                _ms(answered, 0.99),
                lags,
            )
        )

    def _counts(self) -> tuple[float, int, int, list[int]]:
        tally = self._tally
        seconds = list(tally.every_request.counts)
        return time.monotonic(), tally.events_total(), tally.requests_total(), seconds


def _ms(counts: Sequence[int], share: float) -> float | None:
    found = quantile(REQUEST_BOUNDS_S, counts, share)
    return None if found is None else found * 1e3
