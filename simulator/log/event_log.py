"""Event log: checked event columns turned back into the columns of a log file."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ATTRIBUTES: Final = ("kind", "company", "fuel", "birthday", "phone", "plate", "region")
_PLAIN: Final = (
    "event_id", "type", "member", "station", "product", "pay", "order", "ref", "score", "coupon",
    "item", "points", "lines",
)  # fmt: skip


def log_table(batch: pa.RecordBatch, timezone: str) -> pa.Table:
    """Write events (schema COLUMNS) as a log has them; replaying it applies the same events.

    Attributes are in columns of their own: ATTRIBUTES, none else.
    """
    columns: dict[str, pa.Array] = {name: batch.column(name) for name in _PLAIN[:3]}
    columns["at"] = (
        batch.column("at_us").cast(pa.timestamp("us")).cast(pa.timestamp("us", tz=timezone))
    )
    columns |= {name: batch.column(name) for name in _PLAIN[3:]}
    columns["litres"] = _decimal(batch.column("litres_ml"), 3)
    columns["amount"] = _decimal(batch.column("amount_fen"), 2)
    said = batch.column("attributes").dictionary_encode()
    given = [json.loads(text) for text in said.dictionary.to_pylist()]
    for name in ATTRIBUTES:
        words = pa.array([one.get(name) for one in given], pa.utf8())
        columns[f"attributes.{name}"] = words.take(said.indices)
    return pa.table(columns)


def _decimal(units: pa.Array, places: int) -> pa.Array:
    """Write whole units of 10^-places as decimals, null where they are."""
    words = np.zeros((len(units), 2), dtype=np.int64)
    words[:, 0] = pc.fill_null(units, 0).to_numpy()
    valid: Any = None
    if units.null_count:
        present = pc.is_valid(units).to_numpy(zero_copy_only=False)
        valid = pa.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [valid, pa.py_buffer(words)]
    return pa.Array.from_buffers(pa.decimal128(18, places), len(units), buffers)
