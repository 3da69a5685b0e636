"""Sale margins: what simulated sales leave at full price, by the season file or the population."""

from __future__ import annotations

import numpy as np

from rules.season.price_list import FEN_PARTS, RATE_PARTS, SHARE_PARTS, PriceList
from rules.season.season_models import Margin, Season
from simulator.people.keyed import Ints
from simulator.people.population import Population
from simulator.people.setting import Setting


class SaleMargins:
    """Works out margins of fuel and shop lines in FEN_PARTS of a fen.

    A season file that prices by station and day is looked up sale by sale; else a product has
    one margin. Where the file says nothing the population's figures hold.
    """

    def __init__(self, season: Season, population: Population, setting: Setting) -> None:
        products = [*setting.fuels, *setting.shop]
        fuels = len(setting.fuels)
        rates, shares = [], []
        for place, name in enumerate(products):
            sold = season.products.get(name)
            margin = sold.margin if sold is not None else None
            if margin is None:
                rates.append(round(_litre_margin_fen(population, name) * RATE_PARTS))
                shares.append(round(population.shop.margin_share * SHARE_PARTS))
                rates[-1] *= place < fuels
                shares[-1] *= place >= fuels
                continue
            rates.append(_rate_parts(margin))
            shares.append(_share_parts(margin))
        self._rates = np.array(rates, dtype=np.int64)
        self._shares = np.array(shares, dtype=np.int64) * (FEN_PARTS // SHARE_PARTS)
        self._numbered = None
        if season.prices:
            self._numbered = PriceList.of(season).at(products, setting.stations)

    @property
    def by_station(self) -> bool:
        """Tell whether margins differ by station and day."""
        return self._numbered is not None

    def parts(self, product: Ints, station: Ints, day: int, ml: Ints, fen: Ints) -> Ints:
        """Give the margins of sales of a day (from 1970) in FEN_PARTS of a fen, int64[n]."""
        plain: Ints = self._rates[product] * ml + self._shares[product] * fen
        if self._numbered is None:
            return plain
        days = np.full(len(product), day, dtype=np.int64)
        listed, known = self._numbered.margin_parts(product, station, days, ml, fen)
        return np.where(known, listed, plain)


def _litre_margin_fen(population: Population, fuel: str) -> float:
    """Give a grade's margin a litre in fen; the first grade's for a fuel of another name."""
    grade = population.grades.get(fuel)
    if grade is None:
        grade = next(iter(population.grades.values()))
    return grade.margin * 100.0


def _rate_parts(margin: Margin) -> int:
    return int(margin.per_litre_fen * RATE_PARTS) if margin.per_litre_fen is not None else 0


def _share_parts(margin: Margin) -> int:
    return int(margin.share * SHARE_PARTS) if margin.share is not None else 0
