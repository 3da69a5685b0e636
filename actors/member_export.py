"""Member export: a shard's members and what they hold, some rows at a time."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from rules.member_columns import member_columns, with_decimals
from rules.member_table import MemberTable

ROWS_MAX: Final = 100_000
"""Most rows of one part, so that a shard is never long away from its events."""


def exported(table: MemberTable, what: str, first: int) -> tuple[int, bytes]:
    """Give a part of "members" as an Arrow stream, and where the next one begins (-1: nowhere)."""
    parts = {"members": members_part}
    after, part = parts[what](table, first)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)
    return after, bytes(sink.getvalue().to_pybytes())


def members_part(table: MemberTable, first: int) -> tuple[int, pa.Table]:
    """Give the listed members of some rows from `first` on, and the row after (-1 at the end).

    `attributes` is the text of a JSON object, null where a member has none.
    """
    last = min(first + ROWS_MAX, len(table))
    rows = first + np.flatnonzero(table.members.listed[first:last])
    part = with_decimals(member_columns(table, rows.astype(np.int64)))
    held = (table.attributes.get(row) for row in rows.tolist())
    texts = [msgspec.json.encode(one).decode() if one else None for one in held]
    part = part.append_column("attributes", pa.array(texts, pa.string()))
    return (last if last < len(table) else -1), part


def attributes_of(table: MemberTable, member: str) -> dict[str, Any]:
    """Give the attributes a member was enrolled or updated with."""
    row = table.row_of(member)
    return dict(table.attributes.get(row, {})) if row >= 0 else {}
