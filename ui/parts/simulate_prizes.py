"""Prizes of a simulation: the score each takes, and how stable its winners are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.answers.simulation import PrizeSpan, Simulation
from ui.answers.spread import Spread
from ui.parts.figures import number
from ui.parts.markup import element, text
from ui.parts.names import board_name
from ui.parts.plain_table import plain_table, two_lines
from ui.parts.simulate_figures import percent, share_span
from ui.texts import Texts


def steady_message(spans: Sequence[PrizeSpan], words: Texts) -> str:
    """Say which prize is most open, or that one run can't tell."""
    told = [one for one in spans if one.steady is not None]
    if not told:
        return words("simulate.prizes_one_run")
    least = min(told, key=lambda one: one.steady or 0.0)
    return words(
        "simulate.prizes_open",
        board=board_name(least.board, words),
        places=_places(least),
        share=percent(least.steady or 0.0),
    )


def prizes_table(spans: Sequence[PrizeSpan], names: Mapping[str, str], words: Texts) -> str:
    """Write a line for each kind of prize on each board."""
    columns = (
        ("fc-name", words("simulate.prize")),
        ("fc-money", words("simulate.place")),
        ("fc-money", words("simulate.cutoff")),
        ("fc-money fc-wide", words("simulate.cutoff_band")),
        ("fc-money fc-wide", words("simulate.winners")),
        ("fc-money", words("simulate.steady")),
    )
    none = words("standings.none")
    rows = (
        (
            two_lines(names.get(one.reward, one.reward), board_name(one.board, words)),
            text(_places(one)),
            text(number(round(one.cutoff.mean))),
            text(_band(one.cutoff, words)),
            text(none if one.winners is None else number(one.winners)),
            text(none if one.steady is None else percent(one.steady)),
        )
        for one in spans
    )
    return plain_table(columns, rows)


def prizes_kept(kept: Spread, one: Simulation, words: Texts) -> str:
    """Say how many of the base's winners win under the candidate too."""
    said = words(
        "simulate.prizes_kept",
        share=percent(kept.mean),
        span=share_span(kept, words),
        base=one.names[0],
        candidate=one.names[-1],
    )
    return element("div", "fc-gap-above", element("strong", "fc-message", text(said)))


def _places(one: PrizeSpan) -> str:
    if one.first_place == one.last_place:
        return str(one.first_place)
    return f"{one.first_place}–{one.last_place}"


def _band(cutoff: Spread, words: Texts) -> str:
    low = cutoff.p50 if cutoff.p5 is None else cutoff.p5
    return words("simulate.between", low=number(round(low)), high=number(round(cutoff.p95)))
