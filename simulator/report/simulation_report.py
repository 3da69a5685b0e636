"""Simulation report: one season file's answers as sections of a page, what matters first."""

from __future__ import annotations

from collections.abc import Callable

from simulator.report import page
from simulator.report.answers import Answers
from simulator.report.charts import Series, Span, columns_chart, lines_chart, rows_chart
from simulator.report.cost_answers import COSTS
from simulator.report.members_report import prizes, tiers, who
from simulator.report.method_report import method
from simulator.report.report_words import ReportWords, both
from simulator.report.spread import Spread, spread_of
from simulator.report.uncertainty_report import uncertainty
from simulator.report.verdicts import mood_of, simulation_verdict

COLOURS = dict(zip(COSTS, ("c0", "c1", "c2", "c5", "c3", "c4"), strict=True))


def simulation_report(answers: Answers) -> str:
    """Write report.html of a simulation."""
    bodies = {words.language: _body(answers, words) for words in both(answers.season)}
    titles = [words("report.title", season=words.season_name()) for words in both(answers.season)]
    return page.page(" · ".join(titles), bodies)


def _body(answers: Answers, words: ReportWords) -> str:
    return "".join(
        (
            _summary(answers, words),
            _costs(answers, words),
            _months(answers, words),
            tiers(answers, words),
            prizes(answers, words),
            who(answers, words),
            uncertainty(answers, words),
            method(answers, words),
        )
    )


def _summary(answers: Answers, words: ReportWords) -> str:
    figures, first = answers.figures, answers.runs[0]
    cost, net, anyway = figures["cost_total_fen"], answers.net_gain_fen, figures["anyway_share"]
    several = len(answers.runs) > 1
    under_cost = "report.tile.cost_under" if several else "report.tile.one_run"
    return (
        page.heading(
            words("report.title", season=words.season_name()),
            words(
                "report.under",
                members=words.count(figures["members"]["mean"]),
                days=str(first.days),
                runs=words.runs(len(answers.runs)),
            ),
        )
        + page.verdict(simulation_verdict(answers, words), mood_of(answers))
        + page.tiles(
            [
                (
                    words("report.tile.cost"),
                    words.money(cost["p50"]),
                    words(under_cost, p95=words.money(cost["p95"])),
                ),
                (
                    words("report.tile.net"),
                    words.signed_money(net["mean"]),
                    words.interval(words.money_span(net, signed=True)),
                ),
                (
                    words("report.tile.anyway"),
                    words.share(anyway["mean"]),
                    words.interval(words.share_span(anyway)),
                ),
            ]
        )
    )


def _costs(answers: Answers, words: ReportWords) -> str:
    figures = answers.figures
    kinds = sorted(COSTS, key=lambda name: -figures[name]["p50"])
    whole = figures["cost_total_fen"]
    title = words("costs.none")
    if whole["mean"] > 0:
        title = words(
            "costs.title",
            kind=words(f"cost.{kinds[0]}"),
            share=words.share(figures[kinds[0]]["mean"] / whole["mean"]),
        )
    rows = [
        Span(words(f"cost.{name}"), figures[name]["p50"], figures[name]["p50"],
             figures[name]["p95"], COLOURS[name])
        for name in kinds
    ]  # fmt: skip
    by_kind = page.chart(
        title, rows_chart(rows, words("axis.money"), words.money, title), words("costs.note")
    )
    heads = [words(f"head.{one}") for one in ("cost", "mean", "interval", "p50", "p95")]
    table = page.table(
        heads, [_money_row(words(f"cost.{name}"), figures[name], words)
                for name in (*kinds, "cost_total_fen")],
    )  # fmt: skip
    return page.section(
        words("costs.section"),
        page.charts(by_kind, _over_seeds(answers, words)),
        table,
        _budget_table(answers, words),
    )


def _money_row(label: str, spread: Spread, words: ReportWords) -> list[str]:
    return [
        label, words.money(spread["mean"]), words.money_span(spread), words.money(spread["p50"]),
        words.money(spread["p95"]),
    ]  # fmt: skip


