"""Intervals: 95 % confidence intervals of shares, of their difference, and of means'.

Sources: E. B. Wilson (1927), Probable inference, JASA 22; R. G. Newcombe (1998), Interval
estimation for the difference between independent proportions, Statistics in Medicine 17, method
10; for means the normal approximation with sample variances (Welch's standard error).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
"""The normal distribution's 0.975 quantile."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int) -> Interval:
    """Give the Wilson score interval of a share; of must be positive.

    >>> one = wilson(8, 10)
    >>> round(one.low, 3), round(one.high, 3)
    (0.49, 0.943)
    """
    share, square = hits / of, Z95 * Z95
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z95 * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def share_difference(hits: int, of: int, other_hits: int, other_of: int) -> Interval | None:
    """Give Newcombe's interval of one share less another; None where one is of nobody.

    >>> one = share_difference(56, 70, 48, 80)
    >>> round(one.value, 2), round(one.low, 4), round(one.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if not of or not other_of:
        return None
    one, other = wilson(hits, of), wilson(other_hits, other_of)
    value = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Interval(value, value - below, value + above)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many values there are, their sum and the sum of their squares."""

    count: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """Give the mean of at least one value."""
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Give the sample variance of at least two values."""
        spread = self.squares - self.total * self.total / self.count
        return max(0.0, spread) / (self.count - 1)


def mean_difference(one: Sample, other: Sample) -> Interval | None:
    """Give the interval of one mean less another; None where one has fewer than two values."""
    if one.count < 2 or other.count < 2:
        return None
    value = one.mean - other.mean
    half = Z95 * sqrt(one.variance / one.count + other.variance / other.count)
    return Interval(value, value - half, value + half)
