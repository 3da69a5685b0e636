"""Tuning report: what a search found, as sections of one page a manager can read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.advice.season_diff import changes
from rules.season.season_models import Season
from simulator.people.population import Population
from simulator.report import page
from simulator.report.charts import Span, rows_chart
from simulator.report.comparison_report import TOLD
from simulator.report.method_report import parameters
from simulator.report.scatter import Dots, scatter_chart
from simulator.search.pareto import AXES
from simulator.search.tuning import Finalist, Tuned
from simulator.search.tuning_words import MOODS, TuningWords, both, tuning_verdict
from simulator.search.variants import Variant

MARGIN, COST, ACTIVE = AXES


@dataclass(frozen=True, slots=True)
class Tuning:
    """A search with what it was made with."""

    tuned: Tuned
    members: int
    population: Population

    @property
    def season(self) -> Season:
        """Give today's file."""
        season = self.tuned.variants.today.season
        if season is None:
            raise ValueError("today's file isn't valid")
        return season


def tuning_report(tuning: Tuning) -> str:
    """Write report.html of a search."""
    every = both(tuning.season)
    title = " · ".join(words("tune.title", season=words.season_name()) for words in every)
    return page.page(title, {words.language: _body(tuning, words) for words in every})


def _body(tuning: Tuning, words: TuningWords) -> str:
    parts = (_summary, _changes, _confirmed, _front, _values, _method)
    return "".join(part(tuning, words) for part in parts)


def _summary(tuning: Tuning, words: TuningWords) -> str:
    tuned = tuning.tuned
    tiles = []
    if tuned.chosen is not None:
        figure = tuned.scores.objective.figure
        goal = tuned.chosen.figures[figure].difference
        cost, active = (tuned.chosen.figures[axis[0]] for axis in (COST, ACTIVE))
        tiles = [
            (
                words("tune.tile.goal", figure=words.figure(figure)),
                words.gap(figure, goal["mean"]),
                words("report.tile.interval", span=words.gap_span(figure, goal)),
            ),
            (
                words("tune.tile.cost"), words.money(cost.candidate["p95"]),
                words("tune.tile.today", today=words.money(cost.base["p95"])),
            ),
            (
                words("tune.tile.active"), words.count(active.candidate["mean"]),
                words("tune.tile.today", today=words.count(active.base["mean"])),
            ),
        ]  # fmt: skip
    return (
        page.heading(
            words("tune.title", season=words.season_name()),
            words(
                "tune.under", members=words.count(tuning.members),
                tried=words.count(len(tuned.tried) - 1),
                runs=words.count(tuned.scores.played.runs), aim=words.aim(tuned),
            ),
        )
        + page.verdict(tuning_verdict(tuned, words), MOODS[tuned.outcome])
        + (page.tiles(tiles) if tiles else "")
    )  # fmt: skip


def changed(tuned: Tuned, variant: Variant) -> list[tuple[str, str, str]]:
    """List the values a file changes: path, today's, its own."""
    return [
        (knob.path, knob.today, knob.written(place))
        for knob, place in zip(tuned.variants.space.knobs, variant.places, strict=True)
        if place != knob.home
    ]


def _bare(written: str) -> str:
    """Write a value of a season file without the quotes that only TOML needs."""
    return written.replace('"', "")


def said(tuning: Tuning, language: str) -> list[str]:
    """Say in a language what the best file changes; nothing where that is today's, or none."""
    best = tuning.tuned.best
    if best is None or best.season is None or not best.changes:
        return []
    return [one.zh if language == "zh" else one.en for one in changes(tuning.season, best.season)]


def _changes(tuning: Tuning, words: TuningWords) -> str:
    best = tuning.tuned.best
    if best is None or best.season is None or not best.changes:
        return page.section(words("tune.changes"), page.paragraph(words("tune.no_changes")))
    heads = [words(f"tune.head.{one}") for one in ("path", "today", "best")]
    return page.section(
        words("tune.changes"),
        page.bullets(said(tuning, words.language)),
        page.table(
            heads,
            [(path, _bare(today), _bare(own)) for path, today, own in changed(tuning.tuned, best)],
            words=3,
        ),
    )


def _confirmed(tuning: Tuning, words: TuningWords) -> str:
    """Show the finalists on fresh seeds, and every figure of the best."""
    tuned = tuning.tuned
    if not tuned.finalists:
        return ""
    figure = tuned.scores.objective.figure
    rows = [_span(one, tuned, words) for one in tuned.finalists]
    title = words("tune.confirmed_title", figure=words.figure(figure))
    drawn = rows_chart(
        rows,
        words("tune.axis.difference"),
        lambda value: words.gap(figure, value),
        title,
        bars=False,
    )
    note = words("tune.confirmed_note", seeds=str(len(tuned.plan.fresh)))
    heads = [words(f"tune.head.{one}") for one in
             ("file", "budgets", "searched", "fresh", "changes")]  # fmt: skip
    listed = [
        [
            words("tune.finalist", n=str(one.variant.number)),
            words("tune.kept_short" if one.feasible else "tune.broken_short"),
            words.gap(figure, one.searched.difference["mean"]),
            words.gap(figure, one.figures[figure].difference["mean"]),
            str(one.variant.changes),
        ]
        for one in tuned.finalists
    ]
    return page.section(
        words("tune.confirmed"),
        page.charts(page.chart(title, drawn, note)),
        page.table(heads, listed, words=2),
        _figures(tuned.chosen, words) if tuned.chosen is not None else "",
    )


