"""Spread: a figure over the runs of a simulation: its mean with a 95 % interval, and quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypedDict

import numpy as np

_T975: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_Z975: Final = 1.959964


class Spread(TypedDict):
    """A figure over the runs; low and high are None with one run, which says nothing of it."""

    mean: float
    low: float | None
    high: float | None
    p50: float
    p95: float


STATISTICS: Final = ("mean", "low", "high", "p50", "p95")


def t975(freedom: int) -> float:
    """Give Student's 0.975 quantile: a table up to 30, then Cornish and Fisher's expansion.

    >>> t975(7), round(t975(60), 3)
    (2.365, 2.0)
    """
    if freedom <= len(_T975):
        return _T975[freedom - 1]
    return _Z975 + (_Z975**3 + _Z975) / (4 * freedom)


def spread_of(values: Sequence[float]) -> Spread:
    """Sum up a figure's values, one a run: low to high is the mean's 95 % interval, t-based.

    >>> spread_of([1.0, 2.0, 3.0])["mean"]
    2.0
    """
    found = np.asarray(values, dtype=np.float64)
    mean = float(found.mean())
    low = high = None
    if len(found) > 1:
        half = t975(len(found) - 1) * float(found.std(ddof=1)) / math.sqrt(len(found))
        low, high = mean - half, mean + half
    return {
        "mean": mean,
        "low": low,
        "high": high,
        "p50": float(np.quantile(found, 0.5)),
        "p95": float(np.quantile(found, 0.95)),
    }
