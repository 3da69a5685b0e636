"""What a simulation found: verdict, cost and margin, tier flows, prizes, and the report."""

from __future__ import annotations

import streamlit as st

from ui.answers.simulation import Simulation, Summary
from ui.parts import controls, live, notices
from ui.parts.calibrate_result import fitted_shown
from ui.parts.figures import number
from ui.parts.leak_result import leaks_shown
from ui.parts.markup import element, show, text
from ui.parts.simulate_bands import bands_shown
from ui.parts.simulate_figures import interval_chart, money_message, money_rows, tiles_markup
from ui.parts.simulate_files import download, simulation_file
from ui.parts.simulate_money import costs_table
from ui.parts.simulate_prizes import prizes_kept, prizes_table, steady_message
from ui.parts.simulate_run import remove_button
from ui.parts.simulate_tiers import Flow, flows_of, flows_shown, months_of, tiers_of
from ui.parts.tune_result import found_shown
from ui.parts.verdict import verdict
from ui.texts import Texts
from ui.troubles import CallFailed

TABLE_ROWS_MAX = 14


def result_shown(one: Simulation, words: Texts) -> None:
    """Show the answers, what matters first."""
    if one.found is not None:
        found_shown(one, one.found, words)
        return
    if one.leaks is not None:
        leaks_shown(one, one.leaks, words)
        return
    if one.calibrated is not None:
        fitted_shown(one, one.calibrated, words)
        return
    summary = one.summary
    if summary is None:
        notices.notice(words("simulate.no_summary"), words("simulate.no_summary_how"), words)
        remove_button(one, words)
        return
    show(verdict_markup(one, summary, words), words)
    show(tiles_markup(one, summary, words), words)
    money, tiers = st.columns(2, gap="large")
    with money:
        _money(one, summary, words)
    with tiers:
        _tiers(one, words)
    _prizes(one, summary, words)
    if summary.uncertainty is not None:
        show(bands_shown(summary.uncertainty, one.currency, words), words)
    _take(one, words)


def verdict_markup(one: Simulation, summary: Summary, words: Texts) -> str:
    """Write the verdict, and under it what it rests on."""
    said = summary.verdict.in_language(words.language)
    under = words(
        "simulate.rests",
        members=number(one.members),
        days=number(summary.days),
        seeds=number(one.seeds),
        seed=one.seed,
    )
    level = {"good": "good", "bad": "bad"}.get(mood(one, summary), "calm")
    return verdict(level, said, under)


def mood(one: Simulation, summary: Summary) -> str:
    """Tell whether it is good or bad news; unclear where the data can't tell."""
    if one.kind == "compare":
        return {"more": "good", "less": "bad"}.get(summary.margin_fen.reading, "unclear")
    net = summary.net_gain_fen
    if net is not None and net.low is not None and net.low > 0:
        return "good"
    return "bad" if net is not None and net.high is not None and net.high < 0 else "unclear"


def _money(one: Simulation, summary: Summary, words: Texts) -> None:
    rows = money_rows(one, summary, words)
    show(element("strong", "fc-message", text(money_message(one, summary, words))), words)
    chart = interval_chart(rows, one.currency, words)
    st.altair_chart(chart, width="stretch", key=f"money-{one.id}")
    said = words("simulate.interval" if one.seeds > 1 else "simulate.one_run")
    show(costs_table(one, summary, words) + _caption(said), words)


def _tiers(one: Simulation, words: Texts) -> None:
    flows = _flows(one, words)
    if not flows:
        return
    month = ""
    if one.kind == "simulate":
        months = months_of(flows)
        if st.session_state.get("by") not in months:
            st.session_state["by"] = months[-1]
        month = controls.choose("by", words("simulate.months"), months, lambda one: one)
    shown = [flow for flow in flows if flow.month == month]
    show(flows_shown(shown, one, words), words)


def _flows(one: Simulation, words: Texts) -> list[Flow]:
    """Read the moves between tiers from the simulation's own table."""
    try:
        tiers = tiers_of(simulation_file(one.id, "tiers.csv"))
        if one.kind == "compare":
            return flows_of(simulation_file(one.id, "tiers.csv"), "base", "candidate", tiers)
        return flows_of(simulation_file(one.id, "flows.csv"), "from", "to", tiers)
    except CallFailed as failure:
        notices.trouble(failure, words)
        return []


def _prizes(one: Simulation, summary: Summary, words: Texts) -> None:
    names = live.rewards(words)
    if one.kind == "compare":
        if summary.prizes_kept is not None:
            show(prizes_kept(summary.prizes_kept, one, words), words)
        return
    if not summary.prizes:
        notices.notice(words("simulate.no_prizes"), words("simulate.no_prizes_how"), words)
        return
    title = element("strong", "fc-message", text(steady_message(summary.prizes, words)))
    table = prizes_table(summary.prizes[:TABLE_ROWS_MAX], names, words)
    more = words("simulate.prizes_note")
    show(element("div", "fc-gap-above", title, table, _caption(more)), words)


def _take(one: Simulation, words: Texts) -> None:
    """Offer the report, the summary and the tables; a file is fetched when it is asked for."""
    with st.container(horizontal=True):
        download(one, "report.html", words("simulate.take_report"), primary=True)
        download(one, "summary.json", words("simulate.take_summary"))
        main = "differences.csv" if one.kind == "compare" else "months.csv"
        download(one, main, words(f"simulate.take_{one.kind}"))
        remove_button(one, words)


def _caption(said: str) -> str:
    return element("div", "fc-caption", text(said))
