"""Station register: what there is to tell of every station on a local day, with its prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from rules.season.price_list import PriceList, day_number
from rules.season.season_models import Margin, Price, Product, Season, Station

Row = dict[str, Any]


def register(season: Season, day: date, *, margins: bool) -> list[Row]:
    """List the stations in the order of the file, with the prices that hold on a local day.

    `margins` tells what sales leave too, which is for the programme's own people.
    """
    listed = PriceList.of(season)
    return [
        {
            **station_row(name, station),
            "open": station.sells_on(day),
            "prices": prices_on(season, listed, name, day, margins=margins),
        }
        for name, station in season.stations.items()
    ]


def station_row(name: str, station: Station) -> Row:
    """Tell what the file says of a station; dates as text, None where it says nothing."""
    return {
        "id": name,
        "region": station.region,
        "brand": station.brand,
        "opened": None if station.opened is None else station.opened.isoformat(),
        "closed": None if station.closed is None else station.closed.isoformat(),
        "fields": station.fields,
    }


def prices_on(
    season: Season, listed: PriceList, station: str | None, day: date, *, margins: bool
) -> dict[str, Row]:
    """Give the price of every product that has one, by product; without a station everywhere's."""
    found: dict[str, Row] = {}
    number = day_number(day)
    for product in season.products or listed.products:
        price_fen = listed.price_fen(product, station, number)
        margin = listed.margin(product, station, number) if margins else None
        if price_fen is None and margin is None:
            continue
        found[product] = {"price": None if price_fen is None else rate_text(price_fen)}
        if margins:
            found[product]["margin"] = margin_row(margin)
    return found


def margin_row(margin: Margin | None) -> Row | None:
    """Write a margin as the file does."""
    if margin is None:
        return None
    if margin.per_litre_fen is not None:
        return {"per_litre": rate_text(margin.per_litre_fen)}
    assert margin.share is not None
    return {"share": rate_text(margin.share * 100)}


def rate_text(rate_fen: Fraction) -> str:
    """Write a rate in yuan with two to four decimals.

    >>> rate_text(Fraction(762)), rate_text(Fraction("812.5")), rate_text(Fraction("0.01"))
    ('7.62', '8.125', '0.0001')
    """
    parts = int(rate_fen * 100)
    decimals = f"{parts % 10_000:04d}"
    return f"{parts // 10_000}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def price_rows(season: Season) -> list[Row]:
    """List the rows of the price list without margins, as read_price_list takes them."""
    return [
        {
            "product": row.product,
            "from": row.from_day.isoformat(),
            "price": rate_text(row.price_fen),
            "region": row.region,
            "station": row.station,
        }
        for row in season.prices
        if row.price_fen is not None
    ]


def read_price_list(rows: list[Row], stations: Mapping[str, Station]) -> PriceList:
    """Make a price list of price_rows; it knows no margins."""
    prices = [Price.model_validate({key: row[key] for key in row if row[key]}) for row in rows]
    products: dict[str, Product] = {}
    return PriceList(prices, stations, products, 0)


def read_stations(rows: list[Row]) -> dict[str, Station]:
    """Make stations of rows as station_row writes them."""
    own = ("region", "brand", "opened", "closed")
    return {
        row["id"]: Station.model_validate(
            {key: row[key] for key in own if row[key] is not None} | row["fields"]
        )
        for row in rows
    }
