"""Tabulate how likely a gap of so many days is, for gamma renewals at every rate of a grid.

Visits are known by day, so a gap of d days between two visits stands for every pair of instants
on the two days: with H(x) the integral of the gap's survival from x on, its probability is
H(d - 1) - 2 H(d) + H(d + 1), and no visit in t days after one has probability H(t) - H(t + 1).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammainc, gammaincc, gammaln

from simulator.people.keyed import Floats

_STEP: Final = 0.08
# Visits a day at exposure 1: once in fourteen years to eight a day.
RATES: Final[Floats] = np.exp(np.arange(np.log(2e-4), np.log(8.0), _STEP))
_TINY: Final = 1e-290


@dataclass(frozen=True)
class GapTable:
    """Hold log-probabilities by days and rate, each float64[days, rates].

    `gap[d]`: from one visit to the next. `silence[t]`: none in the t days after a visit's day.
    `first[d]`: the first visit on day d of one who has been coming for long. `none[t]`: none of
    theirs in t days.
    """

    gap: Floats
    silence: Floats
    first: Floats
    none: Floats


def gap_table(shape: float, days: int) -> GapTable:
    """Tabulate gaps of gamma(`shape`) with mean 1 / rate, up to `days` days."""
    time = np.arange(days + 2, dtype=np.float64)[:, None]
    scaled = shape * RATES * time
    rest = gammaincc(shape + 1.0, scaled) / RATES - time * gammaincc(shape, scaled)
    rest = np.maximum(rest, _TINY)
    gap = np.empty((days + 1, len(RATES)))
    gap[0] = gammainc(shape, shape * RATES) - gammainc(shape + 1.0, shape * RATES) / RATES
    gap[1:] = rest[:-2] - 2.0 * rest[1:-1] + rest[2:]
    silence = np.log(np.maximum(rest[:-1] - rest[1:], _TINY))
    return GapTable(
        np.log(np.maximum(gap, _TINY)),
        silence,
        silence + np.log(RATES),
        np.log(np.minimum(RATES * rest, 1.0)),
    )


def rate_weights(shape: float, mean: float) -> Floats:
    """Weigh the grid's rates by a gamma of this shape and mean, float64[rates]; they add to 1."""
    scale = shape / mean
    log_weight = shape * np.log(scale * RATES) - gammaln(shape) - scale * RATES + np.log(_STEP)
    # Whatever lies below the grid hardly comes at all: it counts as the lowest rate.
    below = gammainc(shape, scale * RATES[0] * np.exp(-_STEP / 2))
    log_weight[0] = np.logaddexp(log_weight[0], np.log(below + _TINY))
    weight: Floats = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    return weight
