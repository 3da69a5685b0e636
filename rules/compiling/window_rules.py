"""Window rules: over which last days a season file's segments look at what members bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

METRICS: Final = ("visits", "litres", "amount")
"""What a window sums: purchases, fuel in ml, money in fen."""


@dataclass(frozen=True, slots=True)
class WindowRules:
    """The windows a season file looks at, as (metric, local days)."""

    windows: tuple[tuple[str, int], ...] = ()

    @property
    def longest_days(self) -> int:
        """Give the number of days that buckets are kept."""
        return max((days for _, days in self.windows), default=0)
