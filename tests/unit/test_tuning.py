"""Searches whose runs are worked out by a formula, so that the best is known."""

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from rules.season.season_models import Season
from simulator.play.run_result import FIGURES
from simulator.search.aims import Budget, read_budget, read_objective
from simulator.search.halving import halve
from simulator.search.pareto import AXES, front_of
from simulator.search.played import KeptRuns, OtherRuns
from simulator.search.scores import Scores
from simulator.search.tuning import Plan, Tuned, tune
from simulator.search.tuning_words import PHRASES, both, tuning_verdict
from tests.unit.tuned_season import PLAN, SPACE, Formula, luck, played_by, variants_of

MARGIN = read_objective("margin_fen")
COSTS = {"phone": 599_900, "watch": 199_900, "pen": 900}
FEW = SPACE.replace("high = 20", "high = 4").replace('high = "3.00"', 'high = "1.50"')
EVERY = dataclasses.replace(PLAN, trials=45)
"""Enough to try all 5 × 3 × 3 combinations."""


def values_of(season: Season) -> tuple[int, float, str]:
    return (
        int(season.earning[0].points),
        float(season.multiplier[0].factor),
        season.prizes[0].reward,
    )


def hill(season: Season, chance: float) -> Mapping[str, float]:
    """Give most margin at 13 points and a factor of 2.25; more points cost more."""
    points, factor, reward = values_of(season)
    margin = 10_000 - 40 * (points - 13) ** 2 - 1000 * (factor - 2.25) ** 2 + 3000 * chance
    margin += 10 * chance * (points - 13) - COSTS[reward] / 10_000
    cost = points * factor * 10
    return {"margin_fen": margin, "cost_total_fen": cost, "active_members": 100 + points}


def dear(season: Season, chance: float) -> Mapping[str, float]:
    """Change nobody's behaviour: what is given is lost."""
    points, factor, reward = values_of(season)
    cost = 1000 * points * factor + COSTS[reward]
    return {"margin_fen": 5e6 + 1e6 * chance - cost, "cost_total_fen": cost}


def tuned_by(
    formula: Formula, *budgets: str, plan: Plan = PLAN, space: str = SPACE, aim: str = "margin_fen"
) -> Tuned:
    limits: list[Budget] = [read_budget(one) for one in budgets]
    return tune(variants_of(space=space), played_by(formula), plan, read_objective(aim), limits)


def found(tuned: Tuned) -> tuple[int, float, str]:
    assert tuned.best is not None
    assert tuned.best.season is not None
    return values_of(tuned.best.season)


def test_where_nothing_changes_behaviour_the_cheapest_wins() -> None:
    for space in (SPACE, FEW):
        tuned = tuned_by(dear, space=space)
        points, _, reward = found(tuned)
        assert (points, reward) == (0, "pen")
        assert tuned.outcome == "better"


@pytest.mark.parametrize("seed", [1, 7000])
def test_the_top_of_a_hill_is_found_among_567_by_trying_40(seed: int) -> None:
    tuned = tuned_by(hill, plan=dataclasses.replace(PLAN, seed=seed))
    points, factor, _ = found(tuned)
    assert abs(points - 13) <= 1
    assert abs(factor - 2.25) <= 0.5
    assert len(tuned.tried) <= 1 + PLAN.trials + 3
    assert tuned.scores.played.runs <= 1.3 * PLAN.runs(tuned.variants.space.size)


def test_a_budget_is_kept_and_the_best_within_it_found() -> None:
    tuned = tuned_by(hill, "cost_total_fen<=40", space=FEW, plan=EVERY)
    best = max(
        hill(season, 0)["margin_fen"]
        for places in itertools.product(range(5), range(3), range(3))
        if (season := tuned.variants.make(places).season) is not None
        and hill(season, 0)["cost_total_fen"] <= 40
    )
    assert tuned.best is not None
    assert tuned.best.season is not None
    assert hill(tuned.best.season, 0)["margin_fen"] == best
    assert all(one.kept for one in tuned.finalists[0].budgets)


