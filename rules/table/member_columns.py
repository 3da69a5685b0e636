"""Member columns: what every listed member holds, as one table for files and exports."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.csv_lines import decimals
from rules.table.member_table import MemberTable

POINT_COLUMNS: Final = (
    "active", "debt", "earned_base", "earned_bonus", "earned_task",
    "adjusted", "redeemed", "expired", "reversed_points",
)  # fmt: skip
_PLACES: Final = {"litres": 3, "amount": 2}


def member_columns(table: MemberTable, rows: npt.NDArray[np.int64] | None = None) -> pa.Table:
    """Gather the listed members, or those of `rows: int64[k]`; litres in ml, amount in fen."""
    members, rules = table.members, table.rules
    if rows is None:
        rows = np.flatnonzero(members.listed[: members.size])
    ids = pa.array(table.member_ids, pa.string()).take(pa.array(rows))
    points = {name.removesuffix("_points"): getattr(members, name)[rows] for name in POINT_COLUMNS}
    return pa.table(
        {
            "member": ids,
            "kind": pa.array(rules.kinds).take(pa.array(members.kind[rows])),
            "tier": pa.array(rules.levels).take(pa.array(members.level[rows])),
            **points,
            "litres": members.litres_ml[rows],
            "amount": members.amount_fen[rows],
            "visits": members.visits[rows],
        }
    )


def with_decimals(table: pa.Table) -> pa.Table:
    """Write whole ml and fen as decimals of litres and yuan."""
    for name, places in _PLACES.items():
        units = table.column(name).combine_chunks().to_numpy()
        column = decimals(units, places).cast(pa.decimal128(18, places))
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
