"""How sure a simulation is: luck, assumptions and the model, each by itself."""

from __future__ import annotations

from typing import Final

from ui.answers.simulation import Band, Bands
from ui.parts.markup import element, text
from ui.parts.plain_table import plain_table
from ui.parts.simulate_figures import signed_money, span, whole_money
from ui.texts import Texts

GAIN: Final = "margin_gain_fen"
"""What an effect is judged by: the margin it brings."""


def bands_shown(bands: Bands, currency: str, words: Texts) -> str:
    """Write the bands that were asked for; nothing where it was only the seeds'."""
    parts = []
    if bands.parameter is not None:
        parts.append(_spread(bands.monte_carlo, bands.parameter, currency, words))
    if bands.model_form:
        parts.append(_effects(bands, currency, words))
    if not parts:
        return ""
    title = element("strong", "fc-message", text(words("simulate.bands")))
    caption = element("div", "fc-caption", text(words("simulate.bands_how")))
    return element("div", "fc-gap-above", title, *parts, caption)


def _spread(luck: Band, assumptions: Band, currency: str, words: Texts) -> str:
    columns = (
        ("fc-name", words("simulate.band")),
        ("fc-money", words("simulate.band_runs")),
        ("fc-money", words("simulate.band_cost")),
        ("fc-money", words("simulate.band_net")),
    )
    rows = (
        (
            text(words(f"simulate.band_{name}")),
            text(str(band.runs)),
            *(
                text(
                    words(
                        "simulate.between",
                        low=whole_money(figure.p5, currency),
                        high=whole_money(figure.p95, currency),
                    )
                )
                for figure in (band.cost_total_fen, band.net_gain_fen)
            ),
        )
        for name, band in (("luck", luck), ("assumptions", assumptions))
    )
    return plain_table(columns, rows)


def _effects(bands: Bands, currency: str, words: Texts) -> str:
    """List what leaving each effect out does to the margin gained, the greatest first."""
    columns = (
        ("fc-name", words("simulate.effect_off")),
        ("fc-money", words("simulate.effect_gain")),
        ("fc-money fc-wide", words("simulate.interval_head")),
    )
    found = [(name, figures[GAIN]) for name, figures in (bands.model_form or {}).items()]
    rows = (
        (
            text(words.name_of("simulate.effect", name)),
            text(signed_money(one.mean, currency)),
            text(span(one, currency, words)),
        )
        for name, one in sorted(found, key=lambda pair: -abs(pair[1].mean))
    )
    return plain_table(columns, rows)
