"""`where` conditions compiled to bits: clause c holds when bit c survives every AND.

Each property of an event or member that a condition may name has a lookup array whose
entry says, in one uint64, which clauses its value satisfies. Matching a batch against all
clauses is then one gather and one AND per property, whatever the number of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.season.where import DAY_MINUTES, Hours, Range, Scalar, Where

CLAUSES_MAX: Final = 64
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

AttributeTest = tuple[str, tuple[Scalar, ...] | Range]


def scalar_text(value: object) -> str:
    """Write an attribute value as text, so that 92 and "92" are one value.

    >>> scalar_text(True), scalar_text(92)
    ('true', '92')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def attribute_holds(value: object, wanted: tuple[Scalar, ...] | Range) -> bool:
    """Tell whether a member's attribute is one of the values, or lies in the range."""
    if value is None:
        return False
    if not isinstance(wanted, Range):
        return scalar_text(value) in {scalar_text(one) for one in wanted}
    try:
        number: Fraction | date
        if isinstance(wanted.min, date) or isinstance(wanted.max, date):
            number = date.fromisoformat(str(value))
        else:
            number = Fraction(str(value))
    except ValueError:
        return False
    above = wanted.min is None or wanted.min <= number  # type: ignore[operator]  # one kind
    below = wanted.max is None or number <= wanted.max  # type: ignore[operator]  # one kind
    return bool(above and below)


def hours_hold(spans: Sequence[Hours], minute: int) -> bool:
    """Tell whether a minute of the local day lies in one of the half-open spans."""
    for span in spans:
        start, end = span.start_minute, span.end_minute
        inside = start <= minute < end if start < end else minute >= start or minute < end
        if inside:
            return True
    return False


def event_holds(
    where: Where,
    product: tuple[str | None, str | None],
    station: tuple[str | None, Mapping[str, str]],
    pay: str | None,
    day: tuple[date, bool],
    minute: int,
) -> bool:
    """Tell whether what a condition says of the event holds for one, as EventClauses would."""
    return (
        _product_holds(where, product)
        and _station_holds(where, station)
        and _pay_holds(where, pay)
        and _day_holds(where, day)
        and (not where.hours or hours_hold(where.hours, minute))
    )


def bits_where(clauses: Sequence[Where], holds: Callable[[Where], bool]) -> int:
    """Set the bit of every clause for which holds() is true."""
    return sum(1 << place for place, clause in enumerate(clauses) if holds(clause))


class EventClauses:
    """Tests on the event's own properties, as lookup arrays over codes, days and minutes.

    Codes: products, stations and pay words are numbered by the compiled rules; code 0 is any
    value the season file doesn't name.
    """

    def __init__(
        self,
        clauses: Sequence[Where],
        products: Sequence[tuple[str | None, str | None]],
        stations: Sequence[tuple[str | None, Mapping[str, str]]],
        pays: Sequence[str | None],
        days: Iterable[tuple[date, bool]],
    ) -> None:
        if len(clauses) > CLAUSES_MAX:
            raise ValueError(f"{len(clauses)} clauses: at most {CLAUSES_MAX} fit one mask")

        def table(values: Iterable[Any], holds: Callable[[Where, Any], bool]) -> UInt64s:
            return np.array(
                [bits_where(clauses, lambda w, v=value: holds(w, v)) for value in values],  # type: ignore[misc]  # default binds the loop's value
                dtype=np.uint64,
            )

        self._product = table(products, _product_holds)
        self._station = table(stations, _station_holds)
        self._pay = table(pays, _pay_holds)
        self._minute = table(
            range(DAY_MINUTES), lambda where, at: not where.hours or hours_hold(where.hours, at)
        )
        self._day = table(days, _day_holds)

    def match(
        self,
        product: Int64s,
        station: Int64s,
        pay: Int64s,
        day_place: Int64s,
        minute: Int64s,
    ) -> UInt64s:
        """Match n events: uint64[n], bit c set when clause c holds for the event alone."""
        return (
            self._product[product]
            & self._station[station]
            & self._pay[pay]
            & self._day[day_place]
            & self._minute[minute]
        )


def _product_holds(where: Where, product: tuple[str | None, str | None]) -> bool:
    name, category = product
    named = not where.product or name in where.product
    return named and (not where.category or category in where.category)


def _pay_holds(where: Where, pay: str | None) -> bool:
    return not where.pay or pay in where.pay


def _station_holds(where: Where, station: tuple[str | None, Mapping[str, str]]) -> bool:
    name, fields = station
    if where.station and name not in where.station:
        return False
    wanted = {"region": where.region, "brand": where.brand, **where.station_fields}
    return all(not values or fields.get(field) in values for field, values in wanted.items())


def _day_holds(where: Where, day: tuple[date, bool]) -> bool:
    local, holiday = day
    if where.weekday and local.weekday() not in where.weekday:
        return False
    if where.holiday is not None and where.holiday != holiday:
        return False
    return not where.dates or any(span.first <= local <= span.last for span in where.dates)


Who = tuple[
    npt.NDArray[np.int16],
    npt.NDArray[np.int16],
    npt.NDArray[np.uint64],
    npt.NDArray[np.uint64] | None,
]
"""Levels, kinds, attribute bits and segment bits of some members: what conditions look at."""


class MemberClauses:
    """Tests on the member as they stand: tier, kind and attributes.

    tests lists the distinct attribute tests of the whole season file; a member's
    attribute_bits has bit t set when test t holds. segments lists the file's segments.
    """

    def __init__(
        self,
        clauses: Sequence[Where],
        levels: Sequence[str],
        kinds: Sequence[str],
        tests: Sequence[AttributeTest],
        segments: Sequence[str],
    ) -> None:
        self._level = np.array(
            [bits_where(clauses, lambda w, v=level: not w.tier or v in w.tier) for level in levels],  # type: ignore[misc]  # default binds the loop's value
            dtype=np.uint64,
        )
        self._kind = np.array(
            [bits_where(clauses, lambda w, v=kind: not w.kind or v in w.kind) for kind in kinds],  # type: ignore[misc]  # default binds the loop's value
            dtype=np.uint64,
        )
        self._segments = [
            (np.uint64(1 << place), np.uint64(sum(1 << segments.index(one) for one in named)))
            for place, clause in enumerate(clauses)
            if (named := set(clause.segment))
        ]
        self._needs = [
            (np.uint64(1 << place), np.uint64(sum(1 << tests.index(t) for t in wanted)))
            for place, clause in enumerate(clauses)
            if (wanted := list(clause.attributes.items()))
        ]

    def match(
        self,
        level: npt.NDArray[np.int16],
        kind: npt.NDArray[np.int16],
        attribute_bits: UInt64s,
        segment_bits: UInt64s | None,
    ) -> UInt64s:
        """Match n members: uint64[n], bit c set when clause c holds for the member.

        segment_bits uint64[n] has bit s set for a member of segment s; None where the season
        has no segments.
        """
        bits: UInt64s = self._level[level] & self._kind[kind]
        for clause, needed in self._needs:
            missing = (attribute_bits & needed) != needed
            bits[missing] &= ~clause
        for clause, named in self._segments:
            outside = True if segment_bits is None else (segment_bits & named) == 0
            bits[outside] &= ~clause
        return bits
