"""Fit how likely members are to use a coupon: a beta over members, seen through what they used."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln

from simulator.fit.estimate import Estimate, maximise
from simulator.people.keyed import Floats, Ints

_PRIOR_SPREAD = 3.0


@dataclass(frozen=True)
class CouponPropensity:
    """Hold the beta's a and b, and the mean share of coupons that are used."""

    a: Estimate
    b: Estimate
    used_share: float


def fit_propensity(used: Ints, held: Ints) -> CouponPropensity:
    """Fit a beta-binomial to `used` of `held` coupons of each member, int64[n] both.

    >>> rng = np.random.default_rng(4)
    >>> held = rng.integers(1, 9, 4000)
    >>> fit = fit_propensity(rng.binomial(held, rng.beta(0.4, 3.0, 4000)), held)
    >>> fit.a.holds(0.4) and fit.b.holds(3.0)
    True
    """
    pairs, weight = np.unique(np.column_stack([used, held]), axis=0, return_counts=True)
    hits, tries = pairs.T
    begin = np.log([0.4, 3.0])

    def total(at: Floats) -> float:
        a, b = np.exp(at)
        each = betaln(a + hits, b + tries - hits) - betaln(a, b)
        return float(weight @ each) - float(((at - begin) ** 2).sum()) / (2 * _PRIOR_SPREAD**2)

    best = maximise(total, begin.tolist())
    return CouponPropensity(
        best.log_estimate(0, len(used)),
        best.log_estimate(1, len(used)),
        float(used.sum() / held.sum()),
    )
