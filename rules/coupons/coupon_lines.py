"""Coupon lines: the order lines of every coupon use, before and after what was taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rules.table.columns import Columns

if TYPE_CHECKING:
    from rules.coupons.coupon_terms import Visit
    from rules.coupons.order_discount import Bill
    from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]


class CouponLines(Columns):
    """One row an order line; product and station are numbers of the table's tallies.

    A coupon that a refund gave back may be used again: the lines of its last use are those
    whose used_us is the coupon's own.
    """

    coupon: npt.NDArray[np.int32]  # its row in the coupon book
    used_us: Int64s
    product: npt.NDArray[np.int32]
    station: npt.NDArray[np.int32]
    ml: Int64s
    before_fen: Int64s  # the line's amount before anything was taken off
    off_fen: Int64s  # by this coupon
    to_pay_fen: Int64s

    def __init__(self) -> None:
        numbers = ("coupon", "product", "station")
        amounts = ("used_us", "ml", "before_fen", "off_fen", "to_pay_fen")
        super().__init__(
            dict.fromkeys(numbers, (np.int32, None)) | dict.fromkeys(amounts, (np.int64, None))
        )

    def note(self, table: MemberTable, coupon: int, visit: Visit, bill: Bill) -> None:
        """Keep the lines of one use."""
        station = table.tallies.stations.number(visit.order.station)
        first = self.extend(len(bill.lines))
        for row, (line, to_pay_fen) in enumerate(
            zip(bill.lines, bill.left(), strict=True), start=first
        ):
            self.coupon[row] = coupon
            self.used_us[row] = visit.order.at_us
            self.product[row] = table.tallies.products.number(line.product)
            self.station[row] = station
            self.ml[row] = line.litres_ml
            self.before_fen[row] = line.amount_fen
            self.off_fen[row] = bill.coupon[row - first]
            self.to_pay_fen[row] = to_pay_fen

    def standing(self, table: MemberTable) -> Int64s:
        """List the rows of uses that stand, int64[k]."""
        book, held = table.coupon_book, slice(0, self.size)
        stands = book.used_us[self.coupon[held]] == self.used_us[held]
        return np.flatnonzero(stands)
