"""Account: what a run comes to, added up as it goes; nothing is kept for each event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES, Rules
from rules.decoding.event_columns import TYPES
from rules.judging.coding import Events
from rules.judging.results import APPLIED, REASONS, STATUSES, Outcome
from rules.table.member_columns import POINT_COLUMNS
from rules.table.member_table import MemberTable
from simulator.people.setting import Setting
from simulator.play.day_sales import Sales
from simulator.play.unaided import Bought

USE: Final = TYPE_CODES["use"]


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """How the table stood as a month ended: totals of points, and everyone's level, int16[n]."""

    last_day: date
    points: dict[str, int]
    outstanding: int
    level: npt.NDArray[np.int16]


class Account:
    """Adds up sales, deductions and answers, by member and by day of the run."""

    def __init__(
        self, rules: Rules, setting: Setting, table: MemberTable, members: int, days: int
    ) -> None:
        self._rules, self._table, self._members = rules, table, members
        self._setting = setting
        self.bought = Bought.nothing(members, days)
        self.paid_fen = np.zeros(members, dtype=np.int64)
        self.discount_fen = np.zeros(members, dtype=np.int64)
        self.checkout_fen = np.zeros(members, dtype=np.int64)
        self.day_paid_fen = np.zeros(days, dtype=np.int64)
        self.day_discount_fen = np.zeros(days, dtype=np.int64)
        self.day_checkout_fen = np.zeros(days, dtype=np.int64)
        self.answers = np.zeros((len(TYPES), len(STATUSES), len(REASONS)), dtype=np.int64)
        self.opening = self._month_end(date.min)
        self.months: list[MonthEnd] = []

    def sold(self, nth: int, sales: Sales) -> None:
        """Count a day's visits."""
        self.bought.add(nth, sales.member, sales.litres_ml, sales.full_price(), sales.margin_parts)
        paid = sales.paid_fen.copy()
        paid[sales.shop.visit] += sales.shop_paid_fen
        np.add.at(self.paid_fen, sales.member, paid)
        np.add.at(self.discount_fen, sales.member, sales.discount_fen)
        self.day_paid_fen[nth] += int(paid.sum())
        self.day_discount_fen[nth] += int(sales.discount_fen.sum())

    def answered(self, nth: int, events: Events, outcome: Outcome) -> None:
        """Count what the kernel answered to a batch, and what points paid at tills."""
        kind = events.type
        shape = self.answers.shape
        code = np.ravel_multi_index((kind, outcome.status, outcome.reason), shape)
        self.answers += np.bincount(code, minlength=self.answers.size).reshape(shape)
        checkout = self._rules.season.checkout
        if checkout is None:
            return
        uses = np.flatnonzero((kind == USE) & (outcome.status == APPLIED) & (outcome.points < 0))
        fen = -outcome.points[uses] * checkout.amount_fen // checkout.points
        if nth < len(self.day_checkout_fen):
            self.day_checkout_fen[nth] += int(fen.sum())
        rows = events.row[uses]
        ours = rows < self._members
        np.add.at(self.checkout_fen, rows[ours], fen[ours])

    def month_ends(self, last_day: date) -> None:
        """Take stock as a month's last day is over, its expiry and review included."""
        self.months.append(self._month_end(last_day))

    def end(self, end_us: int) -> None:
        """Take stock at the end of the run, unless a month has just ended."""
        day = self._rules.calendar.day(end_us)
        last = date.fromordinal(date(1970, 1, 1).toordinal() + day)
        if last.day == 1 and self._rules.calendar.midnight(day) == end_us and self.months:
            self.months[-1] = self._month_end(self.months[-1].last_day)
            return
        self.months.append(self._month_end(last))

    def _month_end(self, last_day: date) -> MonthEnd:
        members, size = self._table.members, len(self._table)
        points = {name: int(getattr(members, name)[:size].sum()) for name in POINT_COLUMNS}
        return MonthEnd(
            last_day=last_day,
            points=points,
            outstanding=int(members.active[:size].sum()),
            level=members.level[: self._members].copy(),
        )
