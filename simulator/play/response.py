"""Response: how much more or less often members come for what the programme gives.

A = 1 + theta·[κ·x^s·reach·sat(value) + φ·e^(−Δ/τ) − ψ·e^(−Δ/τ′) + χ·sat(value)·pdf(z)
    − δ·far + λ·held]

Each summand is a function of its own with its own switch; with all off A is exactly 1. What
isn't recomputed on a day stands as it was: members who acted, who stand near a prize or were
rewarded of late are looked at daily, everyone else once a week and as a month begins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.advice.point_value import coupon_of, fen_per_point
from rules.compiling.calendar import DAY_US
from rules.compiling.compiled import Rules
from simulator.people.keyed import Floats, Ints
from simulator.people.members import DAYS_PER_MONTH
from simulator.people.persons import Persons
from simulator.people.population import Population, Response
from simulator.play.effects import Effects
from simulator.play.visible import CUTOFF_BAND, Contest, Habit, Visible, Way

FEN: Final = 100
WEEK_DAYS: Final = 7
AT_ONCE: Final = 1 << 15
"""Members looked at together, so that what is worked out about them stays in cache."""
RANKS_FROM_DAY: Final = 7
"""Standings of the first days say nothing yet."""
ERROR_LEAST: Final = 0.02
REWARD_FADES: Final = 4.0
"""Time constants after which a reward is forgotten."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a day is: its number from 1970 and from the start, and what is left of things."""

    day: int
    nth: int
    starts_us: int
    begins_month: bool
    month_days_left: int
    season_days_left: int
    season_days: int


def saturating(worth_fen: Floats | float, figures: Response) -> Floats | float:
    """Give the pull of a reward by its worth: 1 − e^(−worth/scale)."""
    return 1.0 - np.exp(-np.asarray(worth_fen) / (figures.value_scale * FEN))


def chance_to_reach(expected: Floats, missing: Floats, renewal_shape: float) -> Floats:
    """Give the chance that the visits expected anyway come to those missing.

    A renewal count is about normal with variance expected/k; half a visit for continuity.
    """
    spread = np.sqrt(np.maximum(expected / renewal_shape, 0.05))
    return normal_share((expected - missing + 0.5) / spread)


def normal_share(z: Floats) -> Floats:
    """Approximate the normal distribution by the logistic one, within 0.01."""
    found: Floats = 1.0 / (1.0 + np.exp(-1.702 * np.clip(z, -20.0, 20.0)))
    return found


def goal_pull(way: Way, expected: Floats, worth_fen: Floats, figures: Response, k: float) -> Floats:
    """Give x^s·reach·sat(value); reach is 4p(1 − p) for the chance p to get there anyway."""
    chance = chance_to_reach(expected, way.visits, k)
    reach = 4.0 * chance * (1.0 - chance)
    pull: Floats = way.share**figures.goal_shape * reach * saturating(worth_fen, figures)
    return pull


def reward_echo(days: Floats, figures: Response, effects: Effects) -> Floats:
    """Give φ·e^(−Δ/τ) − ψ·e^(−Δ/τ′) for the days since the last reward."""
    found = np.zeros(len(days))
    if effects.afterglow:
        found += figures.afterglow * np.exp(-days / figures.afterglow_days)
    if effects.slump:
        found -= figures.slump * np.exp(-days / figures.slump_days)
    return found


def forecast_error(figures: Response, day: Day) -> float:
    """Give the error of a forecast of the final cutoff, as a share of it."""
    left = day.season_days_left / max(day.season_days, 1)
    return max(ERROR_LEAST, figures.forecast_error * math.sqrt(max(left, 0.0)))


def contest_pull(contest: Contest, error_share: float, figures: Response) -> Floats:
    """Give sat(value)·pdf(z), scaled to 1 at a cutoff, for those near: the best of the cutoffs.

    The value of a cutoff is what its prize is worth over the next one's.
    """
    found = np.zeros(len(contest.rows))
    following = [cutoff.worth_fen for cutoff in contest.cutoffs[1:]] + [0]
    for cutoff, next_fen in zip(contest.cutoffs, following, strict=True):
        gain_fen = max(cutoff.worth_fen - next_fen, 0)
        z = (contest.score - cutoff.score) / max(cutoff.score * error_share, 1.0)
        near = np.abs(z) < CUTOFF_BAND
        pull = saturating(float(gain_fen), figures) * np.exp(-0.5 * z * z) * near
        np.maximum(found, pull, out=found)
    return found


