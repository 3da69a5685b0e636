"""Circumstances in which rules of a season hold, and whether some can hold together.

A condition becomes a box: for each property an event may have (product, station, local day,
minute, tier, kind, way of paying) the set of its values, as bits, and the tests on attributes
and segments. Boxes meet where their sets do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product as every_choice
from typing import Final

from rules.compiling.clauses import attribute_holds, hours_hold, scalar_text
from rules.compiling.public_holidays import public_holidays
from rules.season.season_models import DateSpan, Season, Where
from rules.season.where import DAY_MINUTES, Range, Scalar

OUTSIDE_DAYS: Final = 400
SEGMENT_CHOICES_MAX: Final = 64
NO_TIERS: Final = "member"

Test = tuple[str, tuple[Scalar, ...] | Range]


@dataclass(frozen=True, slots=True)
class Box:
    """Hold one set of circumstances: bits of the values each property may have, and tests."""

    product: int
    station: int
    day: int
    minute: int
    tier: int
    kind: int
    pay: int
    tests: frozenset[Test] = frozenset()
    segments: frozenset[tuple[str, ...]] = frozenset()


MASKS: Final = ("product", "station", "day", "minute", "tier", "kind", "pay")


class World:
    """Every circumstance a season's events may come in."""

    def __init__(self, season: Season) -> None:
        self.season = season
        wheres = [where for _, where in season.conditions()]
        self.products: list[tuple[str, str | None]] = [
            (name, one.category) for name, one in season.products.items()
        ]
        if season.any_product:
            self.products = [("", None)]
        fields: list[tuple[str, dict[str, str | None]]] = [("", {})]
        for name, station in season.stations.items():
            fields.append(
                (name, {"region": station.region, "brand": station.brand, **station.fields})
            )
        known = {name for name, _ in fields}
        named = {one for where in wheres for one in where.station}
        self.stations = fields + [(name, {}) for name in sorted(named - known)]
        self.pays = ["", *sorted({pay for where in wheres for pay in where.pay} | {"card"})]
        self.tiers = [level.id for level in season.tiers.levels] if season.tiers else [NO_TIERS]
        self.kinds = list(season.members.kinds)
        self._set_days()
        self.anything = Box(
            product=_all(self.products),
            station=_all(self.stations),
            day=_all(self.days),
            minute=_all(range(DAY_MINUTES)),
            tier=_all(self.tiers),
            kind=_all(self.kinds),
            pay=_all(self.pays),
        )

    def _set_days(self) -> None:
        window = self.season.season
        self.first_day = window.starts.date()
        self.last_day = (window.ends - timedelta(microseconds=1)).date()
        earliest = self.first_day - timedelta(days=OUTSIDE_DAYS)
        count = (self.last_day - earliest).days + OUTSIDE_DAYS + 1
        self.days = [earliest + timedelta(days=place) for place in range(count)]
        self.holidays: frozenset[date] = frozenset()
        if self.season.holidays is not None:
            years = range(self.days[0].year, self.days[-1].year + 1)
            self.holidays = public_holidays(self.season.holidays.calendar, years)
        self.season_days = _bits(self.first_day <= day <= self.last_day for day in self.days)

    def box(self, where: Where) -> Box | None:
        """Give the circumstances in which a condition holds; None if there are none."""
        masks = {
            "product": _bits(
                (not where.product or name in where.product)
                and (not where.category or category in where.category)
                for name, category in self.products
            ),
            "station": _bits(_station_holds(where, *one) for one in self.stations),
            "day": _bits(self._day_holds(where, day) for day in self.days),
            "minute": self.anything.minute
            if not where.hours
            else _bits(hours_hold(where.hours, minute) for minute in range(DAY_MINUTES)),
            "tier": _named(self.tiers, where.tier),
            "kind": _named(self.kinds, where.kind),
            "pay": _named(self.pays, where.pay),
        }
        segments = frozenset([where.segment]) if where.segment else frozenset[tuple[str, ...]]()
        return self._checked(Box(**masks, tests=_tests(where), segments=segments))

    def meet(self, one: Box, other: Box) -> Box | None:
        """Give the circumstances two boxes share; None if there are none."""
        masks = {name: getattr(one, name) & getattr(other, name) for name in MASKS}
        return self._checked(
            Box(**masks, tests=one.tests | other.tests, segments=one.segments | other.segments)
        )

    def in_season(self, box: Box) -> Box | None:
        """Keep the days of the season's window."""
        return self._checked(replace(box, day=box.day & self.season_days))

    def _day_holds(self, where: Where, day: date) -> bool:
        if where.weekday and day.weekday() not in where.weekday:
            return False
        if where.holiday is not None and where.holiday != (day in self.holidays):
            return False
        return not where.dates or _within(where.dates, day)

    def _checked(self, box: Box) -> Box | None:
        if not all(getattr(box, name) for name in MASKS):
            return None
        chosen = sorted(box.segments)
        choices = 1
        for names in chosen:
            choices *= len(names)
        if choices > SEGMENT_CHOICES_MAX:  # too many to try: taken for possible
            return box
        return box if any(self._possible(box, one) for one in every_choice(*chosen)) else None

    def _possible(self, box: Box, segments: Sequence[str]) -> bool:
        tests, tier, kind = set(box.tests), box.tier, box.kind
        for name in segments:
            where = self.season.segments[name].where
            tests |= _tests(where)
            tier &= _named(self.tiers, where.tier)
            kind &= _named(self.kinds, where.kind)
        by_name: dict[str, list[tuple[Scalar, ...] | Range]] = {}
        for name, wanted in tests:
            by_name.setdefault(name, []).append(wanted)
        return bool(tier and kind) and all(_agree(wanted) for wanted in by_name.values())


