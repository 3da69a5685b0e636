"""The rank index: its edges, one by one."""

import numpy as np
import pytest

from rules.ranks.layered_order import MIDDLE_MIN
from rules.ranks.ranking import DELTA_MIN, FrozenOrder, Key, RankIndex, key_of
from rules.ranks.standings import NO_TIME_US
from rules.table.id_order import IdOrder

TIE_BREAK = ("tasks_completed_at", "active_days")


def index_of(*scores: int) -> RankIndex:
    """Make an index of members m0, m1, … in rows 0, 1, … with these scores."""
    index = RankIndex(TIE_BREAK)
    set_scores(index, dict(enumerate(scores)))
    return index


def set_scores(index: RankIndex, score_of: dict[int, int]) -> None:
    rows = list(score_of)
    scores = np.array(list(score_of.values()), np.int64)
    index.update(
        rows,
        [f"m{row}" for row in rows],
        scores,
        np.full(len(rows), NO_TIME_US, np.int64),
        np.zeros(len(rows), np.int64),
        scores >= 1,
    )


def test_an_empty_index_answers() -> None:
    index = RankIndex(())
    key = key_of(5, NO_TIME_US, 0, "m", ())
    assert len(index) == 0
    assert index.ranks([0, 9]).tolist() == [0, 0]
    assert index.count_ahead([key]).tolist() == [0]
    assert index.count_ahead([]).tolist() == []
    assert index.page(None, 10).tolist() == []
    assert index.page(key, 10).tolist() == []
    assert index.before(key, 10).tolist() == []
    assert len(index.freeze()) == 0
    index._check()


def test_worked_example_of_three_equal_scores() -> None:
    hour_us = 3_600_000_000
    index = RankIndex(TIE_BREAK)
    index.update(
        [0, 1, 2],
        ["A", "B", "C"],
        [500] * 3,
        [9 * hour_us, 8 * hour_us, NO_TIME_US],
        [1] * 3,
        [True] * 3,
    )
    assert index.page(None, 9).tolist() == [1, 0, 2]
    assert index.ranks([0, 1, 2]).tolist() == [2, 1, 3]


def test_a_member_moves_leaves_and_comes_back() -> None:
    index = index_of(30, 20, 10)
    assert index.at(0, 9).tolist() == [0, 1, 2]
    set_scores(index, {2: 25})
    assert index.at(0, 9).tolist() == [0, 2, 1]
    set_scores(index, {0: 0})
    assert (len(index), index.at(0, 9).tolist()) == (2, [2, 1])
    assert index.ranks([0]).tolist() == [0]
    set_scores(index, {0: 22})
    assert index.at(0, 9).tolist() == [2, 0, 1]
    index._check()


def test_the_last_value_of_a_row_given_twice_counts() -> None:
    index = index_of(30, 20)
    index.update([0, 0], ["m0", "m0"], [5, 30], [NO_TIME_US] * 2, [0, 0], [True, True])
    assert index.at(0, 9).tolist() == [0, 1]
    index.update([0, 0], ["m0", "m0"], [30, 5], [NO_TIME_US] * 2, [0, 0], [True, True])
    assert index.at(0, 9).tolist() == [1, 0]


def test_a_page_goes_on_where_its_last_member_stood() -> None:
    index = index_of(50, 40, 30, 20, 10)
    cursor = index.keys(index.page(None, 2))[-1]
    set_scores(index, {1: 60})
    assert index.page(cursor, 2).tolist() == [2, 3]
    assert index.before(cursor, 9).tolist() == [1, 0]


def test_extreme_numbers_are_compared_whole() -> None:
    scores = [2**39, 2**39 - 1, 2**39 - 1]
    index = RankIndex(TIE_BREAK)
    index.update(
        range(3), ["a", "b", "c"], scores, [NO_TIME_US, 2**62 + 1, 2**62], [0] * 3, [True] * 3
    )
    assert index.at(0, 3).tolist() == [0, 2, 1]


