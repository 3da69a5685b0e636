"""What a pattern of matching clauses is worth: earning rates and combined factors.

Few distinct patterns occur, so each is worked out once, exactly, and then looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import lcm, prod

import numpy as np
import numpy.typing as npt

from rules.season.season_models import Earning, Multiplier, Multiplying

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]


class PatternTable:
    """Maps bit patterns to pairs of integers, worked out at first sight.

    look_up costs O(n log k) for n patterns and k distinct ones so far.
    """

    def __init__(self, value_of: Callable[[int], tuple[int, int]]) -> None:
        self._value_of = value_of
        first = value_of(0)
        self._patterns = np.zeros(1, dtype=np.uint64)
        self._values = np.array([first], dtype=np.int64)

    def look_up(self, patterns: UInt64s) -> tuple[Int64s, Int64s]:
        """Return the pair of each pattern, int64[n] twice."""
        places = np.searchsorted(self._patterns, patterns)
        found = self._patterns[np.minimum(places, len(self._patterns) - 1)] == patterns
        if not found.all():
            self._add(np.unique(patterns[~found]))
            places = np.searchsorted(self._patterns, patterns)
        values = self._values.take(places, axis=0)
        return values[:, 0], values[:, 1]

    def known(self) -> tuple[UInt64s, Int64s]:
        """Give the patterns met so far, uint64[k] ascending, and their pairs, int64[k, 2]."""
        return self._patterns, self._values

    @classmethod
    def of(cls, patterns: UInt64s, values: Int64s) -> PatternTable:
        """Rebuild a table of known patterns, which no other joins. Raises KeyError for another."""

        def value_of(pattern: int) -> tuple[int, int]:
            place = int(np.searchsorted(patterns, np.uint64(pattern)))
            if place == len(patterns) or int(patterns[place]) != pattern:
                raise KeyError(f"pattern {pattern:b}: no sale of that version had it")
            return int(values[place, 0]), int(values[place, 1])

        table = cls(value_of)
        table._patterns, table._values = patterns, values
        return table

    def _add(self, patterns: UInt64s) -> None:
        values = [self._value_of(int(pattern)) for pattern in patterns]
        joined = np.concatenate([self._patterns, patterns])
        order = np.argsort(joined)
        self._patterns = joined[order]
        self._values = np.concatenate([self._values, np.array(values, dtype=np.int64)])[order]


def _set_bits(pattern: int, count: int) -> list[int]:
    return [place for place in range(count) if pattern >> place & 1]


class EarningRates:
    """Points per millilitre and per fen of each pattern of earning rules, over one divisor."""

    def __init__(self, earning: Sequence[Earning]) -> None:
        per_ml = [_rate(rule.points, rule.per.litres_ml) for rule in earning]
        per_fen = [_rate(rule.points, rule.per.amount_fen) for rule in earning]
        self.divisor = lcm(*(rate.denominator for rate in per_ml + per_fen))

        def value_of(pattern: int) -> tuple[int, int]:
            rules = _set_bits(pattern, len(earning))
            ml = sum((per_ml[rule] for rule in rules), Fraction(0)) * self.divisor
            fen = sum((per_fen[rule] for rule in rules), Fraction(0)) * self.divisor
            return int(ml), int(fen)

        self._table = PatternTable(value_of)

    @property
    def table(self) -> PatternTable:
        """Give the rates by pattern, points × divisor a millilitre and a fen."""
        return self._table

    @classmethod
    def of(cls, divisor: int, table: PatternTable) -> EarningRates:
        """Rebuild the rates that the sales of an earlier version still have."""
        rates = cls.__new__(cls)
        rates.divisor, rates._table = divisor, table
        return rates

    def raw(self, patterns: UInt64s, quantity_ml: Int64s, amount_fen: Int64s) -> Int64s:
        """Return base_raw × divisor of n lines, int64[n]."""
        ml, fen = self._table.look_up(patterns)
        return ml * quantity_ml + fen * amount_fen


def _rate(points: Fraction, quantity: int | None) -> Fraction:
    return Fraction(0) if quantity is None else Fraction(points) / quantity


class Factors:
    """The combined factor of each pattern of multipliers, as numerator and denominator."""

    def __init__(self, multipliers: Sequence[Multiplier], multiplying: Multiplying) -> None:
        combine = _COMBINE[multiplying.within_group]

        def value_of(pattern: int) -> tuple[int, int]:
            groups: dict[str, list[Fraction]] = {}
            for place in _set_bits(pattern, len(multipliers)):
                rule = multipliers[place]
                groups.setdefault(rule.group, []).append(Fraction(rule.factor))
            factor = prod((combine(factors) for factors in groups.values()), start=Fraction(1))
            if multiplying.ceiling is not None:
                factor = min(factor, Fraction(multiplying.ceiling))
            factor = max(factor, Fraction(0))
            return factor.numerator, factor.denominator

        self._table = PatternTable(value_of)

    @property
    def table(self) -> PatternTable:
        """Give the factors by pattern, numerator and denominator."""
        return self._table

    @classmethod
    def of(cls, table: PatternTable) -> Factors:
        """Rebuild the factors that the sales of an earlier version still have."""
        factors = cls.__new__(cls)
        factors._table = table
        return factors

    def look_up(self, patterns: UInt64s) -> tuple[Int64s, Int64s]:
        """Return numerators and denominators, int64[n] each."""
        return self._table.look_up(patterns)


def _sum_of_extra(factors: list[Fraction]) -> Fraction:
    return 1 + sum((factor - 1 for factor in factors), Fraction(0))


_COMBINE: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "max": max,
    "product": lambda factors: prod(factors, start=Fraction(1)),
    "sum_of_extra": _sum_of_extra,
}
