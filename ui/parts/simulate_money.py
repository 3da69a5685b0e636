"""What the programme costs by kind: of one file with its quantiles, of two the difference."""

from __future__ import annotations

from typing import Final

from ui.answers.simulation import Figure, Simulation, Summary
from ui.parts.markup import element, text
from ui.parts.plain_table import plain_table
from ui.parts.simulate_figures import signed_money, span, whole_money
from ui.texts import Texts

KINDS: Final = ("redeemed", "liability", "coupons", "discounts", "prizes", "tax")
WHOLE: Final = "total"


def costs_table(one: Simulation, summary: Summary, words: Texts) -> str:
    """Write the costs, the greatest first, and their sum."""
    figures: dict[str, Figure] = {
        kind: getattr(summary, f"cost_{kind}_fen") for kind in (*KINDS, WHOLE)
    }
    if one.kind == "compare":
        return _differences(figures, one, words)
    kinds = sorted(KINDS, key=lambda kind: -figures[kind].mean)
    columns = (
        ("fc-name", words("simulate.cost_kind")),
        ("fc-money", words("simulate.mean")),
        ("fc-money fc-wide", words("simulate.interval_head")),
        ("fc-money", "P50"),
        ("fc-money", "P95"),
    )
    rows = (
        (
            _name(kind, words),
            text(whole_money(figures[kind].mean, one.currency)),
            text(span(figures[kind], one.currency, words)),
            text(whole_money(figures[kind].p50, one.currency)),
            text(whole_money(figures[kind].p95, one.currency)),
        )
        for kind in (*kinds, WHOLE)
    )
    return plain_table(columns, rows)


def _differences(figures: dict[str, Figure], one: Simulation, words: Texts) -> str:
    kinds = sorted(KINDS, key=lambda kind: -abs(figures[kind].mean))
    columns = (
        ("fc-name", words("simulate.cost_kind")),
        ("fc-money fc-wide", one.names[0]),
        ("fc-money fc-wide", one.names[1]),
        ("fc-money", words("simulate.difference")),
        ("fc-money", words("simulate.interval_head")),
    )
    rows = []
    for kind in (*kinds, WHOLE):
        figure = figures[kind]
        sides = [
            "—" if side is None else whole_money(side.mean, one.currency)
            for side in (figure.base, figure.candidate)
        ]
        rows.append(
            (
                _name(kind, words),
                *map(text, sides),
                text(signed_money(figure.mean, one.currency)),
                text(span(figure, one.currency, words)),
            )
        )
    return plain_table(columns, rows)


def _name(kind: str, words: Texts) -> str:
    said = text(words(f"simulate.cost_of_{kind}"))
    return element("b", "", said) if kind == WHOLE else said
