from itertools import pairwise

import numpy as np
import pytest

from simulator.people.keyed import Keyed, Purpose

MEMBERS = 40_000
# Kolmogorov-Smirnov: D * sqrt(n) exceeds 1.95 by chance once in a thousand.
KS_LIMIT = 1.95


def ks_distance(draws: np.ndarray) -> float:
    """Answer D * sqrt(n) of draws against the uniform distribution."""
    ordered = np.sort(draws)
    n = len(ordered)
    steps = np.arange(n)
    above = np.max((steps + 1) / n - ordered)
    below = np.max(ordered - steps / n)
    return float(max(above, below) * np.sqrt(n))


@pytest.mark.parametrize("cuts", [[1], [7, 8, 9], [13, 1000, 4096, 4097], [39_999]])
def test_draws_are_the_same_for_any_cut_of_the_members(cuts: list[int]) -> None:
    keyed = Keyed(11)
    members = np.arange(MEMBERS, dtype=np.int64)
    visits = members % 5
    whole = keyed.uniforms(Purpose.LITRES, members, visits)
    edges = [0, *cuts, MEMBERS]
    parts = [keyed.uniforms(Purpose.LITRES, members[a:b], visits[a:b]) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_scalar_number_means_that_number_for_all() -> None:
    keyed = Keyed(3)
    members = np.arange(100, dtype=np.int64)
    listed = keyed.uniforms(Purpose.AWAY, members, np.full(100, 9))
    assert np.array_equal(keyed.uniforms(Purpose.AWAY, members, 9), listed)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_draws_are_uniform_across_members(purpose: Purpose, seed: int) -> None:
    draws = Keyed(seed).uniforms(purpose, np.arange(MEMBERS, dtype=np.int64))
    assert draws.min() > 0.0
    assert draws.max() < 1.0
    assert ks_distance(draws) < KS_LIMIT


@pytest.mark.parametrize("member", [0, 1, 123_456])
def test_draws_are_uniform_across_visits_of_one_member(member: int) -> None:
    visits = np.arange(MEMBERS, dtype=np.int64)
    draws = Keyed(5).uniforms(Purpose.VISIT_GAP, np.full(MEMBERS, member), visits)
    assert ks_distance(draws) < KS_LIMIT


def test_purposes_seeds_visits_and_members_are_independent() -> None:
    members = np.arange(MEMBERS, dtype=np.int64)
    series = [Keyed(1).uniforms(purpose, members) for purpose in Purpose]
    series += [Keyed(seed).uniforms(Purpose.KIND, members) for seed in (2, 3, 4)]
    series += [Keyed(1).uniforms(Purpose.KIND, members, visit) for visit in (1, 2, 3)]
    series += [Keyed(1).uniforms(Purpose.KIND, members + MEMBERS)]
    correlation = np.asarray(np.corrcoef(series))
    apart = correlation[~np.eye(len(series), dtype=bool)]
    # 4.5 standard deviations, for about a thousand pairs.
    assert np.abs(apart).max() < 4.5 / np.sqrt(MEMBERS)


def test_neighbouring_members_are_independent() -> None:
    draws = Keyed(8).uniforms(Purpose.HAS_CARD, np.arange(MEMBERS, dtype=np.int64))
    for lag in (1, 2, 256):
        assert abs(np.asarray(np.corrcoef(draws[:-lag], draws[lag:]))[0, 1]) < 4.5 / np.sqrt(
            MEMBERS
        )


def test_purposes_have_different_numbers() -> None:
    numbers = [purpose.value for purpose in Purpose]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=r"seed = .*must be between 0 and 2\^63 - 1"):
        Keyed(seed)
