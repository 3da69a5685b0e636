"""Agent till: what agents buy and how it is rung up, quoted by the functions that will judge it.

A till asks for a quote before it is paid, so it reads the table as the day began, as the tills of
the population do. It tells an agent only what it would tell any member: what an order costs with
the member's own level and coupons.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from rules.coupons.coupon_book import CLAIMED, ISSUED, USED
from rules.coupons.coupon_codes import write_code
from rules.coupons.coupon_terms import (
    CouponRefused,
    Visit,
    check_usable,
    open_bill,
    price,
    standing_at,
)
from rules.coupons.order_discount import Bill
from rules.decoding.order_lines import Order, OrderLine
from rules.table.member_table import MemberTable
from simulator.people.setting import Setting
from simulator.play.day_sales import told_lines

Row = dict[str, Any]
"""One event: fields of rules.event_columns.COLUMNS, absent ones left out."""
FEN: Final = 100
SECOND_US: Final = 1_000_000
_NO_ORDER_HASH: Final = 1


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order of fuel comes to: what is paid, what the tier and a coupon take off."""

    lines: tuple[OrderLine, ...]
    paid_fen: int
    tier_fen: int
    coupon_fen: int


class AgentTill:
    """Rings up agents' purchases on a table; one fuel, the first that the season sells."""

    def __init__(self, table: MemberTable, setting: Setting) -> None:
        self.table, self.rules = table, table.rules
        self.stations = setting.stations
        self.fuel = setting.fuels[0]
        self._usual_fen = setting.prices[0] * FEN
        self.litre_fen = round(self._usual_fen)
        self.tier_fen: dict[tuple[str, str], int] = defaultdict(int)
        """What levels took off, by account and level, over the run."""
        self._rows: dict[str, int] = {}
        self._numbers: dict[str, int] = defaultdict(int)
        self._nth = 0
        self._used: set[int] = set()

    def begin(self, nth: int, price_index: float) -> None:
        """Open on the run's day nth."""
        self.litre_fen = round(self._usual_fen * price_index)
        self._nth = nth
        self._numbers.clear()
        self._used.clear()

    def event(self, kind: str, account: str, at_us: int, **fields: Any) -> Row:
        """Make one event of an account, with an id of its own."""
        self._numbers[account] += 1
        event_id = f"{account}-d{self._nth}-{self._numbers[account]}"
        return {"event_id": event_id, "type": kind, "member": account, "at_us": at_us, **fields}

    def order_id(self, account: str) -> str:
        """Number an order of an account."""
        self._numbers[f"{account} orders"] += 1
        return f"{account}-d{self._nth}-o{self._numbers[f'{account} orders']}"

    def gross_fen(self, litres_ml: int) -> int:
        """Give the price of fuel before anything is taken off."""
        return litres_ml * self.litre_fen // 1000

    def litres_for(self, gross_fen: int) -> int:
        """Give the least fuel that costs so much, in ml, to the pump's hundredth of a litre."""
        return -(-gross_fen * 1000 // (self.litre_fen * 10)) * 10

    def row_of(self, account: str) -> int:
        """Find an account's row in the table, or -1 before it is known."""
        row = self._rows.get(account, -1)
        if row < 0:
            row = self._rows[account] = self.table.row_of(account)
        return row

    def level(self, account: str) -> str:
        """Tell an account's level, as its app shows it."""
        row = self.row_of(account)
        return self.rules.levels[int(self.table.members.level[row]) if row >= 0 else 0]

    def points(self, account: str) -> int:
        """Tell the points an account can spend."""
        row = self.row_of(account)
        return int(self.table.members.active[row]) if row >= 0 else 0

    def coupons(self, account: str, at_us: int) -> list[int]:
        """List the coupons an account can use and hasn't used today, the first to expire first."""
        row = self.row_of(account)
        if row < 0:
            return []
        book = self.table.coupon_book
        held = [
            one
            for one in book.of_member(row)
            if one not in self._used and standing_at(self.table, one, at_us) in (ISSUED, CLAIMED)
        ]
        return sorted(held, key=lambda one: (int(book.expires_us[one]), int(book.code[one])))

    def spent_coupons(self, account: str) -> list[int]:
        """List the coupons an account has used."""
        row, book = self.row_of(account), self.table.coupon_book
        return [one for one in book.of_member(row) if book.status[one] == USED] if row >= 0 else []

    def code(self, coupon: int) -> str:
        """Give the code of a coupon."""
        return write_code(int(self.table.coupon_book.code[coupon]))

    def quote(self, account: str, litres_ml: int, at_us: int, coupon: int | None = None) -> Quote:
        """Price an order of fuel, with a coupon where one is given and good for it."""
        lines: tuple[OrderLine, ...] = (OrderLine(self.fuel, self.gross_fen(litres_ml), litres_ml),)
        row = self.row_of(account)
        if row < 0:
            return Quote(lines, lines[0].amount_fen, 0, 0)
        if coupon is not None:
            template = self.rules.season.coupons[self.table.coupon_book.template[coupon]]
            with_gift = lines
            if template.kind == "gift" and template.product is not None:
                gift = OrderLine(template.product, max(template.unit_cost_fen, 1))
                with_gift = (*lines, gift)
            try:
                visit = self._visit(row, with_gift, at_us)
                check_usable(self.table, visit, coupon)
                bill, off_fen = price(
                    self.table, visit, int(self.table.coupon_book.template[coupon])
                )
                if off_fen:
                    return _quote(with_gift, bill, off_fen)
            except CouponRefused:
                pass
        return _quote(
            lines, open_bill(self.table, self._visit(row, lines, at_us), with_coupon=False)
        )

    def best_coupon(self, account: str, litres_ml: int, at_us: int) -> int | None:
        """Choose the coupon that takes most off an order; None where none does."""
        found = [
            (self.quote(account, litres_ml, at_us, one).coupon_fen, -place, one)
            for place, one in enumerate(self.coupons(account, at_us))
        ]
        good = max(found, default=(0, 0, -1))
        return good[2] if good[0] else None

    def buy(
        self, account: str, litres_ml: int, at_us: int, coupon: int | None = None,
        **fields: Any,
    ) -> list[Row]:  # fmt: skip
        """Ring up one order of fuel: the coupon's use, if it is good for it, and the purchase."""
        found = self.quote(account, litres_ml, at_us, coupon)
        order = self.order_id(account)
        station = self.stations[0]
        rows = []
        if found.coupon_fen and coupon is not None:
            self._used.add(coupon)
            rows.append(self.event(
                "use", account, at_us, station=station, order=order, coupon=self.code(coupon),
                lines=told_lines(found.lines),
            ))  # fmt: skip
        self.tier_fen[account, self.level(account)] += found.tier_fen
        rows.append(self.event(
            "purchase", account, at_us, station=station, order=order, product=self.fuel,
            litres_ml=litres_ml, amount_fen=found.paid_fen, **fields,
        ))  # fmt: skip
        return rows

    def hold_back(self, coupon: int) -> None:
        """Leave a coupon to what was asked for it today."""
        self._used.add(coupon)

    def _visit(self, row: int, lines: tuple[OrderLine, ...], at_us: int) -> Visit:
        return Visit(row, Order("", lines, at_us, self.stations[0], ""), _NO_ORDER_HASH)


def _quote(lines: tuple[OrderLine, ...], bill: Bill, off_fen: int = 0) -> Quote:
    return Quote(lines, bill.left()[0], sum(bill.tier), off_fen)
