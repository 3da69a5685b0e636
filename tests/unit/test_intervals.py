"""Intervals against published figures and plain computations."""

import statistics
from math import sqrt
from random import Random

import pytest

from rules.reporting.intervals import Z95, Sample, mean_difference, share_difference, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_published(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)

    assert found.value == hits / of
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("figures", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((0, 10, 0, 20), -0.1611, 0.2775),
    ],
)
def test_share_differences_are_those_published(
    figures: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = share_difference(*figures)

    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_mean_difference_equals_a_plain_computation() -> None:
    random = Random(7)
    one = [random.randrange(0, 100_000) for _ in range(211)]
    other = [random.randrange(0, 80_000) for _ in range(97)]

    found = mean_difference(sample(one), sample(other))

    assert found is not None
    value = statistics.mean(one) - statistics.mean(other)
    error = sqrt(statistics.variance(one) / 211 + statistics.variance(other) / 97)
    assert found.value == pytest.approx(value)
    assert found.low == pytest.approx(value - Z95 * error)
    assert found.high == pytest.approx(value + Z95 * error)


def test_nothing_is_said_of_too_few() -> None:
    assert share_difference(1, 2, 0, 0) is None
    assert mean_difference(sample([1]), sample([1, 2])) is None


def sample(values: list[int]) -> Sample:
    return Sample(len(values), float(sum(values)), float(sum(value**2 for value in values)))
