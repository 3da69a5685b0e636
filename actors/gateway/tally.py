"""Tally: what this gateway counted since it started; plain numbers, cheap enough for each request.

Nothing here is by member, key or path: labels are routes, statuses and the words of results.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.judging.results import REASONS, STATUSES

REQUEST_BOUNDS_S: Final = (
    0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0,
)  # fmt: skip
BATCH_BOUNDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
METHODS: Final = ("GET", "POST", "PUT", "DELETE")


class Histogram:
    """Counts values by bounds; counts has one entry more, for what is above the last.

    >>> seen = Histogram((1, 10))
    >>> for value in (0.5, 1, 7, 70):
    ...     seen.add(value)
    >>> seen.counts, seen.total
    ([2, 1, 1], 78.5)
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """Estimate the value that a share of the counted ones stays within; None without any.

    Within a bucket values count as evenly spread; above the last bound that bound is given.

    >>> quantile((1, 2, 4), [0, 10, 0, 0], 0.5), quantile((1, 2), [0, 0, 3], 0.99)
    (1.5, 2)
    """
    whole = sum(counts)
    if not whole:
        return None
    wanted, below = share * whole, 0
    for place, count in enumerate(counts):
        if count and below + count >= wanted:
            if place == len(bounds):
                break
            low = bounds[place - 1] if place else 0.0
            return low + (bounds[place] - low) * (wanted - below) / count
        below += count
    return bounds[-1]


class Tally:
    """Counts requests, events and batches."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], int] = {}
        self.seconds: dict[str, Histogram] = {}
        self.every_request = Histogram(REQUEST_BOUNDS_S)
        self.batches = Histogram(BATCH_BOUNDS)
        self._events: npt.NDArray[np.int64] = np.zeros((len(STATUSES), len(REASONS)), np.int64)
        self._single: dict[tuple[int, int], int] = {}

    def request(self, method: str, route: str, status: int) -> None:
        """Count a request that was answered."""
        key = (method if method in METHODS else "other", route, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def took(self, route: str, seconds: float) -> None:
        """Count how long an answer took to its last byte."""
        found = self.seconds.get(route)
        if found is None:
            found = self.seconds[route] = Histogram(REQUEST_BOUNDS_S)
        found.add(seconds)
        self.every_request.add(seconds)

    def events(
        self, status: npt.NDArray[np.uint8] | bytearray, reason: npt.NDArray[np.uint8] | bytearray
    ) -> None:
        """Count results; status and reason uint8[n] index rules.results."""
        if len(status) == 1:
            key = (int(status[0]), int(reason[0]))
            self._single[key] = self._single.get(key, 0) + 1
            return
        flat = np.asarray(status).astype(np.int64) * len(REASONS) + np.asarray(reason)
        counts = np.bincount(flat, minlength=self._events.size)
        self._events += counts.reshape(self._events.shape)

    def events_by(self) -> dict[tuple[str, str], int]:
        """Give the results by status and reason; "" where a status has none."""
        counts = self._events.copy()
        for place, count in self._single.items():
            counts[place] += count
        return {
            (STATUSES[status], REASONS[reason]): int(counts[status, reason])
            for status, reason in np.argwhere(counts).tolist()
        }

    def events_total(self) -> int:
        """Count every result so far."""
        return int(self._events.sum()) + sum(self._single.values())

    def requests_total(self) -> int:
        """Count every request so far."""
        return sum(self.requests.values())


TALLY: Final = Tally()
"""This process's own."""
