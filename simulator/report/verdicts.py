"""Verdicts: what a simulation or a comparison comes to, in sentences a manager can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from simulator.report.answers import Answers
from simulator.report.comparison import TELLS_FROM_FEN, Comparison
from simulator.report.paired import SEEDS_MAX, Difference
from simulator.report.report_words import ReportWords
from simulator.report.spread import Spread

Mood = Literal["good", "bad", "unclear"]
POINT_RULES: Final = ("earning", "multiplier", "multiplying")
"""Sections of a season file that only say how many points a purchase earns."""
MONEY: Final = ("cost_total_fen", "margin_gain_fen")
TELLS_FROM_SHARE: Final = 0.001
"""A share that moves less than this isn't worth a sentence, however sure it is."""


def side(spread: Spread) -> Literal["above", "below", "unclear"]:
    """Tell on which side of 0 the whole 95 % interval lies."""
    if spread["low"] is not None and spread["low"] > 0:
        return "above"
    if spread["high"] is not None and spread["high"] < 0:
        return "below"
    return "unclear"


def mood_of(answers: Answers) -> Mood:
    """Tell whether the season pays for itself."""
    return {"above": "good", "below": "bad", "unclear": "unclear"}[side(answers.net_gain_fen)]  # type: ignore[return-value]  # the three values are moods


def simulation_verdict(answers: Answers, words: ReportWords) -> list[str]:
    """Say whether the season pays, what it costs, and whom it pays."""
    return list(_simulation(answers, words))


def _simulation(answers: Answers, words: ReportWords) -> Iterator[str]:
    figures, count = answers.figures, len(answers.runs)
    cost, gain, net = figures["cost_total_fen"], figures["margin_gain_fen"], answers.net_gain_fen
    if not any(run.figures[one] for run in answers.runs for one in MONEY):
        yield words("verdict.nothing")
        return
    yield words(
        f"verdict.net.{side(net)}" if count > 1 else "verdict.net.one",
        gain=words.gain(gain["mean"]),
        cost=words.money(cost["mean"]),
        net=words.money(net["mean"]),
        span=words.money_span(net),
    )
    if count > 1:
        yield words(
            "verdict.cost",
            p50=words.money(cost["p50"]), p95=words.money(cost["p95"]), runs=str(count),
        )  # fmt: skip
    if cost["mean"] > 0:
        yield words(
            "verdict.back",
            back=words.money(100 * gain["mean"] / cost["mean"]), one=words.money(100),
        )  # fmt: skip
        yield words("verdict.anyway", share=words.share(figures["anyway_share"]["mean"]))
    yield from _budgets(answers, words)
    if side(net) == "below":
        yield words("model.kept")


def _budgets(answers: Answers, words: ReportWords) -> Iterator[str]:
    count = str(len(answers.runs))
    if answers.exceeds is not None and answers.budget_fen is not None:
        yield words(
            "verdict.exceeds" if answers.exceeds.runs else "verdict.within",
            budget=words.money(answers.budget_fen), runs=str(answers.exceeds.runs), of=count,
        )  # fmt: skip
    short = [one for one in answers.budgets if one.runs_out.runs]
    for one in short:
        yield words(
            "verdict.broken" if one.covers_prizes else "verdict.out",
            name=words.budget(one.id), measure=words(f"measure.{one.measure}"),
            runs=str(one.runs_out.runs), of=count,
        )  # fmt: skip
    if answers.budgets and not short:
        yield words("verdict.budgets_hold")


def comparison_mood(comparison: Comparison) -> Mood:
    """Tell whether the candidate leaves more margin after rewards."""
    reading = comparison.figures["margin_fen"].reading
    if reading in ("none", "unclear"):
        return "unclear"
    return "good" if reading == "more" else "bad"


def comparison_verdict(
    comparison: Comparison, names: tuple[str, str], words: ReportWords,
    changed: Iterable[str] = (),
) -> list[str]:  # fmt: skip
    """Say which file leaves more, what that rests on, and for whom it changes something.

    `changed` are the paths of what the candidate changes.
    """
    if comparison.identical:
        return [words("compare.identical", base=names[0], candidate=names[1])]
    said = list(_compared(comparison, names, words))
    return said + beyond_the_model(comparison.figures["cost_total_fen"], changed, words)


def beyond_the_model(cost: Difference, changed: Iterable[str], words: ReportWords) -> list[str]:
    """Say what a change may bring that the model of behaviour can't tell, where there is such."""
    said = []
    if any(path.split(".")[0] in POINT_RULES for path in changed):
        said.append(words("model.points"))
    if cost.reading == "less":
        said.append(words("model.rivals"))
    return said


def _compared(comparison: Comparison, names: tuple[str, str], words: ReportWords) -> Iterator[str]:
    figures = comparison.figures
    seeds, several = str(len(comparison.base)), len(comparison.base) > 1
    for figure in ("margin_fen", "cost_total_fen"):
        one = figures[figure]
        yield words(
            f"compare.{figure}.{one.reading if several or one.reading == 'none' else 'one'}",
            base=names[0],
            candidate=names[1],
            size=words.money(abs(one.difference["mean"])),
            difference=words.signed_money(one.difference["mean"]),
            span=words.money_span(one.difference, signed=True),
            seeds=seeds,
        )
        if figure == "margin_fen" and one.reading == "unclear":
            yield more_seeds_said(one, len(comparison.base), words)
    reward = comparison.everyone[0]
    if reward.winners["mean"] or reward.losers["mean"]:
        yield words(
            "compare.members",
            up=words.count(round(reward.winners["mean"])),
            down=words.count(round(reward.losers["mean"])),
            members=words.count(round(reward.members["mean"])),
            least=words.money(TELLS_FROM_FEN),
        )
    else:
        yield words("compare.nobody", least=words.money(TELLS_FROM_FEN))
    anyway = figures["anyway_share"]
    if anyway.reading in ("more", "less") and abs(anyway.difference["mean"]) >= TELLS_FROM_SHARE:
        yield words(
            f"compare.anyway.{anyway.reading}",
            base=words.share(anyway.base["mean"]),
            candidate=words.share(anyway.candidate["mean"]),
            difference=words.points(anyway.difference["mean"]),
        )


def more_seeds_said(one: Difference, seeds: int, words: ReportWords) -> str:
    """Say how many more seeds would settle what can't be told."""
    if seeds < 2:
        return words("compare.one_seed")
    if one.more_seeds is None:
        return words("compare.too_small", most=words.count(SEEDS_MAX))
    return words("compare.more_seeds", more=words.count(one.more_seeds))