def test_a_budget_in_per_cent_is_of_todays_file() -> None:
    tuned = tuned_by(hill, "cost_total_fen<=200%", "active_members>=101%")
    assert tuned.best is not None
    assert tuned.best.season is not None
    points, factor, _ = found(tuned)
    assert 10 * points * factor <= 60
    assert 100 + points >= 1.01 * 102


def test_where_no_file_keeps_the_budgets_there_is_no_best() -> None:
    tuned = tuned_by(hill, "active_members>=500", space=FEW)
    assert (tuned.best, tuned.outcome, tuned.finalists) == (None, "none", ())


def test_where_todays_file_is_best_it_stays() -> None:
    def best_today(season: Season, chance: float) -> Mapping[str, float]:
        return {"margin_fen": chance - (values_of(season) != (2, 1.5, "phone"))}

    tuned = tuned_by(best_today, space=FEW)
    assert tuned.outcome == "today"
    assert tuned.best is tuned.variants.today
    assert tuned.best.text == variants_of().today.text


def test_values_without_effect_go_back_to_todays() -> None:
    def prize_only(season: Season, chance: float) -> Mapping[str, float]:
        return {"margin_fen": chance - COSTS[season.prizes[0].reward]}

    tuned = tuned_by(prize_only)
    assert found(tuned) == (2, 1.5, "pen")
    assert tuned.best is not None
    assert tuned.best.changes == 1
    prizes = [values_of(one.variant.season)[2] for one in tuned.finalists if one.variant.season]
    assert prizes == ["pen"], "files that do the same aren't confirmed one by one"


def test_pure_luck_is_told_as_such() -> None:
    """Every file is as good as today's: what leads the search leads by luck, and it is said."""

    def noise(season: Season, chance: float) -> Mapping[str, float]:
        points, factor, reward = values_of(season)
        mixed = hash((points, factor, len(reward), chance)) % 1009
        return {"margin_fen": float(mixed)}

    tuned = tuned_by(noise)
    assert tuned.chosen is not None
    assert (
        tuned.chosen.searched.difference["mean"]
        > tuned.chosen.figures["margin_fen"].difference["mean"]
    )
    assert tuned.outcome == "unclear"
    said = tuning_verdict(tuned, both(tuned.variants.today.season)[1])  # type: ignore[arg-type]  # today's is valid
    assert said[0].startswith("The data can't tell")


def test_finalists_that_break_a_budget_on_fresh_seeds_are_passed_over() -> None:
    """Points cost more on the seeds that confirm than they did in the search."""
    searched = {luck(seed) for seed in PLAN.seeds}

    def shifty(season: Season, chance: float) -> Mapping[str, float]:
        points, _, _ = values_of(season)
        cost = points if chance in searched or points < 4 else 100
        return {"margin_fen": points + chance, "cost_total_fen": cost}

    tuned = tuned_by(shifty, "cost_total_fen<=50", space=FEW)
    assert [one.feasible for one in tuned.finalists].count(False) >= 1
    assert tuned.best is None or values_of(tuned.best.season)[0] < 4  # type: ignore[arg-type]  # tried ones are valid


def test_invalid_combinations_are_skipped_and_counted() -> None:
    order = '[[order]]\npaths = ["multiplier.member-day.factor", "earning.fuel.points"]\n'
    tuned = tuned_by(hill, space=SPACE + order)
    points, factor, _ = found(tuned)
    assert points >= factor
    assert tuned.invalid > 0
    assert all(one.season is not None for one in tuned.tried)


def test_a_search_repeats_itself_and_another_seed_goes_elsewhere() -> None:
    one, again, other = (
        tuned_by(hill, plan=dataclasses.replace(PLAN, seed=seed)) for seed in (5, 5, 6)
    )
    assert [each.places for each in one.variants] == [each.places for each in again.variants]
    assert [each.places for each in one.variants] != [each.places for each in other.variants]
    assert one.scores.played.runs == again.scores.played.runs


