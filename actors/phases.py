"""Phases: where a season stands at a reading of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

PHASES: Final = ("before", "open", "grace", "hold", "final")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class HasWindow(Protocol):
    """What has a season's four instants, as the compiled rules do; µs since 1970 UTC."""

    @property
    def starts_us(self) -> int:
        """First instant of the season."""

    @property
    def ends_us(self) -> int:
        """First instant after it."""

    @property
    def score_end_us(self) -> int:
        """First instant at which late events don't score any more."""

    @property
    def final_us(self) -> int:
        """Instant from which the standings don't change any more."""


@dataclass(frozen=True, slots=True)
class Window:
    """The four instants at which a season changes its phase, µs since 1970 UTC."""

    starts_us: int
    ends_us: int
    score_end_us: int
    final_us: int

    @classmethod
    def of(cls, rules: HasWindow) -> Window:
        """Take the instants from compiled rules."""
        return cls(rules.starts_us, rules.ends_us, rules.score_end_us, rules.final_us)

    def phase(self, now_us: int) -> str:
        """Name the phase at an instant; phases without length are passed over.

        >>> Window(10, 20, 20, 30).phase(20)
        'hold'
        """
        passed = sum(now_us >= at_us for at_us in self._changes())
        return PHASES[passed]

    def next_change(self, now_us: int) -> tuple[str, int] | None:
        """Name the next phase and its first instant; None once final."""
        for at_us in self._changes():
            if at_us > now_us:
                return self.phase(at_us), at_us
        return None

    def _changes(self) -> tuple[int, int, int, int]:
        return self.starts_us, self.ends_us, self.score_end_us, self.final_us


@lru_cache(4096)
def instant(at_us: int) -> str:
    """Write an instant as RFC 3339 in UTC with microseconds.

    >>> instant(1_782_835_200_000_001)
    '2026-06-30T16:00:00.000001Z'
    """
    moment = _EPOCH + timedelta(microseconds=at_us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
