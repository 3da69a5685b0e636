from itertools import pairwise

import numpy as np
import pytest

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.play.demand import Arrivals

MEMBERS = 3_000
DAYS = 120


def arrivals(
    members: Ints, rate: float = 0.3, shape: float = 1.4, drop_out: Floats | None = None
) -> Arrivals:
    found = Arrivals(
        Keyed(4), Purpose.VISIT_GAP, members, np.full(len(members), rate),
        shape=shape, drop_out=drop_out,
    )  # fmt: skip
    found.begin(np.arange(len(members)), at_once=np.zeros(len(members), dtype=np.bool_))
    return found


def played(found: Arrivals, incentive: Floats | float = 1.0) -> set[tuple[int, int, int]]:
    """Play all days and answer (day, row, number) of every arrival."""
    return {
        (day, row, number)
        for day in range(DAYS)
        for row, number in zip(*map(np.ndarray.tolist, found.day(1.0, incentive)), strict=True)
    }


def test_members_arrive_at_their_rate_from_the_first_day() -> None:
    found = played(arrivals(np.arange(MEMBERS)))
    for first, last in ((0, 10), (10, 60), (60, DAYS)):
        count = sum(first <= day < last for day, _, _ in found)
        assert count / (MEMBERS * (last - first)) == pytest.approx(0.3, rel=0.03)


def test_gaps_are_more_regular_than_chance() -> None:
    found = sorted((row, number, day) for day, row, number in played(arrivals(np.arange(MEMBERS))))
    gaps = [b[2] - a[2] for a, b in pairwise(found) if a[0] == b[0]]
    variation = float(np.std(gaps) / np.mean(gaps))
    # Gamma renewal with k = 1.4: 1 / sqrt(1.4) = 0.845; chance alone would be 1.
    assert variation == pytest.approx(0.845, abs=0.04)


def test_numbers_count_up_without_a_hole() -> None:
    numbers: dict[int, list[int]] = {}
    for _, row, number in sorted(played(arrivals(np.arange(MEMBERS), rate=2.5))):
        numbers.setdefault(row, []).append(number)
    assert all(sorted(found) == list(range(len(found))) for found in numbers.values())


def test_a_block_alone_plays_as_it_does_among_others() -> None:
    whole = played(arrivals(np.arange(MEMBERS)))
    part = played(arrivals(np.arange(1000, 1777)))
    assert part == {(day, row - 1000, n) for day, row, n in whole if 1000 <= row < 1777}


def test_an_incentive_moves_arrivals_and_leaves_the_other_members_alone() -> None:
    factor = np.where(np.arange(MEMBERS) < 500, 1.5, 1.0)
    plain = played(arrivals(np.arange(MEMBERS)))
    pushed = played(arrivals(np.arange(MEMBERS)), factor)
    assert {one for one in plain if one[1] >= 500} == {one for one in pushed if one[1] >= 500}
    before = sum(row < 500 for _, row, _ in plain)
    after = sum(row < 500 for _, row, _ in pushed)
    assert after / before == pytest.approx(1.5, rel=0.05)
    day_of = {(row, n): day for day, row, n in plain}
    later = [one for one in pushed if one[1] < 500 and (one[1], one[2]) in day_of]
    assert all(day <= day_of[row, n] for day, row, n in later)


def test_a_member_who_leaves_never_returns() -> None:
    found = played(arrivals(np.arange(MEMBERS), drop_out=np.full(MEMBERS, 1.0)))
    rows = [row for _, row, _ in found]
    assert len(rows) == len(set(rows))
    assert len(rows) > 0.99 * MEMBERS


def test_a_member_not_begun_does_not_arrive_and_one_at_once_arrives_that_day() -> None:
    found = Arrivals(
        Keyed(4), Purpose.VISIT_GAP, np.arange(4), np.full(4, 0.01), shape=1.4
    )  # fmt: skip
    assert found.day(1.0)[0].size == 0
    found.begin(np.array([2]), at_once=np.array([True]))
    assert found.day(1.0)[0].tolist() == [2]


def test_a_pulled_member_arrives_now_even_after_leaving_and_draws_go_on_as_numbered() -> None:
    keyed, rows = Keyed(5), np.arange(40)
    rate = np.full(40, 0.5)
    left = Arrivals(keyed, Purpose.VISIT_GAP, rows, rate, shape=1.4, drop_out=np.ones(40))
    left.begin(rows, at_once=np.ones(40, dtype=np.bool_))
    first, _ = left.day(1.0)
    assert sorted(set(first.tolist())) == rows.tolist()
    assert len(left.day(50.0)[0]) == 0
    left.pull(np.array([3, 7]))
    came, number = left.day(0.0)
    assert came.tolist() == [3, 7]
    assert number.tolist() == [1, 1]


def test_nobody_is_pulled_who_has_not_begun() -> None:
    keyed, rows = Keyed(5), np.arange(4)
    asleep = Arrivals(keyed, Purpose.VISIT_GAP, rows, np.full(4, 0.5), shape=1.4)
    asleep.pull(rows)
    assert len(asleep.day(1.0)[0]) == 0
