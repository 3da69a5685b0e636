"""Variants: season files that differ from today's only in the values of some knobs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rules.season.season_file import SeasonErrors, load_season
from rules.season.season_models import Season
from simulator.search.search_space import SearchSpace
from simulator.search.season_text import SeasonText

Places: TypeAlias = tuple[int | None, ...]
"""Of each knob the place of its option; None for today's value where that is no option."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One file: `number` counts them as they were made, 0 is today's.

    `season` is None where the values don't fit one another; `why` says how.
    """

    number: int
    places: Places
    text: str
    season: Season | None
    changes: int
    why: str = ""

    @property
    def key(self) -> str:
        """Name the file by its text (SHA-256)."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Variants:
    """Makes the files of a search space, each once."""

    def __init__(self, space: SearchSpace, season: SeasonText, path: str) -> None:
        self.space = space
        self._season, self._path = season, path
        self._made: dict[Places, Variant] = {}
        self.today = self.make(space.home)

    def __iter__(self) -> Iterator[Variant]:
        """List all made so far, in order."""
        return iter(self._made.values())

    def known(self, places: Places) -> bool:
        """Tell whether these values were tried before."""
        return places in self._made

    def make(self, places: Places) -> Variant:
        """Give the file with these values."""
        if places not in self._made:
            self._made[places] = self._fresh(places)
        return self._made[places]

    def _fresh(self, places: Places) -> Variant:
        changed = {
            knob.loc: knob.options[place]
            for knob, place in zip(self.space.knobs, places, strict=True)
            if place is not None and place != knob.home
        }
        text = self._season.replaced(changed)
        number = len(self._made)
        for order in self.space.orders:
            values = [changed.get(loc) or self._season.written(loc) for loc in order.locs]
            if why := order.broken(values):
                return Variant(number, places, text, None, len(changed), why)
        try:
            return Variant(number, places, text, load_season(text, self._path), len(changed))
        except SeasonErrors as errors:
            why = str(errors.errors[0])
            return Variant(number, places, text, None, len(changed), why)
