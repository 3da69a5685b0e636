"""The answers about simulations: what was asked, how far each is, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ui.answers.calibration import Calibrated
from ui.answers.forecast import Judged
from ui.answers.leak import Leaks
from ui.answers.spread import Sentences, Spread

State = Literal["queued", "running", "done", "failed", "cancelled"]
NOTHING: Final = msgspec.Raw(b"null")


class Progress(msgspec.Struct, frozen=True):
    """So many of so many days or runs are done."""

    done: int
    total: int
    what: str


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


class Quantiles(msgspec.Struct, frozen=True):
    """Where a figure of single runs lies."""

    p5: float
    p50: float
    p95: float


class Band(msgspec.Struct, frozen=True):
    """What one kind of doubt does to cost and net gain, over so many runs."""

    runs: int
    cost_total_fen: Quantiles
    net_gain_fen: Quantiles


class Bands(msgspec.Struct, frozen=True):
    """The three kinds of doubt, each by itself: luck, assumptions, and each effect switched off."""

    monte_carlo: Band
    parameter: Band | None = None
    model_form: dict[str, dict[str, Spread]] | None = None


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
    uncertainty: Bands | None = None


class Difference(Spread, frozen=True):
    """A figure of the best file on fresh seeds: by how much it differs from today's."""

    base: Spread | None = None
    candidate: Spread | None = None
    reading: str = ""


class ChangedValue(msgspec.Struct, frozen=True):
    """A value that the best file changes, both as the file writes them."""

    path: str
    today: str
    best: str


class Best(msgspec.Struct, frozen=True):
    """The best file: what it changes, and the same in sentences; no change is today's file."""

    file: int
    changes: tuple[ChangedValue, ...]
    said: Sentences


class BudgetKept(msgspec.Struct, frozen=True):
    """A budget of a search: its limit, and what the best file and today's come to."""

    budget: str
    limit: float
    value: float
    today: float
    kept: bool


class Found(msgspec.Struct, frozen=True):
    """What a search found; `figures` are the best file's, none where nothing beats today's."""

    outcome: str
    verdict: Sentences
    objective: str
    tried: int
    invalid: int
    runs: int
    result_hash: str
    best: Best | None = None
    difference: Difference | None = None
    searched_difference: Spread | None = None
    figures: dict[str, Difference] | None = None
    budgets: tuple[BudgetKept, ...] = ()


class Simulation(msgspec.Struct, frozen=True):
    """One simulation: what was asked for, and what became of it.

    What it found is read by its kind: `summary` of a simulation or comparison, `found` of a search.
    """

    id: str
    kind: Literal["simulate", "compare", "tune", "adversaries", "calibrate", "forecast", "judge"]
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
    reason_zh: str | None = None
    told: msgspec.Raw = msgspec.field(name="summary", default=NOTHING)
    files: tuple[str, ...] = ()
    runs: int = 0
    trials: int = 0
    effort: str = ""
    objective: str = ""
    draws: int = 0
    model_form: bool = False
    agents: int = 0

    @property
    def of_season(self) -> bool:
        """Tell whether it is about the running season, not about a file."""
        return self.kind in ("forecast", "judge")

    def why(self, language: str) -> str:
        """Say why it failed, in a language."""
        return (self.reason_zh if language == "zh" else None) or self.reason or "—"

    @property
    def over(self) -> bool:
        """Tell whether nothing more will become of it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def summary(self) -> Summary | None:
        """Give what a simulation or comparison found; raises msgspec.DecodeError."""
        if self.kind not in ("simulate", "compare"):
            return None
        return msgspec.json.decode(self.told, type=Summary | None)

    @property
    def found(self) -> Found | None:
        """Give what a search found; raises msgspec.DecodeError."""
        if self.kind != "tune":
            return None
        return msgspec.json.decode(self.told, type=Found | None)

    @property
    def leaks(self) -> Leaks | None:
        """Give what a study of adversaries found; raises msgspec.DecodeError."""
        if self.kind != "adversaries":
            return None
        return msgspec.json.decode(self.told, type=Leaks | None)

    @property
    def calibrated(self) -> Calibrated | None:
        """Give what a calibration found; raises msgspec.DecodeError."""
        if self.kind != "calibrate":
            return None
        return msgspec.json.decode(self.told, type=Calibrated | None)

    @property
    def judged(self) -> Judged | None:
        """Give how the season's forecasts did; raises msgspec.DecodeError."""
        if self.kind != "judge":
            return None
        return msgspec.json.decode(self.told, type=Judged | None)


class Limits(msgspec.Struct, frozen=True):
    """How much may be asked for at once, and by what the runs of a form are counted.

    Each of the `effects` is left out in turn, over the first `effect_seeds` seeds; a study of
    cheats has so many `arms`, and tries so many `closings` over the first `closing_seeds`.
    """

    members: int
    seeds: int
    member_seasons: int
    draws: int
    trials: int
    agents: int
    effects: int
    effect_seeds: int
    arms: int
    closings: int
    closing_seeds: int


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


class Offer(msgspec.Struct, frozen=True):
    """A value of a season file that a search may vary: a range, or choices as TOML."""

    kind: str
    path: str
    of: dict[str, str]
    today: str
    low: str = ""
    high: str = ""
    step: str = ""
    choices: tuple[str, ...] = ()
    named: dict[str, dict[str, str]] = {}
    usual: bool = False


class Offers(msgspec.Struct, frozen=True):
    """What a season file offers to vary, and the values that should stay in order."""

    offers: tuple[Offer, ...]
    orders: tuple[tuple[str, ...], ...] = ()


class Removed(msgspec.Struct, frozen=True):
    """What became of a simulation that was cancelled (a state) or removed."""

    id: str
    state: str = ""
    removed: bool = False