def covered(box: Box, covers: Sequence[Box]) -> bool:
    """Tell whether every circumstance of a box is in at least one of some others."""
    usable = [one for one in covers if one.tests <= box.tests and one.segments <= box.segments]
    return _covered({name: getattr(box, name) for name in MASKS}, usable)


def _covered(masks: dict[str, int], covers: Sequence[Box]) -> bool:
    if not covers:
        return False
    first, rest = covers[0], covers[1:]
    if not all(masks[name] & getattr(first, name) for name in MASKS):
        return _covered(masks, rest)
    left = dict(masks)
    for name in MASKS:
        outside = left[name] & ~getattr(first, name)
        if outside and not _covered({**left, name: outside}, rest):
            return False
        left[name] &= getattr(first, name)
    return True


def _agree(wanted: list[tuple[Scalar, ...] | Range]) -> bool:
    """Tell whether one attribute can pass several tests."""
    ranges = [one for one in wanted if isinstance(one, Range)]
    lists = [one for one in wanted if not isinstance(one, Range)]
    if lists:
        common = {scalar_text(one) for one in lists[0]}
        for values in lists[1:]:
            common &= {scalar_text(one) for one in values}
        return any(all(attribute_holds(value, one) for one in ranges) for value in common)
    return _overlap([one.min for one in ranges], [one.max for one in ranges])


def _overlap(
    lows: Iterable[Fraction | date | None], highs: Iterable[Fraction | date | None]
) -> bool:
    low_ends = [one for one in lows if one is not None]
    high_ends = [one for one in highs if one is not None]
    if len({isinstance(one, date) for one in low_ends + high_ends}) > 1:
        return False  # a date and a number
    return not low_ends or not high_ends or max(map(_size, low_ends)) <= min(map(_size, high_ends))


def _size(end: Fraction | date) -> Fraction:
    return Fraction(end.toordinal()) if isinstance(end, date) else end


def _tests(where: Where) -> frozenset[Test]:
    return frozenset(where.attributes.items())


def _all(values: Sequence[object]) -> int:
    return (1 << len(values)) - 1


def _bits(holds: Iterable[bool]) -> int:
    return sum(1 << place for place, one in enumerate(holds) if one)


def _named(values: Sequence[str], wanted: Sequence[str]) -> int:
    return _bits(not wanted or one in wanted for one in values)


def _within(spans: Iterable[DateSpan], day: date) -> bool:
    return any(span.first <= day <= span.last for span in spans)


def _station_holds(where: Where, name: str, fields: dict[str, str | None]) -> bool:
    if where.station and name not in where.station:
        return False
    wanted = {"region": where.region, "brand": where.brand, **where.station_fields}
    return all(not values or fields.get(field) in values for field, values in wanted.items())
