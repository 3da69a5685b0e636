"""Tuning: a search for the values of a season file that do most for an objective within budgets.

An even spread of files on few seeds; halving over more seeds against the champion on the same
draws; Optuna's proposals in batches, halved the same way; at last the best on fresh seeds, which
the search never saw: the best of many looks better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from simulator.play.run_result import FIGURES
from simulator.report.paired import Difference, difference
from simulator.search.aims import Budget, Objective, statistic_of
from simulator.search.halving import KEPT_SHARE, halve
from simulator.search.pareto import front
from simulator.search.played import Played
from simulator.search.proposals import Sampler, every, neighbours, new_ones, spread_evenly
from simulator.search.scores import Scores
from simulator.search.variants import Variant, Variants

BATCH: Final = 8
NEAR: Final = 4
"""Of a batch, those one step of one value away from the champion; the others are Optuna's."""
FINALISTS: Final = 3
FRONT_MAX: Final = 12
"""Files on the front that are played on more seeds, for a steadier picture."""

Stage = Literal["today", "screen", "search"]
Outcome = Literal["better", "unclear", "worse", "same", "today", "none"]
STAGES: Final[Mapping[str, str]] = {
    "screen": "spreading files over the space", "search": "searching near the best",
    "simplify": "putting values back that do nothing", "front": "steadying the front",
    "confirm": "confirming on fresh seeds",
}  # fmt: skip
"""The stages of a search, in order, as progress is told of them, with their words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How far to search: files to try, the rungs of seeds, and the first seed.

    The search uses seeds from `seed` on, as many as the last rung; the fresh ones come after them.
    """

    trials: int
    rungs: tuple[int, ...]
    seed: int

    @property
    def seeds(self) -> range:
        """Give the seeds of the search."""
        return range(self.seed, self.seed + self.rungs[-1])

    @property
    def fresh(self) -> range:
        """Give the seeds that confirm."""
        return range(self.seed + self.rungs[-1], self.seed + 2 * self.rungs[-1])

    def runs(self, size: int) -> int:
        """Estimate how many runs a search over `size` combinations takes, rather too many."""
        screen = min(size, self.trials if size <= self.trials else math.ceil(self.trials / 2))
        batches = math.ceil((min(size, self.trials) - screen) / BATCH)
        whole = (2 + FINALISTS) * self.rungs[-1] + FINALISTS * self.rungs[0]
        for alive, times, least in ((screen, 1, FINALISTS), (BATCH, batches, 1)):
            left, before = alive, 0
            for rung in self.rungs:
                whole += times * left * (rung - before)
                left, before = min(left, max(least, math.ceil(left * KEPT_SHARE))), rung
        return whole


@dataclass(frozen=True, slots=True)
class BudgetKept:
    """A budget as a file keeps or breaks it on the fresh seeds."""

    budget: Budget
    value: float
    today: float
    bound: float

    @property
    def kept(self) -> bool:
        """Tell whether the file is within the limit."""
        return self.value <= self.bound if self.budget.at_most else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Finalist:
    """One of the best: what the search saw in it, and every figure on the fresh seeds."""

    variant: Variant
    searched: Difference
    figures: Mapping[str, Difference]
    budgets: tuple[BudgetKept, ...]

    @property
    def feasible(self) -> bool:
        """Tell whether it keeps every budget on the fresh seeds."""
        return all(one.kept for one in self.budgets)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found; `best` is None where nothing tried keeps the budgets.

    `today_budgets` are today's file's, on the fresh seeds, or those of the search without any.
    """

    plan: Plan
    variants: Variants
    scores: Scores
    stages: Mapping[int, Stage]
    front: tuple[Variant, ...]
    finalists: tuple[Finalist, ...]
    today_budgets: tuple[BudgetKept, ...]
    best: Variant | None

    @property
    def chosen(self) -> Finalist | None:
        """Give the finalist that is the best; None where that is today's file, or nothing."""
        return next((one for one in self.finalists if one.variant is self.best), None)

    @property
    def tried(self) -> list[Variant]:
        """List the valid files tried, today's first."""
        return [one for one in self.variants if one.season is not None]

    @property
    def invalid(self) -> int:
        """Count the combinations that were no valid season file."""
        return sum(one.season is None for one in self.variants)

    @property
    def outcome(self) -> Outcome:
        """Say what the fresh seeds tell of the best against today's file."""
        if self.best is None:
            return "none"
        if self.chosen is None:
            return "today"
        return reading_of(self.chosen.figures[self.scores.objective.figure], self.scores.objective)


def reading_of(found: Difference, objective: Objective) -> Literal[
    "better", "worse", "unclear", "same"
]:  # fmt: skip
    """Say whether a difference is for the better."""
    if found.reading in ("none", "unclear"):
        return "same" if found.reading == "none" else "unclear"
    return "better" if (found.reading == "more") == (objective.sign > 0) else "worse"


