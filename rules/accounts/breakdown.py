"""Breakdown: how the rules of a sale's own version make its base, factor and bonus.

Everything is worked out by the tables that the kernel uses, for one pattern at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rules.accounts.posting import Posting
from rules.compiling.patterns import EarningRates, Factors
from rules.judging.sales import split_points
from rules.season.season_models import Season
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Version:
    """The rates of one version of the season file, and the ids of its rules by bit.

    season is None for a version that has ended: only what its sales came to is kept.
    """

    rates: EarningRates
    factors: Factors
    earning_ids: tuple[str, ...]
    factor_ids: tuple[str, ...]
    season: Season | None


def version_of(table: MemberTable, rules_hash: str) -> Version | None:
    """Find the version that a posting was judged by; None when it isn't known here."""
    rules = table.rules
    if rules_hash == rules.rules_hash:
        season = rules.season
        return Version(
            rules.earning_rates,
            rules.factors,
            tuple(rule.id for rule in season.earning),
            tuple(rule.id for rule in season.multiplier),
            season,
        )
    for past in table.past.kept:
        if past.rules_hash == rules_hash:
            return Version(past.rates, past.factors, past.earning_ids, past.factor_ids, None)
    return None


@dataclass(frozen=True, slots=True)
class Worth:
    """What a sale comes to before the day cap: exact base, factor, and both floors."""

    base_raw: Fraction
    factor: Fraction
    base: int
    total: int


def worth(version: Version, sale: Posting, earning_bits: int, factor_bits: int) -> Worth:
    """Work out what a sale comes to under a pattern of rules, its own or another."""
    (found,) = worths(version, [(sale, earning_bits, factor_bits)])
    return found


def worths(version: Version, sales: Sequence[tuple[Posting, int, int]]) -> list[Worth]:
    """Work out what sales come to under patterns of earning rules and multipliers."""
    ml = np.array([sale.litres_ml or 0 for sale, _, _ in sales], dtype=np.int64)
    fen = np.array([sale.amount_fen or 0 for sale, _, _ in sales], dtype=np.int64)
    earning = np.array([bits for _, bits, _ in sales], dtype=np.uint64)
    factor = np.array([bits for _, _, bits in sales], dtype=np.uint64)
    raw = version.rates.raw(earning, ml, fen)
    numerator, denominator = version.factors.look_up(factor)
    base, total = split_points(raw, version.rates.divisor, numerator, denominator)
    return [
        Worth(Fraction(int(raw[at]), version.rates.divisor), Fraction(above, below), whole, both)
        for at, (above, below, whole, both) in enumerate(
            zip(
                numerator.tolist(), denominator.tolist(), base.tolist(), total.tolist(), strict=True
            )
        )
    ]


def cuts(table: MemberTable, sales: Sequence[Posting], bonus: Sequence[int]) -> list[int | None]:
    """Tell what the day cap took from each sale; None where its version isn't known."""
    found: list[int | None] = [None] * len(sales)
    for rules_hash in {sale.rules_hash for sale in sales}:
        version = version_of(table, rules_hash)
        if version is None:
            continue
        places = [at for at, sale in enumerate(sales) if sale.rules_hash == rules_hash]
        patterns = [(sales[at], *bits_of(sales[at])) for at in places]
        for at, each in zip(places, worths(version, patterns), strict=True):
            found[at] = each.total - sales[at].points - bonus[at]
    return found


def bits_of(sale: Posting) -> tuple[int, int]:
    """Give the earning rules and multipliers that matched a sale, as bits."""
    return sale.earning_bits or 0, sale.factor_bits or 0


def named_bits(bits: int, ids: Sequence[str]) -> list[str]:
    """List the ids whose bit is set.

    >>> named_bits(5, ["a", "b", "c"])
    ['a', 'c']
    """
    return [name for at, name in enumerate(ids) if bits >> at & 1]


def without_ceiling(season: Season) -> Factors:
    """Combine the multipliers as the file says, but for its ceiling."""
    return Factors(season.multiplier, season.multiplying.model_copy(update={"ceiling": None}))


def exact_text(value: Fraction) -> str:
    """Write a fraction as a decimal where it ends within six places, else as a quotient.

    >>> exact_text(Fraction(176, 5)), exact_text(Fraction(1, 3)), exact_text(Fraction(4))
    ('35.2', '1/3', '4')
    """
    for places in range(7):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = f"{abs(scaled.numerator):0{places + 1}d}"
            text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
            return f"-{text}" if value < 0 else text
    return f"{value.numerator}/{value.denominator}"
