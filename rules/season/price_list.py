"""Price list: what a product cost and left at a station on a local day, as the file says.

A row holds from its day until the next of the same product and scope; the narrower scope wins:
the station, then its region, then everywhere. Price and margin are looked up apart, so a row
that gives one leaves the other as it was. Where no row gives a margin, `products.*.margin` does.
Nothing here earns or costs points: a purchase's amount is what was paid for it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median_low
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.season.season_models import Margin, Price, Product, Season, Station

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Scope = tuple[str, str]

EVERYWHERE: Final[Scope] = ("", "")
FEN_PARTS: Final = 100_000
"""Margins add up exactly in hundred-thousandths of a fen: rates have four decimals of a yuan."""
SHARE_PARTS: Final = 10_000
RATE_PARTS: Final = 100
DAY_OFFSET: Final = 1 << 30
_EPOCH: Final = date(1970, 1, 1)


@dataclass(slots=True)
class _Series:
    """What holds from which day, ascending: days since 1970 and values."""

    days: list[int]
    values: list[Any]

    def on(self, day: int) -> Any:
        place = bisect_right(self.days, day) - 1
        return self.values[place] if place >= 0 else None


Book = dict[tuple[str, Scope], _Series]


def day_number(day: date) -> int:
    """Number a local day: days since 1970-01-01."""
    return (day - _EPOCH).days


class PriceList:
    """Looks prices and margins up by product, station and local day."""

    def __init__(
        self,
        prices: Sequence[Price],
        stations: Mapping[str, Station],
        products: Mapping[str, Product],
        first_day: int,
    ) -> None:
        self.regions = {name: station.region for name, station in stations.items()}
        self.stations = tuple(stations)
        rows = sorted(prices, key=lambda row: row.from_day)
        self._prices = _book(rows, "price_fen")
        self._margins = _book(rows, "margin")
        for name, product in products.items():
            if product.margin is not None:
                series = self._margins.setdefault((name, EVERYWHERE), _Series([], []))
                series.days.insert(0, -DAY_OFFSET)
                series.values.insert(0, product.margin)
        self._first_day = first_day

    @classmethod
    def of(cls, season: Season) -> PriceList:
        """Read the list of a season file; O(rows log rows), so keep it where it is used often."""
        first_day = day_number(season.season.starts.date())
        return cls(season.prices, season.stations, season.products, first_day)

    @property
    def has_prices(self) -> bool:
        """Tell whether the file gives any price."""
        return bool(self._prices)

    @property
    def products(self) -> tuple[str, ...]:
        """Name the products that have a price or a margin, in the order of the rows."""
        return tuple(dict.fromkeys(name for name, _ in (*self._prices, *self._margins)))

    def price_fen(self, product: str, station: str | None, day: int) -> Fraction | None:
        """Give the price of a litre or piece at a station on a local day; None where unknown."""
        found: Fraction | None = self._on(self._prices, product, station, day)
        return found

    def margin(self, product: str, station: str | None, day: int) -> Margin | None:
        """Give the margin at a station on a local day; None where the file doesn't say."""
        found: Margin | None = self._on(self._margins, product, station, day)
        return found

    def margin_fen(
        self, product: str, station: str | None, day: int, ml: int, fen: int
    ) -> Fraction | None:
        """Work out the margin of a sale; None where the file doesn't say."""
        margin = self.margin(product, station, day)
        if margin is None:
            return None
        if margin.per_litre_fen is not None:
            return margin.per_litre_fen * ml / 1000
        assert margin.share is not None
        return margin.share * fen

    def _on(self, book: Book, product: str, station: str | None, day: int) -> Any:
        for scope in self._scopes(station):
            series = book.get((product, scope))
            found = series.on(day) if series is not None else None
            if found is not None:
                return found
        return None

    def _scopes(self, station: str | None) -> tuple[Scope, ...]:
        """List the scopes a station is in, the narrowest first."""
        if not station:
            return (EVERYWHERE,)
        region = self.regions.get(station)
        own: Scope = ("station", station)
        return (own, ("region", region), EVERYWHERE) if region else (own, EVERYWHERE)

    def begins(self, product: str) -> int | None:
        """Number the first day on which any row gives a price; None without one."""
        days = [series.days[0] for (name, _), series in self._prices.items() if name == product]
        return min(days, default=None)

    def usual_day(self, product: str) -> int:
        """Number the season's first day, or a later one on which the product's first row begins."""
        begins = self.begins(product)
        return self._first_day if begins is None else max(self._first_day, begins)

    def usual_price_fen(self, product: str) -> int | None:
        """Give the usual price as the season begins, whole fen: the median of the stations'."""
        day = self.usual_day(product)
        found = [self.price_fen(product, station, day) for station in self.stations or (None,)]
        known = [price for price in found if price is not None]
        everywhere = self.price_fen(product, None, day)
        if not known and everywhere is None:  # only stations that aren't in a register
            known = [
                price
                for (name, _), series in self._prices.items()
                if name == product and (price := series.on(day)) is not None
            ]
        usual = median_low(known) if known else everywhere
        return None if usual is None else max(round(usual), 1)

    def usual_margin(self, product: str) -> Margin | None:
        """Give the margin everywhere as the season begins, or of the first station that has one."""
        day = self.usual_day(product)
        for station in (None, *self.stations):
            margin = self.margin(product, station, day)
            if margin is not None:
                return margin
        return None

    def at(self, products: Sequence[str], stations: Sequence[str]) -> NumberedPrices:
        """Prepare look-ups by numbers of these products and stations, "" for none of them."""
        return NumberedPrices(
            self._numbered(self._prices, products, stations),
            self._numbered(self._margins, products, stations),
        )

    def _numbered(self, book: Book, products: Sequence[str], stations: Sequence[str]) -> _Lookup:
        series = {key: number for number, key in enumerate(book)}
        known = {name: number for number, name in enumerate(dict.fromkeys(key[0] for key in book))}
        placed = [*dict.fromkeys((*self.stations, *_own_stations(book)))]
        places = {name: number for number, name in enumerate(placed, 1)}
        table = np.full((3, len(known) + 1, len(placed) + 1), -1, dtype=np.int64)
        for name, row in known.items():
            for place, station in enumerate((None, *placed)):
                for level, scope in enumerate(self._scopes(station)):
                    table[level, row, place] = series.get((name, scope), -1)
        keys = [
            number << 32 | (day + DAY_OFFSET)
            for number, one in enumerate(book.values())
            for day in one.days
        ]
        return _Lookup(
            np.array([known.get(name, len(known)) for name in products], dtype=np.int64),
            np.array([places.get(name, 0) for name in stations], dtype=np.int64),
            table,
            np.array(keys, dtype=np.int64),
            [value for one in book.values() for value in one.values],
        )


