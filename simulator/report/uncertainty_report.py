"""Uncertainty report: the three bands of what a simulation doesn't know, each by itself."""

from __future__ import annotations

import numpy as np

from simulator.report import page
from simulator.report.answers import Answers, net_gain_fen
from simulator.report.charts import Span, rows_chart
from simulator.report.paired import difference
from simulator.report.report_words import ReportWords


def uncertainty(answers: Answers, words: ReportWords) -> str:
    """Write the section on what isn't known."""
    extra = answers.uncertainty
    notes = [words("unsure.monte_carlo_note", runs=words.runs(len(answers.runs)))]
    notes.append(
        words("unsure.parameter_note", draws=str(len(extra.draws)))
        if extra.draws
        else words("unsure.no_draws")
    )
    notes.append(words("unsure.model_note" if extra.without else "unsure.no_model"))
    made = [_bands(answers, words)]
    if extra.without:
        made.append(_effects(answers, words))
    return page.section(
        words("unsure.section"),
        page.paragraph(words("unsure.about")),
        page.charts(*made),
        page.bullets(notes),
    )


def _bands(answers: Answers, words: ReportWords) -> str:
    """Draw the net gain over seeds and over draws of the parameters, P5 to P95 each."""
    groups = [("monte_carlo", [net_gain_fen(run) for run in answers.runs], "c0")]
    if answers.uncertainty.draws:
        groups.append(("parameter", [net_gain_fen(run) for run in answers.uncertainty.draws], "c1"))
    rows = [
        Span(
            words(f"unsure.{name}"), float(np.median(values)), float(np.quantile(values, 0.05)),
            float(np.quantile(values, 0.95)), css,
        )
        for name, values, css in groups
    ]  # fmt: skip
    widest = max(rows, key=lambda row: (row.high or 0) - (row.low or 0))
    title = words("unsure.title", band=widest.label) if len(rows) > 1 else words("unsure.one_band")
    svg = rows_chart(rows, words("axis.net"), words.money, title, bars=False)
    return page.chart(title, svg, words("unsure.bands_note"))


def _effects(answers: Answers, words: ReportWords) -> str:
    """Draw how the net gain changes as each effect is switched off, paired by seed."""
    rows = []
    for name, without in answers.uncertainty.without.items():
        one = difference(
            [net_gain_fen(run) for run in answers.runs[: len(without)]],
            [net_gain_fen(run) for run in without],
        ).difference
        rows.append(
            Span(words(f"effect.{name}"), one["mean"], one["low"], one["high"], "c2",
                 words.signed_money(one["mean"]))
        )  # fmt: skip
    rows.sort(key=lambda row: row.value)
    largest = max(rows, key=lambda row: abs(row.value))
    title = words("unsure.effects", effect=largest.label)
    svg = rows_chart(rows, words("axis.net_change"), words.money, title)
    return page.chart(title, svg, words("unsure.effects_note"))
