"""Events as checked columns: their schema, what a decoded body holds, stamps, and their bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

TYPES: Final = (
    "purchase",
    "top_up",
    "check_in",
    "browse",
    "share",
    "survey",
    "review",
    "referral",
    "refund",
    "enrol",
    "update",
    "redeem",
    "claim",
    "reserve",
    "use",
    "release",
    "adjust",
    "disqualify",
    "reinstate",
    "merge",
    "prize_claim",
    "erase",
)
"""Every event type there is; another word is ``unknown_type``."""

EVENT_ID_BYTES_MAX: Final = 128
MEMBER_BYTES_MAX: Final = 64
TEXT_BYTES_MAX: Final = 1_024
"""Longest text of any other text field, in UTF-8 bytes."""
JSON_BYTES_MAX: Final = 65_536
"""Longest ``attributes`` or ``lines`` of one event as canonical JSON, in bytes."""
ROWS_MAX: Final = 2_000_000
"""Most rows in one columnar body: a few bytes of Arrow can claim any number of rows."""
LITRES_ML_MAX: Final = 10_000 * 1_000
AMOUNT_FEN_MAX: Final = 10_000_000 * 100
POINTS_MAX: Final = 10**9

_WORD: Final = pa.dictionary(pa.int32(), pa.utf8())

COLUMNS: Final = pa.schema(
    [
        pa.field("event_id", pa.utf8()),
        pa.field("type", _WORD),
        pa.field("member", pa.utf8()),
        pa.field("at_us", pa.int64()),
        pa.field("station", _WORD),
        pa.field("product", _WORD),
        pa.field("litres_ml", pa.int64()),
        pa.field("amount_fen", pa.int64()),
        pa.field("pay", _WORD),
        pa.field("order", pa.utf8()),
        pa.field("ref", pa.utf8()),
        pa.field("score", pa.int8()),
        pa.field("coupon", pa.utf8()),
        pa.field("item", pa.utf8()),
        pa.field("points", pa.int64()),
        pa.field("lines", pa.utf8()),
        pa.field("attributes", pa.utf8()),
    ]
)
"""One row an event, already checked. Absent is null; times in µs UTC, ml, fen, points."""

STAMPED: Final = COLUMNS.append(pa.field("stamp_us", pa.int64()))
"""``COLUMNS`` and the clock reading each event is judged at."""


class UnreadableBody(ValueError):  # noqa: N818 - the name is the reason a sender is told
    """The body cannot be read at all, so no event of it can be answered: send it again whole."""


@dataclass(frozen=True, slots=True)
class Names:
    """What an event may name, and the times it may lie between.

    ``products`` None means any product is known. Times outside
    ``earliest_us``..``latest_us`` (both included) are ``bad_time``.
    """

    products: frozenset[str] | None
    kinds: frozenset[str]
    earliest_us: int
    latest_us: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that was refused before it reached the rules."""

    place: int
    """0-based row of the event in its body."""
    event_id: str
    """The event's own id, or "" where it can't be read."""
    reason: str
    sentence: str
    at_us: int | None = None
    """When it happened, µs UTC, where that can be read."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body's events: the valid ones as columns, the others with their reason.

    Every received event is in exactly one of the two:
    ``received == len(place) + len(refused)``.
    """

    columns: pa.RecordBatch
    """``COLUMNS``, valid events only, in arrival order."""
    place: npt.NDArray[np.int64]
    """int64[n]: 0-based row of each valid event in the body, ascending."""
    refused: list[Refusal] = field(default_factory=list)
    received: int = 0
    stamp_us: npt.NDArray[np.int64] | None = None
    """int64[n]: the clock readings an archived log carries; None for a bare one."""


def stamp(columns: pa.RecordBatch, stamp_us: npt.NDArray[np.int64]) -> pa.RecordBatch:
    """Return ``columns`` with each row's clock reading, int64[n] in µs UTC, as last column."""
    stamps = pa.array(np.asarray(stamp_us, dtype=np.int64))
    if len(stamps) != columns.num_rows:
        raise ValueError(f"{len(stamps)} stamps for {columns.num_rows} events: give one each")
    return pa.RecordBatch.from_arrays([*columns.columns, stamps], schema=STAMPED)


def restamped(batch: pa.RecordBatch, stamp_us: npt.NDArray[np.int64]) -> pa.RecordBatch:
    """Return a stamped batch with other stamps, int64[n] in µs UTC."""
    return stamp(batch.drop_columns(["stamp_us"]), stamp_us)


def running_stamps(at_us: npt.NDArray[np.int64], clock_us: int) -> npt.NDArray[np.int64]:
    """Return the greatest time so far at each row, int64[n]: the events' own clock.

    >>> running_stamps(np.array([5, 9, 7]), 6).tolist()
    [6, 9, 9]
    """
    stamps = np.maximum.accumulate(np.asarray(at_us, dtype=np.int64))
    return np.maximum(stamps, np.int64(clock_us))


def batch_of(arrays: Mapping[str, pa.Array], schema: pa.Schema = COLUMNS) -> pa.RecordBatch:
    """Build a batch of ``schema`` from its arrays by name; a missing one is all null.

    Plain text given for a dictionary field is encoded.
    """
    rows = len(next(iter(arrays.values()))) if arrays else 0
    columns = []
    for part in schema:
        array = arrays.get(part.name)
        if array is None:
            array = nulls(rows, part.type)
        elif pa.types.is_dictionary(part.type) and not pa.types.is_dictionary(array.type):
            array = array.dictionary_encode()
        columns.append(array)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def nulls(rows: int, kind: pa.DataType) -> pa.Array:
    """Return ``rows`` nulls of a type; dictionary types get an empty dictionary."""
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            pa.nulls(rows, kind.index_type), pa.array([], kind.value_type)
        )
    return pa.nulls(rows, kind)


def concat(batches: Sequence[pa.RecordBatch], schema: pa.Schema = COLUMNS) -> pa.RecordBatch:
    """Join batches of one schema into one, unifying their dictionaries.

    An empty sequence gives an empty batch of ``schema``.
    """
    if not batches:
        return batch_of({}, schema)
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).unify_dictionaries()
    columns = [_joined(column) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    """Join the chunks of a column; its dictionaries are already one."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        return nulls(0, column.type)
    return pa.concat_arrays(column.chunks)


def to_ipc(batch: pa.RecordBatch) -> bytes:
    """Write a batch as an Arrow IPC stream: the log's payload and what crosses actors."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def from_ipc(payload: bytes) -> pa.RecordBatch:
    """Read a batch written by `to_ipc`; its arrays point into ``payload``, nothing is copied."""
    with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
        batches = list(reader)
        if len(batches) == 1:
            return batches[0]
        return concat(batches, reader.schema)


def text_of(batch: pa.RecordBatch, name: str) -> pa.StringArray:
    """Return a text column decoded from its dictionary, if it has one."""
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        return pc.cast(column, pa.utf8())
    return column
