"""Outliers: purchases whose volume or price stands far from what is usual for their product.

A price is held against the price list where it has one for the station and day, else against
the median of the log. What was paid may be below the list, which discounts make it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.event_columns import text_of
from rules.decoding.text_bytes import Ints
from rules.season.price_list import PriceList

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LITRES_TIMES: Final = 5
"""A fill is an outlier above this many times its product's median."""
PRICE_TIMES: Final = 2
"""A price a litre is one above this many times the median, or below its inverse."""
LISTED_TIMES: Final = 1.05
"""A price a litre is an outlier above this many times the listed one."""
SHOWN_MAX: Final = 20
ROWS_MIN: Final = 5
"""Purchases of a product from which on a median says something."""


@dataclass(slots=True)
class Outliers:
    """Gathers fuel purchases: 40 bytes each until it reports."""

    prices: PriceList | None = None
    _words: dict[str, int] = field(default_factory=dict)
    _parts: list[tuple[Ints, Ints, Ints, Ints, Floats]] = field(default_factory=list)

    def add(self, columns: pa.RecordBatch, row: Ints, day: Ints) -> None:
        """Take decoded columns, each row's number over all files and local day, int64[n] each."""
        fuel = pc.and_(
            pc.equal(text_of(columns, "type"), "purchase"),
            pc.greater(columns.column("litres_ml"), 0),
        ).fill_null(False)
        at = np.flatnonzero(np.asarray(fuel.to_numpy(zero_copy_only=False)))
        if not len(at):
            return
        taken = columns.take(pa.array(at))
        encoded = pc.fill_null(text_of(taken, "product"), "").dictionary_encode()
        codes = np.array(
            [
                self._words.setdefault(word, len(self._words))
                for word in encoded.dictionary.to_pylist()
            ]
        )
        amount = taken.column("amount_fen").fill_null(0).to_numpy()
        litres = taken.column("litres_ml").to_numpy()
        places = encoded.indices.to_numpy().astype(np.int64)
        listed = self._listed(taken, encoded.dictionary.to_pylist(), places, day[at])
        self._parts.append((codes[places], litres, amount, row[at], listed))

    def _listed(
        self, taken: pa.RecordBatch, products: list[str], product: Ints, day: Ints
    ) -> Floats:
        """Look the listed prices up, fen a litre, float64[n]; NaN where there is none."""
        if self.prices is None or not self.prices.has_prices:
            return np.full(len(day), np.nan)
        stations = pc.fill_null(text_of(taken, "station"), "").dictionary_encode()
        station = stations.indices.to_numpy().astype(np.int64)
        table = self.prices.at(products, stations.dictionary.to_pylist())
        return table.price_fen(product, station, day)

    def report(self) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
        """Give a line for each product, and the first outliers as (row number, what is odd)."""
        if not self._parts:
            return [], []
        code, litres_ml, amount_fen, row, listed_fen = (
            np.concatenate(column) for column in zip(*self._parts, strict=True)
        )
        lines, shown = [], []
        for word, number in sorted(self._words.items()):
            at = np.flatnonzero(code == number)
            line, found = _of_product(word, litres_ml[at], amount_fen[at], row[at], listed_fen[at])
            lines.append(line)
            shown += found
        return lines, sorted(shown)[:SHOWN_MAX]


def _of_product(
    product: str, litres_ml: Ints, amount_fen: Ints, row: Ints, listed_fen: Floats
) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    litres_median = float(np.median(litres_ml)) / 1000
    price: npt.NDArray[np.float64] = amount_fen * 10.0 / litres_ml
    price_median = float(np.median(price))
    many = len(row) >= ROWS_MIN
    far = litres_ml > LITRES_TIMES * litres_median * 1000 if many else np.zeros(len(row), np.bool_)
    listed: Floats = listed_fen / 100
    of_list = ~np.isnan(listed)
    dear = np.zeros(len(row), np.bool_)
    if many and price_median > 0:
        dear = (price > PRICE_TIMES * price_median) | (price < price_median / PRICE_TIMES)
    dear[of_list] = _off_list(price[of_list], listed[of_list])
    found = [
        (int(row[at]), f"{product}: {litres_ml[at] / 1000:.3f} L, median {litres_median:.3f}")
        for at in np.flatnonzero(far)[:SHOWN_MAX].tolist()
    ]
    found += [
        (
            int(row[at]),
            f"{product}: {price[at]:.2f} a litre, "
            + (f"list {listed[at]:.2f}" if of_list[at] else f"median {price_median:.2f}"),
        )
        for at in np.flatnonzero(dear)[:SHOWN_MAX].tolist()
    ]
    line = {
        "product": product,
        "purchases": len(row),
        "median_litres": f"{litres_median:.3f}",
        "median_price": f"{price_median:.2f}",
        "litres_outliers": int(far.sum()),
        "price_outliers": int(dear.sum()),
        "listed": int(of_list.sum()),
    }
    return line, found


def _off_list(price: Floats, listed: Floats) -> Bools:
    """Tell prices above the list, and those no discount explains, bool[n]."""
    off: Bools = (price > LISTED_TIMES * listed) | (price < listed / PRICE_TIMES)
    return off
