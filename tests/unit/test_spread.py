import math

import pytest

from simulator.report.spread import spread_of, t975


def test_the_interval_of_the_mean_is_students() -> None:
    found = spread_of([1.0, 2.0, 3.0, 4.0])
    assert found["mean"] == 2.5
    assert found["p50"] == 2.5
    half = 3.182 * math.sqrt(5 / 3) / 2
    assert found["low"] == pytest.approx(2.5 - half)
    assert found["high"] == pytest.approx(2.5 + half)
    assert found["p95"] == pytest.approx(3.85)


def test_one_run_has_no_interval() -> None:
    found = spread_of([7.0])
    assert (found["mean"], found["p95"]) == (7.0, 7.0)
    assert found["low"] is None
    assert found["high"] is None


def test_quantiles_fall_with_the_degrees_of_freedom() -> None:
    values = [t975(freedom) for freedom in range(1, 200)]
    assert values == sorted(values, reverse=True)
    assert t975(100) == pytest.approx(1.984, abs=0.001)
