"""What the season file calls its coupons and segments, read from the file in force."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ui.answers import Name
from ui.parts import live
from ui.texts import Texts


@dataclass(frozen=True)
class SeasonNames:
    """The ids of coupons, segments and member kinds in the file's order, with their names."""

    coupons: Mapping[str, Name] = field(default_factory=dict)
    segments: Mapping[str, Name] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    def coupon(self, coupon: str, words: Texts) -> str:
        """Give a coupon's name, its id where it has none."""
        name = self.coupons.get(coupon)
        return name.in_language(words.language) if name is not None else coupon

    def segment(self, segment: str, words: Texts) -> str:
        """Give a segment's name, its id where it has none."""
        name = self.segments.get(segment)
        named = name.in_language(words.language) if name is not None else segment
        return words.name_of("segment", segment) if named == segment else named


def names_of_season(words: Texts) -> SeasonNames:
    """Read the names; none while nobody answers, the page says why elsewhere."""
    del words  # both languages are read at once
    answer = live.ask("rules", lambda system: system.rules()).answer
    return SeasonNames() if answer is None else read_names(answer.text)


def read_names(text: str) -> SeasonNames:
    """Read the names from a season file's text.

    >>> read_names('[[coupons]]\\nid = "wash"\\nname = "Wash"').coupons
    {'wash': Name(zh='Wash', en='Wash')}
    """
    file = tomllib.loads(text)
    coupons = {one["id"]: _name(one) for one in file.get("coupons", ())}
    segments = {name: _name(one | {"id": name}) for name, one in file.get("segments", {}).items()}
    return SeasonNames(coupons, segments, tuple(file.get("members", {}).get("kinds", ())))


def _name(one: Mapping[str, Any]) -> Name:
    said = one.get("name", one["id"])
    if isinstance(said, str):
        return Name(zh=said, en=said)
    return Name(zh=said.get("zh", one["id"]), en=said.get("en", one["id"]))
