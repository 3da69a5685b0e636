"""Scores: what the files of a search come to, comparable though they had unequal many seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from simulator.report.paired import Difference, difference
from simulator.search.aims import Budget, Objective, statistic_of
from simulator.search.played import Played
from simulator.search.variants import Variant

Rank: TypeAlias = tuple[bool, float, float, int, int]


class Scores:
    """Judges files against today's on the same draws.

    A figure of a file on n seeds is restated for all seeds by what it differs from today's file on
    those n: value = today's over all seeds + (file − today's, over the n). What a seed does to
    both cancels out.
    """

    def __init__(
        self, played: Played, today: Variant, seeds: Sequence[int], objective: Objective,
        budgets: Sequence[Budget],
    ) -> None:  # fmt: skip
        self.played, self.today, self.seeds = played, today, tuple(seeds)
        self.objective, self.budgets = objective, tuple(budgets)
        self._counts: dict[int, int] = {today.number: 0}

    def play(self, variants: Sequence[Variant], count: int) -> None:
        """Play files and today's on the first `count` seeds."""
        both = list({one.number: one for one in (self.today, *variants)}.values())
        self.played.play(both, self.seeds[:count])
        for one in both:
            self._counts[one.number] = max(count, self._counts.get(one.number, 0))

    def count(self, variant: Variant) -> int:
        """Tell on how many seeds a file was played."""
        return self._counts.get(variant.number, 0)

    def level(self, variant: Variant, figure: str, statistic: str = "mean") -> float:
        """Give a figure of a file, restated for all seeds."""
        of, paired = self.seeds[: self.count(self.today)], self.seeds[: self.count(variant)]
        whole = statistic_of(self.played.values(self.today, figure, of), statistic)
        if variant.number == self.today.number:
            return whole
        here = statistic_of(self.played.values(variant, figure, paired), statistic)
        return (
            whole + here - statistic_of(self.played.values(self.today, figure, paired), statistic)
        )

    def goal(self, variant: Variant) -> float:
        """Give the objective, more being better."""
        return self.objective.sign * self.level(variant, self.objective.figure)

    def excesses(self, variant: Variant) -> list[float]:
        """Tell how far a file is beyond each budget, in shares of it; 0 or less keeps it."""
        return [
            budget.excess(
                self.level(variant, budget.figure, budget.statistic),
                self.level(self.today, budget.figure, budget.statistic),
            )
            for budget in self.budgets
        ]

    def excess(self, variant: Variant) -> float:
        """Tell how far a file is beyond its budgets together."""
        return sum(max(0.0, one) for one in self.excesses(variant))

    def feasible(self, variant: Variant) -> bool:
        """Tell whether a file keeps every budget."""
        return self.excess(variant) == 0

    def rank(self, variant: Variant) -> Rank:
        """Give what files are ordered by, the best first.

        Budgets go first, then the objective; of equals the one nearer to today's, then the older.
        """
        excess = self.excess(variant)
        return excess > 0, excess, -self.goal(variant), variant.changes, variant.number

    def against(self, variant: Variant, other: Variant) -> Difference:
        """Compare the objective with another file's, paired over the seeds both had."""
        seeds = self.seeds[: min(self.count(variant), self.count(other))]
        figure = self.objective.figure
        return difference(
            self.played.values(other, figure, seeds), self.played.values(variant, figure, seeds)
        )
