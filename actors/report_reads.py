"""Report reads: what one table has for a report, and offers to one member."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from rules.coupons.offers import offers_to
from rules.reporting.report_query import Query
from rules.reporting.reports import gather
from rules.table.member_table import MemberTable


def report_part(table: MemberTable, query: Query) -> dict[str, bytes]:
    """Gather a report's tables, each as an Arrow stream."""
    return {name: _stream(part) for name, part in gather(table, query).items()}


def _stream(part: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)
    return bytes(sink.getvalue().to_pybytes())


def read_part(streams: dict[str, bytes]) -> dict[str, pa.Table]:
    """Read what report_part() wrote."""
    return {name: pa.ipc.open_stream(stream).read_all() for name, stream in streams.items()}


def offers_of(table: MemberTable, member: str, now_us: int) -> list[dict[str, Any]] | None:
    """Rank the coupons of the file for a member, best first; None when there is no such member."""
    row = table.row_of(member)
    if row < 0 or not table.members.listed[row]:
        return None
    return [offer.told() for offer in offers_to(table, row, now_us)]
