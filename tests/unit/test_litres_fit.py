"""What is sold comes out right in litres, whatever the price was and however fills scatter."""

import numpy as np
import pytest

from simulator.fit.litres_fit import fit_litres, round_money
from simulator.people.quantiles import weibull_quantile

MEMBERS, VISITS = 60, 20
WITHIN, BETWEEN, MEAN = 3.4, 3.5, 40.0
FILLS = MEMBERS * VISITS
ONE_KIND = np.zeros(FILLS, dtype=np.int64)
MEMBER = np.repeat(np.arange(MEMBERS), VISITS)
PRICE = 7.6131


def weibull_fills() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give every member the same even fills around a mean of their own."""
    own = MEAN * weibull_quantile((np.arange(MEMBERS) + 0.5) / MEMBERS, BETWEEN)
    each = weibull_quantile((np.arange(VISITS) + 0.5) / VISITS, WITHIN)
    return np.outer(own, each).ravel()


def test_fills_that_are_not_weibull_keep_their_mean() -> None:
    # Half the members take 15 litres and half 60, each a little more or less.
    litres = np.where(MEMBER % 2 == 0, 15.0, 60.0) * (1.0 + 0.002 * (np.arange(FILLS) % 20))
    ones = np.ones(FILLS)
    fit = fit_litres(ONE_KIND, 1, MEMBER, litres, litres * PRICE, 100.0, ones)
    assert fit.mean[0].value >= litres.mean()
    rng = np.random.default_rng(1)
    own = fit.mean[0].value * weibull_quantile(rng.random(400_000), fit.shape_between.value)
    wanted = own * weibull_quantile(rng.random(400_000), fit.shape_within.value)
    sold = np.minimum(wanted, fit.tank[0].value)
    assert sold.mean() == pytest.approx(litres.mean(), rel=0.01)


def test_the_mean_is_that_of_the_usual_price() -> None:
    usual = weibull_fills()
    appetite = np.where(np.arange(FILLS) % 4 == 0, 1.2, 1.0)
    even = fit_litres(ONE_KIND, 1, MEMBER, usual, usual * PRICE, 100.0, np.ones(FILLS))
    dear = usual * appetite
    told = fit_litres(ONE_KIND, 1, MEMBER, dear, dear * PRICE, 100.0, appetite)
    assert even.mean[0].holds(MEAN)
    assert even.shape_within.holds(WITHIN)
    assert told.mean[0].value == pytest.approx(even.mean[0].value, rel=0.01)
    assert told.shape_within.value == pytest.approx(even.shape_within.value, rel=0.02)


def test_a_pump_that_runs_one_fen_past_the_sum_still_gave_that_sum() -> None:
    amount = np.array([100.0, 100.01, 200.0, 200.01, 131.17, 88.05, 254.91, 99.99])
    found = round_money(amount)
    assert found.step == 100.0
    assert found.share.value == pytest.approx(0.5, abs=0.001)
