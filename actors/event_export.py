"""Event export: logged events as columns of the event format, as they were taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from actors.merged_history import MergedHistory
from actors.store.log import Entry
from rules.decoding.csv_lines import decimals
from rules.decoding.event_columns import text_of

_TEXTS: Final = (
    "event_id", "type", "member", "station", "product", "pay", "order", "ref", "coupon", "item",
    "lines", "attributes",
)  # fmt: skip
_INSTANT: Final = pa.timestamp("us", "UTC")
_LITRES: Final = pa.decimal128(18, 3)
_AMOUNT: Final = pa.decimal128(18, 2)

SCHEMA: Final = pa.schema(
    [
        ("event_id", pa.string()), ("type", pa.string()), ("member", pa.string()),
        ("at", _INSTANT), ("station", pa.string()), ("product", pa.string()),
        ("litres", _LITRES), ("amount", _AMOUNT), ("pay", pa.string()), ("order", pa.string()),
        ("ref", pa.string()), ("score", pa.int8()), ("coupon", pa.string()),
        ("item", pa.string()), ("points", pa.int64()), ("lines", pa.string()),
        ("attributes", pa.string()), ("stamp", _INSTANT),
    ]
)  # fmt: skip
"""The event format's columns, so that an export can be imported, and when each was judged."""


def event_batches(
    histories: Sequence[Iterator[Entry]], member: str | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the events of shards' histories in the order of their stamps, all or one member's."""
    for item in MergedHistory(histories).read():
        if isinstance(item, Entry):
            continue
        found = item
        if member is not None:
            found = item.filter(pc.equal(item.column("member"), member))
        if found.num_rows:
            yield exported_events(found)


def exported_events(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn logged columns into those of the event format; `attributes` is the text of JSON."""
    columns = {name: text_of(batch, name) for name in _TEXTS}
    columns |= {
        "at": batch.column("at_us").cast(_INSTANT),
        "litres": _decimal(batch.column("litres_ml"), 3).cast(_LITRES),
        "amount": _decimal(batch.column("amount_fen"), 2).cast(_AMOUNT),
        "score": batch.column("score"),
        "points": batch.column("points"),
        "stamp": batch.column("stamp_us").cast(_INSTANT),
    }
    return pa.record_batch([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _decimal(units: pa.Array, places: int) -> pa.Array:
    """Write whole units as decimals; null stays null."""
    text = decimals(units.fill_null(0).to_numpy(), places)
    return pc.if_else(units.is_valid(), text, pa.scalar(None, text.type))
