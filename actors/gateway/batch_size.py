"""Batch size: how many events go to a shard at once."""

from __future__ import annotations

from typing import Final

BATCH_EVENTS_MAX: Final = 20_000
BATCH_EVENTS_LEAST: Final = 5_000
"""A batch may always be as large, however slow the shard: smaller ones cost it a third more."""
BATCH_S: Final = 0.1
FOLLOWER_EVENTS_MIN: Final = 1_000
"""Fewer wait for the batch before them: one batch of many costs less than many of few."""
SMOOTHING: Final = 0.2


class BatchSize:
    """Sets how many events go in a batch: what the shard takes in a tenth of a second.

    Whoever comes next waits for what is on its way, however little they send.

    >>> size = BatchSize()
    >>> for _ in range(40):
    ...     size.took(20_000, 0.25)
    >>> size.events_max
    8000
    """

    def __init__(self) -> None:
        self._rate = BATCH_EVENTS_MAX / BATCH_S  # events a second

    @property
    def events_max(self) -> int:
        """Give the most events of a batch."""
        taken = int(self._rate * BATCH_S)
        return min(BATCH_EVENTS_MAX, max(BATCH_EVENTS_LEAST, round(taken, -3)))

    def took(self, events: int, took_s: float) -> None:
        """Note how long the shard took for a batch; a small one tells more of other things."""
        if events >= FOLLOWER_EVENTS_MIN:
            self._rate += SMOOTHING * (events / max(took_s, 1e-6) - self._rate)
