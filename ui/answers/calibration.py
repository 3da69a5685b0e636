"""The answers about calibrations: the figures fitted to a log, and how well they foretell it."""

from __future__ import annotations

import msgspec


class Uploaded(msgspec.Struct, frozen=True):
    """A log that is being uploaded: its id, what is there, and what may be."""

    log: str
    bytes: int
    bytes_max: int


class Fitted(msgspec.Struct, frozen=True):
    """A figure of the population with its 95 % interval, from so many observations."""

    value: float | list[float]
    low: float | None
    high: float | None
    n: int


class Distance(msgspec.Struct, frozen=True):
    """How far two distributions lie apart, and what chance alone reaches in 5 of 100 cases."""

    value: float
    chance_95: float


class Distances(msgspec.Struct, frozen=True):
    """How far members of the fitted population lie from those of the log."""

    members: int
    ks_visits: Distance
    ks_intervals: Distance
    ks_litres: Distance


class HeldOut(Distances, frozen=True):
    """How well weeks that weren't fitted are foretold; repeat visits add up week by week."""

    fitted_weeks: int
    weeks: int
    cumulative_mape: float
    total_error: float
    repeats: tuple[float, ...]
    repeats_simulated: tuple[float, ...]


class Calibrated(msgspec.Struct, frozen=True):
    """What a calibration found; `none_held_out` says why no weeks were held out."""

    events: int
    duplicates: int
    members: int
    fills: int
    days: int
    period: str
    figures: dict[str, Fitted]
    defaults: tuple[str, ...]
    whole_log: Distances
    held_out: HeldOut | None
    none_held_out: str = ""
    none_held_out_zh: str = ""

    def why_none(self, language: str) -> str:
        """Say why no weeks were held out, in a language."""
        return (self.none_held_out_zh if language == "zh" else "") or self.none_held_out
