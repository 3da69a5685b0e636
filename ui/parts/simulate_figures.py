"""The figures of a simulation: money, shares and their intervals, as tiles and as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import altair as alt

from ui.answers.simulation import Simulation, Summary
from ui.answers.spread import Spread
from ui.parts.figures import SYMBOLS
from ui.parts.points_chart import ACCENT
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts

WARM: Final = "#D9730D"
GOOD: Final = "#1A9C5B"
ROW_PX: Final = 54
FEN: Final = 100
HEADS: Final = ("simulate.axis", "simulate.mean", "simulate.interval_head")


@dataclass(frozen=True)
class MoneyRow:
    """A line of the chart: its label, the mean with its interval, and its colour."""

    label: str
    spread: Spread
    colour: str


def whole_money(fen: float, currency: str) -> str:
    """Write an amount without its cents: a simulation isn't that exact.

    >>> whole_money(-123456789, "CNY"), whole_money(40, "CHF")
    ('−¥1,234,568', 'CHF 0')
    """
    amount = round(fen / FEN)
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{'−' if amount < 0 else ''}{symbol}{abs(amount):,}"


def signed_money(fen: float, currency: str) -> str:
    """Write a change of an amount with its sign."""
    said = whole_money(fen, currency)
    return f"+{said}" if round(fen / FEN) > 0 else said


def percent(share: float, signed: bool = False) -> str:
    """Write a share in per cent.

    >>> percent(0.9351), percent(0.025, signed=True), percent(-0.0312)
    ('93.5%', '+2.5%', '−3.1%')
    """
    said = f"{share * 100:+.1f}%" if signed else f"{share * 100:.1f}%"
    return said.replace("-", "−")


def points(share: float, words: Texts) -> str:
    """Write how far a share moves, in percentage points."""
    return words("simulate.points", points=percent(share, signed=True).rstrip("%"))


def span(spread: Spread, currency: str, words: Texts) -> str:
    """Write the interval of an amount; one run has none."""
    if spread.low is None or spread.high is None:
        return words("simulate.no_interval")
    low, high = whole_money(spread.low, currency), whole_money(spread.high, currency)
    return words("simulate.between", low=low, high=high)


def share_span(spread: Spread, words: Texts, changed: bool = False) -> str:
    """Write the interval of a share, or of how far one moves."""
    if spread.low is None or spread.high is None:
        return words("simulate.no_interval")
    if changed:
        low = percent(spread.low, signed=True).rstrip("%")
        return words("simulate.between", low=low, high=points(spread.high, words))
    return words("simulate.between", low=percent(spread.low), high=percent(spread.high))


def tiles_markup(one: Simulation, summary: Summary, words: Texts) -> str:
    """Write the four figures that answer first."""
    changed = one.kind == "compare"
    amount = signed_money if changed else whole_money
    cost, margin = summary.cost_total_fen, summary.margin_fen
    lift, anyway = summary.lift_litres_share, summary.anyway_share
    second = margin if changed or summary.net_gain_fen is None else summary.net_gain_fen
    key = "changed" if changed else "whole"
    p95 = words(
        "simulate.p50_p95",
        p50=whole_money(cost.p50, one.currency),
        p95=whole_money(cost.p95, one.currency),
    )
    return tiles(
        tile(
            words(f"simulate.cost_{key}"),
            amount(cost.mean, one.currency),
            note(span(cost, one.currency, words) if changed else p95),
            css="fc-tile-main",
        ),
        tile(
            words(f"simulate.net_{key}"),
            signed_money(second.mean, one.currency),
            note(span(second, one.currency, words)),
        ),
        tile(
            words(f"simulate.litres_{key}"),
            points(lift.mean, words) if changed else percent(lift.mean, signed=True),
            note(share_span(lift, words, changed)),
        ),
        tile(
            words(f"simulate.anyway_{key}"),
            points(anyway.mean, words) if changed else percent(anyway.mean),
            note(share_span(anyway, words, changed)),
        ),
    )


def money_rows(one: Simulation, summary: Summary, words: Texts) -> list[MoneyRow]:
    """List what leaves and what comes back: the gain, the cost, and what is left."""
    last = summary.margin_fen if one.kind == "compare" else summary.net_gain_fen
    rows = [
        MoneyRow(words("simulate.row_gain"), summary.margin_gain_fen, GOOD),
        MoneyRow(words("simulate.row_cost"), summary.cost_total_fen, WARM),
    ]
    if last is not None:
        key = "margin" if one.kind == "compare" else "net"
        rows.append(MoneyRow(words(f"simulate.row_{key}"), last, ACCENT))
    return rows


def money_message(one: Simulation, summary: Summary, words: Texts) -> str:
    """Say the chart's message: what comes back for what, or what changes."""
    cost, gain = summary.cost_total_fen.mean, summary.margin_gain_fen.mean
    if one.kind == "compare":
        return words(
            "simulate.money_difference",
            cost=signed_money(cost, one.currency),
            margin=signed_money(summary.margin_fen.mean, one.currency),
        )
    return words(
        "simulate.money_whole",
        gain=whole_money(gain, one.currency),
        cost=whole_money(cost, one.currency),
    )


def interval_chart(
    rows: Sequence[MoneyRow], currency: str, words: Texts, heads: tuple[str, str, str] = HEADS
) -> alt.LayerChart:
    """Draw each amount as a point with its interval, and where nothing is.

    `heads` name the texts of the axis, of the point and of the interval.
    """
    axis_head, point_head, span_head = heads
    drawn = [
        {
            "label": row.label,
            "mean": row.spread.mean / FEN,
            "low": (row.spread.mean if row.spread.low is None else row.spread.low) / FEN,
            "high": (row.spread.mean if row.spread.high is None else row.spread.high) / FEN,
            "said": whole_money(row.spread.mean, currency),
            "span": span(row.spread, currency, words),
        }
        for row in rows
    ]
    labels = [row.label for row in rows]
    base = alt.Chart(alt.InlineData(values=drawn), height=ROW_PX * len(rows))
    y = alt.Y("label:N", title=None, sort=labels, axis=alt.Axis(labelLimit=150, ticks=False))
    title = words(axis_head, currency=currency)
    axis = alt.Axis(format=",.0f", tickCount=4)
    colour = alt.Color(
        "label:N",
        legend=None,
        scale=alt.Scale(domain=labels, range=[row.colour for row in rows]),
    )
    tooltip = [
        alt.Tooltip("label:N", title=words("simulate.amount")),
        alt.Tooltip("said:N", title=words(point_head)),
        alt.Tooltip("span:N", title=words(span_head)),
    ]
    bands = base.mark_bar(height=14, opacity=0.35, cornerRadius=3).encode(
        x=alt.X("low:Q", title=title, axis=axis), x2="high:Q", y=y, color=colour, tooltip=tooltip
    )
    points = base.mark_point(filled=True, size=130, opacity=1).encode(
        x="mean:Q", y=y, color=colour, tooltip=tooltip
    )
    zero = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}]))
        .mark_rule(strokeDash=[4, 3], color="#6B7785")
        .encode(x="zero:Q")
    )
    return alt.LayerChart(layer=[zero, bands, points])