class LevelWorth:
    """What each step up a level is worth to a member, by litre and at once."""

    def __init__(self, rules: Rules, points_per_litre: float) -> None:
        season = rules.season
        point_fen = float(fen_per_point(season))
        levels = season.tiers.levels if season.tiers else ()
        rates = [
            float(one.discount.per_litre_fen) if one.discount is not None else 0.0 for one in levels
        ]
        factors = [_tier_factor(rules, one.id) for one in levels]
        at_once = sum(
            coupon_of(season, one.issue).face_value_fen or 0
            for one in season.triggers
            if one.on == "tier_up"
        )
        steps = range(len(levels) - 1)
        self.by_litre_fen = np.array(
            [
                max(0.0, rates[at + 1] - rates[at])
                + max(0.0, factors[at + 1] - factors[at]) * points_per_litre * point_fen
                for at in steps
            ]
            + [0.0]
        )
        self.at_once_fen = np.array([float(at_once) for _ in steps] + [0.0])


def _tier_factor(rules: Rules, level: str) -> float:
    """Give the greatest multiplier that a level alone brings; 1 for none."""
    found = [
        one.factor
        for one in rules.season.multiplier
        if level in one.where.tier and not (one.where.dates or one.where.hours)
    ]
    return float(max([Fraction(1), *found]))


