"""The files a replay writes: CSV with canonical bytes, and the same tables as Parquet beside."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rules.coupons.coupon_columns import COUPON_COLUMNS, coupon_columns
from rules.decoding.csv_lines import csv_bytes, decimals, instants
from rules.judging.results import REASONS, STATUSES, Outcome
from rules.ranks.official_order import NO_TIME_US
from rules.ranks.prizes import Award, prizes_csv
from rules.ranks.standings import BoardRows
from rules.ranks.standings_file import standings_csv
from rules.table.member_columns import member_columns, with_decimals
from rules.table.member_table import MemberTable

RESULT_COLUMNS: Final = ("event_id", "status", "points", "reason")


def write_standings(out: Path, rows: BoardRows) -> bytes:
    """Write one board's standings and return the CSV's bytes, which the hash is taken of."""
    written = standings_csv(rows)
    (out / f"standings-{rows.board}.csv").write_bytes(written)
    none = rows.tasks_completed_at_us == NO_TIME_US
    times = pa.array(rows.tasks_completed_at_us, pa.timestamp("us", "UTC"), mask=none)
    table = pa.table(
        {
            "rank": rows.rank,
            "member": rows.member,
            "score": rows.score,
            "tier": rows.tier,
            "tasks_completed_at": times,
            "active_days": rows.active_days,
        }
    )
    pq.write_table(table, out / f"standings-{rows.board}.parquet")
    return written


def write_prizes(out: Path, awards: Sequence[Award]) -> None:
    """Write who takes which prize, at what cost."""
    (out / "prizes.csv").write_bytes(prizes_csv(awards))
    money = pa.decimal128(18, 2)

    def yuan(fen: Sequence[int]) -> pa.Array:
        return decimals(np.array(fen, dtype=np.int64), 2).cast(money)

    table = pa.table(
        {
            "board": pa.array([award.board for award in awards], pa.string()),
            "place": pa.array([award.place for award in awards], pa.int64()),
            "rank": pa.array([award.rank for award in awards], pa.int64()),
            "member": pa.array([award.member for award in awards], pa.string()),
            "reward": pa.array([award.reward for award in awards], pa.string()),
            "unit_cost": yuan([award.unit_cost_fen for award in awards]),
            "tax": yuan([award.tax_fen for award in awards]),
        }
    )
    pq.write_table(table, out / "prizes.parquet")


def write_members(out: Path, tables: Sequence[MemberTable]) -> None:
    """Write every member with an applied event, over all shards, by member id's bytes."""
    parts = [member_columns(table) for table in tables]
    # Arrow sorts text by its UTF-8 bytes.
    joined = with_decimals(pa.concat_tables(parts).sort_by("member").combine_chunks())
    columns = [_as_text(joined.column(name).combine_chunks()) for name in joined.column_names]
    (out / "members.csv").write_bytes(csv_bytes(joined.column_names, columns))
    pq.write_table(joined, out / "members.parquet")


def _as_text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_decimal(column.type) else column


def write_coupons(out: Path, tables: Sequence[MemberTable]) -> None:
    """Write every coupon, over all shards, as it stands at the clock."""
    clock_us = max(table.clock_us for table in tables)
    table = coupon_columns(tables, clock_us)
    columns = [_coupon_text(table.column(name).combine_chunks()) for name in COUPON_COLUMNS]
    (out / "coupons.csv").write_bytes(csv_bytes(COUPON_COLUMNS, columns))
    pq.write_table(table, out / "coupons.parquet")


def _coupon_text(column: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(column.type):
        return _as_text(column)
    at_us = column.cast(pa.int64()).fill_null(NO_TIME_US).to_numpy()
    return instants(at_us, none_us=NO_TIME_US)


class ResultFiles:
    """Writes results.csv and results.parquet batch by batch, one row per input row."""

    SCHEMA: Final = pa.schema(
        [
            ("event_id", pa.string()),
            ("status", pa.string()),
            ("points", pa.int64()),
            ("reason", pa.string()),
        ]
    )

    def __init__(self, out: Path) -> None:
        self._csv = (out / "results.csv").open("wb")
        self._csv.write((",".join(RESULT_COLUMNS) + "\n").encode())
        self._parquet = pq.ParquetWriter(out / "results.parquet", self.SCHEMA)
        self._header_bytes = len(",".join(RESULT_COLUMNS)) + 1
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.settle()
        finally:
            self._thread.shutdown()
            self._csv.close()
            self._parquet.close()

    def write(self, event_ids: pa.Array, outcome: Outcome) -> None:
        """Append the answers of some events, string[n] and their outcome.

        They are written while the next are made; what fails is raised by the next call.
        """
        self.settle()
        self._writing = self._thread.submit(self._append, event_ids, outcome)

    def settle(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def _append(self, event_ids: pa.Array, outcome: Outcome) -> None:
        status = pa.array(STATUSES).take(pa.array(outcome.status))
        reason = pa.array(REASONS).take(pa.array(outcome.reason))
        columns = [event_ids, status, pa.array(outcome.points), reason]
        self._csv.write(csv_bytes(RESULT_COLUMNS, columns)[self._header_bytes :])
        self._parquet.write_table(pa.Table.from_arrays(columns, schema=self.SCHEMA))


def instant_text(at_us: int) -> str:
    """Write one instant as the output files do.

    >>> instant_text(0)
    '1970-01-01T00:00:00.000000Z'
    """
    text: str = instants(np.array([at_us], dtype=np.int64), none_us=NO_TIME_US)[0].as_py()
    return text


def decimal_text(value: int, places: int) -> str:
    """Write an integer of 10^-places with exactly that many decimals.

    >>> decimal_text(5, 2)
    '0.05'
    """
    text: str = decimals(np.array([value], dtype=np.int64), places)[0].as_py()
    return text