def _span(one: Finalist, tuned: Tuned, words: TuningWords) -> Span:
    figure = tuned.scores.objective.figure
    found = one.figures[figure].difference
    named = "tune.best_finalist" if one is tuned.chosen else "tune.finalist"
    return Span(
        words(named, n=str(one.variant.number)), found["mean"], found["low"], found["high"],
        "c2" if one is tuned.chosen else "c0", words.gap(figure, found["mean"]),
    )  # fmt: skip


def _figures(best: Finalist, words: TuningWords) -> str:
    """Lay out every figure of the best beside today's."""
    rows = []
    for name in TOLD:
        one = best.figures[name]
        rows.append([
            words.figure(name), words(f"reading.{one.reading}"),
            words.value(name, one.base["mean"]), words.value(name, one.candidate["mean"]),
            words.gap(name, one.difference["mean"]), words.gap_span(name, one.difference),
        ])  # fmt: skip
    heads = [words("head.figure"), words("head.reading"), words("tune.head.today"),
             words("tune.head.best"), words("head.difference"), words("head.interval")]  # fmt: skip
    return page.folded(words("tune.figures_title"), page.table(heads, rows, words=2))


def _front(tuning: Tuning, words: TuningWords) -> str:
    """Draw all files by cost and margin, and list those none beats."""
    tuned = tuning.tuned
    scores, today = tuned.scores, tuned.variants.today

    def at(one: Variant) -> tuple[float, float]:
        return scores.level(one, *COST[:2]), scores.level(one, *MARGIN[:2])

    groups = [
        Dots(words("tune.dot.tried"), [at(one) for one in tuned.tried], "c5", 3.5),
        Dots(words("tune.dot.front"), [at(one) for one in tuned.front], "c0", 4.5, joined=True),
        Dots(words("tune.dot.today"), [at(today)], "c1", 7.0),
    ]
    if tuned.best is not None and tuned.best is not today:
        groups.append(Dots(words("tune.dot.best"), [at(tuned.best)], "c2", 7.0))
    title = words("tune.front_title")
    drawn = scatter_chart(
        groups, words("tune.axis.cost"), words("tune.axis.margin"), words.money, title
    )
    heads = [words(f"tune.head.{one}") for one in
             ("file", "budgets", "margin", "cost", "active", "seeds", "changes")]  # fmt: skip
    rows = [
        [
            words("tune.dot.today") if one is today
            else words("tune.best_finalist" if one is tuned.best else "tune.finalist",
                       n=str(one.number)),
            words("tune.kept_short" if scores.feasible(one) else "tune.broken_short"),
            words.money(at(one)[1]), words.money(at(one)[0]),
            words.count(scores.level(one, *ACTIVE[:2])), str(scores.count(one)), str(one.changes),
        ]
        for one in tuned.front
    ]  # fmt: skip
    return page.section(
        words("tune.front"),
        page.charts(page.chart(title, drawn, words("tune.front_note"))),
        page.table(heads, rows, words=2),
        page.paragraph(words("tune.front_about"), "note"),
    )


def _values(tuning: Tuning, words: TuningWords) -> str:
    """Tell what the files with each value came to on average."""
    tuned = tuning.tuned
    scores, figure = tuned.scores, tuned.scores.objective.figure
    levels = {one.number: scores.level(one, figure) for one in tuned.tried}
    whole = float(np.mean(list(levels.values())))
    rows = []
    for nth, knob in enumerate(tuned.variants.space.knobs):
        held: dict[int | None, list[float]] = defaultdict(list)
        for one in tuned.tried:
            held[one.places[nth]].append(levels[one.number])
        for place in sorted(held, key=lambda one: -1 if one is None else one):
            mean = float(np.mean(held[place])) - whole
            rows.append(
                [knob.path, knob.written(place), str(len(held[place])), words.gap(figure, mean)]
            )
    heads = [words(f"tune.head.{one}") for one in ("path", "option", "files", "effect")]
    note = words("tune.values_note", figure=words.figure(figure))
    return page.section(
        words("tune.values"),
        page.paragraph(note),
        page.folded(words("tune.values"), page.table(heads, rows, words=2)),
    )


def _method(tuning: Tuning, words: TuningWords) -> str:
    tuned = tuning.tuned
    stages: Final = list(tuned.stages.values())
    space = tuned.variants.space
    search = stages.count("search")
    spread = (
        words("tune.method.spread", screen=str(stages.count("screen")), search=str(search))
        if space.size > tuned.plan.trials
        else words("tune.method.whole")
    )
    lines = [
        words(
            "tune.method.space", size=words.number(space.size), knobs=str(len(space.knobs)),
            tried=words.count(len(tuned.tried) - 1),
        ),
        spread,
        words("tune.method.rungs", rungs=" → ".join(map(str, tuned.plan.rungs))),
        words("tune.method.paired"),
        words("tune.method.fresh", seeds=str(len(tuned.plan.fresh))),
        words("method.money"),
    ]  # fmt: skip
    return page.section(
        words("tune.method"), page.bullets(lines), parameters(tuning.population, words)
    )
