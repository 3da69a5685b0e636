"""What a calibration found: how well it foretells held-out weeks, and the figures fitted."""

from __future__ import annotations

from typing import Final

import altair as alt
import streamlit as st

from ui.answers.calibration import Calibrated, Distance, Fitted, HeldOut
from ui.answers.simulation import Simulation
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table
from ui.parts.points_chart import ACCENT
from ui.parts.simulate_figures import WARM, percent
from ui.parts.simulate_files import download, simulation_file
from ui.parts.simulate_run import remove_button
from ui.parts.tile import note, tile, tiles
from ui.parts.verdict import verdict
from ui.texts import Texts
from ui.troubles import CallFailed

POPULATION: Final = "population.toml"
FORMS: Final = ("simulate", "tune", "leak", "forecast")
HEIGHT_PX: Final = 260
WEEK, WEEKS_LEAST = 7, 8
"""Days of a week, and the weeks from which half can be held out: four on either side."""
CLOSE: Final = 0.1
"""A sum of visits that is off by less is called close."""


def fitted_shown(one: Simulation, found: Calibrated, words: Texts) -> None:
    """Show the answers, what matters first."""
    show(_verdict(found, words), words)
    show(_tiles(found, words), words)
    held = found.held_out
    if held is None:
        show(_distances(found, words), words)
    else:
        chart, table = st.columns(2, gap="large")
        with chart:
            said = words("calibrate.repeats", fitted=number(held.fitted_weeks))
            show(element("strong", "fc-message", text(said)), words)
            drawn = repeats_chart(held, words)
            st.altair_chart(drawn, width="stretch", key=f"repeats-{one.id}")
        with table:
            show(_distances(found, words), words)
    _take(one, words)
    with st.expander(words("calibrate.figures"), icon=":material/table_rows:"):
        show(_figures(found, words), words)


def _verdict(found: Calibrated, words: Texts) -> str:
    held = found.held_out
    level, way = "calm", words("calibrate.not_held_how")
    if held is None and found.days // WEEK < WEEKS_LEAST:
        weeks = number(found.days // WEEK)
        said = words("calibrate.too_short", weeks=weeks, least=number(WEEKS_LEAST))
    elif held is None:
        said = words("calibrate.not_held", why=found.why_none(words.language))
    else:
        close = abs(held.total_error) < CLOSE
        level, way = "good" if close else "calm", words("calibrate.verdict_how")
        said = words(
            "calibrate.foretold",
            first=number(held.fitted_weeks + 1),
            last=number(held.weeks),
            error=percent(held.total_error, signed=True),
        )
    first, _, last = found.period.partition(" to ")
    rests = words(
        "calibrate.rests",
        fills=number(found.fills),
        members=number(found.members),
        period=words("simulate.between", low=first, high=last),
        duplicates=number(found.duplicates),
    )
    return verdict(level, (said, way), rests)


def _tiles(found: Calibrated, words: Texts) -> str:
    shown = [
        tile(words("calibrate.tile_fills"), number(found.fills),
             note(words("calibrate.tile_members", members=number(found.members))),
             css="fc-tile-main"),
        tile(words("calibrate.tile_figures"), number(len(found.figures)),
             note(words("calibrate.tile_defaults", defaults=number(len(found.defaults))))),
    ]  # fmt: skip
    if found.held_out is not None:
        shown += [
            tile(words("calibrate.tile_mape"), percent(found.held_out.cumulative_mape),
                 note(words("calibrate.tile_mape_how"))),
            tile(words("calibrate.tile_total"),
                 percent(found.held_out.total_error, signed=True),
                 note(words("calibrate.tile_total_how"))),
        ]  # fmt: skip
    return tiles(*shown)


def repeats_chart(held: HeldOut, words: Texts) -> alt.LayerChart:
    """Draw the repeat visits of the log and of the fitted members, added up by week."""
    of_log, simulated = words("calibrate.of_log"), words("calibrate.simulated")
    drawn = [
        {"week": week + 1, "visits": value, "of": name}
        for name, values in ((of_log, held.repeats), (simulated, held.repeats_simulated))
        for week, value in enumerate(values)
    ]
    colour = alt.Color(
        "of:N",
        title=None,
        scale=alt.Scale(domain=[of_log, simulated], range=[ACCENT, WARM]),
        legend=alt.Legend(orient="top"),
    )
    title = words("calibrate.repeat_visits")
    lines = (
        alt.Chart(alt.InlineData(values=drawn), height=HEIGHT_PX)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("week:Q", title=words("calibrate.week"), axis=alt.Axis(format="d")),
            y=alt.Y("visits:Q", title=title, axis=alt.Axis(format=",.0f")),
            color=colour,
            tooltip=[
                alt.Tooltip("of:N", title=words("calibrate.whose")),
                alt.Tooltip("week:Q", title=words("calibrate.week")),
                alt.Tooltip("visits:Q", title=title, format=",.0f"),
            ],
        )
    )
    cut = (
        alt.Chart(alt.InlineData(values=[{"week": held.fitted_weeks + 0.5}]))
        .mark_rule(strokeDash=[4, 3], color="#6B7785")
        .encode(x="week:Q")
    )
    return alt.LayerChart(layer=[lines, cut])


