"""Answers: what the runs of a simulation say beyond their figures: chances, and who is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.intervals import wilson
from rules.reward_models import Budget
from rules.season_models import Season
from simulator.population import Population
from simulator.prize_answers import PrizePlace, PrizeSpan, prize_places, prize_spans
from simulator.run_result import SEGMENTS, RunResult, result_hash
from simulator.spread import Spread, spread_of
from simulator.uncertainty import Uncertainty

COSTS: Final = (
    "cost_discounts_fen", "cost_coupons_fen", "cost_redeemed_fen", "cost_liability_fen",
    "cost_prizes_fen", "cost_tax_fen",
)  # fmt: skip
"""The kinds of cost; together they are cost_total_fen."""


@dataclass(frozen=True, slots=True)
class Chance:
    """In how many runs something happened, with Wilson's 95 % interval of its chance."""

    runs: int
    of: int

    def told(self) -> dict[str, float]:
        """Lay the chance out for summary.json."""
        found = wilson(self.runs, self.of)
        return {"share": found.value, "low": found.low, "high": found.high}


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of one budget or stock is used, and the chance that it runs out or is broken.

    `covers_prizes`: prizes are given whatever the budget says, so it can be broken (used above
    the limit); any other stops what it covers, so it can run out. Costs are in fen.
    """

    id: str
    measure: str
    limit: int
    used: Spread
    covers_prizes: bool
    runs_out: Chance


def budget_uses(season: Season, runs: Sequence[RunResult]) -> list[BudgetUse]:
    """Tell of every budget and stock of the season.

    A budget that begins afresh each period is told for the last one. One over prizes counts the
    prizes given, with the tax the programme pays; a cost budget has run out when what is left is
    less than the cheapest thing it covers.
    """
    found = []
    tables = [run.tables["budgets"].to_pylist() for run in runs]
    budgets = {budget.id: budget for budget in season.budgets}
    for place, row in enumerate(tables[0]):
        budget = None if row["measure"] == "stock" else budgets.get(row["id"])
        covers = frozenset(() if budget is None else budget.covers)
        used = [float(table[place]["used"]) for table in tables]
        of_prizes = bool(covers & season.rewards.keys())
        if of_prizes:
            used = [
                one + _prizes_used(run, covers, row["measure"])
                for one, run in zip(used, runs, strict=True)
            ]
            out = sum(one > row["limit"] for one in used)
        else:
            least = 1
            if budget is not None and row["measure"] == "cost":
                least = _least(season, budget)
            out = sum(row["limit"] - one < least for one in used)
        chance = Chance(out, len(runs))
        found.append(
            BudgetUse(row["id"], row["measure"], row["limit"], spread_of(used), of_prizes, chance)
        )
    return found


def _prizes_used(run: RunResult, covers: frozenset[str], measure: str) -> float:
    given = [one for one in run.tables["prizes"].to_pylist() if one["reward"] in covers]
    if measure == "count":
        return float(len(given))
    return float(sum(one["unit_cost_fen"] + one["tax_fen"] for one in given))


def _least(season: Season, budget: Budget) -> int:
    """Find the least that one of the coupons covered can take, fen.

    One that takes a share of the price can take a fen where it counts as it is redeemed.
    """
    faces = [
        1 if one.kind == "percent" and budget.at == "redeem" else one.face_value_fen or 1
        for one in season.coupons
        if one.id in budget.covers
    ]
    return max(1, min(faces, default=1))


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
