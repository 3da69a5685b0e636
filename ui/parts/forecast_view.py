"""What a forecast tells: the cost with its band, the budgets, and the score each prize takes."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers import Season
from ui.answers.forecast import BudgetAhead, Cost, Forecast, PrizeAhead
from ui.answers.spread import Spread
from ui.parts import live
from ui.parts.controls import take_csv
from ui.parts.csv_file import write
from ui.parts.figures import full_minute, number
from ui.parts.markup import element, show, text
from ui.parts.names import board_name
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.points_chart import ACCENT
from ui.parts.simulate_figures import WARM, MoneyRow, interval_chart, percent, whole_money
from ui.parts.simulate_files import take_report
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts

TOTAL: Final = "cost_total_fen"
KINDS: Final = (
    "cost_discounts_fen",
    "cost_coupons_fen",
    "cost_redeemed_fen",
    "cost_liability_fen",
    "cost_prizes_fen",
    "cost_tax_fen",
)
HEADS: Final = ("forecast.axis", "forecast.middle", "forecast.band")
BAND_RUNS: Final = 19
"""From so many runs on nine in ten ends lie between P5 and P95."""


def costs_shown(made: Forecast, season: Season, words: Texts) -> None:
    """Show what the season will come to, by kind, and what its budgets say to it."""
    total = made.costs[TOTAL]
    show(_rests(made, season, words) + _tiles(made, season, words), words)
    said = words(
        "forecast.cost_message",
        p50=whole_money(total.p50, season.currency),
        p95=whole_money(total.p95, season.currency),
    )
    chart, table = st.columns(2, gap="large")
    with chart:
        show(element("strong", "fc-message", text(said)), words)
        rows = [_money_row(TOTAL, total, WARM, words)]
        rows += [_money_row(name, made.costs[name], ACCENT, words) for name in KINDS]
        drawn = interval_chart(rows, season.currency, words, HEADS)
        st.altair_chart(drawn, width="stretch", key="forecast-costs")
        few = "forecast.band_few" if made.runs < BAND_RUNS else "forecast.band_how"
        show(element("div", "fc-caption", text(words(few, runs=number(made.runs)))), words)
    with table:
        show(_kinds(made, season.currency, words) + _budgets(made, season.currency, words), words)


def _rests(made: Forecast, season: Season, words: Texts) -> str:
    said = words(
        "forecast.rests",
        as_of=full_minute(made.as_of, season.timezone, words),
        ends=full_minute(made.ends, season.timezone, words),
        members=number(made.members),
        runs=number(made.runs),
    )
    return element("p", "fc-small", text(said))


def _tiles(made: Forecast, season: Season, words: Texts) -> str:
    total = made.costs[TOTAL]
    low, high = (whole_money(each, season.currency) for each in (total.p5, total.p95))
    shown = [
        tile(
            words("forecast.cost_p50"),
            whole_money(total.p50, season.currency),
            note(words("simulate.between", low=low, high=high)),
            css="fc-tile-main",
        ),
        tile(words("forecast.cost_p95"), high, note(words("forecast.cost_p95_how"))),
        tile(
            words("forecast.so_far"),
            whole_money(total.so_far, season.currency),
            note(words("forecast.so_far_how")),
        ),
    ]
    if made.budgets:
        worst = max(made.budgets, key=lambda one: one.runs_out.share)
        shown.append(
            tile(
                words("forecast.worst_budget"),
                percent(worst.runs_out.share),
                note(words(_ends_as(worst), budget=worst.id)),
            )
        )
    return tiles(*shown)


def _ends_as(one: BudgetAhead) -> str:
    return "forecast.is_broken" if one.covers_prizes else "forecast.runs_out"


def _money_row(name: str, cost: Cost, colour: str, words: Texts) -> MoneyRow:
    """Draw a cost as the middle of its runs, between P5 and P95."""
    spread = Spread(cost.p50, cost.p50, cost.p95, cost.p5, cost.p95)
    return MoneyRow(_cost_name(name, words), spread, colour)


def _cost_name(name: str, words: Texts) -> str:
    return words(f"simulate.cost_of_{name.removeprefix('cost_').removesuffix('_fen')}")


def _kinds(made: Forecast, currency: str, words: Texts) -> str:
    columns = (
        ("fc-name", words("simulate.cost_kind")),
        ("fc-money", words("forecast.column_so_far")),
        ("fc-money", words("forecast.middle")),
        ("fc-money fc-wide", words("forecast.band")),
    )
    rows = (
        (
            text(_cost_name(name, words)),
            text(whole_money(cost.so_far, currency)),
            text(whole_money(cost.p50, currency)),
            text(
                words(
                    "simulate.between",
                    low=whole_money(cost.p5, currency),
                    high=whole_money(cost.p95, currency),
                )
            ),
        )
        for name in (*KINDS, TOTAL)
        for cost in [made.costs[name]]
    )
    return plain_table(columns, rows)


def _budgets(made: Forecast, currency: str, words: Texts) -> str:
    """Say of each budget how much is used in the end, and the chance that it doesn't last."""
    if not made.budgets:
        return ""
    columns = (
        ("fc-name", words("forecast.budget")),
        ("fc-money fc-wide", words("tune.limit")),
        ("fc-money", words("forecast.used")),
        ("fc-money", words("forecast.chance_out")),
    )

    def amount(value: float, measure: str) -> str:
        return whole_money(value, currency) if measure == "cost" else number(round(value))

    rows = (
        (
            two_lines(one.id, words.name_of("operations", f"measure_{one.measure}")),
            text(amount(one.limit, one.measure)),
            two_lines(
                amount(one.used, one.measure),
                words("forecast.up_to", most=amount(one.used_p95, one.measure)),
            ),
            two_lines(
                percent(one.runs_out.share),
                words(
                    "simulate.between",
                    low=percent(one.runs_out.low),
                    high=percent(one.runs_out.high),
                ),
            ),
        )
        for one in made.budgets
    )
    return element("div", "fc-gap-above", plain_table(columns, rows))


