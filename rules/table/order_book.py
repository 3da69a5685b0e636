"""Orders: the points each was paid with, and whether any of its purchases is still kept.

Only orders that need it have a row: those paid with points, and, where coupons come back
after a refund, those whose purchases name an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.columns import Columns
from rules.table.identity_map import IdentityMap

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

_ROW: Final = np.uint64(0xA0761D6478BD642F)
_ORDER: Final = np.uint64(0xE7037ED1A0B428DB)


class OrderedSales(Columns):
    """One row a purchase that names an order, ascending by sale."""

    sale: npt.NDArray[np.int32]  # row in Sales
    order: npt.NDArray[np.int32]  # row in OrderBook

    def __init__(self) -> None:
        super().__init__({"sale": (np.int32, None), "order": (np.int32, None)})


class OrderBook(Columns):
    """One row a (member, order)."""

    member: npt.NDArray[np.int32]
    order: UInt64s  # hash of the order's id
    points_fen: Int64s  # what points have paid of it
    open: npt.NDArray[np.int32]  # its purchases of which something is left

    def __init__(self) -> None:
        super().__init__(
            {
                "member": (np.int32, None),
                "order": (np.uint64, None),
                "points_fen": (np.int64, None),
                "open": (np.int32, None),
            }
        )
        self.sales = OrderedSales()
        self._map = IdentityMap()

    def points_paid_fen(self, row: int, order: int) -> int:
        """Tell what points have paid of a member's order so far."""
        found = self._map.find_one(order ^ (row + 1) * int(_ROW), order * int(_ORDER))
        return 0 if found < 0 else int(self.points_fen[found])

    def pay_with_points(self, rows: Int64s, orders: UInt64s, fen: Int64s) -> None:
        """Note what points have paid of an order each of distinct members, [n] each."""
        found = self._find_or_add(rows, orders)
        self.points_fen[found] += fen

    def open_sales(self, rows: Int64s, orders: UInt64s, sale: npt.NDArray[np.int32]) -> None:
        """Note purchases of distinct members with something to refund, [k] each, by sale."""
        if not len(sale):
            return
        found = self._find_or_add(rows, orders)
        first = self.sales.extend(len(sale))
        self.sales.sale[first : first + len(sale)] = sale
        self.sales.order[first : first + len(sale)] = found
        self.open[found] += 1

    def close_sales(self, sale: npt.NDArray[np.int32]) -> Int64s:
        """Note purchases of which nothing is left; returns the orders that lost their last one.

        The sales are of distinct members. O(log n) each.
        """
        known = self.sales.sale[: self.sales.size]
        place = np.searchsorted(known, sale)
        inside = place < len(known)
        place, sale = place[inside], sale[inside]
        found = self.sales.order[place[known[place] == sale]].astype(np.int64)
        self.open[found] -= 1
        emptied: Int64s = found[self.open[found] == 0]
        return emptied

    def move(self, row_from: int, row_to: int) -> None:
        """Hand a member's orders over to another member; O(all orders)."""
        mine = np.flatnonzero(self.member[: self.size] == row_from)
        if not len(mine):
            return
        found = self._find_or_add(np.full(len(mine), row_to), self.order[mine])
        self.points_fen[found] += self.points_fen[mine]
        self.open[found] += self.open[mine]
        self.points_fen[mine], self.open[mine] = 0, 0
        place_of = np.arange(self.size, dtype=np.int32)
        place_of[mine] = found
        held = slice(0, self.sales.size)
        self.sales.order[held] = place_of[self.sales.order[held]]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the orders and their purchases."""
        sales = {f"sales.{name}": column for name, column in self.sales.state().items()}
        return super().state() | sales

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty book from state()."""
        super().restore(state)
        self.sales.restore({name: state[f"sales.{name}"] for name in self.sales.fields})
        held = slice(0, self.size)
        keys = _keys(self.member[held].astype(np.int64), self.order[held])
        self._map.insert(*keys, np.arange(self.size, dtype=np.int32))

    def _find(self, rows: Int64s, orders: UInt64s) -> Int64s:
        return self._map.find(*_keys(rows, orders)).astype(np.int64)

    def _find_or_add(self, rows: Int64s, orders: UInt64s) -> Int64s:
        """Find the rows of distinct (member, order) pairs, int64[k], adding the new ones."""
        found = self._find(rows, orders)
        new = np.flatnonzero(found < 0)
        if len(new):
            first = self.extend(len(new))
            made = np.arange(first, first + len(new), dtype=np.int64)
            self.member[made], self.order[made] = rows[new], orders[new]
            self._map.insert(*_keys(rows[new], orders[new]), made.astype(np.int32))
            found[new] = made
        return found


def _keys(rows: Int64s, orders: UInt64s) -> tuple[UInt64s, UInt64s]:
    mixed = orders ^ ((rows.astype(np.uint64) + np.uint64(1)) * _ROW)
    return mixed, orders * _ORDER
