"""Lint of the register and the price list: what a rule or a report will miss at some station."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from rules.advice.findings import Finding, money
from rules.compiling.calendar import EPOCH
from rules.season.price_list import PriceList, day_number
from rules.season.season_models import Price, Season
from rules.season.toml_lines import Loc

NAMED_MAX: Final = 5


def lint_stations(season: Season) -> Iterator[Finding]:
    """Find stations that rules pass by, products without a price, and rows that can't be meant."""
    yield from _without("region", season)
    yield from _without("brand", season)
    if season.prices:
        listed = PriceList.of(season)
        yield from _without_price(season, listed)
        for place, row in enumerate(season.prices):
            yield from _row(season, listed, ("prices", place), row)


def _named(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > NAMED_MAX else ""
    return ", ".join(names[:NAMED_MAX]) + more


def _without(key: str, season: Season) -> Iterator[Finding]:
    """Report stations that lack what conditions on stations, or price rows, look at."""
    lacking = [name for name, one in season.stations.items() if getattr(one, key) is None]
    users = [
        f"{section}.{rule.id}"
        for section in ("earning", "multiplier", "coupons")
        for rule in getattr(season, section)
        if getattr(rule.where, key)
    ]
    if key == "region" and any(row.region for row in season.prices):
        users.append("prices")
    if lacking and users:
        verb = "uses" if len(users) == 1 else "use"
        message = f"no {key} at {_named(lacking)}, so what {_named(users)} {verb} never holds there"
        yield Finding(f"no-{key}", ("stations", lacking[0]), "warning", message)


def _without_price(season: Season, listed: PriceList) -> Iterator[Finding]:
    first_day = day_number(season.season.starts.date())
    for name, product in season.products.items():
        if product.category != "fuel":
            continue
        begins, loc = listed.begins(name), ("products", name)
        if begins is None:
            message = "has no row in prices, so figures on it rest on assumed prices"
            yield Finding("no-price", loc, "warning", message)
            continue
        day = listed.usual_day(name)
        if day > first_day:
            begun = (EPOCH + timedelta(days=day)).date()
            message = f"has no price before {begun}, though the season starts earlier"
            yield Finding("no-price", loc, "note", message)
        missing = [one for one in season.stations if listed.price_fen(name, one, day) is None]
        if missing:
            message = f"has no price at {_named(missing)}; add a row without region or station"
            yield Finding("no-price", loc, "warning", message)


def _row(season: Season, listed: PriceList, loc: Loc, row: Price) -> Iterator[Finding]:
    day = day_number(row.from_day)
    station = row.station
    if station is None and row.region is not None:
        station = next(name for name, one in season.stations.items() if one.region == row.region)
    price_fen, margin = (
        listed.price_fen(row.product, station, day),
        listed.margin(row.product, station, day),
    )
    a_litre = None if margin is None else margin.per_litre_fen
    if price_fen is not None and a_litre is not None and a_litre >= price_fen:
        currency = season.programme.currency
        message = (
            f"a margin of {money(a_litre, currency)} a litre isn't below the price of "
            f"{money(price_fen, currency)}"
        )
        yield Finding("margin-above-price", loc, "warning", message)
    place = season.stations.get(row.station) if row.station else None
    if place is not None and place.closed is not None and place.closed <= row.from_day:
        message = f"begins when {row.station} is closed ({place.closed}), so it never holds"
        yield Finding("unused", loc, "note", message)
