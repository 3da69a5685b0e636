"""Durations as the season file writes them: minutes, hours, days, months, years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Unit = Literal["m", "h", "d", "mo", "y"]

# A hundred years in each unit: far beyond any season, well inside what dates can hold.
COUNT_MAX = {"m": 52_704_000, "h": 878_400, "d": 36_600, "mo": 1_200, "y": 100}
WRITTEN = re.compile(r"([0-9]{1,9})(mo|m|h|d|y)")


@dataclass(frozen=True, slots=True)
class Duration:
    """Hold a length of time in the unit it was written in.

    `m`, `h` and `d` are exact (a day is 24 h); `mo` and `y` move the local date, clamped to the
    month's end.
    """

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def parse_duration(text: str) -> Duration:
    """Read a duration such as `90d`.

    >>> parse_duration("3mo")
    Duration(count=3, unit='mo')

    Raises:
        ValueError: when the text is no duration, or longer than a hundred years.
    """
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("must be a whole number and a unit: m, h, d, mo or y")
    count, unit = int(found[1]), found[2]
    if count > COUNT_MAX[unit]:
        raise ValueError(f"must be at most {COUNT_MAX[unit]}{unit}, a hundred years")
    return Duration(count, cast(Unit, unit))
