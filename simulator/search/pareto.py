"""Pareto: files of which none beats another in everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.search.scores import Scores
from simulator.search.variants import Variant

AXES: Final = (("margin_fen", "mean", 1), ("cost_total_fen", "p95", -1),
               ("active_members", "mean", 1))  # fmt: skip
"""Figure, statistic, and which way is better: net margin, P95 of the cost, active members."""


def front_of(points: npt.NDArray[np.float64]) -> list[int]:
    """Give the rows that no other row beats: as good in all columns, better in one.

    `points` is float64[n, axes], more being better. Of equal rows all stay. O(n²).

    >>> front_of(np.array([[1.0, 5.0], [2.0, 4.0], [1.0, 4.0]]))
    [0, 1]
    """
    return [
        nth
        for nth, one in enumerate(points)
        if not ((points >= one).all(axis=1) & (points > one).any(axis=1)).any()
    ]


def front(variants: Sequence[Variant], scores: Scores) -> list[Variant]:
    """Give the files on the front, the cheapest first."""
    if not variants:
        return []
    points = np.array(
        [[sign * scores.level(one, figure, way) for figure, way, sign in AXES] for one in variants]
    )
    found = [variants[nth] for nth in front_of(points)]
    return sorted(found, key=lambda one: (scores.level(one, *AXES[1][:2]), one.number))
