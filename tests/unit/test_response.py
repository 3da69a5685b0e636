from dataclasses import replace

import numpy as np
import pytest

from simulator.play.effects import ALL_EFFECTS, Effects
from simulator.play.response import (
    Day,
    LevelWorth,
    chance_to_reach,
    contest_pull,
    forecast_error,
    goal_pull,
    normal_share,
    reward_echo,
    saturating,
)
from simulator.play.visible import Contest, Cutoff, Way
from tests.unit.simulated import population, rules_of

FIGURES = population().response
DAY = Day(20_000, 30, 0, begins_month=False, month_days_left=10, season_days_left=60,
          season_days=90)  # fmt: skip


def one(value: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([value])


def test_a_reward_pulls_by_its_worth_and_saturates() -> None:
    assert saturating(0.0, FIGURES) == 0.0
    assert saturating(FIGURES.value_scale * 100, FIGURES) == pytest.approx(1 - np.exp(-1))
    assert saturating(1e9, FIGURES) == pytest.approx(1.0)


def test_the_chance_rises_with_the_visits_expected_and_is_near_the_normal() -> None:
    expected = np.linspace(0.1, 20, 50)
    chance = chance_to_reach(expected, np.full(50, 5.0), 1.4)
    assert (np.diff(chance) > 0).all()
    assert chance[0] < 0.01
    assert chance[-1] > 0.99
    assert normal_share(one(1.959964))[0] == pytest.approx(0.975, abs=0.01)


def test_the_goal_pulls_near_it_and_not_where_it_is_reached_anyway() -> None:
    def pull(share: float, visits: float, expected: float, worth_fen: float = 3_000) -> float:
        way = Way(one(share), one(visits))
        return float(goal_pull(way, one(expected), one(worth_fen), FIGURES, 1.4)[0])

    assert pull(0.9, 1, 1) > pull(0.3, 1, 1) > 0
    assert pull(0.9, 1, 12) < 0.01
    assert pull(0.9, 12, 1) < 0.01
    assert pull(0.9, 1, 1, worth_fen=0) == 0
    assert pull(0.0, np.inf, 1) == 0
    assert pull(0.9, 1, 1) <= 1


def test_a_reward_echoes_each_way_by_its_own_switch() -> None:
    days = np.array([0.0, 5.0, 100.0])
    both = reward_echo(days, FIGURES, ALL_EFFECTS)
    up = reward_echo(days, FIGURES, Effects(slump=False))
    down = reward_echo(days, FIGURES, Effects(afterglow=False))
    assert (reward_echo(days, FIGURES, Effects.none()) == 0).all()
    assert up[0] == FIGURES.afterglow
    assert down[0] == -FIGURES.slump
    assert both == pytest.approx(up + down)
    assert abs(both[2]) < 1e-6


def test_the_forecast_error_shrinks_to_a_floor_as_the_season_ends() -> None:
    whole = replace(DAY, season_days_left=90)
    assert forecast_error(FIGURES, whole) == FIGURES.forecast_error
    assert forecast_error(FIGURES, DAY) < FIGURES.forecast_error
    assert forecast_error(FIGURES, replace(DAY, season_days_left=0)) == 0.02


def test_a_prize_pulls_at_its_cutoff_and_not_far_from_it() -> None:
    rows = np.arange(4)
    score = np.array([1000, 900, 500, 2000])
    contest = Contest("overall", (Cutoff(1000, 100_000),), rows, score)
    pull = contest_pull(contest, 0.1, FIGURES)
    assert pull[0] == pytest.approx(1.0, abs=0.01)
    assert 0 < pull[1] < pull[0]
    assert pull[2] == pull[3] == 0
    worthless = Contest("overall", (Cutoff(1000, 0),), rows, score)
    assert (contest_pull(worthless, 0.1, FIGURES) == 0).all()


def test_a_level_is_worth_its_discount_and_its_factor_by_the_litre() -> None:
    worth = LevelWorth(rules_of(), 1.0)
    # Gold: 10 fen a litre, and half a point more of a litre at one fen a point.
    assert worth.by_litre_fen.tolist() == pytest.approx([10.5, 10.5, 0.0])
    assert worth.at_once_fen.tolist() == [1_500.0, 1_500.0, 0.0]
