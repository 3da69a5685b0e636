"""Segments compiled: what each looks at besides tier, kind and attributes.

A metric is computed from the member table: `visits_90d`, `litres_30d` and `amount_7d` are the
net purchases of the last so many local days, today included; `visits`, `litres` and `amount`
those of all time; `recency_days` the local days since the last purchase; `active` the points
that can be spent; `score` the season's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Final

from rules.compiling.clauses import AttributeTest, MemberClauses, scalar_text
from rules.compiling.window_rules import METRICS, WindowRules
from rules.season.season_models import Season, Segment, Where
from rules.season.where import Range, Scalar

WINDOW: Final = re.compile(r"(visits|litres|amount)_([1-9][0-9]{0,2})d")
NEARLY: Final = re.compile(r"(visits?|litres?|litre|amounts?|recency)(_.*)?")
"""Names that can only be meant as a metric."""
PLAIN: Final = frozenset({*METRICS, "recency_days", "active", "score"})
DAYS_MAX: Final = 400
SEGMENTS_MAX: Final = 64
UNITS: Final = {"litres": 1000, "amount": 100}
"""How many ml or fen make one of what the season file writes."""

Wanted = tuple[Scalar, ...] | Range


@dataclass(frozen=True, slots=True)
class Metric:
    """One computed figure: over the last `days` local days, or without them for all time."""

    name: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class MetricTest:
    """What a metric must be, in ml, fen, points, purchases or days: from low to high, or listed."""

    metric: Metric
    low: int | None = None
    high: int | None = None
    values: tuple[int, ...] | None = None


def metric_of(key: str) -> Metric | None:
    """Read a metric's name; None for what is an attribute.

    >>> metric_of("visits_90d")
    Metric(name='visits', days=90)
    >>> metric_of("fuel")
    """
    if key in PLAIN:
        return Metric(key)
    found = WINDOW.fullmatch(key)
    if found is None or int(found[2]) > DAYS_MAX:
        return None
    return Metric(found[1], int(found[2]))


def metric_test(metric: Metric, wanted: Wanted) -> MetricTest:
    """Bring a condition on a metric to whole units.

    Raises ValueError where it isn't about numbers.

    >>> metric_test(Metric("amount"), Range(Fraction("0.5"), None))
    MetricTest(metric=Metric(name='amount', days=None), low=50, high=None, values=None)
    """
    unit = UNITS.get(metric.name, 1)
    if not isinstance(wanted, Range):
        numbers = [_number(one) * unit for one in wanted]
        whole = tuple(int(one) for one in numbers if one.denominator == 1)
        return MetricTest(metric, values=whole)
    if isinstance(wanted.min, date) or isinstance(wanted.max, date):
        raise ValueError("is a number, not a date")  # noqa: TRY004  the file's value is wrong
    low = None if wanted.min is None else ceil(wanted.min * unit)
    high = None if wanted.max is None else floor(wanted.max * unit)
    return MetricTest(metric, low, high)


def _number(value: Scalar) -> Fraction:
    if isinstance(value, bool):
        raise ValueError("is a number, not true or false")  # noqa: TRY004  the file's value is wrong
    try:
        return Fraction(scalar_text(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError("is a number, not text") from None


def members_part(where: Where) -> Where:
    """Give a segment's condition without its metrics: tier, kind and attributes."""
    own = {key: wanted for key, wanted in where.attributes.items() if metric_of(key) is None}
    return where.model_copy(update={"attributes": own})


def metric_tests(where: Where) -> tuple[MetricTest, ...]:
    """List what a segment's condition asks of computed metrics."""
    return tuple(
        metric_test(metric, wanted)
        for key, wanted in where.attributes.items()
        if (metric := metric_of(key)) is not None
    )


class SegmentRules:
    """The segments of a season file, in file order.

    clauses has all, alone one each; metrics what each asks of computed figures; windows what
    has to be kept for them; in_conditions tells whether any rule of the file names a segment.
    """

    def __init__(
        self, season: Season, member_clauses: Callable[[Sequence[Where]], MemberClauses]
    ) -> None:
        parts = [members_part(one.where) for one in season.segments.values()]
        self.clauses = member_clauses(parts)
        self.alone = [member_clauses([part]) for part in parts]
        self.metrics = [metric_tests(one.where) for one in season.segments.values()]
        self.windows = window_rules(season.segments)
        self.in_conditions = any(where.segment for _, where in season.conditions())


def attribute_tests(season: Season) -> list[AttributeTest]:
    """List the different tests on members' attributes; metrics of segments are none."""
    tests: list[AttributeTest] = []
    for path, where in season.conditions():
        own = members_part(where) if path.startswith("segments.") else where
        tests += [test for test in own.attributes.items() if test not in tests]
    return tests


def window_rules(segments: Mapping[str, Segment]) -> WindowRules:
    """List the windows that the segments of a season file look at."""
    used = [test.metric for one in segments.values() for test in metric_tests(one.where)]
    return WindowRules(
        tuple(
            dict.fromkeys((metric.name, metric.days) for metric in used if metric.days is not None)
        )
    )
