"""The price list: which row holds where and when, one by one and many at once."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from rules.advice.season_diff import changes
from rules.season.price_list import FEN_PARTS, PriceList, day_number
from rules.season.season_file import SeasonErrors, load_season
from rules.season.season_models import Season

HEAD = """\
format = 1
programme = { id = "club", timezone = "Asia/Shanghai" }
season = { id = "june", starts = 2026-06-01T00:00:00, ends = 2026-07-01T00:00:00 }
[products.92]
category = "fuel"
margin = { per_litre = "1.10" }
[products.95]
category = "fuel"
[products.tea]
category = "shop"
margin = { share = "0.25" }
[stations.S1]
region = "north"
[stations.S2]
region = "south"
[stations.S3]
[[earning]]
id = "fuel"
on = "purchase"
points = 1
per = { litres = "1" }
"""
PRICES = """\
[[prices]]
product = "92"
from = 2026-06-09
price = "7.62"
margin = { per_litre = "1.05" }
[[prices]]
product = "92"
from = 2026-06-20
price = "7.70"
[[prices]]
product = "92"
region = "north"
from = 2026-06-12
price = "7.55"
[[prices]]
product = "92"
station = "S1"
from = 2026-06-15
margin = { share = "0.1" }
[[prices]]
product = "95"
station = "S2"
from = "2026-06-01"
price = "8.1234"
"""


def season(prices: str = PRICES) -> Season:
    return load_season(HEAD + prices)


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


@pytest.mark.parametrize(
    ("product", "station", "on", "price", "per_litre"),
    [
        ("92", None, "2026-06-08", None, 110),
        ("92", None, "2026-06-09", 762, 105),
        ("92", "S1", "2026-06-11", 762, 105),
        ("92", "S1", "2026-06-12", 755, 105),
        ("92", "S1", "2026-06-15", 755, None),
        ("92", "S2", "2026-06-12", 762, 105),
        ("92", "S3", "2026-06-20", 770, 105),
        ("92", "S1", "2026-06-20", 755, None),
        ("92", "elsewhere", "2026-06-20", 770, 105),
        ("95", "S2", "2026-06-02", Fraction("812.34"), None),
        ("95", "S1", "2026-06-02", None, None),
        ("98", "S1", "2026-06-02", None, None),
    ],
)
def test_the_latest_row_of_the_narrowest_scope_holds(
    product: str, station: str | None, on: str, price: Fraction | None, per_litre: int | None
) -> None:
    prices = PriceList.of(season())
    assert prices.price_fen(product, station, day(on)) == price
    margin = prices.margin(product, station, day(on))
    assert (margin.per_litre_fen if margin else None) == per_litre


def test_a_sale_leaves_a_rate_a_litre_or_a_share_of_what_was_paid() -> None:
    prices = PriceList.of(season())
    assert prices.margin_fen("92", "S2", day("2026-06-10"), 40_000, 30_480) == 4200
    assert prices.margin_fen("92", "S1", day("2026-06-16"), 40_000, 30_480) == 3048
    assert prices.margin_fen("tea", "S1", day("2026-06-16"), 0, 1001) == Fraction(1001, 4)
    assert prices.margin_fen("95", "S1", day("2026-06-16"), 40_000, 30_480) is None


@pytest.mark.parametrize("seed", range(3))
def test_many_look_ups_equal_single_ones(seed: int) -> None:
    draw = np.random.default_rng(seed)
    prices = PriceList.of(season())
    products = ["", "92", "tea", "95", "unknown"]
    stations = ["", "S2", "S1", "nowhere", "S3"]
    count = 500
    product = draw.integers(0, len(products), count)
    station = draw.integers(0, len(stations), count)
    on = day("2026-05-25") + draw.integers(0, 40, count)
    ml, fen = draw.integers(-90_000, 90_000, count), draw.integers(-90_000, 90_000, count)
    table = prices.at(products, stations)
    found = table.price_fen(product, station, on)
    parts, known = table.margin_parts(product, station, on, ml, fen)
    for place in range(count):
        key = products[product[place]], stations[station[place]], int(on[place])
        price = prices.price_fen(*key)
        assert (None if np.isnan(found[place]) else found[place]) == (
            None if price is None else float(price)
        ), f"seed {seed}: {key}"
        margin = prices.margin_fen(*key, int(ml[place]), int(fen[place]))
        assert bool(known[place]) == (margin is not None)
        assert Fraction(int(parts[place]), FEN_PARTS) == (margin or 0)


def test_without_rows_there_are_the_products_margins_alone() -> None:
    prices = PriceList.of(season(""))
    assert not prices.has_prices
    assert prices.usual_price_fen("92") is None
    none = np.zeros(0, dtype=np.int64)
    assert len(prices.at([], []).price_fen(none, none, none)) == 0
    one = np.zeros(1, dtype=np.int64)
    assert np.isnan(prices.at(["92"], [""]).price_fen(one, one, one)).all()
    parts, known = prices.at(["92"], [""]).margin_parts(one, one, one, one + 1000, one)
    assert (parts.tolist(), known.tolist()) == ([110 * FEN_PARTS], [True])


def test_usual_prices_are_those_the_season_begins_with() -> None:
    prices = PriceList.of(season())
    assert prices.usual_price_fen("92") == 762
    assert prices.usual_price_fen("95") == 812
    margin = prices.usual_margin("tea")
    assert margin is not None
    assert margin.share == Fraction(1, 4)


@pytest.mark.parametrize(
    ("rows", "path", "problem"),
    [
        ('product = "92"\nfrom = 2026-06-09', "prices.#1", "must have price or margin"),
        ('product = "93"\nfrom = 2026-06-09\nprice = "1"', "prices.#1.product", "is no product"),
        (
            'product = "92"\nstation = "S9"\nfrom = 2026-06-09\nprice = "1"',
            "prices.#1.station",
            "is no station",
        ),
        (
            'product = "92"\nregion = "west"\nfrom = 2026-06-09\nprice = "1"',
            "prices.#1.region",
            "is no region",
        ),
        (
            'product = "92"\nregion = "north"\nstation = "S1"\nfrom = 2026-06-09\nprice = "1"',
            "prices.#1.region",
            "stands beside station",
        ),
        ('product = "92"\nfrom = 2026-06-31\nprice = "1"', "", "isn't valid TOML"),
        ('product = "92"\nfrom = "June"\nprice = "1"', "prices.#1.from", "must be a date"),
        ('product = "92"\nprice = "1"', "prices.#1.from", "is missing"),
        ('product = "92"\nfrom = 2026-06-09\nprice = "0"', "prices.#1.price", "must be > 0"),
        ('product = "92"\nfrom = 2026-06-09\nprice = 7.6', "prices.#1.price", "is a binary float"),
        ('product = "92"\nfrom = 2026-06-09\nmargin = "1"', "prices.#1.margin", "must be a table"),
        (
            'product = "92"\nfrom = 2026-06-09\nmargin = {}',
            "prices.#1.margin",
            "must have per_litre or share",
        ),
        (
            (
                'product = "92"\nfrom = 2026-06-09\nprice = "1"\n'
                '[[prices]]\nproduct = "92"\nfrom = "2026-06-09"\nprice = "2"'
            ),
            "prices.#2.from",
            "is the day of #1 too",
        ),
    ],
)
def test_a_row_that_is_wrong_is_refused_where_it_stands(rows: str, path: str, problem: str) -> None:
    with pytest.raises(SeasonErrors) as caught:
        season(f"[[prices]]\n{rows}\n")
    found = {error.path: error.problem for error in caught.value.errors}
    assert problem in found[path], found
    assert len(found) == 1


def test_a_station_opens_before_it_closes() -> None:
    with pytest.raises(SeasonErrors, match="isn't after the day it opened"):
        load_season(
            HEAD.replace("[stations.S3]", "[stations.S3]\nopened = 2026-06-01\nclosed = 2026-06-01")
        )
    held = load_season(
        HEAD.replace("[stations.S3]", "[stations.S3]\nopened = 2026-06-01\nclosed = 2026-06-03")
    ).stations["S3"]
    days = (date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3))
    assert [held.sells_on(one) for one in days] == [False, True, True, False]
    assert held.fields == {}


def test_files_without_prices_keep_the_hash_they_had() -> None:
    plain = repr(season(""))
    assert "prices" not in plain
    assert "opened" not in plain
    assert "prices" in repr(season())


def test_a_new_price_is_told_and_hurts_nobody() -> None:
    later = PRICES.replace('"7.70"', '"7.80"') + (
        '[[prices]]\nproduct = "tea"\nfrom = 2026-06-10\nmargin = { share = "0.3" }\n'
    )
    text = (HEAD + later).replace("[stations.S3]", "[stations.S3]\nopened = 2026-06-05")
    found = changes(season(), load_season(text))
    assert {one.effect for one in found} == {"neutral"}
    told = {one.path: one.en for one in found}
    assert "2026-06-05" in told["stations.S3.opened"]
    assert "“¥7.70” becomes “¥7.80”" in told["prices.92 2026-06-20.price"]
    assert "New price: tea 2026-06-10: margin 30%" in told["prices.tea 2026-06-10"]
