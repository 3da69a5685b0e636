"""Seen: what a running season has shown of each member, gathered as its events are applied."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.compiling.compiled import TYPE_CODES
from rules.coupons.order_discount import fen_of_points
from rules.decoding.event_columns import text_of
from rules.judging.coding import PURCHASE, TOP_UP, Events
from rules.judging.results import APPLIED, LIMIT_REACHED, Outcome
from rules.table.member_table import MemberTable
from rules.table.tallies import Cells
from simulator.people.keyed import Ints
from simulator.people.setting import Setting
from simulator.play.tier_discounts import TierDiscounts

NEVER_US: Final = np.iinfo(np.int64).max
USE: Final = TYPE_CODES["use"]
TASKS: Final = ("check_in", "browse", "share", "survey", "review")
_IS_TASK: Final = np.zeros(len(TYPE_CODES), dtype=np.bool_)
_IS_TASK[[TYPE_CODES[name] for name in TASKS]] = True
_START: Final = {"first_us": NEVER_US, "first_visit_us": NEVER_US}


class Seen:
    """One entry a row of the table; instants are µs UTC, NEVER_US or 0 where there is none.

    A visit is a fill; fills of one member at one instant are one. Fuels and stations are those
    of a setting. checkout_fen is what points paid at tills, discount_fen what tiers took off, as
    a till quotes it: by the level before the batch at hand.
    """

    first_us: Ints
    first_visit_us: Ints
    last_visit_us: Ints
    visits: Ints
    litres_ml: Ints
    tasks: Ints
    card: Ints

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.checkout_fen = 0
        self.discount_fen = 0
        self._fuel, self._station = Cells(), Cells()
        for name in self._names():
            setattr(self, name, np.zeros(0, dtype=np.int64))

    @staticmethod
    def _names() -> list[str]:
        return [name for name, kind in Seen.__annotations__.items() if kind == "Ints"]

    def fit(self, rows: int) -> None:
        """Make room for so many rows."""
        size = len(self.visits)
        if rows <= size:
            return
        room = max(rows, size + size // 2, 1024)
        for name in self._names():
            grown = np.full(room, _START.get(name, 0), dtype=np.int64)
            grown[:size] = getattr(self, name)
            setattr(self, name, grown)

    def note(self, table: MemberTable, events: Events, level: npt.NDArray[np.int16],
             outcome: Outcome, since_us: int) -> None:  # fmt: skip
        """Note what was applied; level int16[n] are those of the events' members before.

        Money is counted of events from since_us on.
        """
        self.fit(len(table))
        taken = (outcome.status == APPLIED) | (outcome.status == LIMIT_REACHED)
        at = np.flatnonzero(taken & (events.row >= 0))
        row, kind, at_us = events.row[at], events.type[at], events.at_us[at]
        np.minimum.at(self.first_us, row, at_us)
        np.add.at(self.tasks, row[_IS_TASK[kind]], 1)
        fills = at[(kind == PURCHASE) & events.fuel[at]]
        by_card = pc.fill_null(pc.equal(text_of(events.batch, "pay"), "card"), False)
        paid = by_card.to_numpy(zero_copy_only=False)
        carded = at[(kind == TOP_UP) | ((kind == PURCHASE) & paid[at])]
        np.add.at(self.card, events.row[carded], 1)
        self._fills(table, events, fills, level, since_us)
        checkout = table.rules.season.checkout
        if checkout is not None:
            spent = at[(kind == USE) & (outcome.points[at] < 0) & (at_us >= since_us)]
            self.checkout_fen += sum(
                fen_of_points(checkout, -one) for one in outcome.points[spent].tolist()
            )

    def _fills(
        self, table: MemberTable, events: Events, fills: Ints, level: npt.NDArray[np.int16],
        since_us: int,
    ) -> None:  # fmt: skip
        row, at_us, ml = events.row[fills], events.at_us[fills], events.quantity_ml[fills]
        np.add.at(self.litres_ml, row, ml)
        order = np.lexsort((at_us, row))
        same = (np.diff(row[order], prepend=-1) == 0) & (np.diff(at_us[order], prepend=-1) == 0)
        visit = order[~same]
        visit = visit[at_us[visit] != self.last_visit_us[row[visit]]]
        np.add.at(self.visits, row[visit], 1)
        np.minimum.at(self.first_visit_us, row, at_us)
        np.maximum.at(self.last_visit_us, row, at_us)
        fuel = _places(events.batch, "product", fills, self.setting.fuels)
        station = _places(events.batch, "station", fills, self.setting.stations)
        self._fuel.add(*_key(row, fuel, len(self.setting.fuels)))
        self._station.add(*_key(row, station, len(self.setting.stations)))
        counted = np.flatnonzero((fuel >= 0) & (at_us >= since_us))
        discounts = TierDiscounts(table.rules, self.setting)
        # What was paid lies below the full price, so the sum isn't bounded by it here.
        off = discounts.fen(
            level[fills[counted]], fuel[counted], ml[counted], np.full(len(counted), 2**40)
        )
        self.discount_fen += int(off.sum())

    def merged(self, into: Ints) -> None:
        """Count what merged records showed with those they became; into int64[rows], -1 none."""
        rows = np.flatnonzero(into >= 0)
        target = into[rows]
        for name in ("visits", "litres_ml", "tasks", "card"):
            column = getattr(self, name)
            np.add.at(column, target, column[rows])
            column[rows] = 0
        for name in ("first_us", "first_visit_us"):
            np.minimum.at(getattr(self, name), target, getattr(self, name)[rows])
        np.maximum.at(self.last_visit_us, target, self.last_visit_us[rows])

    def fuels(self, rows: int) -> npt.NDArray[np.int32]:
        """Give the fuel each member fills most, int32[rows], -1 for none."""
        return _most(self._fuel, rows, len(self.setting.fuels))

    def stations(self, rows: int) -> npt.NDArray[np.int32]:
        """Give the station each member comes to most, int32[rows], -1 for none."""
        return _most(self._station, rows, len(self.setting.stations))


def _places(batch: pa.RecordBatch, name: str, at: Ints, words: tuple[str, ...]) -> Ints:
    """Find the words of a column at some rows in a list: int64[n], -1 where absent."""
    found = pc.index_in(text_of(batch, name).take(pa.array(at)), pa.array(words, pa.utf8()))
    places: Ints = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _key(row: Ints, place: Ints, width: int) -> tuple[Ints]:
    known = place >= 0
    return (row[known] * width + place[known],)


def _most(cells: Cells, rows: int, width: int) -> npt.NDArray[np.int32]:
    keys, sums = cells.sums()
    row, place = np.divmod(keys, max(width, 1))
    order = np.lexsort((-place, sums[:, 0], row))
    found: npt.NDArray[Any] = np.full(rows, -1, dtype=np.int32)
    # The last of each row wins: the most counted, the first in the list among equals.
    found[row[order]] = place[order]
    return found
