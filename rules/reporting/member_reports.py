"""Member report: how many there are, who stays, who is lost, and how they are spread."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.compiling.segment_rules import Metric
from rules.judging.segments import metric_values
from rules.reporting.report_query import Query
from rules.reporting.report_tables import Kind, Part, finished, keyed, named, ratio
from rules.reporting.rfm import quintiles

if TYPE_CHECKING:
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

RECENCY_DAYS: Final = (7, 30, 90, 180)
RECENCY: Final = ("0-7 days", "8-30 days", "31-90 days", "91-180 days", "longer", "never")


def gather_members(table: MemberTable, query: Query) -> Part:
    """Gather the listed members by kind, tier or recency, or every buyer's metrics for RFM."""
    if query.by == "rfm":
        return {"buyers": _buyers(table)}
    members, rules = table.members, table.rules
    rows = np.flatnonzero(members.listed[: members.size])
    if query.by == "kind":
        group = named(rules.kinds, members.kind[rows])
    elif query.by == "tier":
        group = named(rules.levels, members.level[rows])
    else:
        days = metric_values(table, rows, Metric("recency_days"))
        place = np.searchsorted(np.array(RECENCY_DAYS), days)
        group = named(RECENCY, np.where(days < 0, len(RECENCY) - 1, place))
    before, since = _bought(table, query.within_days)
    sums: dict[str, npt.NDArray[Any]] = {
        "members": np.ones(len(rows), dtype=np.int64),
        "buyers": members.visits[rows] > 0,
        "bought_before": before[rows],
        "bought_since": since[rows],
        "lost": before[rows] & ~since[rows],
        "ml": members.litres_ml[rows],
        "fen": members.amount_fen[rows],
        "visits": members.visits[rows].astype(np.int64),
        "active_points": members.active[rows],
    }
    return {"members": keyed({"group": group}, sums)}


def _bought(table: MemberTable, days: int) -> tuple[Bools, Bools]:
    """Tell which members bought in the N local days before the last N, and in these: bool[m]."""
    sales, today = table.ledger.sales, table.windows.today
    held = np.flatnonzero(sales.visit[: sales.size])
    held = held[sales.day[held] > today - 2 * days]
    rows = table.resolve(sales.row[held].astype(np.int64))
    since = np.zeros(len(table), dtype=np.bool_)
    before = np.zeros(len(table), dtype=np.bool_)
    recent = sales.day[held] > today - days
    since[rows[recent]] = True
    before[rows[~recent]] = True
    return before, since


def _buyers(table: MemberTable) -> pa.Table:
    """Count the listed members who ever bought by recency, frequency and money.

    Frequency and money are of the longest window that the season file's segments keep both of,
    else of all time.
    """
    members = table.members
    rows = np.flatnonzero(members.listed[: members.size])
    recency = metric_values(table, rows, Metric("recency_days"))
    rows, recency = rows[recency >= 0], recency[recency >= 0]
    kept = table.windows.rules.windows
    both = [days for name, days in kept if name == "visits" and ("amount", days) in kept]
    days = max(both, default=None)
    return keyed(
        {
            "recency": recency,
            "frequency": metric_values(table, rows, Metric("visits", days)),
            "money": metric_values(table, rows, Metric("amount", days)),
        },
        {"members": np.ones(len(rows), dtype=np.int64)},
    )


def report_members(part: Part, _rules: Rules, query: Query) -> pa.Table:
    """Tell of members by kind, tier, recency or RFM scores.

    Lost are those who bought in the within_days before the last within_days, but not in these.
    """
    if query.by == "rfm":
        return _report_rfm(part["buyers"])
    columns: dict[str, Kind] = {
        query.by: "text",
        "members": "count",
        "buyers": "count",
        "bought_before": "count",
        "bought_since": "count",
        "lost": "count",
        "churn": "number",
        "litres": "litres",
        "amount_yuan": "yuan",
        "visits": "count",
        "amount_per_member_yuan": "yuan",
        "active_points": "count",
    }
    rows = [
        {
            **row,
            query.by: row["group"],
            "churn": ratio(row["lost"], row["bought_before"]),
            "litres": row["ml"],
            "amount_yuan": row["fen"],
            "amount_per_member_yuan": ratio(row["fen"], row["members"]),
        }
        for row in part["members"].to_pylist()
    ]
    if query.by == "recency":
        rows.sort(key=lambda row: RECENCY.index(row["group"]))
    return finished(columns, rows)


def _report_rfm(buyers: pa.Table) -> pa.Table:
    counts = buyers.column("members").to_numpy()

    def scores(name: str, sign: int) -> list[int]:
        values = np.repeat(sign * buyers.column(name).to_numpy(), counts)
        ends = np.cumsum(counts)
        scored: list[int] = quintiles(values)[ends - 1].tolist()
        return scored

    found: Counter[tuple[int, int, int]] = Counter()
    fen: Counter[tuple[int, int, int]] = Counter()
    columns = (scores("recency", -1), scores("frequency", 1), scores("money", 1))
    money, each = buyers.column("money").to_pylist(), counts.tolist()
    for place, key in enumerate(zip(*columns, strict=True)):
        found[key] += each[place]
        fen[key] += each[place] * money[place]
    total = sum(found.values())
    return finished(
        {
            "recency_score": "count",
            "frequency_score": "count",
            "money_score": "count",
            "members": "count",
            "share": "number",
            "amount_yuan": "yuan",
        },
        (
            {
                "recency_score": key[0],
                "frequency_score": key[1],
                "money_score": key[2],
                "members": count,
                "share": ratio(count, total),
                "amount_yuan": fen[key],
            }
            for key, count in sorted(found.items(), reverse=True)
        ),
    )