def _distances(found: Calibrated, words: Texts) -> str:
    """Say how far simulated members lie from the log's, beside what chance alone does."""
    held = found.held_out
    columns = (
        ("fc-name", words("calibrate.distance")),
        ("fc-money", words("calibrate.whole_log")),
        ("fc-money", words("calibrate.held_weeks")),
    )

    def cell(one: Distance | None) -> str:
        if one is None:
            return text(words("standings.none"))
        said = words("calibrate.by_chance", chance=f"{one.chance_95:.3f}")
        css = "fc-safe" if one.value <= one.chance_95 else "fc-risk"
        figure = element("span", f"fc-state {css}", text(f"{one.value:.3f}"))
        return figure + element("span", "fc-sub", text(said))

    rows = (
        (
            text(words(f"calibrate.{name}")),
            cell(getattr(found.whole_log, f"ks_{name}")),
            cell(None if held is None else getattr(held, f"ks_{name}")),
        )
        for name in ("visits", "intervals", "litres")
    )
    title = element("strong", "fc-message", text(words("calibrate.distances")))
    caption = element("div", "fc-caption", text(words("calibrate.distances_how")))
    return title + plain_table(columns, rows) + caption


def _figures(found: Calibrated, words: Texts) -> str:
    """List the figures with their intervals; lists, such as hours of the day, are in the file."""
    columns = (
        ("fc-name", words("calibrate.figure")),
        ("fc-money", words("calibrate.value")),
        ("fc-money", words("simulate.interval_head")),
        ("fc-money fc-wide", words("calibrate.count")),
    )
    single = {path: one for path, one in found.figures.items() if not isinstance(one.value, list)}
    rows = (
        (
            element("code", "fc-path", text(path)),
            text(_short(one.value)),
            text(_interval(one, words)),
            text(number(one.n)),
        )
        for path, one in single.items()
    )
    said = words("calibrate.figures_how")
    if found.defaults:
        said += " " + words("calibrate.defaults", figures=", ".join(found.defaults))
    return plain_table(columns, rows) + element("div", "fc-caption", text(said))


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _interval(one: Fitted, words: Texts) -> str:
    if isinstance(one.low, float) and isinstance(one.high, float):
        return words("simulate.between", low=_short(one.low), high=_short(one.high))
    return words("standings.none")


def _take(one: Simulation, words: Texts) -> None:
    """Offer the population file, to take away or to simulate with, and the report."""
    with st.container(horizontal=True):
        st.button(
            words("calibrate.use"), key="calibrate_use", type="primary",
            icon=":material/science:", on_click=_use, args=(one.id,),
        )  # fmt: skip
        download(one, POPULATION, words("calibrate.take_population"))
        download(one, "report.html", words("simulate.take_report"))
        download(one, "summary.json", words("simulate.take_summary"))
        remove_button(one, words)


def _use(simulation: str) -> None:
    """Put the population into every form and turn to a new simulation."""
    try:
        content = simulation_file(simulation, POPULATION).decode("utf-8")
    except CallFailed:
        return  # it was removed meanwhile: the page says so at its next look
    for form in FORMS:
        st.session_state[f"{form}_population_text"] = content
    st.session_state["part"] = "new"
