import math

import pytest
from scipy import stats

from simulator.report.paired import SEEDS_MAX, difference, more_seeds
from simulator.report.spread import spread_of


@pytest.mark.parametrize("values", [[3.0, 5.0], [1.0, 4.0, 9.0, 16.0], list(range(40))])
def test_a_means_interval_is_students(values: list[float]) -> None:
    found = spread_of(values)
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((one - mean) ** 2 for one in values) / (len(values) - 1))
    half = stats.t.ppf(0.975, len(values) - 1) * spread / math.sqrt(len(values))
    assert found["mean"] == pytest.approx(mean)
    assert found["low"] == pytest.approx(mean - half, rel=1e-3, abs=1e-3)
    assert found["high"] == pytest.approx(mean + half, rel=1e-3)


def test_a_difference_is_taken_seed_by_seed() -> None:
    # Seeds differ by thousands, the files by about 2: only pairing can tell.
    base = [1000.0, 5000.0, 9000.0, 2000.0]
    found = difference(base, [one + gap for one, gap in zip(base, (1, 2, 3, 2), strict=True)])
    assert found.reading == "more"
    assert found.difference["mean"] == 2
    assert found.difference["low"] == pytest.approx(
        2 - stats.t.ppf(0.975, 3) * math.sqrt(2 / 3) / 2, rel=1e-3
    )
    assert difference([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).reading == "less"


def test_a_difference_around_nothing_says_how_many_seeds_would_tell() -> None:
    gaps = [3.0, -1.0, 2.0, -2.0, 4.0]
    found = difference([0.0] * 5, gaps)
    assert found.reading == "unclear"
    assert found.more_seeds is not None
    spread, mean = math.sqrt(6.7), 1.2
    for count, settles in ((5 + found.more_seeds, True), (4 + found.more_seeds, False)):
        half = stats.t.ppf(0.975, count - 1) * spread / math.sqrt(count)
        assert bool(half < mean) is settles


def test_what_no_number_of_seeds_settles_is_said_so() -> None:
    assert more_seeds([1.0, -1.0]) is None
    assert more_seeds([5.0]) is None
    assert more_seeds([1000.0, -1000.0, 1.0]) is None
    assert SEEDS_MAX >= 1000


def test_one_seed_tells_no_more_than_that_they_differ() -> None:
    found = difference([1.0], [2.0])
    assert (found.reading, found.more_seeds, found.difference["low"]) == ("unclear", None, None)
    assert difference([1.0], [1.0]).reading == "none"
