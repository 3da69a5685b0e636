"""Public holidays: a country's dates by year, from the holidays package or as they were handed on.

The package takes longer to import than everything else a season is compiled from. So a process
that others wait for is handed the dates by the one that has them already.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

Known = tuple[tuple[str, int, tuple[str, ...]], ...]
"""Country, year, and the dates as RFC 3339 writes them."""

_dates: dict[tuple[str, int], frozenset[date]] = {}


def public_holidays(country: str, years: Iterable[int]) -> frozenset[date]:
    """Give the dates of a country's public holidays in some years."""
    return frozenset[date]().union(*(_of_year(country, year) for year in years))


def known_holidays() -> Known:
    """Give the dates that were asked for so far, to hand on."""
    found = sorted(_dates.items())
    return tuple(
        (country, year, tuple(day.isoformat() for day in sorted(days)))
        for (country, year), days in found
    )


def take_over(known: Known) -> None:
    """Take the dates that known_holidays() gave in another process."""
    for country, year, days in known:
        _dates[country, year] = frozenset(date.fromisoformat(day) for day in days)


def _of_year(country: str, year: int) -> frozenset[date]:
    found = _dates.get((country, year))
    if found is None:
        import holidays

        found = _dates[country, year] = frozenset(holidays.country_holidays(country, years=[year]))
    return found
