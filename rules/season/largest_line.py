"""The largest products the points of one line can come to, and whether 64 bits hold them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, lcm, prod

from rules.season.season_models import Multiplier, Season

LINE_ML_MAX = 10_000 * 1000
LINE_FEN_MAX = 10_000_000 * 100
PRODUCT_BITS = 62
SCORE_BITS = 39


@dataclass(frozen=True, slots=True)
class LargestLine:
    """Hold the largest numerator and denominator of points × factor for one line."""

    numerator: int
    denominator: int

    @property
    def points(self) -> int:
        """Give the points of the line."""
        return self.numerator // self.denominator

    @property
    def fits(self) -> bool:
        """Tell whether both stay below 2^62, and the points below a score's limit of 2^39."""
        products = max(self.numerator, self.denominator).bit_length()
        return products <= PRODUCT_BITS and self.points.bit_length() <= SCORE_BITS


def largest_line(season: Season) -> LargestLine:
    """Bound the products for a line of 10,000 L and ¥10 million that every rule matches.

    With a and b the points of all earning rules per ml and per fen over one denominator D, and
    the greatest factor num/den: numerator = (a·10^7 + b·10^9)·num, denominator = D·den.
    """
    rules = [(rule.points, rule.per.litres_ml, rule.per.amount_fen) for rule in season.earning]
    per_ml = [points / litres_ml for points, litres_ml, _ in rules if litres_ml is not None]
    per_fen = [points / amount_fen for points, _, amount_fen in rules if amount_fen is not None]
    common = lcm(*(rate.denominator for rate in per_ml + per_fen))
    quantity = sum(per_ml) * LINE_ML_MAX + sum(per_fen) * LINE_FEN_MAX
    factor, denominator = greatest_factor(season)
    numerator = quantity * common * factor * denominator
    return LargestLine(ceil(numerator), common * denominator)


def greatest_factor(season: Season) -> tuple[Fraction, int]:
    """Give the greatest factor, ceiling applied, and a denominator all factors divide."""
    way = season.multiplying.within_group
    by_group = sorted(season.multiplier, key=lambda one: one.group)
    groups = [list(members) for _, members in groupby(by_group, key=lambda one: one.group)]
    factor = prod((_most(group, way) for group in groups), start=Fraction(1))
    denominator = prod(_denominator(group, way) for group in groups)
    ceiling = season.multiplying.ceiling
    if ceiling is not None:
        factor = min(factor, ceiling)
        denominator = max(denominator, ceiling.denominator)
    return factor, denominator


def _most(group: list[Multiplier], way: str) -> Fraction:
    factors = [max(one.factor, Fraction(1)) for one in group]
    if way == "max":
        return max(factors)
    if way == "product":
        return prod(factors, start=Fraction(1))
    return 1 + sum((factor - 1 for factor in factors), start=Fraction(0))


def _denominator(group: list[Multiplier], way: str) -> int:
    denominators = [one.factor.denominator for one in group]
    if way == "max":
        return max(denominators)
    return prod(denominators) if way == "product" else lcm(*denominators)
