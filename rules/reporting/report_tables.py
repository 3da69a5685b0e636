"""Report tables: parts that tables of members add up to, and the finished tables people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.csv_lines import csv_bytes, decimals
from rules.reporting.report_query import EPOCH

Int64s = npt.NDArray[np.int64]
Part = dict[str, pa.Table]
"""Tables of one member table, by name; the first columns of each are its key, the others add up."""

Kind = Literal["text", "day", "count", "litres", "yuan", "number"]
"""What a column holds: litres come as ml, yuan as fen, a number has at most 6 decimals."""
Row = Mapping[str, Any]

KEYS: Final = b"keys"
NUMBER_DECIMALS: Final = 6


def keyed(keys: Mapping[str, Any], sums: Mapping[str, Any]) -> pa.Table:
    """Make a table of a part: its key columns and what adds up."""
    columns = {name: _array(values) for name, values in {**keys, **sums}.items()}
    return pa.table(columns).replace_schema_metadata({KEYS: str(len(keys))})


def _array(values: Any) -> pa.Array:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, np.ndarray):
        return pa.array(values.astype(np.int64) if values.dtype != np.float64 else values)
    return pa.array(values, pa.string())


def named(names: Sequence[str], numbers: npt.NDArray[Any]) -> pa.Array:
    """Look names up by their number, int[n]."""
    return pa.array(names, pa.string()).take(pa.array(numbers))


def added(parts: Sequence[Part]) -> Part:
    """Add up the parts of any number of member tables, the rows in the order of their keys."""
    return {
        name: _added(pa.concat_tables([part[name] for part in parts if name in part]))
        for name in dict.fromkeys(name for part in parts for name in part)
    }


def _added(table: pa.Table) -> pa.Table:
    names = table.column_names
    count = int(table.schema.metadata[KEYS])
    keys, sums = names[:count], names[count:]
    wanted: list[tuple[str, str]] = [(name, "sum") for name in sums]
    grouped = table.group_by(keys, use_threads=False).aggregate(wanted)
    grouped = grouped.select([*keys, *(f"{name}_sum" for name in sums)]).rename_columns(names)
    if keys:
        grouped = grouped.sort_by([(name, "ascending") for name in keys])
    return grouped.replace_schema_metadata({KEYS: str(count)})


def begins(days: Int64s, period: str) -> Int64s:
    """Give the first day of the day, week (Monday) or month that days lie in, int64[n]."""
    if period == "week":
        # Day 0 was a Thursday.
        return days - (days + 3) % 7
    if period == "month":
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        first: Int64s = months.astype("datetime64[D]").astype(np.int64)
        return first
    return days


def date_of(day: int) -> date:
    """Give the date of a day number."""
    return EPOCH + timedelta(days=day)


def finished(columns: Mapping[str, Kind], rows: Iterable[Row]) -> pa.Table:
    """Make the table people read; a cell that a row doesn't have is null."""
    listed = list(rows)
    return pa.table(
        {name: _column(kind, [row.get(name) for row in listed]) for name, kind in columns.items()}
    )


def _column(kind: Kind, cells: list[Any]) -> pa.Array:
    if kind in ("litres", "yuan"):
        places = 3 if kind == "litres" else 2
        whole = np.array([0 if cell is None else whole_of(cell) for cell in cells], np.int64)
        texts = decimals(whole, places).cast(pa.decimal128(18, places))
        return _blanked(texts, [cell is None for cell in cells])
    if kind == "day":
        return pa.array([None if cell is None else date_of(cell) for cell in cells], pa.date32())
    if kind == "number":
        rounded = [None if cell is None else round(float(cell), NUMBER_DECIMALS) for cell in cells]
        return pa.array(rounded, pa.float64())
    return pa.array(cells, pa.string() if kind == "text" else pa.int64())


def _blanked(column: pa.Array, blank: list[bool]) -> pa.Array:
    places = np.arange(len(column))
    return column.take(pa.array(places, mask=np.array(blank, dtype=np.bool_)))


def whole_of(amount: float | Fraction) -> int:
    """Round an amount to whole units, halves away from zero.

    >>> whole_of(Fraction(-5, 2)), whole_of(2.4)
    (-3, 2)
    """
    exact = Fraction(amount)
    half = int(abs(exact) + Fraction(1, 2))
    return half if exact >= 0 else -half


def ratio(hits: float | Fraction, of: float | Fraction) -> float | Fraction | None:
    """Divide, or say nothing where there is nothing to divide by."""
    return hits / of if of else None


def csv_of(table: pa.Table) -> bytes:
    """Write a finished table as canonical CSV."""
    texts = [column.combine_chunks().cast(pa.string()) for column in table.columns]
    return csv_bytes(table.column_names, texts)


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Give a finished table's rows as JSON holds them: decimals and dates as text."""
    plain = [
        column.cast(pa.string())
        if pa.types.is_decimal(column.type) or pa.types.is_date(column.type)
        else column
        for column in table.columns
    ]
    rows: list[dict[str, Any]] = pa.table(plain, names=table.column_names).to_pylist()
    return rows
