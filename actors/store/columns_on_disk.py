"""Columns on disk: how Parquet files of events and postings are encoded."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def written_as(schema: pa.Schema) -> dict[str, Any]:
    """Choose each column's encoding by its type, for a ParquetWriter.

    Parquet would try a dictionary on every column; for ids, which hardly repeat, and for rising
    numbers that takes most of the time and, measured on events, twice the space.
    """
    words = [part.name for part in schema if pa.types.is_dictionary(part.type)]
    encodings = {
        part.name: "DELTA_BYTE_ARRAY" if pa.types.is_string(part.type) else "DELTA_BINARY_PACKED"
        for part in schema
        if pa.types.is_string(part.type) or part.type in (pa.int64(), pa.int32())
    }
    return {"compression": "zstd", "use_dictionary": words, "column_encoding": encodings}