def test_fresh_seeds_are_none_of_the_searchs() -> None:
    assert not set(PLAN.seeds) & set(PLAN.fresh)
    assert len(PLAN.fresh) == len(PLAN.seeds) == 8


def test_halving_spends_little_on_the_worse() -> None:
    variants = variants_of()
    played = played_by(hill)
    scores = Scores(played, variants.today, PLAN.seeds, MARGIN, ())
    made = [variants.make((points, 5, 2)) for points in range(3, 21)]
    champion = halve(made, variants.today, scores, PLAN.rungs)
    assert champion.places[0] == 13
    counts = [scores.count(one) for one in made]
    assert counts.count(2) == 12
    assert counts.count(8) <= 3
    assert scores.count(variants.today) == 8


def test_figures_on_few_seeds_are_restated_for_all() -> None:
    variants = variants_of()
    scores = Scores(played_by(dear), variants.today, PLAN.seeds, MARGIN, ())
    other = variants.make((3, 2, 0))
    scores.play([other], 2)
    scores.play([variants.today], 8)
    gap = scores.level(other, "margin_fen") - scores.level(variants.today, "margin_fen")
    assert gap == pytest.approx(-1500)


def test_no_file_beats_one_of_the_front() -> None:
    draws = np.random.default_rng(11).integers(0, 6, size=(60, len(AXES))).astype(np.float64)
    kept = set(front_of(draws))
    for nth, one in enumerate(draws):
        beaten = any((other >= one).all() and (other > one).any() for other in draws)
        assert (nth in kept) != beaten


def test_the_front_of_a_search_trades_cost_against_margin() -> None:
    tuned = tuned_by(hill)
    levels = [
        [sign * tuned.scores.level(one, figure, way) for figure, way, sign in AXES]
        for one in tuned.front
    ]
    assert len(levels) > 3
    assert [one[1] for one in levels] == sorted((one[1] for one in levels), reverse=True)
    assert len(front_of(np.array(levels))) == len(levels)


def test_a_search_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "runs.ndjson"

    plan = dataclasses.replace(PLAN, trials=12)

    def search(resume: bool) -> tuple[list[int], Tuned]:
        seen: list[int] = []
        kept = KeptRuns(path, {"members": 3}, resume=resume)
        return seen, tune(variants_of(space=FEW), played_by(hill, kept, seen), plan, MARGIN, ())

    first, whole = search(False)
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    path.write_text("".join(lines[:41]) + lines[41][:20], encoding="utf-8")
    second, again = search(True)
    assert sum(second) == sum(first) - 40
    assert again.best is not None
    assert whole.best is not None
    assert again.best.places == whole.best.places
    assert again.scores.played.runs == whole.scores.played.runs
    assert sorted(path.read_text(encoding="utf-8").splitlines()) == sorted(text.splitlines())
    third, _ = search(True)
    assert sum(third) == 0
    with pytest.raises(OtherRuns, match="leave --resume out"):
        KeptRuns(path, {"members": 4}, resume=True)
    path.write_text(lines[0] + "[]\n", encoding="utf-8")
    with pytest.raises(OtherRuns, match=r"runs\.ndjson:2 is no run"):
        KeptRuns(path, {"members": 3}, resume=True)
    fourth, _ = search(False)
    assert fourth == first


def test_both_languages_say_the_same_things() -> None:
    from tests.unit.test_report_texts import PLACE

    assert PHRASES["zh"].keys() == PHRASES["en"].keys()
    for key, said in PHRASES["en"].items():
        assert set(PLACE.findall(PHRASES["zh"][key])) == set(PLACE.findall(said)), key


def test_figures_of_the_formula_are_known() -> None:
    season = variants_of().today.season
    assert season is not None
    assert hill(season, 0).keys() | dear(season, 0).keys() <= FIGURES.keys()
