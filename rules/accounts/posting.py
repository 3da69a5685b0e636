"""Postings as rows: what a reader of one member's journal goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.accounts.journal_part import postings
from rules.judging.merging import merged_away
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of a member's points; fields are those of rules.journal_part.POSTINGS."""

    member: str
    kind: str
    rule: str | None
    points: int
    score: int
    day: int | None
    event_id: str | None
    type: str | None
    at_us: int
    stamp_us: int
    station: str | None
    product: str | None
    litres_ml: int | None
    amount_fen: int | None
    pay: str | None
    order: str | None
    ref: str | None
    coupon: str | None
    item: str | None
    tier: str | None
    member_kind: str | None
    attribute_bits: int | None
    segment_bits: int | None
    earning_bits: int | None
    factor_bits: int | None
    rules_hash: str

    @property
    def is_sale(self) -> bool:
        """Tell whether this is the base posting of a purchase or top-up."""
        return self.kind == "base"

    @property
    def takes_back_a_sale(self) -> bool:
        """Tell whether this is what a refund took from a sale, apart from goals."""
        return self.kind == "reversed" and self.type == "refund" and self.rule is None


def rows_of(table: MemberTable, member: str) -> list[int]:
    """List the rows whose postings are a member's: their own and those merged into it."""
    row = table.row_of(member)
    return [] if row < 0 else [row, *merged_away(table, row).tolist()]


def read(parts: Sequence[pa.Table]) -> list[Posting]:
    """Read tables of schema POSTINGS, each in order, into one list by stamp."""
    rows: list[dict[str, Any]] = [row for part in parts for row in part.to_pylist()]
    found = [Posting(**row) for row in rows]
    # One record's postings are in order; those of records merged since are laid in by stamp.
    return sorted(found, key=lambda one: (one.stamp_us, one.member))


def journalled(table: MemberTable, member: str) -> list[Posting]:
    """Read a member's postings from the table's own journal."""
    assert table.journal is not None
    rows = np.array(rows_of(table, member), dtype=np.int64)
    return read([postings(table.journal.parts, table.member_ids, rows)])


def instant_text(at_us: int) -> str:
    """Write an instant as RFC 3339, UTC.

    >>> instant_text(1)
    '1970-01-01T00:00:00.000001Z'
    """
    at = EPOCH + timedelta(microseconds=at_us)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def litres_text(volume_ml: int) -> str:
    """Write a volume in litres with three decimals.

    >>> litres_text(-1500)
    '-1.500'
    """
    sign = "-" if volume_ml < 0 else ""
    return f"{sign}{abs(volume_ml) // 1000}.{abs(volume_ml) % 1000:03d}"


def money_text(amount_fen: int) -> str:
    """Write money with two decimals.

    >>> money_text(-5)
    '-0.05'
    """
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"
