"""What a valid season file says that may not be meant, and what it lets members take."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from rules.advice.findings import Finding
from rules.advice.lint_coupons import lint_coupons
from rules.advice.lint_leaks import Leaks, lint_leaks
from rules.advice.lint_limits import lint_limits
from rules.advice.lint_people import lint_people
from rules.advice.lint_reach import lint_reach
from rules.advice.lint_stations import lint_stations
from rules.advice.point_value import yields
from rules.season.circumstances import World
from rules.season.season_models import Season
from rules.season.where import WHERE_KEYS


@dataclass(frozen=True, slots=True)
class Note:
    """Hold one remark on a valid file: the place it is about, and the remark."""

    path: str
    remark: str

    def __str__(self) -> str:
        return f"{self.path}: {self.remark}"


def doubtful(season: Season) -> list[Note]:
    """List what is valid but may not be meant.

    Conditions on a member attribute that is spelt almost like a known key, and levels that no
    purchase reaches.
    """
    notes = [
        Note(
            f"{path}.{key}",
            f"looks at the member's own attribute {key}; if {close[0]} is meant, write that",
        )
        for path, where in season.conditions()
        for key in where.attributes
        if key not in WHERE_KEYS and (close := get_close_matches(key, WHERE_KEYS, 1, 0.75))
    ]
    levels = season.tiers.levels if season.tiers is not None else ()
    notes += [
        Note(f"tiers.{level.id}", "has no entry, so only a trial or points lead to it")
        for level in levels[1:]
        if level.entry is None
    ]
    return notes


def lint(season: Season) -> list[Finding]:
    """Find rules out of reach, leaks and limits that contradict one another, with figures.

    Figures are what one member can get out at most in a month; see `typical_members` for what
    is assumed. `findings.placed` tells where they stand in the file.
    """
    world = World(season)
    leaks = Leaks(world, yields(world))
    return [
        *lint_reach(world),
        *lint_leaks(leaks),
        *lint_coupons(leaks),
        *lint_people(leaks),
        *lint_limits(leaks),
        *lint_stations(season),
    ]
