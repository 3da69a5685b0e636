"""Typical members and prices that the linter reckons with where the file gives none.

All are assumptions of a usual Chinese city (private cars 30–40 litres two or three times a month,
taxis 25–35 litres 15 to 25 times, trucks 150–400 litres 6 to 12 times, 7 to 8.50 yuan a litre);
the linter says so beside its figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median_low
from typing import Final

from rules.advice.findings import money
from rules.season.price_list import PriceList
from rules.season.season_models import Season

PRICES_FEN_LITRE: Final = {"CNY": 780, "USD": 90, "EUR": 170, "GBP": 140, "HKD": 2500}
PRICE_FEN_OTHERWISE: Final = 100
BASKET_LITRES: Final = 6  # an order of a shop or car wash costs about as much as so many litres
MONTH_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Driver:
    """Someone who buys so much fuel, so often."""

    name: str
    fills_month: int
    fill_litres: int

    @property
    def litres_month(self) -> int:
        """Multiply fills and litres."""
        return self.fills_month * self.fill_litres


PRIVATE: Final = Driver("a private driver", 3, 35)
PROFESSIONAL: Final = Driver("a taxi driver", 25, 30)
TRUCK: Final = Driver("a truck", 12, 400)


@dataclass(frozen=True, slots=True)
class Prices:
    """What things usually cost in one currency, in its hundredths.

    fuels holds what the file says a litre of each fuel costs as the season begins; where it says
    nothing, prices are assumed.
    """

    currency: str
    fuels: Mapping[str, int] = field(default_factory=dict)

    @property
    def litre_fen(self) -> int:
        """Give the usual price of a litre of fuel: the median of the file's fuels."""
        if self.fuels:
            return median_low(self.fuels.values())
        return PRICES_FEN_LITRE.get(self.currency, PRICE_FEN_OTHERWISE)

    def litre_fen_of(self, product: str) -> int:
        """Give the price of a litre of one fuel, the usual one where the file has none."""
        return self.fuels.get(product, self.litre_fen)

    @property
    def basket_fen(self) -> int:
        """Give what an order of a shop, a car wash or a meal comes to."""
        return BASKET_LITRES * self.litre_fen

    def money(self, amount_fen: int | Fraction) -> str:
        """Write an amount in the currency."""
        return money(amount_fen, self.currency)

    @property
    def assumed(self) -> str:
        """Say what the figures rest on."""
        drivers = ", ".join(
            f"{one.name} {one.litres_month:,}" for one in (PRIVATE, PROFESSIONAL, TRUCK)
        )
        prices = f"{self.money(self.litre_fen)} a litre"
        if self.fuels:
            listed = ", ".join(f"{name} {self.money(fen)}" for name, fen in self.fuels.items())
            prices = f"the file's prices as the season begins ({listed} a litre)"
        return (
            f"figures assume {prices}, orders of "
            f"{self.money(self.basket_fen)} elsewhere, and litres a month: {drivers}"
        )


def usual_prices(season: Season, listed: PriceList | None = None) -> Prices:
    """Take the prices the file gives for its fuels, and assume the others."""
    listed = PriceList.of(season) if listed is None else listed
    found = {
        name: listed.usual_price_fen(name)
        for name, product in season.products.items()
        if product.category == "fuel"
    }
    fuels = {name: fen for name, fen in found.items() if fen is not None}
    return Prices(season.programme.currency, fuels)
