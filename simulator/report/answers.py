"""Answers: what the runs of a simulation say beyond their figures: chances, and who is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.season.season_models import Season
from simulator.people.population import Population
from simulator.play.run_result import SEGMENTS, RunResult, result_hash
from simulator.report.cost_answers import BudgetUse, Chance, budget_uses
from simulator.report.prize_answers import PrizePlace, PrizeSpan, prize_places, prize_spans
from simulator.report.spread import Spread, spread_of
from simulator.report.uncertainty import Uncertainty


def cost_exceeds(runs: Sequence[RunResult], budget_fen: int) -> Chance:
    """Tell in how many runs the whole cost exceeds a budget."""
    return Chance(sum(run.figures["cost_total_fen"] > budget_fen for run in runs), len(runs))


@dataclass(frozen=True, slots=True)
class Paid:
    """What a group of members gets, and how much of it for what they'd have done anyway."""

    group: str
    members: Spread
    reward_fen: Spread
    anyway_fen: Spread
    margin_gain_fen: Spread
    """Margin of what they bought less what they buy unaided; the rewards not taken off."""


def anyway_fen(members: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """Give of each member's reward what went to visits they'd have made anyway, float64[members].

    As `anyway_share` has it: by the share of their visits that the unaided arm has too.
    """
    visits = members["visits"].astype(np.float64)
    share = np.ones(len(visits))
    np.divide(members["unaided_visits"], visits, out=share, where=visits > 0)
    found: npt.NDArray[np.float64] = members["reward_fen"] * np.minimum(share, 1.0)
    return found


def paid_by(runs: Sequence[RunResult], by: str) -> list[Paid]:
    """Tell who is paid, by `kind` or `segment`, leaving out groups nobody is in."""
    names = runs[0].kinds if by == "kind" else SEGMENTS
    found = []
    for place, name in enumerate(names):
        sums: dict[str, list[float]] = {
            one: [] for one in ("members", "reward", "anyway", "margin_gain")
        }
        for run in runs:
            held = run.members
            here = held[by] == place
            sums["members"].append(float(here.sum()))
            sums["reward"].append(float(held["reward_fen"][here].sum()))
            sums["anyway"].append(float(anyway_fen(held)[here].sum()))
            gain = held["margin_fen"][here].sum() - held["unaided_margin_fen"][here].sum()
            sums["margin_gain"].append(float(gain))
        if any(sums["members"]):
            found.append(Paid(name, *(spread_of(values) for values in sums.values())))
    return found


def net_gain_fen(run: RunResult) -> float:
    """Give what the programme leaves: margin it brings less what it costs."""
    return run.figures["margin_gain_fen"] - run.figures["cost_total_fen"]


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a simulation of one season file says, with what it doesn't know."""

    season: Season
    population: Population
    runs: tuple[RunResult, ...]
    figures: Mapping[str, Spread]
    net_gain_fen: Spread
    budgets: tuple[BudgetUse, ...]
    budget_fen: int | None
    exceeds: Chance | None
    """The chance that the whole cost exceeds `budget_fen`; None without one."""
    spans: tuple[PrizeSpan, ...]
    places: tuple[PrizePlace, ...]
    by_kind: tuple[Paid, ...]
    by_segment: tuple[Paid, ...]
    uncertainty: Uncertainty
    result: str
    """The hash of the runs: large tables take a while, so it is taken once."""


def answers_of(
    season: Season,
    population: Population,
    runs: Sequence[RunResult],
    *,
    budget_fen: int | None = None,
    uncertainty: Uncertainty | None = None,
) -> Answers:
    """Sum up the runs of a simulation, one a seed."""
    return Answers(
        season,
        population,
        tuple(runs),
        {name: spread_of([run.figures[name] for run in runs]) for name in runs[0].figures},
        spread_of([net_gain_fen(run) for run in runs]),
        tuple(budget_uses(season, runs)),
        budget_fen,
        None if budget_fen is None else cost_exceeds(runs, budget_fen),
        tuple(prize_spans(runs)),
        tuple(prize_places(runs)),
        tuple(paid_by(runs, "kind")),
        tuple(paid_by(runs, "segment")),
        uncertainty or Uncertainty(),
        result_hash(runs),
    )
