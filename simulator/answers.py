"""Answers: what the runs of a simulation say beyond their figures: chances, prizes, who is paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.intervals import wilson
from rules.reward_models import Budget
from rules.season_models import Season
from simulator.population import Population
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
class PrizeSpan:
    """The prizes of one span of places: what it takes to get one, and how stable the winners are.

    `cutoff` is the score of the last who took one, over the runs; `low_score` and `high_score`
    its P5 and P95. `winners` counts the different members who took one in any run, `steady` is
    the mean share of two runs' winners who are the same; both None where runs can't be compared:
    teams, or other members in every run.
    """

    board: str
    first_place: int
    last_place: int
    reward: str
    given: Spread
    cutoff: Spread
    low_score: float
    high_score: float
    winners: int | None
    steady: float | None


def prize_spans(runs: Sequence[RunResult]) -> list[PrizeSpan]:
    """Tell of every span of prizes, in the order of the file."""
    comparable = len(runs) > 1 and same_members(runs)
    cuts = [run.tables["cutoffs"].to_pylist() for run in runs]
    prizes = [run.tables["prizes"].to_pylist() for run in runs]
    found = []
    for place, row in enumerate(cuts[0]):
        # Where nobody took a prize there is no score that it takes.
        scores = [float(one[place]["cutoff_score"]) for one in cuts if one[place]["given"]] or [0.0]
        takers = [
            {
                one["member"]
                for one in given
                if one["board"] == row["board"]
                and row["first_place"] <= one["place"] <= row["last_place"]
            }
            for given in prizes
        ]
        known = comparable and not any(-1 in taken for taken in takers)
        found.append(
            PrizeSpan(
                row["board"], row["first_place"], row["last_place"], row["reward"],
                spread_of([float(one[place]["given"]) for one in cuts]), spread_of(scores),
                float(np.quantile(scores, 0.05)), float(np.quantile(scores, 0.95)),
                len(frozenset().union(*takers)) if known else None,
                _overlap(takers) if known else None,
            )
        )  # fmt: skip
    return found


def same_members(runs: Sequence[RunResult]) -> bool:
    """Tell whether all runs played the very same members, so that winners can be compared."""
    first = runs[0].members
    names = ("kind", "theta", "first_day")
    return all(
        len(run.members["kind"]) == len(first["kind"])
        and all(np.array_equal(run.members[name], first[name]) for name in names)
        for run in runs[1:]
    )


def _overlap(takers: Sequence[set[int]]) -> float:
    """Give the mean share of winners that two runs have in common, over all pairs of runs."""
    found = [
        len(one & other) / max(1, len(one), len(other))
        for nth, one in enumerate(takers)
        for other in takers[nth + 1 :]
    ]
    return float(np.mean(found))


@dataclass(frozen=True, slots=True)
class PrizePlace:
    """One place: the score of who takes it, P5 to P95, and who that most often is."""

    board: str
    place: int
    reward: str
    score: Spread
    low_score: float
    high_score: float
    winners: int | None
    steady: float | None
    """Share of the runs in which the member who takes it most often does."""


def prize_places(runs: Sequence[RunResult]) -> list[PrizePlace]:
    """Tell of every place a prize is given for, by board and place."""
    comparable = len(runs) > 1 and same_members(runs)
    rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in runs:
        for one in run.tables["prizes"].to_pylist():
            rows.setdefault((one["board"], one["place"]), []).append(one)
    boards = list(dict.fromkeys(board for board, _ in rows))
    found = []
    for board, place in sorted(rows, key=lambda key: (boards.index(key[0]), key[1])):
        held = rows[board, place]
        scores = [float(one["score"]) for one in held]
        takers = Counter(one["member"] for one in held)
        known = comparable and -1 not in takers
        found.append(
            PrizePlace(
                board, place, held[0]["reward"], spread_of(scores),
                float(np.quantile(scores, 0.05)), float(np.quantile(scores, 0.95)),
                len(takers) if known else None,
                takers.most_common(1)[0][1] / len(runs) if known else None,
            )
        )  # fmt: skip
    return found


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
