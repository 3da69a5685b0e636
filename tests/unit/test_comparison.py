import pytest

from simulator.report.comparison import compare
from tests.unit.made_runs import made_run
from tests.unit.simulated import run_of


def test_a_file_against_itself_differs_in_nothing() -> None:
    runs = [run_of(), run_of(seed=4)]
    found = compare(runs, runs)
    assert found.identical
    assert all(one.difference["mean"] == 0 for one in found.figures.values())
    assert all(one.difference["high"] == 0 for one in found.figures.values())
    assert {one.reading for one in found.figures.values()} == {"none"}
    moved = [*found.everyone, *found.by_kind, *found.by_segment]
    assert all(one.winners["p95"] == one.losers["p95"] == one.net["mean"] == 0 for one in moved)
    assert all(one.base == one.candidate for one in found.tiers)


def test_a_dearer_file_is_told_from_a_cheaper_one() -> None:
    dear = (('discount = { category = "fuel", per_litre = "0.10" }',
             'discount = { category = "fuel", per_litre = "0.30" }'),)  # fmt: skip
    base = [run_of(seed=seed) for seed in (3, 4)]
    found = compare(base, [run_of(*dear, seed=seed) for seed in (3, 4)])
    cost = found.figures["cost_discounts_fen"].difference
    assert cost["mean"] > 0
    assert found.everyone[0].winners["mean"] > found.everyone[0].losers["mean"]
    assert not found.identical


def test_winners_and_losers_are_counted_by_group_from_a_yuan_on() -> None:
    base = made_run(members={"reward_fen": [500, 500, 500, 500], "kind": [0, 0, 1, 1],
                             "points": [10, 10, 10, 10], "prize_fen": [0, 9, 9, 0],
                             "level": [0, 1, 1, 2]})  # fmt: skip
    other = made_run(members={"reward_fen": [600, 599, 350, 500], "kind": [0, 0, 1, 1],
                              "points": [11, 10, 9, 10], "prize_fen": [9, 9, 0, 0],
                              "level": [1, 1, 0, 2]})  # fmt: skip
    found = compare([base], [other])
    reward, points, prize = found.everyone
    assert (reward.winners["mean"], reward.losers["mean"]) == (1, 1)
    assert (reward.gained["mean"], reward.lost["mean"], reward.net["mean"]) == (100, -150, 49)
    assert (points.winners["mean"], points.losers["mean"]) == (1, 1)
    assert (prize.winners["mean"], prize.losers["mean"]) == (1, 1)
    private, taxi = (one for one in found.by_kind if one.measure == "reward_fen")
    assert (private.group, private.winners["mean"], private.losers["mean"]) == ("private", 1, 0)
    assert (taxi.group, taxi.net["mean"]) == ("taxi", -150)
    moves = {(one.base, one.candidate): one.members["mean"] for one in found.tiers}
    assert moves == {
        ("silver", "gold"): 1, ("gold", "gold"): 1, ("gold", "silver"): 1,
        ("platinum", "platinum"): 1,
    }  # fmt: skip
    assert found.prizes_kept is not None
    assert found.prizes_kept["mean"] == 0.5


def test_runs_of_other_seeds_or_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="must be the same"):
        compare([made_run(1)], [made_run(2)])
    with pytest.raises(ValueError, match="as many members"):
        compare([made_run(1)], [made_run(1, members={"visits": [1]})])
