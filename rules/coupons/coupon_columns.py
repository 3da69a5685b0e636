"""Coupon columns: every coupon as it stands, as one table for files, exports and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.compiling.compiled import Rules
from rules.coupons.coupon_book import NO_INSTANT_US, STATES, USED
from rules.coupons.coupon_codes import write_codes
from rules.decoding.csv_lines import decimals
from rules.table.member_table import MemberTable

COUPON_COLUMNS: Final = (
    "code", "coupon", "member", "status", "issued_at", "expires_at", "used_at", "off",
)  # fmt: skip
STATUSES: Final = (*STATES, "expired")


def coupon_columns(tables: Sequence[MemberTable], clock_us: int) -> pa.Table:
    """Gather the coupons of all shards as they stand at an instant: COUPON_COLUMNS.

    By the instant of issue, then member, then code. Instants are µs UTC, off yuan; used_at and
    off are null for a coupon that isn't used.
    """
    joined = pa.concat_tables([_of_table(table, clock_us) for table in tables])
    order = [(name, "ascending") for name in ("issued_at", "member", "code")]
    return joined.sort_by(order).combine_chunks()


def _of_table(table: MemberTable, clock_us: int) -> pa.Table:
    book = table.coupon_book
    held = slice(0, book.size)
    instant = pa.timestamp("us", "UTC")
    unused = book.status[held] != USED
    off = decimals(book.off_fen[held], 2).cast(pa.decimal128(18, 2))
    templates = pa.array([coupon.id for coupon in table.rules.season.coupons], pa.string())
    columns = {
        "code": write_codes(book.code[held]),
        "coupon": templates.take(pa.array(book.template[held])),
        "member": pa.array(table.member_ids, pa.string()).take(pa.array(book.member[held])),
        "status": pa.array(book.status_as_of(clock_us), pa.string()),
        "issued_at": pa.array(book.issued_us[held], instant),
        "expires_at": pa.array(book.expires_us[held], instant),
        "used_at": pa.array(book.used_us[held], instant, mask=unused),
        "off": _masked(off, unused),
    }
    return pa.table({name: columns[name] for name in COUPON_COLUMNS})


def _masked(column: pa.Array, nulls: npt.NDArray[np.bool_]) -> pa.Array:
    places = np.where(nulls, -1, np.arange(len(column)))
    return column.take(pa.array(places, mask=nulls))


def coupon_counts(tables: Sequence[MemberTable], clock_us: int) -> dict[str, dict[str, int]]:
    """Count, by template: issued, claimed (whatever came of it), used, expired, void, off_fen."""
    if not tables:
        return {}
    names = [coupon.id for coupon in tables[0].rules.season.coupons]
    counts = np.zeros((len(names), 6), dtype=np.int64)
    for table in tables:
        book = table.coupon_book
        held = slice(0, book.size)
        stood = np.array(book.status_as_of(clock_us), dtype=object)
        for place, counted in enumerate(
            (
                np.ones(book.size, dtype=np.bool_),
                book.claimed_us[held] != NO_INSTANT_US,
                stood == "redeemed",
                stood == "expired",
                stood == "void",
            )
        ):
            counts[:, place] += np.bincount(book.template[held][counted], minlength=len(names))
        np.add.at(counts[:, 5], book.template[held], book.off_fen[held])
    words = ("issued", "claimed", "used", "expired", "void", "off_fen")
    return {
        name: dict(zip(words, row, strict=True))
        for name, row in zip(names, counts.tolist(), strict=True)
    }


def pool_uses(rules: Rules, tables: Sequence[MemberTable]) -> list[dict[str, Any]]:
    """Tell of every pool its id, measure, use so far (of the running period) and limit."""
    return [
        {
            "id": pool.id,
            "measure": pool.measure,
            "used": sum(int(table.pools.used[place]) for table in tables),
            "limit": pool.limit,
        }
        for place, pool in enumerate(rules.pool_rules.pools)
    ]
