"""Windows: sums over the last N local days, at their edges and however a log is cut."""

import numpy as np
import pytest

from rules.compiling.segment_rules import metric_of
from rules.compiling.window_rules import WindowRules
from rules.table.windows import Windows

RULES = WindowRules((("visits", 3), ("amount", 3), ("amount", 1), ("litres", 10)))


def ints(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def opened(day: int) -> Windows:
    windows = Windows(RULES)
    windows.roll(day)
    return windows


def bought(windows: Windows, row: int, day: int, ml: int = 0, fen: int = 100) -> None:
    windows.add(ints(row), ints(day), ints(1), ints(ml), ints(fen))


def sums(windows: Windows, row: int) -> list[int]:
    return [int(windows.sums(metric, days, ints(row))[0]) for metric, days in RULES.windows]


def test_a_day_falls_out_as_the_nth_day_after_it_opens() -> None:
    windows = opened(100)
    bought(windows, 0, 100, ml=7)
    seen = [sums(windows, 0)]
    for day in range(101, 111):
        windows.roll(day)
        seen.append(sums(windows, 0))
    assert [one[0] for one in seen] == [1, 1, 1] + [0] * 8
    assert [one[2] for one in seen] == [100] + [0] * 10
    assert [one[3] for one in seen] == [7] * 10 + [0]


def test_a_late_purchase_counts_in_the_windows_that_still_see_its_day() -> None:
    windows = opened(100)
    bought(windows, 0, 98, ml=7)
    bought(windows, 1, 97, ml=7)
    bought(windows, 2, 90, ml=7)
    assert sums(windows, 0) == [1, 100, 0, 7]
    assert sums(windows, 1) == [0, 0, 0, 7]
    assert sums(windows, 2) == [0, 0, 0, 0]
    windows.roll(101)
    assert sums(windows, 0) == [0, 0, 0, 7]


def test_a_refund_lowers_the_day_of_its_purchase() -> None:
    windows = opened(100)
    bought(windows, 0, 100, fen=500)
    windows.roll(101)
    bought(windows, 0, 101, fen=300)
    windows.add(ints(0), ints(100), ints(0), ints(0), ints(-200))
    assert sums(windows, 0) == [2, 600, 300, 0]
    windows.roll(103)
    assert sums(windows, 0) == [1, 300, 0, 0]
    # Outside the window: nothing left to lower.
    windows.add(ints(0), ints(100), ints(-1), ints(0), ints(-300))
    assert sums(windows, 0) == [1, 300, 0, 0]


def test_tomorrows_purchase_counts_from_tomorrow() -> None:
    windows = opened(100)
    bought(windows, 0, 101)
    assert sums(windows, 0) == [0, 0, 0, 0]
    windows.roll(101)
    assert sums(windows, 0) == [1, 100, 100, 0]
    windows.roll(104)
    assert sums(windows, 0) == [0, 0, 0, 0]


def test_a_skipped_date_takes_both_days_at_once() -> None:
    stepped, jumped = opened(100), opened(100)
    for windows in (stepped, jumped):
        bought(windows, 0, 98)
        bought(windows, 0, 99)
    stepped.roll(101)
    stepped.roll(102)
    jumped.roll(102)
    assert sums(stepped, 0) == sums(jumped, 0) == [0, 0, 0, 0]


def test_old_buckets_are_let_go() -> None:
    windows = opened(100)
    for day in range(100, 200):
        windows.roll(day)
        bought(windows, 0, day)
    assert len(windows.state()["day"]) == 10


def test_another_member_takes_everything_over() -> None:
    windows = opened(100)
    bought(windows, 0, 99, ml=3)
    bought(windows, 5000, 100, ml=4)
    windows.move(5000, 0)
    assert sums(windows, 0) == [2, 200, 100, 7]
    assert sums(windows, 5000) == [0, 0, 0, 0]
    windows.roll(102)
    assert sums(windows, 0) == [1, 100, 0, 7]


def test_nothing_is_kept_where_no_window_is_looked_at() -> None:
    windows = Windows(WindowRules())
    windows.roll(100)
    bought(windows, 0, 100)
    assert windows.state()["row"].tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_random_purchases_and_restarts_equal_a_plain_sum(seed: int) -> None:
    random = np.random.default_rng(seed)
    windows, held = opened(100), []
    for today in range(100, 130):
        windows.roll(today)
        for _ in range(int(random.integers(0, 4))):
            row, day = int(random.integers(0, 6)), today - int(random.integers(-1, 12))
            fen = int(random.integers(-50, 100))
            windows.add(ints(row), ints(day), ints(1), ints(fen), ints(fen))
            held.append((row, day, fen))
        if random.random() < 0.3:
            fresh = Windows(RULES)
            fresh.restore(windows.state())
            windows = fresh
        for row in range(6):
            wanted = []
            for metric, days in RULES.windows:
                mine = [fen for who, day, fen in held if who == row and today - days < day <= today]
                wanted.append(len(mine) if metric == "visits" else sum(mine))
            assert sums(windows, row) == wanted, (seed, today, row)


@pytest.mark.parametrize("name", ["visits_0d", "visits_401d", "visits_90", "spend_9d", "fuel"])
def test_other_names_are_no_metrics(name: str) -> None:
    assert metric_of(name) is None
