"""What triggers and campaigns brought over the members held out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt
import streamlit as st

from ui.answers import Season
from ui.parts import live, notices
from ui.parts.figures import number
from ui.parts.live import REPORT_REFRESH_S
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.points_chart import ACCENT
from ui.parts.report_figures import Row, cell, maybe, named, percent, whole
from ui.texts import Texts

ROW_PX: Final = 46
WITHIN_DAYS: Final = 30


@st.fragment(run_every=REPORT_REFRESH_S)
def effects_shown(season: Season, words: Texts) -> None:
    """Show each push's increment of buyers with its interval, and what it cost and brought."""
    heard = live.ask(
        "report/campaigns", lambda system: system.report("campaigns", within_days=WITHIN_DAYS)
    )
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    if heard.answer is None:
        return
    rows = heard.answer.rows
    if not rows:
        notices.notice(words("nothing.effects"), words("nothing.effects_how"), words)
        return
    measured = [row for row in rows if maybe(row, "share_increment") is not None]
    if measured:
        show(element("strong", "fc-message", text(message(measured, words))), words)
        st.altair_chart(effect_chart(measured, words), width="stretch", key="effects")
    else:
        notices.notice(words("nothing.holdout"), words("nothing.holdout_how"), words)
    caption = element("div", "fc-caption", text(words("effects.how", days=WITHIN_DAYS)))
    show(effect_table(rows, season, words) + caption, words)


def message(rows: Sequence[Row], words: Texts) -> str:
    """Say which push brought the most, or that none can be told from chance."""
    best = max(rows, key=lambda row: maybe(row, "share_increment_low") or 0.0)
    low, high = (maybe(best, f"share_increment_{end}") or 0.0 for end in ("low", "high"))
    if low <= 0:
        return words("effects.none")
    return words(
        "effects.message",
        push=label(best, words),
        gain=points(maybe(best, "share_increment") or 0.0),
        low=points(low),
        high=points(high),
        days=WITHIN_DAYS,
    )


def points(share: float) -> str:
    """Write a difference of shares in percentage points.

    >>> points(0.0421), points(-0.003)
    ('4.2', '−0.3')
    """
    return f"{share * 100:.1f}".replace("-", "−")


def label(row: Row, words: Texts) -> str:
    """Name a push and its arm."""
    arm = named(row, "arm")
    return words("effects.arm", push=named(row, "id"), arm=arm) if arm else named(row, "id")


def effect_chart(rows: Sequence[Row], words: Texts) -> alt.LayerChart:
    """Draw each interval as a band, the estimate on it, and the line of no effect."""
    drawn = [
        {
            "push": label(row, words),
            "value": 100 * (maybe(row, "share_increment") or 0.0),
            "low": 100 * (maybe(row, "share_increment_low") or 0.0),
            "high": 100 * (maybe(row, "share_increment_high") or 0.0),
        }
        for row in rows
    ]
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        y=alt.Y("push:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, ticks=False)),
        tooltip=[
            alt.Tooltip("push:N", title=words("effects.push")),
            alt.Tooltip("value:Q", title=words("effects.increment"), format=".1f"),
            alt.Tooltip("low:Q", title=words("effects.low"), format=".1f"),
            alt.Tooltip("high:Q", title=words("effects.high"), format=".1f"),
        ],
    )
    signed = "(datum.value > 0 ? '+' : '') + format(datum.value, '.0f')"
    x_axis = alt.Axis(tickCount=6, labelExpr=signed)
    band = base.mark_bar(color=ACCENT, opacity=0.42, size=18, cornerRadius=3).encode(
        x=alt.X("low:Q", title=words("effects.axis"), axis=x_axis),
        x2="high:Q",
    )
    point = base.mark_point(color=ACCENT, filled=True, size=110, opacity=1).encode(x="value:Q")
    none = (
        alt.Chart(alt.InlineData(values=[{"zero": 0}]))
        .mark_rule(strokeDash=[4, 3], color="#8a94a0", strokeWidth=1.5)
        .encode(x="zero:Q")
    )
    return alt.LayerChart(layer=[none, band, point], height=ROW_PX * len(drawn) + 60)


def effect_table(rows: Sequence[Row], season: Season, words: Texts) -> str:
    """Write reached and held out, shares who bought, cost, and margin over the held out."""
    columns = (
        ("fc-name", words("effects.push")),
        ("fc-money", words("effects.treated")),
        ("fc-money", words("effects.held_out")),
        ("fc-money", words("effects.increment_short")),
        ("fc-money fc-wide", words("effects.spend")),
        ("fc-money", words("coupons.cost")),
        ("fc-money fc-wide", words("effects.margin")),
        ("fc-money fc-wide", words("effects.a_visit")),
    )
    return plain_table(columns, (_cells(row, season, words) for row in rows))


def _cells(row: Row, season: Season, words: Texts) -> tuple[str, ...]:
    gain, low, high = (maybe(row, f"share_increment{end}") for end in ("", "_low", "_high"))
    shown, span = words("standings.none"), ""
    if gain is not None and low is not None and high is not None:
        shown = words("effects.points", points=points(gain))
        span = words("effects.span", low=points(low), high=points(high))
    spend = cell(row, "spend_increment_yuan", season.currency, words)
    spend_span = ""
    if row.get("spend_increment_low_yuan") is not None:
        spend_span = words(
            "effects.span",
            low=cell(row, "spend_increment_low_yuan", season.currency, words),
            high=cell(row, "spend_increment_high_yuan", season.currency, words),
        )
    return (
        two_lines(label(row, words), words.name_of("trigger", named(row, "kind"))),
        two_lines(
            number(whole(row, "treated")),
            _bought(row, "treated_share", words),
        ),
        two_lines(
            number(whole(row, "held_out")),
            _bought(row, "held_out_share", words),
        ),
        two_lines(shown, span),
        two_lines(spend, spend_span),
        text(cell(row, "cost_yuan", season.currency, words)),
        text(cell(row, "incremental_margin_yuan", season.currency, words)),
        text(cell(row, "cost_per_incremental_visit_yuan", season.currency, words)),
    )


def _bought(row: Row, column: str, words: Texts) -> str:
    share = maybe(row, column)
    return "" if share is None else words("effects.bought", share=percent(share, words))
