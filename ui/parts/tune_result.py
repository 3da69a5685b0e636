"""What a search found: the verdict, what to change and what it brings, and the way on."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers.simulation import BudgetKept, Difference, Found, Simulation
from ui.parts import notices
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table
from ui.parts.simulate_figures import percent, points, share_span, signed_money, whole_money
from ui.parts.simulate_files import download, simulation_file
from ui.parts.simulate_run import remove_button
from ui.parts.simulate_to_rules import to_rules
from ui.parts.tile import note, tile, tiles
from ui.parts.tune_front import front_chart, tried_of
from ui.parts.tune_space import choice_name
from ui.parts.verdict import verdict
from ui.texts import Texts
from ui.troubles import CallFailed

MOODS: Final = {"better": "good", "today": "good", "none": "bad"}
BEST, TRIALS, FRONT = "best.toml", "trials.csv", "pareto.csv"
TOLD: Final = (
    "margin_fen",
    "cost_total_fen",
    "margin_gain_fen",
    "roi",
    "lift_litres_share",
    "active_members",
    "anyway_share",
    "breakage_share",
    "coupons_used",
    "points_earned",
)
ML_A_LITRE: Final = 1000
SHARE_LEAST: Final = 0.0005
"""A smaller share is written as none."""


def found_shown(one: Simulation, found: Found, words: Texts) -> None:
    """Show the answers, what matters first."""
    show(_verdict(one, found, words), words)
    if brought := _tiles(one, found, words):
        show(brought, words)
    changes, front = st.columns(2, gap="large")
    with changes:
        show(_changes(found, words) + _budgets(one, found, words), words)
    with front:
        _front(one, words)
    if found.figures is not None:
        show(_figures(one, found.figures, words), words)
    _way_on(one, found, words)
    _take(one, found, words)


def _verdict(one: Simulation, found: Found, words: Texts) -> str:
    said = found.verdict.in_language(words.language)
    under = words(
        "tune.rests",
        tried=number(found.tried),
        runs=number(found.runs),
        members=number(one.members),
        seed=one.seed,
    )
    return verdict(MOODS.get(found.outcome, "calm"), said, under)


def _tiles(one: Simulation, found: Found, words: Texts) -> str:
    """Write what the best file brings; nothing where today's is the best."""
    if found.figures is None or found.difference is None:
        return ""
    figure = found.objective.partition(":")[2]
    cost, active = found.figures["cost_total_fen"], found.figures["active_members"]
    return tiles(
        tile(
            words("tune.tile_goal", figure=figure_name(figure, words)),
            gap(figure, found.difference.mean, one.currency, words),
            note(gap_span(figure, found.difference, one.currency, words)),
            css="fc-tile-main",
        ),
        tile(
            words("tune.tile_cost"),
            value("cost_total_fen", _of(cost, "candidate", "p95"), one.currency),
            note(_today("cost_total_fen", cost, "p95", one, words)),
        ),
        tile(
            words("tune.tile_active"),
            value("active_members", _of(active, "candidate", "mean"), one.currency),
            note(_today("active_members", active, "mean", one, words)),
        ),
        tile(words("tune.tile_tried"), number(found.tried), note(_runs(found, words))),
    )


def _runs(found: Found, words: Texts) -> str:
    return words("tune.runs", runs=number(found.runs))


def _today(figure: str, one: Difference, way: str, asked: Simulation, words: Texts) -> str:
    return words("tune.today", today=value(figure, _of(one, "base", way), asked.currency))


def _of(one: Difference, side: str, way: str) -> float:
    spread = getattr(one, side)
    return float(getattr(spread, way)) if spread is not None else 0.0


def _changes(found: Found, words: Texts) -> str:
    """Say what the best file changes, in sentences and value by value."""
    title = element("strong", "fc-message", text(words("tune.changes")))
    if found.best is None:
        return title + element("p", "fc-way", text(words("tune.changes_none")))
    if not found.best.changes:
        return title + element("p", "fc-way", text(words("tune.changes_today")))
    said = found.best.said.in_language(words.language)
    columns = (
        ("fc-name", words("tune.path")),
        ("fc-money", words("tune.column_today")),
        ("fc-money", words("tune.column_best")),
    )
    rows = (
        (
            element("code", "fc-path", text(one.path)),
            text(choice_name(one.today, words)),
            element("b", "", text(choice_name(one.best, words))),
        )
        for one in found.best.changes
    )
    sentences = element("ul", "fc-misses", *(element("li", "", text(one)) for one in said))
    return title + sentences + element("div", "fc-gap-above", plain_table(columns, rows))