def prizes_shown(made: Forecast, words: Texts) -> None:
    """Show the score that each prize will take."""
    if not made.prizes:
        return
    names = live.rewards(words)
    columns = (
        ("fc-name", words("simulate.prize")),
        ("fc-money", words("simulate.place")),
        ("fc-money", words("forecast.cutoff")),
        ("fc-money", words("forecast.band")),
    )
    rows = (
        (
            two_lines(names.get(one.reward, one.reward), board_name(one.board, words)),
            text(_places(one)),
            text(number(round(one.cutoff.p50))),
            text(
                words(
                    "simulate.between",
                    low=number(round(one.cutoff.p5)),
                    high=number(round(one.cutoff.p95)),
                )
            ),
        )
        for one in made.prizes
    )
    title = element("strong", "fc-message", text(words("forecast.prizes")))
    caption = element("div", "fc-caption", text(words("forecast.prizes_how")))
    show(title + plain_table(columns, rows) + caption, words)


def _places(one: PrizeAhead) -> str:
    if one.first_place == one.last_place:
        return str(one.first_place)
    return f"{one.first_place}–{one.last_place}"


def take(made: Forecast, words: Texts) -> None:
    """Offer the report where this system made it, and the prizes as a table."""
    with st.container(horizontal=True):
        if made.simulation:
            take_report(made.simulation, f"{made.season}-forecast-report.html", words)
        rows = (
            (one.board, one.first_place, one.last_place, one.reward, one.given,
             one.cutoff.p5, one.cutoff.p50, one.cutoff.p95)
            for one in made.prizes
        )  # fmt: skip
        columns = ("board", "first_place", "last_place", "reward", "given", "p5", "p50", "p95")
        name = f"{made.season}-forecast-prizes.csv"
        take_csv(words("forecast.take_prizes"), name, lambda: write(columns, rows))
