"""Coupon columns: every coupon as it stands at an instant, as one table for files and exports."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.coupon_book import NO_INSTANT_US, USED
from rules.coupon_codes import write_code
from rules.csv_lines import decimals
from rules.member_table import MemberTable


def coupon_columns(table: MemberTable, coupons: npt.NDArray[np.int64], clock_us: int) -> pa.Table:
    """Describe coupons by their rows, int64[k]; `off` is null until one is used."""
    book, season = table.coupon_book, table.rules.season
    templates = pa.array([one.id for one in season.coupons], pa.string())
    used = book.status[coupons] == USED
    off = decimals(book.off_fen[coupons], 2).cast(pa.decimal128(18, 2)).to_pylist()
    return pa.table(
        {
            "code": pa.array([write_code(one) for one in book.code[coupons].tolist()], pa.string()),
            "coupon": templates.take(pa.array(book.template[coupons])),
            "member": pa.array(table.member_ids, pa.string()).take(pa.array(book.member[coupons])),
            "status": pa.array(book.statuses(coupons, clock_us), pa.string()),
            "issued_at": _instants(book.issued_us[coupons]),
            "expires_at": _instants(book.expires_us[coupons]),
            "used_at": _instants(np.where(used, book.used_us[coupons], NO_INSTANT_US)),
            "off": pa.array(off, pa.decimal128(18, 2), mask=~used),
        }
    )


def _instants(at_us: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(at_us, pa.timestamp("us", "UTC"), mask=at_us == NO_INSTANT_US)