def tune(
    variants: Variants, played: Played, plan: Plan, objective: Objective,
    budgets: Sequence[Budget],
) -> Tuned:  # fmt: skip
    """Search a space; the same plan gives the same result however the runs are shared out."""
    today = variants.today
    scores = Scores(played, today, plan.seeds, objective, budgets)
    stages: dict[int, Stage] = {today.number: "today"}
    whole = variants.space.size <= plan.trials
    if whole:
        screen = new_ones(variants, every(variants.space), plan.trials)
    else:
        count = math.ceil(plan.trials / 2)
        screen = new_ones(variants, spread_evenly(variants.space, count, plan.seed), count)
    stages |= dict.fromkeys((one.number for one in screen), "screen")
    played.stage = "screen"
    scores.play([today], plan.rungs[0])
    champion = halve(screen, today, scores, plan.rungs)
    if not whole:
        played.stage = "search"
        champion = _search(variants, scores, plan, champion, stages)
    played.stage = "simplify"
    champion = _simplified(variants, scores, plan, champion, stages)
    scores.play([champion], plan.rungs[-1])
    valid = [one for one in variants if one.number in stages]
    played.stage = "front"
    first = front(valid, scores)[:FRONT_MAX]
    behind = [one for one in first if scores.count(one) < plan.rungs[min(1, len(plan.rungs) - 1)]]
    if behind:
        scores.play(behind, plan.rungs[min(1, len(plan.rungs) - 1)])
    played.stage = "confirm"
    finalists = _confirmed(valid, scores, plan)
    today_budgets = _kept(scores, today, plan.fresh if finalists else plan.seeds)
    best = _best(finalists, today, today_budgets, scores)
    return Tuned(
        plan, variants, scores, stages, tuple(front(valid, scores)), finalists, today_budgets, best
    )


def _search(
    variants: Variants, scores: Scores, plan: Plan, champion: Variant, stages: dict[int, Stage]
) -> Variant:
    """Let Optuna propose the other half, batch by batch; give the champion afterwards."""
    sampler = Sampler(variants.space, plan.seed)
    for variant in [one for one in variants if one.number in stages]:
        sampler.show(variant.places, scores.goal(variant), scores.excesses(variant))
    while (left := plan.trials - (len(stages) - 1)) > 0:
        asked = sampler.ask(variants, min(BATCH - NEAR, left))
        near = neighbours(variants.space, champion.places)
        more = new_ones(variants, near, min(BATCH, left) - len(asked))
        batch = [variant for _, variant in asked] + more
        if not batch:
            break
        stages |= dict.fromkeys((one.number for one in batch), "search")
        champion = halve(batch, champion, scores, plan.rungs, kept_least=1)
        for trial, variant in asked:
            sampler.tell(trial, scores.goal(variant), scores.excesses(variant))
        for variant in more:
            sampler.show(variant.places, scores.goal(variant), scores.excesses(variant))
    return champion


def _simplified(
    variants: Variants, scores: Scores, plan: Plan, champion: Variant, stages: dict[int, Stage]
) -> Variant:
    """Put values back to today's, one after another, where the champion is no worse for it."""
    for nth, home in enumerate(variants.space.home):
        places = (*champion.places[:nth], home, *champion.places[nth + 1 :])
        fewer = variants.make(places)
        if places != champion.places and fewer.season is not None:
            stages.setdefault(fewer.number, "search")
            champion = halve([fewer], champion, scores, plan.rungs, kept_least=1)
    return champion


def _confirmed(valid: Sequence[Variant], scores: Scores, plan: Plan) -> tuple[Finalist, ...]:
    """Play the best on fresh seeds, those better than today's file; the best by the search first.

    The order stays the search's: to choose by the fresh seeds would spoil them in turn.
    """
    today, last = scores.today, plan.rungs[-1]
    ranked = sorted((one for one in valid if scores.count(one) == last), key=scores.rank)
    ahead: list[Variant] = []
    for one in ranked[: ranked.index(today)]:
        # A file that does exactly what a better one does, by values without effect, adds nothing.
        twin = any(scores.against(one, other).reading == "none" for other in ahead)
        if len(ahead) < FINALISTS and scores.feasible(one) and not twin:
            ahead.append(one)
    if not ahead:
        return ()
    scores.played.play([today, *ahead], plan.fresh)
    before = scores.played.figures(today, plan.fresh)
    found = []
    for one in ahead:
        after = scores.played.figures(one, plan.fresh)
        figures = {
            name: difference([run[name] for run in before], [run[name] for run in after])
            for name in FIGURES
            if name in before[0]
        }
        kept = _kept(scores, one, plan.fresh)
        found.append(Finalist(one, scores.against(one, today), figures, kept))
    return tuple(found)


def _kept(scores: Scores, variant: Variant, seeds: Sequence[int]) -> tuple[BudgetKept, ...]:
    found = []
    for budget in scores.budgets:
        value, today = (
            statistic_of(scores.played.values(one, budget.figure, seeds), budget.statistic)
            for one in (variant, scores.today)
        )
        found.append(BudgetKept(budget, value, today, budget.bound(today)))
    return tuple(found)


def _best(
    finalists: Sequence[Finalist], today: Variant, today_budgets: Sequence[BudgetKept],
    scores: Scores,
) -> Variant | None:  # fmt: skip
    """Take the first finalist that keeps the budgets on the fresh seeds and isn't worse there."""
    holds = all(one.kept for one in today_budgets)
    for one in finalists:
        reading = reading_of(one.figures[scores.objective.figure], scores.objective)
        if one.feasible and not (holds and reading == "worse"):
            return one.variant
    return today if holds else None
