"""Agent figures: how each kind of adversary goes about it, read from a file of figures."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.people.population import Parameter
from simulator.people.population_file import FigureReader, PopulationErrors

DEFAULT_FILE: Final = Path(__file__).with_name("agents.toml")


@dataclass(frozen=True)
class RingFigures:
    """Say how a self-referral ring goes about it."""

    accounts: float
    rounds: float
    plate_known_share: float
    visits_per_month: float
    litres_mean: float


@dataclass(frozen=True)
class RefundFigures:
    """Say how a refund cycler goes about it."""

    stake: float
    accomplice_share: float
    back_hours: float
    visits_per_month: float
    litres_mean: float


@dataclass(frozen=True)
class SplitFigures:
    """Say how an order splitter goes about it."""

    parts: float
    visits_per_month: float
    litres_mean: float


@dataclass(frozen=True)
class SharedFigures:
    """Say how drivers share a card."""

    drivers: float
    visits_per_month: float
    litres_mean: float


@dataclass(frozen=True)
class RaceFigures:
    """Say how a coupon racer goes about it."""

    tills: float
    visits_per_month: float
    litres_mean: float


_SECTIONS: Final[Mapping[str, type]] = {
    "ring": RingFigures,
    "refund_cycling": RefundFigures,
    "order_splitting": SplitFigures,
    "shared_cards": SharedFigures,
    "coupon_races": RaceFigures,
}
KINDS: Final = tuple(_SECTIONS)
"""The kinds of adversaries."""


def divided(number: int, kinds: Sequence[str] = ()) -> dict[str, int]:
    """Divide agents over kinds, all of them without any; the first take what is left over.

    >>> divided(3, ["shared_cards", "ring"])
    {'ring': 2, 'shared_cards': 1}
    """
    chosen = [one for one in KINDS if one in kinds or not kinds]
    each, rest = divmod(number, len(chosen))
    return {kind: each + (place < rest) for place, kind in enumerate(chosen)}


@dataclass(frozen=True)
class AgentFigures:
    """Hold the whole file; `parameters` has every figure by its path, for reports."""

    ring: RingFigures
    refund_cycling: RefundFigures
    order_splitting: SplitFigures
    shared_cards: SharedFigures
    coupon_races: RaceFigures
    parameters: Mapping[str, Parameter]


def load_agent_figures(path: Path | None = None) -> AgentFigures:
    """Load a file of agents' figures, by default the one shipped.

    Raises:
        PopulationErrors: the text isn't TOML, or figures are missing, unknown or out of range.
        OSError: the file can't be read.
    """
    chosen = DEFAULT_FILE if path is None else path
    text, name = chosen.read_text(encoding="utf-8"), str(path or chosen.name)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PopulationErrors([f"not TOML: {error} ({name})"]) from error
    reader = FigureReader(text, name)
    if document.get("format") != 1:
        reader.fail("format", f" = {document.get('format')!r}: must be 1")
    for unknown in sorted(set(document) - {"format", *_SECTIONS}):
        reader.fail(unknown, f": unknown section; known: {', '.join(KINDS)}")
    parts: dict[str, Any] = {
        name: reader.section(cls, name, document.get(name, {})) for name, cls in _SECTIONS.items()
    }
    if reader.errors:
        raise PopulationErrors(reader.errors)
    return AgentFigures(**parts, parameters=reader.parameters)
