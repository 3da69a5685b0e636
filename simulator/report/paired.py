"""Paired: differences of two simulations on the same draws, and what they can tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from simulator.report.spread import Spread, spread_of, t975

Reading = Literal["none", "more", "less", "unclear"]
SEEDS_MAX: Final = 10_000
"""More seeds than these are not worth asking for: the difference is too small to matter."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both files: what it is in each, and candidate less base, seed by seed.

    `reading` says what can be told: `none`, every seed gave exactly the same; `more` or `less`,
    the 95 % interval lies on one side of 0; `unclear`, it doesn't. Then `more_seeds` is about how
    many more would be needed, None where more than SEEDS_MAX would.
    """

    base: Spread
    candidate: Spread
    difference: Spread
    reading: Reading
    more_seeds: int | None = None

    def told(self) -> dict[str, object]:
        """Lay the difference out for summary.json: its own statistics first."""
        return {
            **self.difference,
            "base": self.base,
            "candidate": self.candidate,
            "reading": self.reading,
            "more_seeds": self.more_seeds,
        }


def difference(base: Sequence[float], candidate: Sequence[float]) -> Difference:
    """Compare a figure's values, one a seed, the same seeds in both.

    >>> found = difference([10.0, 20.0, 30.0], [11.0, 21.5, 30.5])
    >>> found.difference["mean"], found.reading
    (1.0, 'unclear')
    >>> difference([1.0, 2.0], [1.0, 2.0]).reading
    'none'
    """
    gaps = np.asarray(candidate, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    found = spread_of(gaps.tolist())
    low, high = found["low"], found["high"]
    reading: Reading = "unclear"
    if not gaps.any():
        reading = "none"
    elif low is not None and low > 0:
        reading = "more"
    elif high is not None and high < 0:
        reading = "less"
    more = more_seeds(gaps.tolist()) if reading == "unclear" else None
    return Difference(spread_of(list(base)), spread_of(list(candidate)), found, reading, more)


def more_seeds(gaps: Sequence[float]) -> int | None:
    """Estimate how many more seeds would take 0 out of the interval, were mean and spread to stay.

    None where more than SEEDS_MAX would be needed, or one seed says nothing of the spread.

    >>> more_seeds([1.0, 2.0, 0.0])
    4
    """
    count = len(gaps)
    if count < 2:
        return None
    mean, spread = abs(float(np.mean(gaps))), float(np.std(gaps, ddof=1))
    if not mean:
        return None
    wanted = max(count + 1, math.floor((1.96 * spread / mean) ** 2))
    while wanted <= SEEDS_MAX and t975(wanted - 1) * spread / math.sqrt(wanted) >= mean:
        wanted += 1
    return wanted - count if wanted <= SEEDS_MAX else None
