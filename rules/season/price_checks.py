"""Checks of the price list and the register's days, as written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from rules.season.programme_models import decode_date
from rules.season.season_draft import Problem, places
from rules.season.toml_lines import Loc


def check_prices(draft: dict[str, Any]) -> Iterator[Problem]:
    """Report price rows that say nothing, have two scopes or begin together, and bad days."""
    begun: dict[tuple[Any, ...], Loc] = {}
    for loc, row in places(draft, ("prices", "*")):
        if not isinstance(row, dict):
            continue
        if "price" not in row and "margin" not in row:
            yield Problem(loc, "must have price or margin", 'write price = "7.62"')
        yield from _margin((*loc, "margin"), row.get("margin"))
        if "region" in row and "station" in row:
            yield Problem(
                (*loc, "region"),
                "stands beside station; a row is of one station, one region, or everywhere",
                "remove region or station",
            )
        day = _day(row.get("from"))
        key = (row.get("product"), row.get("region"), row.get("station"), day)
        if day is None or not isinstance(key[0], str):
            continue  # reported where they are decoded
        if key in begun:
            yield Problem(
                (*loc, "from"),
                f"is the day of #{int(begun[key][1]) + 1} too, which is of the same product and "
                "scope",
                "merge the two rows, or give one another day",
            )
        begun.setdefault(key, loc)
    yield from _openings(draft)


def _margin(loc: Loc, margin: Any) -> Iterator[Problem]:
    if isinstance(margin, dict) and len(margin.keys() & {"per_litre", "share"}) != 1:
        yield Problem(
            loc, "must have per_litre or share, one of them", 'write { per_litre = "1.05" }'
        )


def _openings(draft: dict[str, Any]) -> Iterator[Problem]:
    for loc, station in places(draft, ("stations", "*")):
        if not isinstance(station, dict):
            continue
        opened, closed = _day(station.get("opened")), _day(station.get("closed"))
        if opened is not None and closed is not None and closed <= opened:
            yield Problem(
                (*loc, "closed"),
                f"isn't after the day it opened ({opened})",
                "write the first day the station sells no more",
            )


def _day(value: Any) -> date | None:
    try:
        return decode_date(value)
    except ValueError:  # reported where the date is decoded
        return None