def _over_seeds(answers: Answers, words: ReportWords) -> str:
    """Draw what leaves and what comes back: gain, cost, net."""
    figures = answers.figures
    rows = [
        Span(words(f"money.{name}"), spread["mean"], spread["low"], spread["high"], css)
        for name, spread, css in (
            ("gain", figures["margin_gain_fen"], "c2"),
            ("cost", figures["cost_total_fen"], "c3"),
            ("net", answers.net_gain_fen, "c0"),
        )
    ]
    key = "above" if answers.net_gain_fen["mean"] > 0 else "below"
    title = words(f"money.{key}")
    marks = (
        [(float(answers.budget_fen), words("money.budget"))]
        if answers.budget_fen is not None
        else []
    )
    svg = rows_chart(rows, words("axis.money"), words.money, title, marks=marks)
    return page.chart(title, svg, words("money.note"))


def _budget_table(answers: Answers, words: ReportWords) -> str:
    rows = []
    for one in answers.budgets:
        written = words.money if one.measure == "cost" else words.count
        told = one.runs_out.told()
        rows.append([
            words.budget(one.id), words(f"measure.{one.measure}"), written(one.limit),
            written(one.used["mean"]), written(one.used["p95"]),
            words.share(one.runs_out.runs / one.runs_out.of),
            words.between(words.share(told["low"]), words.share(told["high"])),
        ])  # fmt: skip
    heads = ("budget", "measure", "limit", "used", "p95", "runs_out", "interval")
    return page.table([words(f"head.{one}") for one in heads], rows, words=2)


def _months(answers: Answers, words: ReportWords) -> str:
    tables = [run.tables["months"].to_pydict() for run in answers.runs]
    months = sorted({month for table in tables for month in table["month"]})

    def spread(name: str, month: str) -> Spread:
        found = [dict(zip(one["month"], one[name], strict=True)).get(month, 0) for one in tables]
        return spread_of([float(value) for value in found])

    names = [name for name in COSTS if name != "cost_liability_fen"]
    series = [
        Series(words(f"cost.{name}"), [spread(name, month)["mean"] for month in months],
               COLOURS[name])
        for name in names
    ]  # fmt: skip
    sums = [sum(one.values[nth] for one in series) for nth in range(len(months))]
    most = max(range(len(months)), key=lambda nth: sums[nth])
    title = words("months.title", month=months[most], cost=words.money(sums[most]))
    owed = [spread("liability_fen", month) for month in months]
    owed_title = words("months.owed", owed=words.money(owed[-1]["mean"]))
    band = Series(
        "", [one["mean"] for one in owed], "c0",
        [one["mean"] if one["low"] is None else one["low"] for one in owed],
        [one["mean"] if one["high"] is None else one["high"] for one in owed],
    )  # fmt: skip
    axis, place = words("axis.money"), words("axis.month")
    return page.section(
        words("months.section"),
        page.charts(
            page.chart(title, columns_chart(months, series, axis, place, words.money, title),
                       words("months.note")),
            page.chart(owed_title,
                       lines_chart(months, [band], axis, place, words.money, owed_title),
                       words("months.owed_note")),
        ),
        _earned(answers, words),
    )  # fmt: skip


def _earned(answers: Answers, words: ReportWords) -> str:
    """Tell liability and breakage by the month points were earned in."""
    tables = [run.tables["liability"].to_pylist() for run in answers.runs]
    months = sorted({row["earned_month"] for table in tables for row in table})

    def mean(name: str, month: str) -> float | None:
        rows = [row[name] for table in tables for row in table if row["earned_month"] == month]
        # Points that never expire aren't kept by month, so some figures aren't known.
        return None if None in rows else float(sum(rows)) / len(tables)

    def said(written: Callable[[float], str], value: float | None) -> str:
        return "—" if value is None else written(value)

    rows = []
    for month in months:
        owed, expected = mean("liability_fen", month), mean("expected_fen", month)
        lost = None if owed is None or expected is None else owed - expected
        points = ("earned_points", "used_points", "expired_points", "outstanding_points")
        counts = [said(words.number, mean(name, month)) for name in points]
        money = [said(words.money, one) for one in (owed, expected, lost)]
        rows.append([month or "—", *counts, *money])
    heads = (
        "month",
        "earned",
        "used_points",
        "expired",
        "outstanding",
        "owed",
        "expected",
        "breakage",
    )
    breakage = answers.figures["breakage_share"]
    return page.table([words(f"head.{one}") for one in heads], rows) + page.paragraph(
        words("months.breakage", share=words.share(breakage["mean"])), "note"
    )