def _book(rows: Sequence[Price], what: str) -> Book:
    book: Book = {}
    for row in rows:
        value = getattr(row, what)
        if value is None:
            continue
        scope: Scope = EVERYWHERE
        if row.station is not None or row.region is not None:
            scope = ("station", row.station) if row.station else ("region", row.region or "")
        series = book.setdefault((row.product, scope), _Series([], []))
        series.days.append(day_number(row.from_day))
        series.values.append(value)
    return book


def _own_stations(book: Mapping[tuple[str, Scope], _Series]) -> list[str]:
    return [name for _, (kind, name) in book if kind == "station"]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Series by scope, product and station, and all their days in one ascending array."""

    product: Int64s  # int64[products]: rows of table
    station: Int64s  # int64[stations]: columns of table
    table: Int64s  # int64[3, known products + 1, known stations + 1]: series, -1 for none
    keys: Int64s  # int64[rows]: series << 32 | day, ascending
    values: list[Any]

    def find(self, product: Int64s, station: Int64s, day: Int64s) -> Int64s:
        """Find what holds for each, int64[n]: places in values, -1 for none; O(n log rows)."""
        found = np.full(len(day), -1, dtype=np.int64)
        if not len(self.keys) or not len(day):
            return found
        rows, columns = self.product[product], self.station[station]
        for level in self.table:
            series = level[rows, columns]
            last = np.searchsorted(self.keys, series << 32 | (day + DAY_OFFSET), side="right") - 1
            there = (series >= 0) & (last >= 0) & (found < 0)
            there &= self.keys[np.maximum(last, 0)] >> 32 == series
            found[there] = last[there]
        return found


class NumberedPrices:
    """Looks up many prices and margins at once; products and stations by number."""

    def __init__(self, prices: _Lookup, margins: _Lookup) -> None:
        self._prices, self._margins = prices, margins
        self._price_fen = np.array([float(one) for one in prices.values] + [np.nan])
        rates = [
            int(one.per_litre_fen * RATE_PARTS) if one.per_litre_fen is not None else 0
            for one in margins.values
        ]
        shares = [
            int(one.share * SHARE_PARTS) if one.share is not None else 0 for one in margins.values
        ]
        self._rate_parts = np.array([*rates, 0], dtype=np.int64)
        self._share_parts = np.array([*shares, 0], dtype=np.int64)

    def price_fen(self, product: Int64s, station: Int64s, day: Int64s) -> Floats:
        """Give prices in fen a litre or piece, float64[n]; NaN where unknown.

        product and station are places in the names given, int64[n]; day counts from 1970.
        """
        found: Floats = self._price_fen[self._prices.find(product, station, day)]
        return found

    def margin_parts(
        self, product: Int64s, station: Int64s, day: Int64s, ml: Int64s, fen: Int64s
    ) -> tuple[Int64s, Bools]:
        """Work out margins of sales in FEN_PARTS of a fen, exactly, and which are known, [n] each.

        What is unknown is 0.
        """
        place = self._margins.find(product, station, day)
        per_litre: Int64s = self._rate_parts[place] * ml
        of_amount: Int64s = self._share_parts[place] * fen
        return per_litre + of_amount * (FEN_PARTS // SHARE_PARTS), place >= 0
