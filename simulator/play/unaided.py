"""Unaided: the same members without any programme, on the same draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.people.keyed import Ints
from simulator.people.persons import Persons
from simulator.play.day_sales import Sales
from simulator.play.demand import Arrivals
from simulator.play.till import Till


@dataclass(slots=True)
class Bought:
    """What members buy, by member and by day: visits, litres, money and margin at full price.

    Arrays by member are int64[members], int32 for visits, by day int64[days]; margins in FEN_PARTS
    of a fen. Money is told by day alone.
    """

    visits: npt.NDArray[np.int32]
    litres_ml: Ints
    margin_parts: Ints
    day_visits: Ints
    day_litres_ml: Ints
    day_amount_fen: Ints
    day_margin_parts: Ints

    @classmethod
    def nothing(cls, members: int, days: int) -> Bought:
        """Begin with nothing bought."""
        visits = np.zeros(members, dtype=np.int32)
        by_member = [np.zeros(members, dtype=np.int64) for _ in range(2)]
        return cls(visits, *by_member, *(np.zeros(days, dtype=np.int64) for _ in range(4)))

    def add(self, nth: int, who: Ints, ml: Ints, fen: Ints, parts: Ints) -> None:
        """Count the visits of a day, int64[n] each; a member may stand several times."""
        np.add.at(self.visits, who, 1)
        np.add.at(self.litres_ml, who, ml)
        np.add.at(self.margin_parts, who, parts)
        self.day_visits[nth] += len(who)
        self.day_litres_ml[nth] += int(ml.sum())
        self.day_amount_fen[nth] += int(fen.sum())
        self.day_margin_parts[nth] += int(parts.sum())


class Unaided:
    """Plays the members who react to a programme as if there were none.

    Those who don't react buy the same in both arms, so their sales are counted, not drawn again.
    """

    def __init__(
        self, persons: Persons, till: Till, rows: Ints, visits: Arrivals, days: int
    ) -> None:
        self._persons = persons
        self._till = till
        self._rows = rows
        self.visits = visits
        self.bought = Bought.nothing(len(persons), days)

    def day(self, nth: int, day: int, exposure: float, price_index: float) -> None:
        """Play one day of those who react; day counts from 1970."""
        place, visit = self.visits.day(exposure)
        who = self._rows[place]
        members, till = self._persons.members, self._till
        ml, fen = till.basket.volumes(members, who, visit, price_index=price_index)
        fuel = members.fuel[who].astype(np.int64)
        drawn = members.station[who]
        if till.margins.by_station:
            drawn = till.basket.stations(members, who, visit)
        station = drawn.astype(np.int64)
        parts = till.margins.parts(fuel, station, day, ml, fen)
        shop = till.basket.shop_lines(who, visit)
        parts[shop.visit] += till.shop_margins(shop, station, day)
        fen[shop.visit] += shop.amount_fen
        self.bought.add(nth, who, ml, fen, parts)

    def same(self, nth: int, sales: Sales, unmoved: Ints) -> None:
        """Count the sales, int64[k] places, of members who don't react."""
        self.bought.add(
            nth, sales.member[unmoved], sales.litres_ml[unmoved], sales.full_price()[unmoved],
            sales.margin_parts[unmoved],
        )  # fmt: skip
