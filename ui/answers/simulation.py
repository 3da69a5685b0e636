"""The answers about simulations: what was asked, how far each is, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

State = Literal["queued", "running", "done", "failed", "cancelled"]


class Progress(msgspec.Struct, frozen=True):
    """So many of so many days or runs are done."""

    done: int
    total: int
    what: str


class Spread(msgspec.Struct, frozen=True):
    """A figure over the runs: mean, 95 % interval of the mean (None for one run), quantiles."""

    mean: float
    p50: float
    p95: float
    low: float | None = None
    high: float | None = None
    p5: float | None = None


class Figure(Spread, frozen=True):
    """A figure; of a comparison the paired difference, with what each file gives."""

    base: Spread | None = None
    candidate: Spread | None = None
    reading: str = ""


class PrizeSpan(msgspec.Struct, frozen=True):
    """Prizes of one kind on a board: the last place's score, and how steady the winners are."""

    board: str
    first_place: int
    last_place: int
    reward: str
    given: Spread
    cutoff: Spread
    winners: int | None = None
    steady: float | None = None


class Sentences(msgspec.Struct, frozen=True):
    """A verdict in both languages, a sentence each."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    def in_language(self, language: str) -> tuple[str, ...]:
        """Give the sentences of a language."""
        return self.zh if language == "zh" else self.en


class Summary(msgspec.Struct, frozen=True):
    """What a simulation found; of a comparison every figure is a difference."""

    days: int
    verdict: Sentences
    result_hash: str
    cost_total_fen: Figure
    cost_redeemed_fen: Figure
    cost_liability_fen: Figure
    cost_coupons_fen: Figure
    cost_discounts_fen: Figure
    cost_prizes_fen: Figure
    cost_tax_fen: Figure
    margin_fen: Figure
    margin_gain_fen: Figure
    lift_litres_share: Figure
    anyway_share: Figure
    net_gain_fen: Figure | None = None
    prizes: tuple[PrizeSpan, ...] = ()
    prizes_kept: Spread | None = None
    identical: bool = False


class Simulation(msgspec.Struct, frozen=True):
    """One simulation: what was asked for, and what became of it."""

    id: str
    kind: Literal["simulate", "compare"]
    state: State
    season: str
    names: tuple[str, ...]
    currency: str
    members: int
    seeds: int
    seed: int
    asked: datetime
    started: datetime | None = None
    ended: datetime | None = None
    progress: Progress | None = None
    ahead: int = 0
    reason: str | None = None
    summary: Summary | None = None
    files: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Tell whether nothing more will become of it."""
        return self.state in ("done", "failed", "cancelled")


class Limits(msgspec.Struct, frozen=True):
    """How much may be asked for at once."""

    members: int
    seeds: int
    member_seasons: int


class Simulations(msgspec.Struct, frozen=True):
    """The simulations that are kept, the newest first."""

    simulations: tuple[Simulation, ...]
    limits: Limits


class ShippedSeason(msgspec.Struct, frozen=True):
    """A season file that comes with the program."""

    name: str
    text: str


class ShippedSeasons(msgspec.Struct, frozen=True):
    """All season files that come with the program."""

    seasons: tuple[ShippedSeason, ...]


class Removed(msgspec.Struct, frozen=True):
    """What became of a simulation that was cancelled (a state) or removed."""

    id: str
    state: str = ""
    removed: bool = False
