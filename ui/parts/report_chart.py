"""The one chart of a report, and the sentence over it that says its message."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import altair as alt

from ui.parts.bars import Bar, bar_list
from ui.parts.points_chart import ACCENT
from ui.parts.report_figures import Row, amount, cell, maybe, name, named, percent, period
from ui.parts.report_shapes import Shape, key_columns
from ui.texts import Texts

HEIGHT_PX: Final = 260
BARS_MAX: Final = 20
COLOURS: Final = (ACCENT, "#D9730D", "#1A9C5B", "#8A63D2", "#B0447A", "#6B7785")
"""Told apart by colour-blind eyes too; more lines than that repeat them with other dashes."""


def message(rows: Sequence[Row], shape: Shape, by: str, currency: str, words: Texts) -> str:
    """Say the report's one message: the greatest part, the latest time, or the lowest score."""
    key, measure = key_columns(by)[0], shape.measure
    if not shape.total:
        known = [row for row in rows if row.get(measure) is not None]
        if not known:
            return words("reports.no_answers")
        low = min(known, key=lambda row: amount(row, measure))
        return words(
            "reports.lowest",
            who=_labels(low, by, words),
            score=cell(low, measure, currency, words),
            answers=cell(low, "answers", currency, words),
        )
    whole = sum((amount(row, measure) for row in rows), Decimal(0))
    most = max(rows, key=lambda row: amount(row, measure))
    top = cell(most, measure, currency, words)
    total = cell({measure: _as(most, measure, whole)}, measure, currency, words)
    who = _labels(most, by, words)
    if key in ("earned_month", "expires_month"):
        return words(f"reports.owed_{by}", total=total, who=who, most=top)
    unit = words(f"reports.measure_{measure}")
    if by in ("day", "week", "month"):
        last = rows[-1]
        return words(
            "reports.period",
            measure=unit,
            who=who,
            most=top,
            last=period(last[key], by, words),
            latest=cell(last, measure, currency, words),
        )
    share = percent(float(amount(most, measure) / whole) if whole else None, words)
    return words("reports.most", measure=unit, who=who, most=top, total=total, share=share)


def _as(row: Row, measure: str, value: Decimal) -> int | str:
    return int(value) if isinstance(row.get(measure), int) else str(value)


def _labels(row: Row, by: str, words: Texts) -> str:
    return " · ".join(
        period(row[key], key, words)
        if key in ("day", "week", "month") or key.endswith("_month")
        else name(key, named(row, key), words) or words("reports.unnamed")
        for key in key_columns(by)
    )


def parts_chart(rows: Sequence[Row], shape: Shape, by: str, currency: str, words: Texts) -> str:
    """Write bars for parts of a whole or ranks of scores, the greatest on top."""
    measure = shape.measure
    ordered = sorted(rows, key=lambda row: -amount(row, measure))
    bars = [
        Bar(
            _labels(row, by, words),
            int(amount(row, measure) * 100),
            unit_cell(row, measure, currency, words),
        )
        for row in ordered[:BARS_MAX]
    ]
    return bar_list(message(rows, shape, by, currency, words), bars)


def unit_cell(row: Row, measure: str, currency: str, words: Texts) -> str:
    """Write a measure with its unit, members and scores too."""
    said = cell(row, measure, currency, words)
    if measure == "members":
        return words("campaign.people", members=said)
    if measure == "mean_score":
        return words("reports.score_of", score=said)
    return said


def time_chart(rows: Sequence[Row], shape: Shape, by: str, words: Texts) -> alt.Chart:
    """Draw the measure over time: columns for sums, lines for scores."""
    *groups, key = key_columns(by)
    group = groups[0] if groups else ""
    drawn = [
        {
            "at": str(row[key]),
            "label": period(row[key], key, words),
            "value": maybe(row, shape.measure),
            "group": named(row, group) if group else "",
        }
        for row in rows
        if row.get(shape.measure) is not None
    ]
    monthly = key.endswith("month")
    title = words(f"reports.by_{'week' if group else by}")
    x = alt.X("label:O", sort=None, title=title, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    if not monthly:
        x = alt.X(
            "at:T",
            title=title,
            timeUnit="utcyearmonthdate",
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(format=words("chart.date"), labelOverlap=True, tickCount=6, grid=False),
        )
    y = alt.Y(
        "value:Q",
        title=words(f"reports.axis_{shape.measure}"),
        scale=alt.Scale(zero=shape.total),
        axis=alt.Axis(tickCount=5, format=",.0f" if shape.total else ".1f"),
    )
    tooltip = [
        alt.Tooltip("label:N", title=title),
        alt.Tooltip("value:Q", title=words(f"reports.axis_{shape.measure}"), format=",.2f"),
    ]
    base = alt.Chart(alt.InlineData(values=drawn), height=HEIGHT_PX)
    if shape.total:
        columns: alt.Chart = base.mark_bar(color=ACCENT, cornerRadiusEnd=2).encode(
            x=x, y=y, tooltip=tooltip
        )
        return columns
    names = sorted({str(one["group"]) for one in drawn})
    colours = [COLOURS[at % len(COLOURS)] for at in range(len(names))]
    colour = alt.Color(
        "group:N",
        title=None,
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(orient="top") if len(names) > 1 else None,
    )
    lines: alt.Chart = base.mark_line(point=True, strokeWidth=2.5).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash("group:N", legend=None),
        tooltip=[alt.Tooltip("group:N", title=words("reports.by_station")), *tooltip],
    )
    return lines