class Responding:
    """Holds the incentive A of the members who react, float64[m], and keeps it up to date."""

    def __init__(
        self,
        rules: Rules,
        population: Population,
        effects: Effects,
        persons: Persons,
        rows: Ints,
        litre_fen: Floats,
    ) -> None:
        """Begin with nobody moved; rows int64[m] react, litre_fen is the price of each's fuel."""
        members = persons.members
        self._figures = population.response
        self._k = population.timing.renewal_shape
        self._effects = effects
        self._rows = rows
        self._theta = persons.theta[rows]
        self._rate = members.visit_rate[rows]
        self._sees_boards = members.task_rate[rows] > 0
        litres_ml = np.maximum(members.litres_mean[rows] * 1000.0, 1.0)
        self._litres_ml, self._amount_fen = litres_ml, litres_ml * litre_fen[rows] / 1000.0
        self._worth = LevelWorth(rules, _points_per_litre(rules, float(litre_fen.mean())))
        self._goals_fen = [goal.points * float(fen_per_point(rules.season)) for goal in rules.goals]
        self._place = np.full(len(persons), -1, dtype=np.int64)
        self._place[rows] = np.arange(len(rows))
        self._contest = np.zeros(len(rows))
        self._near = np.zeros(0, dtype=np.int64)
        self._last_reward_us = np.zeros(0, dtype=np.int64)
        self.incentive = np.ones(len(rows))

    @property
    def idle(self) -> bool:
        """Tell whether no effect moves the visit rate."""
        on = self._effects
        moving = (on.goal, on.afterglow, on.slump, on.prize, on.rank, on.coupon)
        return not any(moving) or not len(self._rows)

    def refresh(self, seen: Visible, day: Day, acted: Ints, holding: npt.NDArray[np.bool_]) -> None:
        """Look at the programme again as a day begins.

        acted int64[k] are the members whose row changed yesterday; holding bool[members] says who
        has a coupon in hand that they mean to use.
        """
        if self.idle:
            return
        changed = self._stand_near(seen, day)
        places = self._to_look_at(seen, day, acted, changed)
        for first in range(0, len(places), AT_ONCE):
            self._look_at(seen, day, places[first : first + AT_ONCE], holding)

    def _look_at(
        self, seen: Visible, day: Day, places: Ints, holding: npt.NDArray[np.bool_]
    ) -> None:
        """Work out the incentive of some members again, int64[k] places of those who react."""
        rows = self._rows[places]
        moved = np.zeros(len(places))
        if self._effects.goal:
            moved += self._figures.goal_gradient * self._goal(seen, day, places)
        since = (day.starts_us - seen.last_reward_us[rows]) / DAY_US
        moved += reward_echo(np.maximum(since, 0.0), self._figures, self._effects)
        if self._effects.prize:
            moved += self._figures.prize_pull * self._contest[places]
        if self._effects.rank:
            moved -= self._figures.hopeless * self._far(seen, day, places)
        if self._effects.coupon:
            moved += self._figures.coupon_lift * holding[rows]
        self.incentive[places] = np.maximum(1.0 + self._theta[places] * moved, 0.0)

    def _to_look_at(self, seen: Visible, day: Day, acted: Ints, changed: Ints) -> Ints:
        """Choose whom to look at today, as places among those who react."""
        count = len(self._rows)
        if day.nth == 0 or day.begins_month:
            return np.arange(count, dtype=np.int64)
        part = day.nth % WEEK_DAYS
        chosen = np.zeros(count, dtype=np.bool_)
        chosen[count * part // WEEK_DAYS : count * (part + 1) // WEEK_DAYS] = True
        places = self._place[acted]
        chosen[places[places >= 0]] = True
        chosen[changed] = True
        figures = self._figures
        fading = REWARD_FADES * max(figures.afterglow_days, figures.slump_days) * DAY_US
        chosen |= seen.last_reward_us[self._rows] > day.starts_us - fading
        return np.flatnonzero(chosen)

    def _goal(self, seen: Visible, day: Day, places: Ints) -> Floats:
        """Give the strongest pull of the next level and the goals, float64[n]."""
        figures, rows = self._figures, self._rows[places]
        habit = Habit(self._litres_ml[places], self._amount_fen[places])
        rate = self._rate[places]
        way = seen.to_next_level(rows, day.day, habit)
        litres_month = rate * DAYS_PER_MONTH * habit.litres_ml / 1000.0
        level = seen.levels(rows)
        worth_fen = self._worth.by_litre_fen[level] * litres_month * figures.tier_horizon_months
        worth_fen = worth_fen + self._worth.at_once_fen[level]
        pull = goal_pull(way, rate * day.month_days_left, worth_fen, figures, self._k)
        expected = rate * day.season_days_left
        for way, goal_fen in zip(seen.to_goals(rows, habit), self._goals_fen, strict=True):
            worth = np.full(len(rows), goal_fen)
            np.maximum(pull, goal_pull(way, expected, worth, figures, self._k), out=pull)
        return pull

    def _stand_near(self, seen: Visible, day: Day) -> Ints:
        """Look at the boards; returns the places whose pull may have changed."""
        wanted = self._effects.prize or self._effects.rank
        if not wanted or not seen.has_contests or day.nth < RANKS_FROM_DAY:
            return np.zeros(0, dtype=np.int64)
        if day.season_days_left <= 0:
            return np.zeros(0, dtype=np.int64)
        error_share = forecast_error(self._figures, day)
        before = self._near
        self._contest[before] = 0.0
        found: list[Ints] = []
        for contest in seen.contests(error_share):
            # Who isn't of the population stands on the boards but answers nothing.
            places = np.append(self._place, -1)[np.minimum(contest.rows, len(self._place))]
            pull = contest_pull(contest, error_share, self._figures)[places >= 0]
            places = places[places >= 0]
            self._contest[places] = np.maximum(self._contest[places], pull)
            found.append(places)
        self._near = _distinct(found)
        return _distinct([before, self._near])

    def _far(self, seen: Visible, day: Day, places: Ints) -> Floats:
        """Mark those who see the boards, score, and are far below any cutoff, more as days pass."""
        if not seen.has_contests or day.nth < RANKS_FROM_DAY or day.season_days_left <= 0:
            return np.zeros(len(places))
        scoring = seen.scores(self._rows[places]) > 0
        far = self._sees_boards[places] & scoring & (self._contest[places] == 0.0)
        passed = 1.0 - day.season_days_left / max(day.season_days, 1)
        found: Floats = far * passed
        return found


def _distinct(parts: Sequence[Ints]) -> Ints:
    if not parts:
        return np.zeros(0, dtype=np.int64)
    return np.unique(np.concatenate(parts))


def _points_per_litre(rules: Rules, litre_fen: float) -> float:
    """Give the points of a litre under the first rule that pays for purchases."""
    for rule in rules.season.earning:
        if rule.on != "purchase":
            continue
        if rule.per.litres_ml is not None:
            return float(rule.points) * 1000.0 / float(rule.per.litres_ml)
        if rule.per.amount_fen is not None:
            return float(rule.points) * litre_fen / float(rule.per.amount_fen)
    return 0.0
