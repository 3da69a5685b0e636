"""What a study of adversaries found: who gets what through which rule, and what closes it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from ui.answers.leak import Closing, Leaks
from ui.answers.simulation import Simulation
from ui.parts.figures import number
from ui.parts.markup import element, show, text
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.points_chart import ACCENT
from ui.parts.simulate_figures import (
    WARM,
    MoneyRow,
    interval_chart,
    percent,
    signed_money,
    span,
    whole_money,
)
from ui.parts.simulate_files import download
from ui.parts.simulate_run import remove_button
from ui.parts.simulate_to_rules import to_rules
from ui.parts.tile import note, tile, tiles
from ui.parts.verdict import verdict
from ui.texts import Texts

CLOSES: Final = "closes.toml"
RULES_SHOWN: Final = 12
LEAST_FEN: Final = 100
"""What an agent gets more by less is nothing: rounding of points by the litre."""


def leaks_shown(one: Simulation, found: Leaks, words: Texts) -> None:
    """Show the answers, what matters first."""
    show(_verdict(one, found, words), words)
    show(_tiles(one, found, words), words)
    kinds, rules = st.columns(2, gap="large")
    with kinds:
        _kinds(one, found, words)
    with rules:
        show(_rules(one, found, words), words)
    show(_closings(one, found, words), words)
    if found.closes is not None:
        _way_on(one, found.closes, words)
    show(_stopped(found, words), words)
    _take(one, found, words)


def _verdict(one: Simulation, found: Leaks, words: Texts) -> str:
    said = found.verdict.in_language(words.language)
    agents = sum(found.agents.values())
    little = found.leak_fen.mean < LEAST_FEN * max(agents, 1)
    level = "good" if little else "calm" if found.closes is not None else "bad"
    under = words(
        "leak.rests",
        agents=number(agents),
        members=number(found.members),
        runs=number(found.runs),
        seed=one.seed,
    )
    return verdict(level, said, under)


def _tiles(one: Simulation, found: Leaks, words: Texts) -> str:
    """Write what leaks in all and an agent, whom it costs a prize, and what is left once closed."""
    agents = sum(found.agents.values())
    lost = whole_money(found.crowding.prize_lost_fen.mean, one.currency)
    shown = [
        tile(
            words("leak.tile_leak"),
            whole_money(found.leak_fen.mean, one.currency),
            note(span(found.leak_fen, one.currency, words)),
            css="fc-tile-main",
        ),
        tile(
            words("leak.tile_each"),
            whole_money(found.leak_fen.mean / max(agents, 1), one.currency),
            note(words("leak.tile_each_how", agents=number(agents))),
        ),
        tile(
            words("leak.tile_crowded"),
            f"{found.crowding.prize_losers.mean:,.1f}",
            note(words("leak.tile_crowded_how", lost=lost)),
        ),
    ]
    if found.closes is not None:
        before, after = found.closes.before_fen.mean, found.closes.after_fen.mean
        share = (before - after) / before if before > 0 else 0.0
        shown.append(
            tile(
                words("leak.tile_closed"),
                whole_money(after, one.currency),
                note(words("leak.tile_closed_how", share=percent(share))),
            )
        )
    return tiles(*shown)


def _kinds(one: Simulation, found: Leaks, words: Texts) -> None:
    """Draw what each kind of agents gets; the kind that gets most is the message."""
    kinds = sorted(found.kinds.items(), key=lambda pair: -pair[1].leak_fen.mean)
    if not kinds:
        return
    name, most = kinds[0]
    said = words("leak.kinds_none")
    if most.leak_fen.mean >= LEAST_FEN * max(most.agents, 1):
        leak = whole_money(most.leak_fen.mean, one.currency)
        said = words("leak.kinds_message", kind=kind_name(name, words), leak=leak)
    show(element("strong", "fc-message", text(said)), words)
    if len(kinds) > 1:
        rows = [
            MoneyRow(kind_name(kind, words), each.leak_fen, ACCENT if nth else WARM)
            for nth, (kind, each) in enumerate(kinds)
        ]
        chart = interval_chart(rows, one.currency, words)
        st.altair_chart(chart, width="stretch", key=f"leak-{one.id}")
    columns = (
        ("fc-name", words("leak.kind")),
        ("fc-money", words("leak.number")),
        ("fc-money", words("leak.each")),
        ("fc-money fc-wide", words("leak.litres")),
        ("fc-money", words("leak.refused")),
    )
    lines = (
        (
            text(kind_name(kind, words)),
            two_lines(
                number(each.agents),
                words("leak.accounts", accounts=number(round(each.accounts.mean))),
            ),
            text(whole_money(each.leak_per_agent_fen.mean, one.currency)),
            text(number(round(each.litres_ml.mean / 1000))),
            text(number(round(each.refused.mean))),
        )
        for kind, each in kinds
    )
    show(plain_table(columns, lines) + _caption(words("leak.kinds_how")), words)


def kind_name(kind: str, words: Texts) -> str:
    """Name a kind of agents."""
    return words.name_of("leak", f"kind_{kind}")


def _rules(one: Simulation, found: Leaks, words: Texts) -> str:
    """List the rules through which most leaks, with the interval."""
    if not found.leaks:
        return element("p", "fc-way", text(words("leak.no_rules")))
    columns = (
        ("fc-name", words("leak.rule")),
        ("fc-name", words("leak.kind")),
        ("fc-money", words("leak.leak")),
        ("fc-money fc-wide", words("simulate.interval_head")),
    )
    rows = (
        (
            two_lines(each.name.in_language(words.language), each.rule),
            text(kind_name(each.kind, words)),
            text(whole_money(each.leak_fen.mean, one.currency)),
            text(span(each.leak_fen, one.currency, words)),
        )
        for each in found.leaks[:RULES_SHOWN]
    )
    title = element("strong", "fc-message", text(words("leak.rules")))
    rest = len(found.leaks) - RULES_SHOWN
    said = words("leak.rules_how")
    if rest > 0:
        said += " " + words("leak.rules_more", rest=number(rest))
    return title + plain_table(columns, rows) + _caption(said)


def _closings(one: Simulation, found: Leaks, words: Texts) -> str:
    """List the changes tried, those that are worth it first."""
    title = element("strong", "fc-message fc-gap-above", text(words("leak.closings")))
    if not found.closings:
        return title + element("p", "fc-way", text(words("leak.no_closings")))
    columns = (
        ("fc-name", words("leak.change")),
        ("fc-name fc-wide", words("leak.against")),
        ("fc-money", words("leak.closed")),
        ("fc-money fc-wide", words("simulate.interval_head")),
        ("fc-money", words("leak.honest")),
        ("fc-state", words("leak.worth")),
    )
    ordered = sorted(found.closings, key=lambda each: (not each.recommended, -_net(each)))
    rows = (
        (
            element("code", "fc-path", text("; ".join(each.changes))),
            text(", ".join(kind_name(kind, words) for kind in each.against)),
            text(signed_money(each.closed_fen.mean, one.currency)),
            text(span(each.closed_fen, one.currency, words)),
            text(signed_money(-each.honest_cost_fen.mean, one.currency)),
            element(
                "span",
                f"fc-state {'fc-safe' if each.recommended else 'fc-risk'}",
                text(words("leak.is_worth" if each.recommended else "leak.is_not_worth")),
            ),
        )
        for each in ordered
    )
    return title + plain_table(columns, rows) + _caption(words("leak.closings_how"))


def _net(each: Closing) -> float:
    return each.closed_fen.mean - each.honest_cost_fen.mean


def _way_on(one: Simulation, closes: Closing, words: Texts) -> None:
    """Say what the file with all changes worth it changes, and offer it to the Rules page."""
    said = words(
        "leak.together",
        before=whole_money(closes.before_fen.mean, one.currency),
        after=whole_money(closes.after_fen.mean, one.currency),
        cost=whole_money(closes.honest_cost_fen.mean, one.currency),
    )
    sentences = () if closes.said is None else closes.said.in_language(words.language)
    changes = element("ul", "fc-misses", *(element("li", "", text(each)) for each in sentences))
    show(element("strong", "fc-message fc-gap-above", text(said)) + changes, words)
    to_rules(one, CLOSES, words)


def _stopped(found: Leaks, words: Texts) -> str:
    """Tell what the file as it is refuses already."""
    title = element("strong", "fc-message fc-gap-above", text(words("leak.stopped")))
    refusals = found.already_stopped.refusals
    if not refusals:
        return title + element("p", "fc-way", text(words("leak.none_stopped")))
    columns = (
        ("fc-name", words("leak.kind")),
        ("fc-name", words("leak.asked")),
        ("fc-name", words("leak.why")),
        ("fc-money", words("leak.times")),
    )
    rows = (
        (
            text(kind_name(each.kind, words)),
            text(words.name_of("leak", f"type_{each.type}").removeprefix("type_")),
            text(words.name_of("reason", each.reason)),
            text(number(round(each.count.mean))),
        )
        for each in sorted(refusals, key=lambda each: -each.count.mean)
    )
    return title + plain_table(columns, rows) + _caption(words("leak.stopped_how"))


def _take(one: Simulation, found: Leaks, words: Texts) -> None:
    """Offer the report, the changed file and the tables; a file is fetched when asked for."""
    with st.container(horizontal=True):
        download(one, "report.html", words("simulate.take_report"), primary=True)
        if found.closes is not None:
            download(one, CLOSES, words("leak.take_closes"))
        download(one, "summary.json", words("simulate.take_summary"))
        download(one, "leaks.csv", words("leak.take_leaks"))
        download(one, "closings.csv", words("leak.take_closings"))
        remove_button(one, words)


def _caption(said: str) -> str:
    return element("div", "fc-caption", text(said))
