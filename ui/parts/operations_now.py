"""How the system does now: what matters in four tiles, then rates, answer times, and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final
from zoneinfo import ZoneInfo

import altair as alt
import streamlit as st

from ui.answers.operations import Operations, Results, Route, Sample
from ui.answers.season import Season
from ui.parts import live, notices
from ui.parts.bars import Bar, bar_list
from ui.parts.figures import number
from ui.parts.live import Heard
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table
from ui.parts.points_chart import ACCENT
from ui.parts.tile import note, tile, tiles
from ui.texts import Texts

REFRESH_S: Final = 5
HEIGHT_PX: Final = 260
WARM: Final = "#D9730D"
MUCH_WAITS: Final = 100_000
LAG_S_MAX: Final = 2.0


@st.fragment(run_every=REFRESH_S)
def now_shown(season: Season, words: Texts) -> None:
    """Show everything that moves, anew every few seconds."""
    told = usable(ask(), words)
    if told is None:
        return
    if not told.ready:
        reasons = "; ".join(told.reasons)
        notices.notice(words("operations.not_ready"), reasons, words, "bad")
    show(tiles_of(told, words), words)
    rates, times = st.columns(2, gap="medium")
    with rates:
        message = rate_message(told.samples, words)
        _chart(message, rate_chart(told.samples, season.timezone, words), "rates", words)
    with times:
        message = time_message(told.samples, words)
        _chart(message, time_chart(told.samples, season.timezone, words), "times", words)
    results, routes = st.columns([2, 3], gap="medium")
    with results:
        show(results_markup(told.results, words), words)
    with routes:
        title = element("strong", "fc-message", text(words("operations.routes")))
        show(title + routes_table(told.routes, words), words)


def ask() -> Heard[Operations]:
    """Ask the system how it does."""
    return live.ask("operations", lambda system: system.operations(), fresh_s=1.0)


def usable(heard: Heard[Operations], words: Texts) -> Operations | None:
    """Give what was heard, and say what is wrong when it is old or nothing was."""
    if heard.failure is not None:
        notices.trouble(heard.failure, words, last_known=heard.answer is not None)
    return heard.answer


def tiles_of(told: Operations, words: Texts) -> str:
    """Write the four figures that tell whether all is well."""
    last = told.samples[-1]
    p99 = next((one.p99_ms for one in reversed(told.samples) if one.p99_ms is not None), None)
    away = [actor for actor in told.actors if not actor.up]
    restarts = sum(actor.restarts for actor in told.actors)
    lag_s = max(last.log_lag_s, last.mirror_lag_s)
    store = words("operations.store_away")
    if told.store is not None:
        memory = bytes_words(told.store.memory_bytes, words)
        store = words("operations.store", memory=memory)
    return tiles(
        tile(
            words("operations.events_per_s"),
            rate(last.events_per_s),
            note(words("operations.requests_per_s", rate=rate(last.requests_per_s))),
            css="fc-tile-main",
        ),
        tile(
            words("operations.p99"),
            ms_words(p99, words),
            note(words("operations.p50", half=ms_words(last.p50_ms, words))),
        ),
        tile(
            words("operations.waiting"),
            number(last.queued_events),
            note(
                words("operations.lag", lag=f"{lag_s:.1f}"),
                "fc-over" if lag_s > LAG_S_MAX or last.queued_events > MUCH_WAITS else "",
            ),
        ),
        tile(
            words("operations.up"),
            words("operations.up_of", up=len(told.actors) - len(away), all=len(told.actors)),
            note(
                words("operations.restarts", restarts=number(restarts)),
                "fc-over" if away or restarts else "",
            ),
            note(store, "" if told.store is not None else "fc-over"),
        ),
    )


def rate(per_s: float) -> str:
    """Write a rate: whole above ten, one decimal below.

    >>> rate(1234.4), rate(3.26), rate(0)
    ('1,234', '3.3', '0.0')
    """
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.1f}"


def ms_words(value: float | None, words: Texts) -> str:
    """Write milliseconds, from a second on seconds; "—" for none."""
    if value is None:
        return words("operations.none")
    if value >= 1000:
        return words("operations.seconds", value=f"{value / 1000:.1f}")
    return words("operations.ms", value=f"{value:.0f}" if value >= 10 else f"{value:.1f}")


def bytes_words(value: int | None, words: Texts) -> str:
    """Write an amount of memory in MiB, from a GiB on in GiB; "—" for none."""
    if value is None:
        return words("operations.none")
    if value >= 1 << 30:
        return f"{value / (1 << 30):.1f} GiB"
    return f"{value / (1 << 20):,.0f} MiB"


def rate_message(samples: Sequence[Sample], words: Texts) -> str:
    """Say the most events a second there were."""
    most = max(samples, key=lambda one: one.events_per_s)
    return words("operations.rate_message", most=rate(most.events_per_s))


def time_message(samples: Sequence[Sample], words: Texts) -> str:
    """Say the longest that 99 of 100 answers took within one sample."""
    known = [one.p99_ms for one in samples if one.p99_ms is not None]
    if not known:
        return words("operations.time_none")
    return words("operations.time_message", most=ms_words(max(known), words))


def rate_chart(samples: Sequence[Sample], zone: str, words: Texts) -> alt.LayerChart:
    """Draw events and requests a second."""
    lines = {
        words("operations.events"): [one.events_per_s for one in samples],
        words("operations.requests"): [one.requests_per_s for one in samples],
    }
    return _lines(samples, lines, words("operations.axis_rate"), zone, words)


def time_chart(samples: Sequence[Sample], zone: str, words: Texts) -> alt.LayerChart:
    """Draw how long half of the answers took, and 99 of 100."""
    lines = {
        words("operations.line_p99"): [one.p99_ms for one in samples],
        words("operations.line_p50"): [one.p50_ms for one in samples],
    }
    return _lines(samples, lines, words("operations.axis_ms"), zone, words)


def _lines(
    samples: Sequence[Sample],
    lines: Mapping[str, Sequence[float | None]],
    y_title: str,
    zone: str,
    words: Texts,
) -> alt.LayerChart:
    local = ZoneInfo(zone)
    # Vega knows the browser's zone and UTC only: local wall times are sent as if they were UTC.
    drawn = [
        {
            "at": one.at.astimezone(local).replace(tzinfo=UTC).isoformat(),
            "value": round(value, 3),
            "line": name,
        }
        for name, values in lines.items()
        for one, value in zip(samples, values, strict=True)
        if value is not None
    ]
    x_title = words("operations.axis_time", zone=zone)
    names = list(lines)
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        x=alt.X(
            "at:T",
            title=x_title,
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(format="%H:%M", tickCount=4, labelOverlap=True, grid=False),
        ),
        y=alt.Y("value:Q", title=y_title, axis=alt.Axis(tickCount=4, format=",~r")),
        color=alt.Color(
            "line:N",
            title=None,
            scale=alt.Scale(domain=names, range=[ACCENT, WARM]),
            legend=alt.Legend(orient="top", symbolType="stroke", symbolStrokeWidth=3),
        ),
        tooltip=[
            alt.Tooltip("at:T", title=x_title, timeUnit="utchoursminutesseconds"),
            alt.Tooltip("line:N", title=y_title),
            alt.Tooltip("value:Q", title=y_title, format=",.1f"),
        ],
    )
    dashes = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]]), legend=None
    )
    # A line needs two points: the first sample of a fresh system is one.
    return alt.LayerChart(
        layer=[
            base.mark_line(strokeWidth=2).encode(strokeDash=dashes),
            base.mark_point(size=8, filled=True),
        ],
        height=HEIGHT_PX,
    )


def _chart(message: str, chart: alt.LayerChart, key: str, words: Texts) -> None:
    show(element("strong", "fc-message", text(message)), words)
    st.altair_chart(chart, width="stretch", key=f"operations-{key}")


def results_markup(results: Sequence[Results], words: Texts) -> str:
    """Write bars of the events by what was answered."""
    if not results:
        return element("div", "fc-caption", text(words("operations.no_events")))
    whole = sum(one.events for one in results)
    applied = sum(one.events for one in results if one.status == "applied")
    title = words("operations.results", whole=number(whole), applied=number(applied))
    bars = [
        Bar(
            words.name_of("result", one.status),
            one.events,
            number(one.events),
            note=words.name_of("reason", one.reason) if one.reason else "",
            css="" if one.status == "applied" else "fc-bar-less",
        )
        for one in results[:8]
    ]
    return bar_list(title, bars)


def routes_table(routes: Sequence[Route], words: Texts) -> str:
    """Write the routes that were asked most."""
    columns = (
        ("fc-name", words("operations.route")),
        ("fc-money", words("operations.requests")),
        ("fc-money fc-wide", words("operations.refused")),
        ("fc-money", words("operations.failed")),
        ("fc-money fc-wide", words("operations.line_p50")),
        ("fc-money", words("operations.line_p99")),
    )
    rows = (
        (
            element("span", "fc-path", text(one.route)),
            text(number(one.requests)),
            text(number(one.refused)),
            element("span", "fc-over" if one.failed else "", text(number(one.failed))),
            text(ms_words(one.p50_ms, words)),
            text(ms_words(one.p99_ms, words)),
        )
        for one in routes[:8]
    )
    return plain_table(columns, rows)
