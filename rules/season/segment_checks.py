"""Checks on conditions that name computed metrics: spelt right, about numbers, in segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rules.compiling.segment_rules import DAYS_MAX, NEARLY, SEGMENTS_MAX, metric_of, metric_test
from rules.season.reference_checks import EVENT_WHERES, MEMBER_WHERES
from rules.season.season_draft import Problem, entries, places
from rules.season.toml_lines import Loc
from rules.season.where import decode_attribute

SEGMENT_WHERE: Final = ("segments", "*", "where")
ELSEWHERE: Final = [one for one in (*EVENT_WHERES, *MEMBER_WHERES) if one != SEGMENT_WHERE]
EXAMPLE: Final = "visits_90d"


def check_segments(draft: dict[str, Any]) -> Iterator[Problem]:
    """Report metrics that are misspelt, out of place, or compared with what is no number."""
    count = len(dict(entries(draft.get("segments"))))
    if count > SEGMENTS_MAX:
        yield Problem(
            ("segments",), f"has {count} segments, more than {SEGMENTS_MAX}", "remove some"
        )
    for loc, where in places(draft, SEGMENT_WHERE):
        for key, wanted in entries(where):
            yield from _in_segment((*loc, key), str(key), wanted)
    for pattern in ELSEWHERE:
        for loc, where in places(draft, pattern):
            for key, _ in entries(where):
                if str(key) == "recency_days" or _looks_back(str(key)):
                    yield Problem(
                        (*loc, key),
                        "is computed for segments only",
                        "put it in a segment and name that here: segment = [...]",
                    )


def _looks_back(key: str) -> bool:
    metric = metric_of(key)
    return metric is not None and metric.days is not None


def _in_segment(loc: Loc, key: str, wanted: Any) -> Iterator[Problem]:
    metric = metric_of(key)
    if metric is None:
        if NEARLY.fullmatch(key):
            yield Problem(
                loc,
                "is no metric",
                f"write it like {EXAMPLE}, with 1 to {DAYS_MAX} days; or visits, litres, amount, "
                "recency_days, active, score",
            )
        return
    try:
        metric_test(metric, decode_attribute(wanted))
    except ValueError as error:
        if str(error).startswith("is a number"):
            yield Problem(loc, str(error), "write { min = 1, max = 12 }, or numbers")
