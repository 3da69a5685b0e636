"""What an order costs: tier discount, then one coupon, then points, to the fen.

Every step takes from what the step before left. A sum is spread over lines in proportion to
what is left of them, rounded down, and the fen that rounding leaves go to the lines one each,
from the first on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rules.decoding.order_lines import OrderLine
from rules.season.season_models import Checkout, Coupon
from rules.season.tier_models import Discount


def spread(total_fen: int, room_fen: Sequence[int]) -> list[int]:
    """Spread a sum over lines, never more than each has room for.

    >>> spread(10, [5, 0, 25]), spread(99, [1, 2])
    ([2, 0, 8], [1, 2])
    """
    whole_fen = sum(room_fen)
    if total_fen >= whole_fen:
        return list(room_fen)
    shares = [total_fen * room // whole_fen for room in room_fen]
    rest = total_fen - sum(shares)
    for place, room in enumerate(room_fen):
        if rest and shares[place] < room:
            shares[place] += 1
            rest -= 1
    return shares


def _share(share: Fraction, whole: int) -> int:
    """Take a share of a whole, rounded down, without the greatest common divisor of a product."""
    return whole * share.numerator // share.denominator


@dataclass(slots=True)
class Bill:
    """An order's lines and what each step takes off them, fen by line.

    earlier is what coupons took off the order before; what points paid before is in points.
    """

    lines: Sequence[OrderLine]
    tier: list[int] = field(init=False)
    earlier: list[int] = field(init=False)
    coupon: list[int] = field(init=False)
    points: list[int] = field(init=False)

    def __post_init__(self) -> None:
        nothing = [0] * len(self.lines)
        self.tier, self.earlier = nothing, nothing.copy()
        self.coupon, self.points = nothing.copy(), nothing.copy()

    def left(self) -> list[int]:
        """Tell what is left to pay of each line, fen."""
        steps = zip(self.lines, self.tier, self.earlier, self.coupon, self.points, strict=True)
        return [
            line.amount_fen - tier - earlier - coupon - points
            for line, tier, earlier, coupon, points in steps
        ]

    @property
    def off_fen(self) -> int:
        """Add up everything that is taken off."""
        return sum(self.tier) + sum(self.earlier) + sum(self.coupon) + sum(self.points)


def take_tier_discount(
    bill: Bill, discount: Discount | None, categories: Mapping[str, str]
) -> None:
    """Take a level's price per litre off the lines of its category, at most the line."""
    if discount is None:
        return
    for place, line in enumerate(bill.lines):
        if categories.get(line.product) == discount.category:
            off_fen = _share(discount.per_litre_fen, line.litres_ml) // 1000
            bill.tier[place] = min(line.amount_fen, off_fen)


def take_coupon(bill: Bill, coupon: Coupon, eligible: Sequence[bool]) -> int:
    """Take a coupon off the eligible lines (a gift: off its own product); returns the fen."""
    if coupon.kind == "gift":
        return _take_gift(bill, coupon)
    left = [
        one if is_eligible else 0 for one, is_eligible in zip(bill.left(), eligible, strict=True)
    ]
    room_fen = sum(left)
    if coupon.kind == "amount_off":
        assert coupon.off_fen is not None
        off_fen = min(coupon.off_fen, room_fen)
    else:
        assert coupon.pay is not None
        off_fen = _share(1 - coupon.pay, room_fen)
        if coupon.max_off_fen is not None:
            off_fen = min(off_fen, coupon.max_off_fen)
    bill.coupon = spread(off_fen, left)
    return off_fen


def _take_gift(bill: Bill, coupon: Coupon) -> int:
    """Free the first line of the gift's product that has anything left to pay."""
    for place, (line, left_fen) in enumerate(zip(bill.lines, bill.left(), strict=True)):
        if line.product == coupon.product and left_fen:
            bill.coupon[place] = left_fen
            return left_fen
    return 0


def fen_of_points(checkout: Checkout, points: int) -> int:
    """Tell what points pay at the till, rounded down."""
    return points * checkout.amount_fen // checkout.points


def share_fen(bill: Bill, checkout: Checkout, paid_fen: int) -> int:
    """Tell how much points may still pay, when they have paid paid_fen of the order before.

    max_share is of what the tier discount and coupons leave.
    """
    whole_fen = sum(bill.left()) + paid_fen
    return max(0, _share(checkout.max_share, whole_fen) - paid_fen)


def most_points(bill: Bill, checkout: Checkout, active: int, paid_fen: int) -> int:
    """Find the most points an order may be paid with: by balance, by share, in whole steps."""
    room_fen = share_fen(bill, checkout, paid_fen)
    # The greatest count whose value, rounded down, is within the room.
    by_share = ((room_fen + 1) * checkout.points - 1) // checkout.amount_fen
    return max(0, min(active, by_share) // checkout.step * checkout.step)


def take_points(bill: Bill, fen: int) -> None:
    """Take what points pay off all lines, besides what they have paid before."""
    paid = zip(bill.points, spread(fen, bill.left()), strict=True)
    bill.points = [before + now for before, now in paid]


def money(fen: int) -> str:
    """Write fen as yuan with two decimals.

    >>> money(1352), money(5)
    ('13.52', '0.05')
    """
    return f"{fen // 100}.{fen % 100:02d}"


def told(bill: Bill) -> dict[str, Any]:
    """Write a bill for its answer: what is taken off, what is to pay, and each line's parts."""
    left = bill.left()
    return {
        "discount": money(bill.off_fen),
        "to_pay": money(sum(left)),
        "lines": [
            {
                "product": line.product,
                "amount": money(line.amount_fen),
                "tier": money(bill.tier[place]),
                "coupon": money(bill.coupon[place] + bill.earlier[place]),
                "points": money(bill.points[place]),
                "to_pay": money(left[place]),
            }
            for place, line in enumerate(bill.lines)
        ],
    }
