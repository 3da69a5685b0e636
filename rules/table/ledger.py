"""The identities a shard has accepted, and what is left of each sale.

An identity is (member, event_id). Its key mixes the member's row into the two hash lanes
of the event id, so one map holds all members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.table.columns import Columns
from rules.table.identity_map import IdentityMap
from rules.table.narrow import NarrowColumn
from rules.table.storage import MEMORY, Memory
from rules.table.tallies import DAYS_BEFORE_EPOCH, WORD_BITS

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

_ROW_A = np.uint64(0x9E3779B97F4A7C15)
_ROW_B = np.uint64(0xC2B2AE3D27D4EB4F)


def identity_keys(rows: Int64s, hash_a: UInt64s, hash_b: UInt64s) -> tuple[UInt64s, UInt64s]:
    """Mix member rows, int64[n], into event-id hashes, uint64[n] each."""
    row = rows.astype(np.uint64) + np.uint64(1)
    return hash_a ^ (row * _ROW_A), hash_b ^ (row * _ROW_B)


class Identities(Columns):
    """One row per accepted event: what it was and what it was first answered."""

    fingerprint: UInt64s
    at_us: Int64s
    points: NarrowColumn
    sale: npt.NDArray[np.int32]  # row in Sales, or -1

    settled = frozenset({"fingerprint", "at_us", "points", "sale"})

    def __init__(self, storage: Memory = MEMORY) -> None:
        super().__init__(
            {
                "fingerprint": (np.uint64, None),
                "at_us": (np.int64, None),
                "points": (np.int64, None),
                "sale": (np.int32, None),
            },
            {"points": np.int16},
            storage,
        )


class Sales(Columns):
    """One row per purchase or top-up: credited points, original and remaining quantities."""

    base: NarrowColumn
    bonus: NarrowColumn
    # A line's most fits 32 bits; see LITRES_ML_MAX and AMOUNT_FEN_MAX.
    first_ml: npt.NDArray[np.int32]
    first_fen: npt.NDArray[np.int32]
    left_ml: npt.NDArray[np.int32]
    left_fen: npt.NDArray[np.int32]
    earning_bits: NarrowColumn  # the earning rules that matched, tier and all
    factor_bits: NarrowColumn  # the multipliers that matched
    day: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]  # the member's, as of the event
    product: NarrowColumn  # product and station are numbers of the table's tallies
    station: NarrowColumn
    season: NarrowColumn  # the season it may score in; see MemberTable.season_number
    version: NarrowColumn  # of the rules it was judged by; see past_rules
    visit: npt.NDArray[np.bool_]  # a purchase whose visit still counts
    purchase: npt.NDArray[np.bool_]
    fuel: npt.NDArray[np.bool_]
    in_season: npt.NDArray[np.bool_]
    scored: npt.NDArray[np.bool_]

    # Refunds take from what is left, and a season that is over lets go of its sales.
    settled = frozenset(
        {
            "first_ml", "first_fen", "earning_bits", "factor_bits", "day", "row", "product",
            "station", "season", "version", "purchase", "fuel",
        }
    )  # fmt: skip

    def __init__(self, storage: Memory = MEMORY) -> None:
        numbers = ("base", "bonus", "product", "station", "season", "version")
        quantities = ("first_ml", "first_fen", "left_ml", "left_fen")
        bits = ("earning_bits", "factor_bits")
        flags = ("visit", "purchase", "fuel", "in_season", "scored")
        super().__init__(
            dict.fromkeys(numbers, (np.int64, None))
            | dict.fromkeys(bits, (np.uint64, None))
            | dict.fromkeys((*quantities, "day", "row"), (np.int32, None))
            | dict.fromkeys(flags, (np.bool_, None)),
            dict.fromkeys(numbers[:2], np.int16)
            | dict.fromkeys(numbers[2:], np.int8)
            | dict.fromkeys(bits, np.uint8),
            storage,
        )

    def cells(self, sale: npt.NDArray[Any]) -> Int64s:
        """Number the cells of the tallies that some sales belong to, int64[n]."""
        day = self.day[sale].astype(np.int64)
        base = (day + DAYS_BEFORE_EPOCH) << 1 | ~self.purchase[sale]
        cell: Int64s = (base << WORD_BITS | self.product[sale]) << WORD_BITS | self.station[sale]
        return cell


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """A refund that arrived before its purchase; quantity is fen or ml as named says.

    row is that of the id it was sent under, which a merge may have made another's; at_us is its
    own time, µs UTC, by which a coupon of the order is still good or not.
    """

    event_id: str
    named: int
    quantity: int
    row: int
    at_us: int


class Ledger:
    """Identities with their map, sales, and refunds waiting for their purchase."""

    def __init__(self, storage: Memory = MEMORY) -> None:
        self.map = IdentityMap(storage)
        self.identities = Identities(storage)
        self.sales = Sales(storage)
        self.waiting: dict[tuple[int, int, int], list[WaitingRefund]] = {}
        # What an event answered besides its points, by its row in identities.
        self.details: dict[int, dict[str, Any]] = {}

    def record(self, keys: tuple[UInt64s, UInt64s], columns: Mapping[str, Any], count: int) -> int:
        """Accept count new identities and return the row of the first.

        columns give the Identities fields.
        """
        first = self.identities.extend(count)
        for name, values in columns.items():
            getattr(self.identities, name)[first : first + count] = values
        self.map.insert(keys[0], keys[1], np.arange(first, first + count, dtype=np.int32))
        return first

    def record_sales(
        self, columns: Mapping[str, Any], most: Mapping[str, int], count: int
    ) -> npt.NDArray[np.int32]:
        """Keep count new sales and return their rows, int32[count].

        most says how great the numbers of some columns may be, where the caller knows.
        """
        first = self.sales.extend(count)
        new = slice(first, first + count)
        for name, values in columns.items():
            column = getattr(self.sales, name)
            if name in most:
                column.put(new, values, most[name])
            else:
                column[new] = values
        return np.arange(first, first + count, dtype=np.int32)

    def wait(self, row: int, key: tuple[int, int], refund: WaitingRefund) -> None:
        """Keep a refund until the purchase it names arrives."""
        self.waiting.setdefault((row, *key), []).append(refund)