def test_ids_that_share_a_long_beginning_or_hold_a_zero() -> None:
    ids = ["x" * 63 + "b", "x" * 63 + "a", "x\x00", "x", "é", "z"]
    index = RankIndex(())
    index.update(range(6), ids, [1] * 6, [NO_TIME_US] * 6, [0] * 6, [True] * 6)
    assert [ids[row] for row in index.at(0, 6)] == sorted(ids, key=str.encode)


def test_a_big_batch_merges_and_a_small_one_does_not() -> None:
    index = index_of(*range(1, 1001))
    before = index.freeze()
    set_scores(index, dict.fromkeys(range(DELTA_MIN), 5_000))
    assert len(index) == 1000
    assert len(index._delta) == DELTA_MIN
    index._check()
    set_scores(index, {999: 1})
    assert index.ranks([999]).tolist() == [1000]
    assert len(index._delta) == 0
    index._check()
    assert before.ranks([999]).tolist() == [1]


def test_many_changes_fill_the_middle_and_only_too_many_rewrite_the_board() -> None:
    index = index_of(*range(1, 3001))
    before = index.freeze()
    set_scores(index, dict.fromkeys(range(MIDDLE_MIN), 5_000))
    assert index.page(None, 2).tolist() == [0, 1]
    assert index._base.middle_rows == MIDDLE_MIN
    index._check()
    assert index.ranks([0, MIDDLE_MIN, 2999]).tolist() == [1, 3000, MIDDLE_MIN + 1]
    others = range(MIDDLE_MIN, MIDDLE_MIN + DELTA_MIN + 1)
    set_scores(index, dict.fromkeys(others, 6_000))
    assert index.page(None, 1).tolist() == [MIDDLE_MIN]
    assert index._base.middle_rows == 0
    index._check()
    assert before.ranks([0, 2999]).tolist() == [3000, 1]


def test_a_row_of_the_middle_leaves_and_comes_back() -> None:
    index = index_of(*range(1, 3001))
    moved = range(2 * DELTA_MIN)
    for score, ranks in ((5_000, [1, 2]), (0, [0, 0]), (4_000, [1, 2])):
        set_scores(index, dict.fromkeys(moved, score))
        assert index.ranks([0, 1]).tolist() == ranks
        index._check()
    assert index._base.middle_rows == len(moved)


def test_an_unchanged_member_costs_nothing() -> None:
    index = index_of(3, 2, 1)
    frozen = index.freeze()
    set_scores(index, {0: 3, 1: 2})
    assert index.freeze() is frozen


def test_unread_updates_do_not_pile_up() -> None:
    index = index_of(*range(1, 101))
    assert len(index) == 100
    for score in range(1, 2001):
        set_scores(index, {0: score + 100})
    assert index._marks is None
    assert index.ranks([0]).tolist() == [1]
    index._check()


def test_two_rows_of_one_member_are_refused() -> None:
    index = RankIndex(())
    index.update([0, 1], ["same", "same"], [1, 2], [NO_TIME_US] * 2, [0, 0], [True, True])
    with pytest.raises(ValueError, match="'same': has two rows"):
        index.freeze()


def test_a_row_off_the_board_has_no_key() -> None:
    index = index_of(3, 0)
    with pytest.raises(KeyError, match="row 1: not on the board"):
        index.keys([0, 1])
    with pytest.raises(KeyError, match="row 7: not on the board"):
        index.freeze().keys([7])


def test_an_unknown_tie_break_is_refused() -> None:
    with pytest.raises(ValueError, match="tie_break"):
        FrozenOrder.empty(("luck",))


def test_ids_keep_their_order_when_more_come() -> None:
    first, _, numbers = IdOrder.empty().extended(["m", "b"])
    assert numbers.tolist() == [1, 0]
    second, moved, numbers = first.extended(["z", "a", "c"])
    assert second.names.tolist() == ["a", "b", "c", "m", "z"]
    assert moved.tolist() == [1, 3]
    assert numbers.tolist() == [4, 0, 2]
    assert second.count_below(["a", "bb", "zz"]).tolist() == [0, 2, 5]
    with pytest.raises(ValueError, match="'b': has two rows"):
        second.extended(["n", "b"])


def test_a_key_tells_its_score() -> None:
    assert Key(-12, 0, 0, "m").score == 12
