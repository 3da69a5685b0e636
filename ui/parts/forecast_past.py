"""Earlier forecasts: how the foretold cost moved, and once the season is final how they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import altair as alt
import streamlit as st

from ui.answers import Season
from ui.answers.forecast import Forecast, Judged
from ui.parts import live, notices
from ui.parts.figures import day, number
from ui.parts.forecast_view import TOTAL
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.points_chart import ACCENT
from ui.parts.simulate_figures import FEN, percent, whole_money
from ui.texts import Texts
from ui.troubles import CallFailed

SHOWN_MAX: Final = 24
HEIGHT_PX: Final = 220
US: Final = 1_000_000


def past_shown(made: Forecast, season: Season, words: Texts) -> None:
    """Draw the cost that each of the last forecasts foretold; nothing for a single one."""
    if len(made.made) == 1:
        return
    try:
        past = [_one(live.url(), each) for each in made.made[-SHOWN_MAX:]]
    except CallFailed as failure:
        notices.trouble(failure, words)
        return
    first, last = past[0].costs[TOTAL], past[-1].costs[TOTAL]
    said = words(
        "forecast.past",
        forecasts=number(len(past)),
        first=whole_money(first.p50, season.currency),
        last=whole_money(last.p50, season.currency),
    )
    show(element("strong", "fc-message fc-gap-above", text(said)), words)
    chart = past_chart(past, season, words)
    st.altair_chart(chart, width="stretch", key="forecast-past")


@st.cache_data(ttl=3600, show_spinner=False, max_entries=128)
def _one(address: str, made_us: int) -> Forecast:
    del address  # part of the cache's key: another system has other forecasts
    return live.client().forecast(made_us)


def past_chart(past: Sequence[Forecast], season: Season, words: Texts) -> alt.LayerChart:
    """Draw the middle and the band of the cost by the day each forecast goes on from."""
    zone = ZoneInfo(season.timezone)
    drawn = [
        {
            "at": one.as_of.astimezone(zone).replace(tzinfo=None).isoformat(),
            "said": day(one.as_of, season.timezone, words),
            "p5": one.costs[TOTAL].p5 / FEN,
            "p50": one.costs[TOTAL].p50 / FEN,
            "p95": one.costs[TOTAL].p95 / FEN,
            "middle": whole_money(one.costs[TOTAL].p50, season.currency),
            "most": whole_money(one.costs[TOTAL].p95, season.currency),
        }
        for one in past
    ]
    base = alt.Chart(alt.InlineData(values=drawn), height=HEIGHT_PX)
    x = alt.X("at:T", title=words("forecast.as_of"), axis=alt.Axis(format="%m-%d", tickCount=6))
    title = words("forecast.axis", currency=season.currency)
    y = alt.Y("p5:Q", title=title, axis=alt.Axis(format=",.0f"), scale=alt.Scale(zero=False))
    tooltip = [
        alt.Tooltip("said:N", title=words("forecast.as_of")),
        alt.Tooltip("middle:N", title=words("forecast.middle")),
        alt.Tooltip("most:N", title="P95"),
    ]
    bars = base.mark_rule(strokeWidth=7, opacity=0.3, color=ACCENT).encode(
        x=x, y=y, y2="p95:Q", tooltip=tooltip
    )
    middle = base.mark_line(point=alt.OverlayMarkDef(size=70), color=ACCENT).encode(
        x=x, y="p50:Q", tooltip=tooltip
    )
    return alt.LayerChart(layer=[bars, middle])


def judgement_shown(season: Season, words: Texts) -> None:
    """Show how the forecasts did, where the season is final and they were judged."""
    if season.phase != "final":
        return
    heard = live.ask("simulations", lambda system: system.simulations())
    known = () if heard.answer is None else heard.answer.simulations
    done = next((one for one in known if one.kind == "judge" and one.state == "done"), None)
    if done is None:
        return
    whole = live.ask(f"simulation/{done.id}", lambda system: system.simulation(done.id), 60.0)
    if whole.failure is not None:
        notices.trouble(whole.failure, words)
    if whole.answer is not None and whole.answer.judged is not None:
        show(judged_markup(whole.answer.judged, season, words), words)


def judged_markup(judged: Judged, season: Season, words: Texts) -> str:
    """Write each forecast's band beside what it came to, and how often they hit in all."""
    columns = (
        ("fc-name", words("forecast.as_of")),
        ("fc-money", words("forecast.foretold")),
        ("fc-money", words("forecast.came_to")),
        ("fc-state", words("forecast.cost_hit")),
        ("fc-money", words("forecast.winners_hit")),
    )

    def line(place: int) -> tuple[str, ...]:
        one = judged.forecasts[place]
        inside = one.cost_inside[TOTAL]
        low, high = (
            whole_money(each, season.currency) for each in (one.cost_band.p5, one.cost_band.p95)
        )
        at = datetime.fromtimestamp(one.as_of_us / US, UTC)
        return (
            text(day(at, season.timezone, words)),
            two_lines(
                whole_money(one.cost_band.p50, season.currency),
                words("simulate.between", low=low, high=high),
            ),
            text(whole_money(one.cost_fen, season.currency)),
            element(
                "span",
                f"fc-state {'fc-safe' if inside else 'fc-risk'}",
                text(words("forecast.inside" if inside else "forecast.outside")),
            ),
            text(words("forecast.of", some=number(one.winners_in_band), all=number(one.winners))),
        )

    hits = sum(one.cost_inside[TOTAL] for one in judged.forecasts)
    said = words(
        "forecast.judged",
        hits=number(hits),
        forecasts=number(judged.coverage.forecasts),
        winners=percent(judged.coverage.winners_in_band_share),
    )
    title = element("strong", "fc-message", text(said))
    table = plain_table(columns, (line(place) for place in range(len(judged.forecasts))))
    caption = element("div", "fc-caption", text(words("forecast.judged_how")))
    return element("div", "fc-gap-above", title, table, caption)
