import math

import numpy as np
import pytest

from simulator.people.quantiles import (
    beta_quantile,
    exponential_quantile,
    gamma_quantile,
    pick,
    weibull_quantile,
)

EVEN = (np.arange(200_000) + 0.5) / 200_000


@pytest.mark.parametrize("shape", [0.243, 0.5, 0.971, 1.4, 2.4, 6.0])
def test_gamma_has_its_mean_and_variance(shape: float) -> None:
    draws = gamma_quantile(EVEN, shape)
    assert draws.mean() == pytest.approx(shape, rel=1e-3)
    assert draws.var() == pytest.approx(shape, rel=5e-3)


def test_gamma_of_shape_two_inverts_its_distribution() -> None:
    draws = gamma_quantile(EVEN, 2.0)
    assert 1 - (1 + draws) * np.exp(-draws) == pytest.approx(EVEN, abs=2e-5)


@pytest.mark.parametrize(("a", "b"), [(0.026, 1.459), (0.149, 9.02), (0.386, 3.09), (2.0, 3.0)])
def test_beta_has_its_mean_and_variance(a: float, b: float) -> None:
    draws = beta_quantile(EVEN, a, b)
    assert draws.mean() == pytest.approx(a / (a + b), rel=2e-3)
    assert draws.var() == pytest.approx(a * b / (a + b) ** 2 / (a + b + 1), rel=5e-3)


def test_beta_inverts_its_distribution() -> None:
    assert beta_quantile(EVEN, 2.0, 1.0) ** 2 == pytest.approx(EVEN, abs=2e-5)


def test_exponential_and_weibull_have_mean_one() -> None:
    assert exponential_quantile(EVEN).mean() == pytest.approx(1.0, rel=1e-3)
    draws = weibull_quantile(EVEN, 2.3)
    assert draws.mean() == pytest.approx(1.0, rel=1e-4)
    assert np.median(draws) * math.gamma(1 + 1 / 2.3) == pytest.approx(math.log(2) ** (1 / 2.3))


def test_pick_keeps_the_shares_and_never_picks_a_share_of_zero() -> None:
    counts = np.bincount(pick(EVEN, np.array([0.0, 2.0, 0.0, 6.0])), minlength=4)
    assert counts.tolist() == [0, 50_000, 0, 150_000]
