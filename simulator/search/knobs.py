"""Knobs: values of a season file that a search may change, each with the few it may take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from rules.season.toml_lines import Loc
from simulator.search.season_text import toml_of

STEPS_MAX: Final = 1000
_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d+)?)([a-z]*)")


@dataclass(frozen=True, slots=True)
class Knob:
    """One value that may vary.

    `options` are the values as the file will write them, in order for a range; `home` is the
    place of today's among them, None where it isn't one of them. Place `home` changes nothing.
    """

    path: str
    loc: Loc
    options: tuple[str, ...]
    ordered: bool
    today: str
    home: int | None

    def written(self, place: int | None) -> str:
        """Give the value at a place as the file writes it; None is today's."""
        return self.today if place is None else self.options[place]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the unit written behind it, such as 3, "1.10" or "30d"."""

    number: Decimal
    unit: str
    whole: bool
    """Written as an integer, without quotes."""


def amount_of(value: Any) -> Amount | None:
    """Read a number; None for what is none.

    >>> amount_of("30d").unit, amount_of("1.10").number, amount_of("gold")
    ('d', Decimal('1.10'), None)
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    found = _NUMBER.fullmatch(str(value))
    if found is None:
        return None
    return Amount(Decimal(found[1]), found[2], isinstance(value, int))


def steps(low: Amount, high: Amount, step: Amount, today: Amount) -> tuple[str, ...]:
    """Write every value of a range, low first, with as many decimals as it or today's has.

    >>> one = [amount_of(each) for each in ("0.1", "0.3", "0.1", "0.20")]
    >>> steps(*one)
    ('"0.10"', '"0.20"', '"0.30"')
    """
    numbers = [low.number, step.number, today.number]
    places = max(-int(number.as_tuple().exponent) for number in numbers)
    count = count_of(low, high, step)
    found = [low.number + step.number * nth for nth in range(count)]
    if today.whole and not today.unit and all(one == int(one) for one in found):
        return tuple(str(int(one)) for one in found)
    return tuple(f'"{one:.{max(places, 0)}f}{today.unit}"' for one in found)


def count_of(low: Amount, high: Amount, step: Amount) -> int:
    """Count the values of a range."""
    return int((high.number - low.number) // step.number) + 1


def same(option: str, today: Any) -> bool:
    """Tell whether a written option is today's value, however it is written."""
    if option == toml_of(today):
        return True
    one, other = amount_of(option.strip('"')), amount_of(today)
    return (
        one is not None and other is not None
        and (one.number, one.unit) == (other.number, other.unit)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """Values that mustn't fall from one to the next, whether knobs or not."""

    paths: tuple[str, ...]
    locs: tuple[Loc, ...]

    def broken(self, values: Sequence[str]) -> str:
        """Say which of the values, as written, falls; empty where none does."""
        numbers = [amount_of(one.strip('"')) for one in values]
        for nth, (one, other) in enumerate(pairwise(numbers)):
            if one is not None and other is not None and one.number > other.number:
                return (f"{self.paths[nth + 1]} = {values[nth + 1]} is below {self.paths[nth]} = "
                        f"{values[nth]}, against the space's order")  # fmt: skip
        return ""
