"""Member export: a shard's members and what they hold, some rows at a time."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from actors.coupon_view import coupons_of
from rules.coupons.coupon_columns import coupon_columns
from rules.table.member_columns import member_columns, with_decimals
from rules.table.member_table import MemberTable

ROWS_MAX: Final = 100_000
"""Most rows of one part, so that a shard is never long away from its events."""


def exported(table: MemberTable, what: str, first: int) -> tuple[int, bytes]:
    """Give a part of "members" or "coupons" as an Arrow stream, and where the next one begins.

    -1 says that it was the last part.
    """
    parts = {"members": members_part, "coupons": coupons_part}
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


def coupons_part(table: MemberTable, _first: int) -> tuple[int, pa.Table]:
    """Give all coupons as they stand now; their order is no rows' order that parts could cut."""
    return -1, coupon_columns([table], table.clock_us)


def held_of(table: MemberTable, member: str) -> dict[str, Any] | None:
    """Give everything the table keeps of one member; None when it knows none of that id.

    `account` has every number kept of the member, by the name it has in the table.
    """
    row = table.row_of(member)
    if row < 0:
        return None
    members = table.members
    account = {name: _plain(getattr(members, name)[row]) for name in type(members).__annotations__}
    return {
        "attributes": dict(table.attributes.get(row, {})),
        "account": account,
        "coupons": coupons_of(table, member, table.clock_us) or [],
    }


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
