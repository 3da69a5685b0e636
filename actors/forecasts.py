"""Forecasts: what was foretold of a season, each kept as a file of the data folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from actors.store.files import write_durably

FOLDER: Final = "forecasts"
BYTES_MAX: Final = 4 << 20
CHANCES_MAX: Final = 1_000
FORMAT: Final = 1
_NAME: Final = re.compile(r"[0-9]{16}\.json")


class Chance(msgspec.Struct):
    """Who may take a prize, how likely, and what their score is and may come to."""

    holder: str
    team: bool
    chance: float
    low: float
    high: float
    score_now: int | None
    score: dict[str, float] | None
    boards: dict[str, float]


class Kept(msgspec.Struct):
    """One forecast, as it was made; instants are µs UTC, money is fen."""

    format: int
    season: str
    rules_hash: str
    as_of_us: int
    ends_us: int
    members: int
    events: int
    runs: int
    seeds: list[int]
    costs: dict[str, dict[str, float]]
    budgets: list[dict[str, Any]]
    prizes: list[dict[str, Any]]
    places: list[dict[str, Any]]
    chances: list[Chance]
    made_us: int = 0
    simulation: str = ""
    """The simulation of this system that made it, with its files; "" for none."""


class ForecastRefused(ValueError):  # noqa: N818  it says why
    """What was sent is no forecast of the running season; the text says why."""


class Forecasts:
    """The forecasts of a data folder, by when they were made."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def keep(self, body: bytes, season: str, now_us: int) -> Kept:
        """Keep a forecast that was made now and return it.

        Raises:
            ForecastRefused: it is none, or one of another season.
            OSError: the disk doesn't take it.
        """
        try:
            found = msgspec.json.decode(body, type=Kept)
        except msgspec.DecodeError as error:
            raise ForecastRefused(f"It is no forecast: {error}.") from None
        if found.format != FORMAT:
            raise ForecastRefused(f"format = {found.format}: this release takes {FORMAT}.")
        if found.season != season:
            raise ForecastRefused(f"season = {found.season!r}: {season} is running.")
        if len(found.chances) > CHANCES_MAX:
            raise ForecastRefused(f"chances: there may be {CHANCES_MAX:,} at most.")
        self._folder.mkdir(exist_ok=True)
        # Two made within the same microsecond stand one behind the other.
        found.made_us = max(now_us, *[one + 1 for one in self.made(season)], 0)
        write_durably(self._path(found.made_us), msgspec.json.encode(found))
        return found

    def made(self, season: str) -> list[int]:
        """List when the forecasts of a season were made, µs UTC, oldest first."""
        names = (path.name for path in self._folder.glob("*.json"))
        instants = sorted(int(name[:16]) for name in names if _NAME.fullmatch(name))
        return [one for one in instants if self._season(one) == season]

    def read(self, made_us: int) -> Kept:
        """Read one forecast."""
        return msgspec.json.decode(self._path(made_us).read_bytes(), type=Kept)

    def _season(self, made_us: int) -> str:
        return msgspec.json.decode(self._path(made_us).read_bytes(), type=_Season).season

    def _path(self, made_us: int) -> Path:
        return self._folder / f"{made_us:016d}.json"


class _Season(msgspec.Struct):
    season: str
