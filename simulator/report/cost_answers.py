"""Cost answers: the kinds of cost, and how far budgets and stocks reach over the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rules.reporting.intervals import wilson
from rules.season.reward_models import Budget
from rules.season.season_models import Season
from simulator.play.run_result import RunResult
from simulator.report.spread import Spread, spread_of

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