def _budgets(one: Simulation, found: Found, words: Texts) -> str:
    """Say of each budget whether the best file keeps it."""
    if not found.budgets:
        return ""
    columns = (
        ("fc-name", words("tune.budget")),
        ("fc-money", words("tune.limit")),
        ("fc-money", words("tune.column_best")),
        ("fc-money fc-wide", words("tune.column_today")),
        ("fc-money", words("tune.kept")),
    )

    def row(budget: BudgetKept) -> tuple[str, ...]:
        figure, statistic = budget_figure(budget.budget)
        limit, best, today = (
            value(figure, amount, one.currency)
            for amount in (budget.limit, budget.value, budget.today)
        )
        state = "fc-safe" if budget.kept else "fc-risk"
        kept = words("tune.is_kept" if budget.kept else "tune.is_broken")
        return (
            text(f"{figure_name(figure, words)} ({statistic})"),
            text(f"{'≤' if '<=' in budget.budget else '≥'} {limit}"),
            text(best),
            text(today),
            element("span", f"fc-state {state}", text(kept)),
        )

    title = element("strong", "fc-message", text(words("tune.budgets")))
    table = plain_table(columns, (row(budget) for budget in found.budgets))
    return element("div", "fc-gap-above", title, table)


def _front(one: Simulation, words: Texts) -> None:
    """Draw every file tried by its cost and margin."""
    try:
        tried = tried_of(simulation_file(one.id, TRIALS))
    except CallFailed as failure:
        notices.trouble(failure, words)
        return
    show(element("strong", "fc-message", text(words("tune.front"))), words)
    chart = front_chart(tried, one.currency, words)
    st.altair_chart(chart, width="stretch", key=f"front-{one.id}")
    show(element("div", "fc-caption", text(words("tune.front_how"))), words)


def _figures(one: Simulation, figures: dict[str, Difference], words: Texts) -> str:
    """List what the best file does to each figure, with the interval on fresh seeds."""
    columns = (
        ("fc-name", words("tune.figure")),
        ("fc-money fc-wide", words("tune.column_today")),
        ("fc-money fc-wide", words("tune.column_best")),
        ("fc-money", words("simulate.difference")),
        ("fc-money fc-wide", words("simulate.interval_head")),
        ("fc-money", words("tune.reading")),
    )
    rows = (
        (
            text(figure_name(name, words)),
            text(value(name, _of(figures[name], "base", "mean"), one.currency)),
            text(value(name, _of(figures[name], "candidate", "mean"), one.currency)),
            text(gap(name, figures[name].mean, one.currency, words)),
            text(gap_span(name, figures[name], one.currency, words)),
            text(words.name_of("tune.reads", figures[name].reading)),
        )
        for name in TOLD
        if name in figures
    )
    title = element("strong", "fc-message", text(words("tune.figures")))
    caption = element("div", "fc-caption", text(words("tune.figures_how")))
    return element("div", "fc-gap-above", title, plain_table(columns, rows), caption)


def _way_on(one: Simulation, found: Found, words: Texts) -> None:
    """Offer to take the best file to the page that puts it in force."""
    if found.best is None or not found.best.changes:
        return
    show(element("strong", "fc-message fc-gap-above", text(words("tune.way_on"))), words)
    show(element("p", "fc-small", text(words("tune.way_on_how"))), words)
    to_rules(one, BEST, words)


def _take(one: Simulation, found: Found, words: Texts) -> None:
    """Offer the report, the best file and the tables; a file is fetched when it is asked for."""
    with st.container(horizontal=True):
        download(one, "report.html", words("simulate.take_report"), primary=True)
        if found.best is not None:
            download(one, BEST, words("tune.take_best"))
        download(one, "summary.json", words("simulate.take_summary"))
        download(one, TRIALS, words("tune.take_trials"))
        download(one, FRONT, words("tune.take_front"))
        remove_button(one, words)


# ---- figures ------------------------------------------------------------------


def figure_name(figure: str, words: Texts) -> str:
    """Name a figure of the simulator."""
    return words.name_of("tune.figures_of", figure)


def budget_figure(budget: str) -> tuple[str, str]:
    """Tell the figure a budget is on, and the statistic.

    >>> budget_figure("p95(cost_total_fen)<=100%")
    ('cost_total_fen', 'P95')
    """
    statistic, _, rest = budget.partition("(")
    return rest.partition(")")[0], statistic.upper() if statistic != "mean" else statistic


def _is_share(figure: str) -> bool:
    return figure.endswith("_share") or figure == "roi" or figure.startswith("gini")


def value(figure: str, amount: float, currency: str) -> str:
    """Write a figure's value in its unit."""
    if figure.endswith("_fen"):
        return whole_money(amount, currency)
    if _is_share(figure):
        return percent(amount)
    if figure.endswith("_ml"):
        return f"{number(round(amount / ML_A_LITRE))} L"
    return number(round(amount))


def gap(figure: str, amount: float, currency: str, words: Texts) -> str:
    """Write a difference of a figure, with its sign."""
    if figure.endswith("_fen"):
        return signed_money(amount, currency)
    if _is_share(figure):
        return points(amount if abs(amount) >= SHARE_LEAST else 0.0, words)
    said = value(figure, amount, currency).replace("-", "−")
    return f"+{said}" if round(amount) > 0 else said


def gap_span(figure: str, one: Difference, currency: str, words: Texts) -> str:
    """Write the interval of a difference."""
    if one.low is None or one.high is None:
        return words("simulate.no_interval")
    if _is_share(figure):
        return share_span(one, words, changed=True)
    low, high = (gap(figure, each, currency, words) for each in (one.low, one.high))
    return words("simulate.between", low=low, high=high)
