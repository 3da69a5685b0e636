"""Price an order: tier discount first, then the coupon, then points, each on what is left."""

from dataclasses import dataclass
from typing import Any

from tests.oracle.conditions import Who, line_holds
from tests.oracle.offers import Template
from tests.oracle.plan import Plan
from tests.oracle.refusal import RefusedError


@dataclass
class Line:
    """Hold one line of an order and what is taken off it."""

    product: str
    amount_fen: int
    ml: int
    tier_fen: int = 0
    coupon_fen: int = 0
    points_fen: int = 0

    @property
    def left_fen(self) -> int:
        """Give what is left to pay."""
        return self.amount_fen - self.tier_fen - self.coupon_fen - self.points_fen


def money(fen: int) -> str:
    """Write fen as yuan."""
    return f"{fen // 100}.{fen % 100:02}"


@dataclass
class Bill:
    """Hold the lines of an order."""

    lines: list[Line]
    own_fen: int = 0  # what this event's coupon takes off

    @property
    def left_fen(self) -> int:
        """Sum what is left to pay."""
        return sum(line.left_fen for line in self.lines)

    def spread(self, lines: list[Line], off_fen: int, name: str) -> None:
        """Take an amount off lines in proportion to what is left, the rest fen by fen."""
        left = [line.left_fen for line in lines]
        whole = sum(left)
        if whole == 0:
            return
        rest = off_fen
        for line, share in zip(lines, left, strict=True):
            setattr(line, name, getattr(line, name) + off_fen * share // whole)
            rest -= off_fen * share // whole
        while rest:
            for line in lines:
                if rest and line.left_fen > 0:
                    setattr(line, name, getattr(line, name) + 1)
                    rest -= 1

    def detail(self, order: str) -> dict[str, Any]:
        """Write the bill as it is answered."""
        return {
            "order": order,
            "discount": money(sum(line.amount_fen for line in self.lines) - self.left_fen),
            "to_pay": money(self.left_fen),
            "lines": [
                {
                    "product": line.product,
                    "amount": money(line.amount_fen),
                    "tier": money(line.tier_fen),
                    "coupon": money(line.coupon_fen),
                    "points": money(line.points_fen),
                    "to_pay": money(line.left_fen),
                }
                for line in self.lines
            ],
        }


@dataclass
class Earlier:
    """Hold what earlier uses took off an order: by coupons, and paid with points."""

    coupon_fen: int = 0
    points_fen: int = 0


def bill_of(
    plan: Plan, fields: dict[str, Any], who: Who, template: Template | None, earlier: Earlier
) -> Bill:
    """Price the lines of an order under a tier, earlier uses, and a coupon, if any."""
    lines = [Line(*each) for each in fields["order_lines"]]
    bill = Bill(lines)
    eligible = []
    if template is not None:
        eligible = [
            line
            for line in lines
            if line_holds(template.where, plan, {**fields, "product": line.product}, who)
        ]
        spent_fen = sum(line.amount_fen for line in eligible)
        if not eligible or spent_fen < template.min_spend_fen:
            raise RefusedError("coupon_not_valid")
    has_coupon = template is not None or earlier.coupon_fen > 0
    if plan.offers.with_tier_discount or not has_coupon:
        for line in lines:
            line.tier_fen = tier_off_fen(plan, who, line)
    bill.spread(lines, min(earlier.coupon_fen, bill.left_fen), "coupon_fen")
    bill.spread(lines, min(earlier.points_fen, bill.left_fen), "points_fen")
    if template is not None:
        take_coupon_off(bill, eligible, template)
    return bill


def tier_off_fen(plan: Plan, who: Who, line: Line) -> int:
    """Give the discount of the member's tier on one line."""
    category, per_ml = plan.offers.discounts.get(who.tier, (None, 0))
    if category is None or plan.products.get(line.product, {}).get("category") != category:
        return 0
    return min(line.amount_fen, int(line.ml * per_ml))


def take_coupon_off(bill: Bill, eligible: list[Line], template: Template) -> None:
    """Take the coupon's discount off the lines that it is for."""
    if template.kind == "gift":
        wanted = [line for line in bill.lines if line.product == template.product]
        given = [line for line in wanted if line.left_fen][:1]
        bill.own_fen = sum(line.left_fen for line in given)
        bill.spread(given, bill.own_fen, "coupon_fen")
        return
    left_fen = sum(line.left_fen for line in eligible)
    off_fen = template.off_fen
    if template.kind == "percent":
        off_fen = int(left_fen * (1 - template.pay))
        if template.max_off_fen is not None:
            off_fen = min(off_fen, template.max_off_fen)
    bill.own_fen = min(off_fen, left_fen)
    bill.spread(eligible, bill.own_fen, "coupon_fen")
