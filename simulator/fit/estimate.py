"""Maximise a likelihood: the estimate and its 95 % interval from the curvature at the top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from simulator.people.keyed import Floats

Z95: Final = 1.959964
_STEP: Final = 1e-3
_BOUND: Final = 12.0


@dataclass(frozen=True)
class Estimate:
    """Hold an estimated figure with its 95 % interval and what it was estimated from."""

    value: float
    low: float
    high: float
    count: int
    """Members, fills or events it rests on."""

    def holds(self, truth: float) -> bool:
        """Tell whether the interval has a value in it."""
        return self.low <= truth <= self.high


@dataclass(frozen=True)
class Optimum:
    """Hold the top of a likelihood: `at: float64[p]`, its covariance and the log-likelihood."""

    at: Floats
    covariance: Floats
    log_likelihood: float

    def log_estimate(self, index: int, count: int) -> Estimate:
        """Answer the figure whose logarithm is parameter `index`."""
        return log_normal(self.at[index], self.error(index), count)

    def error(self, index: int) -> float:
        """Answer the standard error of parameter `index`."""
        return float(np.sqrt(max(self.covariance[index, index], 0.0)))


def maximise(log_likelihood: Callable[[Floats], float], start: Sequence[float]) -> Optimum:
    """Climb from `start` and measure the curvature at the top.

    Parameters should be of size one, as logarithms and logits are.
    """

    def down(at: Floats) -> float:
        # The search may step far out, where a likelihood overflows: that is no place to be.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value = -log_likelihood(at)
        return value if np.isfinite(value) else 1e300

    found = minimize(
        down, np.array(start), method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * len(start)
    )
    at = np.asarray(found.x, dtype=np.float64)
    hessian = _hessian(down, at)
    covariance: Floats = np.linalg.pinv((hessian + hessian.T) / 2, hermitian=True).astype(
        np.float64
    )
    return Optimum(at, covariance, -float(found.fun))


def robust(best: Optimum, each: Callable[[Floats], Floats]) -> Optimum:
    """Widen an optimum's errors to how far its units really scatter (White's sandwich).

    `each` answers the contribution of every independent unit, float64[n], as `maximise` summed
    them: needed where contributions carry weights, as then their curvature says too little.
    """
    score = []
    for index in range(len(best.at)):
        step = _STEP * max(abs(float(best.at[index])), 1.0)
        up, under = best.at.copy(), best.at.copy()
        up[index] += step
        under[index] -= step
        score.append((each(up) - each(under)) / (2 * step))
    scores = np.array(score)
    covariance: Floats = best.covariance @ (scores @ scores.T) @ best.covariance
    return Optimum(best.at, covariance, best.log_likelihood)


def _hessian(down: Callable[[Floats], float], at: Floats) -> Floats:
    """Differentiate twice, float64[p, p], by central differences: 2 p² + 1 evaluations."""
    size = len(at)
    step = _STEP * np.maximum(np.abs(at), 1.0)
    middle = down(at)
    hessian = np.empty((size, size))
    for i in range(size):
        up, under = at.copy(), at.copy()
        up[i] += step[i]
        under[i] -= step[i]
        hessian[i, i] = (down(up) - 2 * middle + down(under)) / step[i] ** 2
        for j in range(i):
            corners = 0.0
            for sign_i in (1, -1):
                for sign_j in (1, -1):
                    corner = at.copy()
                    corner[i] += sign_i * step[i]
                    corner[j] += sign_j * step[j]
                    corners += sign_i * sign_j * down(corner)
            hessian[i, j] = hessian[j, i] = corners / (4 * step[i] * step[j])
    return hessian


def log_normal(log_value: float, error: float, count: int) -> Estimate:
    """Answer a positive figure from its logarithm and that one's standard error."""
    reach = min(Z95 * error, 20.0)
    low, value, high = np.exp([log_value - reach, log_value, log_value + reach])
    return Estimate(float(value), float(low), float(high), count)


def normal(value: float, error: float, count: int) -> Estimate:
    """Answer a figure from its value and standard error."""
    return Estimate(value, value - Z95 * error, value + Z95 * error, count)


def share(part: float, whole: float, spread: float = 1.0) -> Estimate:
    """Answer a share with Wilson's interval, widened where draws come in clusters.

    `spread` is the variance over that of independent draws.

    >>> one = share(30, 100)
    >>> round(one.low, 3), one.value, round(one.high, 3)
    (0.219, 0.3, 0.396)
    """
    if whole <= 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    count = whole / max(spread, 1.0)
    value = part / whole
    middle = (value + Z95**2 / (2 * count)) / (1 + Z95**2 / count)
    reach = Z95 / (1 + Z95**2 / count)
    reach *= float(np.sqrt(value * (1 - value) / count + Z95**2 / (4 * count**2)))
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    return Estimate(value, min(low, value), max(high, value), round(whole))
