"""The answers about forecasts of the running season, and about how those made of it did."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Between(msgspec.Struct, frozen=True):
    """What a figure may come to: nine runs in ten lie from p5 to p95."""

    p5: float
    p50: float
    p95: float


class Cost(Between, frozen=True):
    """What a kind of cost may come to over the whole season, and what was given so far; fen."""

    so_far: float


class Share(msgspec.Struct, frozen=True):
    """A chance, with its 95 % interval."""

    share: float
    low: float
    high: float


class BudgetAhead(msgspec.Struct, frozen=True):
    """How much of a budget will be used, and the chance that it runs out or is broken."""

    id: str
    measure: str
    limit: float
    used: float
    used_p95: float
    covers_prizes: bool
    runs_out: Share


class PrizeAhead(msgspec.Struct, frozen=True):
    """Prizes of one kind on a board, and the score that the last of them will take."""

    board: str
    first_place: int
    last_place: int
    reward: str
    given: float
    cutoff: Between


class Chance(msgspec.Struct, frozen=True):
    """Who may take a prize, how likely in all and on each board, and what they may score."""

    holder: str
    team: bool
    chance: float
    low: float
    high: float
    score_now: int | None
    score: Between | None
    boards: dict[str, float]


class Forecast(msgspec.Struct, frozen=True):
    """One forecast, and the instants (µs UTC) at which those of this season were made."""

    season: str
    as_of: datetime
    ends: datetime
    made_at: datetime
    made_us: int
    made: tuple[int, ...]
    members: int
    events: int
    runs: int
    costs: dict[str, Cost]
    budgets: tuple[BudgetAhead, ...]
    prizes: tuple[PrizeAhead, ...]
    chances: tuple[Chance, ...]
    simulation: str = ""


class JudgedForecast(msgspec.Struct, frozen=True):
    """How one forecast did: its cost beside the end's, and the winners in the band of a place."""

    made_us: int
    as_of_us: int
    runs: int
    cost_fen: float
    cost_band: Between
    cost_inside: dict[str, bool]
    winners: int
    winners_in_band: int
    winners_named: int | None


class Coverage(msgspec.Struct, frozen=True):
    """How all forecasts did together; by kind of cost the share of ends inside P5 to P95."""

    forecasts: int
    cost_inside: dict[str, Share] = {}
    winners: int = 0
    winners_in_band_share: float = 0.0
    winners_named_share: float | None = None
    cost_error_share: float = 0.0


class Judged(msgspec.Struct, frozen=True):
    """What became of the forecasts of a season that is final."""

    forecasts: tuple[JudgedForecast, ...]
    coverage: Coverage
