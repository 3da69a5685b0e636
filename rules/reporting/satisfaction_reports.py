"""Satisfaction report: survey scores, complaints and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.reporting.report_query import Query
from rules.reporting.report_tables import Kind, Part, begins, finished, keyed, named, ratio
from rules.reporting.sale_parts import ANSWERS, answers_part, within
from rules.reporting.sale_reports import answer_cells
from rules.table.tallies import DAYS_BEFORE_EPOCH, OF_STATION, WHATS, WORD_BITS, WORDS_MAX

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

COUNTED: Final = {"reviews": "review", "complaints": "complaint", "followed_up": "followed_up"}


def gather_satisfaction(table: MemberTable, query: Query) -> Part:
    """Gather answers and complaints by station and week, before and after the split day."""
    return {
        "answers": answers_part(table, query, "week", query.split_day),
        "of_station": _of_station(table, query),
    }


def _of_station(table: MemberTable, query: Query) -> pa.Table:
    tallies = table.tallies
    keys, sums = tallies.counted.sums()
    base = keys >> WORD_BITS
    days, what = (base >> 8) - DAYS_BEFORE_EPOCH, base & 255
    inside = within(days, query) & (what < len(OF_STATION))
    days, what = days[inside], what[inside]
    none = np.zeros(len(days), dtype=np.bool_)
    after = days >= query.split_day if query.split_day is not None else none
    return keyed(
        {
            "station": named(tallies.stations.names, keys[inside] & (WORDS_MAX - 1)),
            "period": begins(days, "week"),
            "after": after,
            "what": named(WHATS, what),
        },
        {"count": sums[inside, 0]},
    )


def report_satisfaction(part: Part, _rules: Rules, query: Query) -> pa.Table:
    """Tell scores and complaints by station, week or both, where asked before and after a day.

    The week that holds the split day stands twice.
    """
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in (*part["answers"].to_pylist(), *part["of_station"].to_pylist()):
        held = found.setdefault(_key(row, query), dict.fromkeys((*ANSWERS, *COUNTED.values()), 0))
        if "what" in row:
            held[row["what"]] += row["count"]
            continue
        for name in ANSWERS:
            held[name] += row[name]
    columns: dict[str, Kind] = {}
    if "station" in query.by:
        columns["station"] = "text"
    if "week" in query.by:
        columns["week"] = "day"
    if query.split_day is not None:
        columns["when"] = "text"
    keys = list(columns)
    columns |= {
        "answers": "count",
        "mean_score": "number",
        "promoters": "count",
        "detractors": "count",
        "nps": "number",
        "reviews": "count",
        "complaints": "count",
        "followed_up": "count",
        "followed_up_share": "number",
    }
    rows = []
    for key, held in sorted(found.items()):
        cells = dict(zip(keys, key, strict=True)) | answer_cells(held)
        if "when" in cells:
            cells["when"] = "after" if cells["when"] else "before"
        cells |= {name: held[what] for name, what in COUNTED.items()}
        cells["followed_up_share"] = ratio(held["followed_up"], held["complaint"])
        rows.append(cells)
    return finished(columns, rows)


def _key(row: dict[str, Any], query: Query) -> tuple[Any, ...]:
    key: tuple[Any, ...] = ()
    if "station" in query.by:
        key += (row["station"],)
    if "week" in query.by:
        key += (row["period"],)
    if query.split_day is not None:
        key += (row["after"],)
    return key
