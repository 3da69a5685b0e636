"""Turn uniforms into gamma, beta, Weibull and exponential draws by inverse distribution.

Inverse distributions rather than rejection: one uniform gives one draw, so a keyed uniform
stays the whole identity of a draw, and a changed parameter moves a draw instead of redrawing.
"""

import math
from functools import lru_cache

import numpy as np

from simulator.people.keyed import Floats

# The gamma and beta tables integrate in the logarithm (logit) of the value, where the density
# is smooth and the trapezium rule accurate; one step of 0.01 gives a probability good to 2e-5.
_STEP = 0.01


def _table(log_density: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Integrate a density given on an even grid into (probability, value), both float64[g]."""
    density = np.exp(log_density - log_density.max())
    probability = np.cumsum(density) - density / 2
    probability /= density.sum()
    keep = np.concatenate(([True], np.diff(probability) > 0))
    return probability[keep], value[keep]


@lru_cache(maxsize=64)
def _gamma_table(shape: float) -> tuple[Floats, Floats]:
    log_value = np.arange(
        -40.0 / min(shape, 1.0), math.log(shape + 20 + 12 * math.sqrt(shape)), _STEP
    )
    value = np.exp(log_value)
    return _table(shape * log_value - value, value)


@lru_cache(maxsize=64)
def _beta_table(a: float, b: float) -> tuple[Floats, Floats]:
    logit = np.arange(-40.0 / min(a, 1.0), 40.0 / min(b, 1.0), _STEP)
    log_value = -np.logaddexp(0.0, -logit)
    log_rest = -np.logaddexp(0.0, logit)
    return _table(a * log_value + b * log_rest, np.exp(log_value))


def gamma_quantile(uniform: Floats, shape: float) -> Floats:
    """Answer the gamma(shape, scale 1) quantile of `uniform: float64[n]`; its mean is `shape`.

    >>> gamma_quantile(np.array([0.5]), 1.0).round(3).tolist()
    [0.693]
    """
    return np.interp(uniform, *_gamma_table(shape))


def gamma_share(value: Floats, shape: float) -> Floats:
    """Answer the chance that a gamma(shape, scale 1) draw is at most `value: float64[n]`.

    >>> gamma_share(gamma_quantile(np.array([0.25, 0.9]), 1.4), 1.4).round(4).tolist()
    [0.25, 0.9]
    """
    probability, known = _gamma_table(shape)
    return np.interp(value, known, probability, left=0.0, right=1.0)


def beta_quantile(uniform: Floats, a: float, b: float) -> Floats:
    """Answer the beta(a, b) quantile of `uniform: float64[n]`.

    >>> beta_quantile(np.array([0.25, 0.5]), 1.0, 1.0).round(4).tolist()
    [0.25, 0.5]
    """
    return np.interp(uniform, *_beta_table(a, b))


def weibull_quantile(uniform: Floats, shape: float) -> Floats:
    """Answer the Weibull quantile of `uniform: float64[n]`, scaled to a mean of 1.

    >>> round(float(weibull_quantile((np.arange(1000) + 0.5) / 1000, 2.3).mean()), 3)
    1.0
    """
    raw: Floats = (-np.log1p(-uniform)) ** (1.0 / shape)
    return raw / math.gamma(1.0 + 1.0 / shape)


def exponential_quantile(uniform: Floats) -> Floats:
    """Answer the exponential quantile of `uniform: float64[n]`; its mean is 1."""
    raw: Floats = -np.log1p(-uniform)
    return raw


def pick(uniform: Floats, shares: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Pick an index by `shares: float64[m]` for each of `uniform: float64[n]`; int64[n].

    >>> pick(np.array([0.1, 0.9]), np.array([3.0, 1.0])).tolist()
    [0, 1]
    """
    edges = np.cumsum(shares)
    found = np.searchsorted(edges / edges[-1], uniform, side="right")
    return np.minimum(found, len(shares) - 1).astype(np.int64)
