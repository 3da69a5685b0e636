"""Tuning words: the sentences of the tuning report, and its verdict, in one language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from rules.season.season_models import Season
from rules.wording.terms_words import LANGUAGES
from simulator.report.report_words import PHRASES as OF_REPORTS
from simulator.report.report_words import ReportWords
from simulator.report.spread import Spread
from simulator.report.verdicts import beyond_the_model
from simulator.search import tuning_en, tuning_zh
from simulator.search.aims import Budget
from simulator.search.tuning import BudgetKept, Tuned

PHRASES: Final = {"zh": tuning_zh.PHRASES, "en": tuning_en.PHRASES}
MOODS: Final[dict[str, Literal["good", "bad", "unclear"]]] = {
    "better": "good", "today": "good", "same": "unclear", "unclear": "unclear", "worse": "unclear",
    "none": "bad",
}  # fmt: skip
ML_A_LITRE: Final = 1000


class TuningWords(ReportWords):
    """One language of a tuning report."""

    def __call__(self, key: str, /, **values: str) -> str:
        """Give a sentence with its places filled."""
        if key in PHRASES[self.language]:
            return PHRASES[self.language][key].format(**values)
        return super().__call__(key, **values)

    def figure(self, name: str) -> str:
        """Name a figure; one that reports have no word for by its name in the tables."""
        of_reports = OF_REPORTS[self.language]
        for key in (f"figure.{name}", f"cost.{name}"):
            if key in of_reports:
                return of_reports[key]
        return name

    def value(self, figure: str, value: float) -> str:
        """Write a figure's value in its unit."""
        if figure.endswith("_fen"):
            return self.money(value)
        if figure.endswith("_share") or figure == "roi" or figure.startswith("gini"):
            return self.share(value)
        if figure.endswith("_ml"):
            return f"{self.number(value / ML_A_LITRE)} L"
        return self.count(value)

    def gap(self, figure: str, value: float) -> str:
        """Write a difference of a figure, with its sign."""
        if figure.endswith("_share") or figure == "roi" or figure.startswith("gini"):
            return self.points(value)
        said = self.value(figure, value)
        return f"+{said}" if value > 0 else said

    def gap_span(self, figure: str, spread: Spread) -> str:
        """Write the interval of a difference."""
        if spread["low"] is None or spread["high"] is None:
            return self("no_interval")
        return self.between(self.gap(figure, spread["low"]), self.gap(figure, spread["high"]))

    def limit(self, budget: Budget) -> str:
        """Say a budget in words: the figure, which statistic of it, and the limit."""
        share = self.share(budget.limit)
        bound = self("tune.of_today", share=share) if budget.of_today else self.value(
            budget.figure, budget.limit
        )  # fmt: skip
        return self(
            "tune.limit", figure=self.figure(budget.figure),
            statistic=self(f"tune.statistic.{budget.statistic}"),
            sign="≤" if budget.at_most else "≥", bound=bound,
        )  # fmt: skip

    def aim(self, tuned: Tuned) -> str:
        """Say what the search was for."""
        objective = tuned.scores.objective
        way = "max" if objective.sign > 0 else "min"
        return self(f"tune.aim.{way}", figure=self.figure(objective.figure))


def both(season: Season) -> tuple[TuningWords, ...]:
    """Give the words of every language, Chinese first."""
    return tuple(TuningWords(season, language) for language in LANGUAGES)


def tuning_verdict(tuned: Tuned, words: TuningWords) -> list[str]:
    """Say what to do: change what, keep today's file, or that it can't be told."""
    return list(_said(tuned, words))


def _said(tuned: Tuned, words: TuningWords) -> Iterator[str]:
    figure = tuned.scores.objective.figure
    chosen, seeds = tuned.chosen, str(len(tuned.plan.fresh))
    others = words.count(len(tuned.tried) - 1)
    if chosen is None:
        yield words(f"tune.{tuned.outcome}", tried=others)
    else:
        found = chosen.figures[figure]
        changes = chosen.variant.changes
        values = "tune.values.one" if changes == 1 else "tune.values.more"
        yield words(
            f"tune.{tuned.outcome}", values=words(values, n=str(changes)),
            figure=words.figure(figure), difference=words.gap(figure, found.difference["mean"]),
            span=words.gap_span(figure, found.difference), seeds=seeds,
        )  # fmt: skip
        if found.reading == "unclear" and found.more_seeds is not None:
            yield words("tune.more_seeds", more=words.count(found.more_seeds))
        yield from (_budget(one, words) for one in chosen.budgets)
        yield words(
            "tune.curse", searched=words.gap(figure, chosen.searched.difference["mean"]),
            fresh=words.gap(figure, found.difference["mean"]),
        )  # fmt: skip
        yield from beyond_the_model(chosen.figures["cost_total_fen"], changed_paths(tuned), words)
        passed = tuned.finalists.index(chosen)
        if passed:
            yield words("tune.nearer", n=str(passed))
    for one in tuned.today_budgets:
        if not one.kept:
            yield words(
                "tune.today_breaks", budget=words.limit(one.budget),
                value=words.value(one.budget.figure, one.value),
                bound=words.value(one.budget.figure, one.bound),
            )  # fmt: skip
    if tuned.invalid:
        yield words("tune.invalid", n=words.count(tuned.invalid))


def changed_paths(tuned: Tuned) -> list[str]:
    """Name the values that the best file changes."""
    best = tuned.best
    if best is None:
        return []
    knobs = zip(tuned.variants.space.knobs, best.places, strict=True)
    return [knob.path for knob, place in knobs if place != knob.home]


def _budget(one: BudgetKept, words: TuningWords) -> str:
    figure = one.budget.figure
    return words(
        "tune.kept" if one.kept else "tune.broken", budget=words.limit(one.budget),
        value=words.value(figure, one.value), bound=words.value(figure, one.bound),
        today=words.value(figure, one.today),
    )  # fmt: skip
