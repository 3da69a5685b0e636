"""Margins: what sales of a product leave, as the season file says."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rules.season_models import Product, Season

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def margin_fen(products: Mapping[str, Product], name: str, ml: int, fen: int) -> Fraction | None:
    """Work out the margin of a sale; None where the file doesn't say."""
    product = products.get(name)
    if product is None or product.margin is None:
        return None
    if product.margin.share is not None:
        return product.margin.share * fen
    assert product.margin.per_litre_fen is not None
    return product.margin.per_litre_fen * ml / 1000


def margin_rates(season: Season, names: list[str]) -> tuple[Floats, Floats]:
    """Give the margin of each product as fen a fen and fen a ml, float64[n]; 0 where unknown."""
    by_fen, by_ml = np.zeros((2, len(names)))
    for place, name in enumerate(names):
        product = season.products.get(name)
        if product is None or product.margin is None:
            continue
        if product.margin.share is not None:
            by_fen[place] = float(product.margin.share)
        elif product.margin.per_litre_fen is not None:
            by_ml[place] = float(product.margin.per_litre_fen) / 1000
    return by_fen, by_ml
