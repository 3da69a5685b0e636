"""Report files: every report of a replay, each by every way, as CSV and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rules.ranks.prizes import Award
from rules.reporting.budget_reports import of_awards, report_prizes
from rules.reporting.report_query import NAMES, Query, read_query
from rules.reporting.report_tables import added, csv_of
from rules.reporting.reports import gather, report_of
from rules.table.member_table import MemberTable


def write_reports(out: Path, tables: Sequence[MemberTable], awards: Sequence[Award]) -> list[str]:
    """Write all reports into the folder `reports` and return their names.

    NAME.csv goes by the report's first way, NAME-BY.csv by each other one.
    """
    folder = out / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, ways in NAMES.items():
        for by in ways:
            stem = name if by == ways[0] else f"{name}-{by}"
            _write(folder / stem, _report(tables, read_query(name, by=by), awards))
            written.append(stem)
    return written


def _report(tables: Sequence[MemberTable], query: Query, awards: Sequence[Award]) -> pa.Table:
    if query.name != "prizes":
        return report_of(tables, query)
    parts = [gather(table, query) for table in tables]
    if not any(part["prizes"].num_rows for part in parts):
        # Nobody was told of a prize: no event came after the final instant.
        parts = [of_awards(awards)]
    return report_prizes(added(parts), tables[0].rules, query)


def _write(path: Path, table: pa.Table) -> None:
    path.with_name(f"{path.name}.csv").write_bytes(csv_of(table))
    pq.write_table(table, path.with_name(f"{path.name}.parquet"))
