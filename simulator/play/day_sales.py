"""Day sales: the fills of a simulated day, the shop lines beside them, their order lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.coupons.order_discount import Bill, money
from rules.decoding.order_lines import OrderLine
from simulator.people.keyed import Ints
from simulator.people.persons import Persons
from simulator.people.setting import Setting
from simulator.play.basket import ShopLines

Bools = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Sales:
    """Hold the fills of a day, one a visit, and the shop lines beside some of them.

    All arrays are [visits] but for shop's, which name their visit. Amounts are fen: gross before
    anything is taken off; paid what the purchase events say.
    """

    member: Ints
    visit: Ints
    at_us: Ints
    station: npt.NDArray[np.int32]
    by_card: Bools
    litres_ml: Ints
    gross_fen: Ints
    paid_fen: Ints
    discount_fen: Ints
    shop: ShopLines
    shop_paid_fen: Ints
    margin_parts: Ints

    def __len__(self) -> int:
        return len(self.member)

    def beside(self) -> dict[int, int]:
        """Map the places of visits with a shop line to that line's."""
        return dict(zip(self.shop.visit.tolist(), range(len(self.shop.visit)), strict=True))

    def full_price(self) -> Ints:
        """Add up what visits come to before anything is taken off, fen, int64[visits]."""
        fen = self.gross_fen.copy()
        fen[self.shop.visit] += self.shop.amount_fen
        return fen

    def take_off(self, place: int, shop: int | None, bill: Bill) -> None:
        """Write what a bill leaves to pay of a visit and of its shop line."""
        left = bill.left()
        self.paid_fen[place] = left[0]
        self.discount_fen[place] = bill.tier[0]
        if shop is not None:
            self.shop_paid_fen[shop] = left[1]

    def first_of_member(self, members: int) -> Bools:
        """Mark the first visit of each member that day, so that points are spent once."""
        places = np.arange(len(self), dtype=np.int64)
        first = np.zeros(members, dtype=np.int64)
        first[self.member[::-1]] = places[::-1]
        found: Bools = first[self.member] == places
        return found


class OrderWriter:
    """Writes the lines of a visit's order, before anything is taken off."""

    def __init__(self, setting: Setting, persons: Persons) -> None:
        self._fuels, self._shop = setting.fuels, setting.shop
        self._fuel = persons.members.fuel

    def lines(self, sales: Sales, place: int, shop: int | None) -> list[OrderLine]:
        """List the fuel line of a visit, and its shop line if it has one."""
        fuel = self._fuels[int(self._fuel[sales.member[place]])]
        lines = [OrderLine(fuel, int(sales.gross_fen[place]), int(sales.litres_ml[place]))]
        if shop is not None:
            article = self._shop[int(sales.shop.product[shop])]
            lines.append(OrderLine(article, int(sales.shop.amount_fen[shop])))
        return lines


def told_lines(lines: Sequence[OrderLine]) -> str:
    """Write an order's lines as canonical JSON, before anything is taken off."""
    told: list[dict[str, str]] = []
    for line in lines:
        one = {"amount": money(line.amount_fen), "product": line.product}
        if line.litres_ml:
            one["litres"] = f"{line.litres_ml // 1000}.{line.litres_ml % 1000:03d}"
        told.append(one)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
