"""Windows: what each member bought within the last N local days, for segments.

Every purchase, and every refund below zero, stands in the bucket of the purchase's local day.
A window of N days is a running sum: a bucket is added as it fills and subtracted by the tick
that opens the day on which it falls out. Cost: O(events) in all; nothing where the season
file's segments look at none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from rules.compiling.window_rules import METRICS, WindowRules
from rules.table.columns import Columns

if TYPE_CHECKING:
    from rules.compiling.compiled import Rules

Int64s = npt.NDArray[np.int64]

WAITING_MAX: Final = 256

NO_DAY: Final = -(2**31)


class Bucket(Columns):
    """What was bought on one local day, as it came: member rows and an amount of each metric."""

    row: npt.NDArray[np.int32]

    def __init__(self, metrics: tuple[str, ...]) -> None:
        super().__init__(
            {"row": (np.int32, None)} | dict.fromkeys(metrics, (np.int64, None)),
            dict.fromkeys(metrics, np.int8),
        )

    def put(self, rows: Int64s, amounts: Mapping[str, Int64s]) -> None:
        """Add amounts, int64[n] by metric; amortised O(n)."""
        new = slice(self.extend(len(rows)), self.size)
        self.row[new] = rows
        for metric, amount in amounts.items():
            getattr(self, metric)[new] = amount

    def held(self, metric: str) -> tuple[npt.NDArray[np.int32], Int64s]:
        """Give the rows and their amounts of a metric."""
        return self.row[: self.size], getattr(self, metric)[: self.size]


class Windows:
    """Running sums by member row, and the buckets they are made of."""

    def __init__(self, rules: WindowRules) -> None:
        self.rules = rules
        self.today = NO_DAY  # the local day of the clock
        self._sums = {window: np.zeros(0, dtype=np.int64) for window in rules.windows}
        self._room = 0  # members that the sums have room for
        self._metrics = tuple(dict.fromkeys(metric for metric, _ in rules.windows))
        self._buckets: dict[int, Bucket] = {}
        self._waiting: list[tuple[Int64s, Int64s, Int64s, Int64s, Int64s]] = []

    @property
    def kept(self) -> bool:
        """Tell whether the season file looks at any window."""
        return bool(self.rules.windows)

    def add(
        self, rows: Int64s, days: Int64s, visits: Int64s, litres_ml: Int64s, amount_fen: Int64s
    ) -> None:
        """Count purchases of local days, int64[n] each.

        What a refund takes is given below zero, with the local day of its purchase. What is
        added is looked at when something asks; the arrays must not change until then.
        """
        if not self.kept or not len(rows):
            return
        self._waiting.append((rows, days, visits, litres_ml, amount_fen))
        if len(self._waiting) >= WAITING_MAX:
            self._settle()

    def _settle(self) -> None:
        """Add what waits to its buckets and to the sums."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        rows, days, *amounts = (np.concatenate(column) for column in zip(*waiting, strict=True))
        given = dict(zip(METRICS, amounts, strict=True))
        self._fit(int(rows.max()) + 1)
        for (metric, width), sums in self._sums.items():
            inside = (days > self.today - width) & (days <= self.today)
            np.add.at(sums, rows[inside], given[metric][inside])
        for day in np.unique(days[days > self.today - self.rules.longest_days]).tolist():
            mine = days == day
            if day not in self._buckets:
                self._buckets[day] = Bucket(self._metrics)
            self._buckets[day].put(rows[mine], {name: given[name][mine] for name in self._metrics})

    def roll(self, day: int) -> None:
        """Open a local day: the days that fall out of each window leave its sums."""
        self._settle()
        if self.today == NO_DAY:
            self.today = day
            return
        for opening in range(self.today + 1, day + 1):
            for (metric, days), sums in self._sums.items():
                # A till's clock may be fast: what it sold tomorrow counts from then on.
                if (entering := self._buckets.get(opening)) is not None:
                    np.add.at(sums, *entering.held(metric))
                if (leaving := self._buckets.get(opening - days)) is not None:
                    np.subtract.at(sums, *leaving.held(metric))
            self._buckets.pop(opening - self.rules.longest_days, None)
        self.today = max(self.today, day)

    def sums(self, metric: str, days: int, rows: Int64s) -> Int64s:
        """Read a window of the season file for some members: int64[n]."""
        self._settle()
        self._fit(int(rows.max(initial=-1)) + 1)
        return self._sums[metric, days][rows]

    def move(self, row_from: int, row_to: int) -> None:
        """Give one member's purchases to another; O(what the buckets hold)."""
        self._settle()
        self._fit(max(row_from, row_to) + 1)
        for sums in self._sums.values():
            sums[row_to] += sums[row_from]
            sums[row_from] = 0
        for bucket in self._buckets.values():
            rows = bucket.row[: bucket.size]
            rows[rows == row_from] = row_to

    def adopt(self, _old: Rules, new: Rules) -> None:
        """Sum what another file looks at, from the buckets there are.

        A metric or a day that no bucket holds counts from here on.
        """
        self._settle()
        self.rules = new.segment_rules.windows
        self._metrics = tuple(dict.fromkeys(metric for metric, _ in self.rules.windows))
        self._sums = {window: np.zeros(self._room, dtype=np.int64) for window in self.rules.windows}
        buckets, self._buckets = self._buckets, {}
        for day, before in buckets.items():
            if day <= self.today - self.rules.longest_days:
                continue
            held, bucket = before.state(), Bucket(self._metrics)
            none = np.zeros(before.size, dtype=np.int8)
            bucket.put(held["row"], {name: held.get(name, none) for name in self._metrics})
            self._buckets[day] = bucket
            for (metric, width), sums in self._sums.items():
                if self.today - width < day <= self.today:
                    np.add.at(sums, *bucket.held(metric))

    def _fit(self, size: int) -> None:
        """Make room for so many members."""
        if size <= self._room:
            return
        more = max(size, 2 * self._room) - self._room
        for window, sums in self._sums.items():
            self._sums[window] = np.append(sums, np.zeros(more, dtype=np.int64))
        self._room += more

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the buckets in order of day; the sums follow from them."""
        self._settle()
        days = sorted(self._buckets)
        buckets = [self._buckets[day].state() for day in days]
        amounts = {
            name: np.concatenate([np.zeros(0, np.int8), *(one[name] for one in buckets)])
            for name in ("row", *self._metrics)
        }
        return amounts | {
            "today": np.array([self.today], dtype=np.int64),
            "day": np.array(days, dtype=np.int64),
            "size": np.array([len(one["row"]) for one in buckets], dtype=np.int64),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill empty windows from state()."""
        self.today = int(state["today"][0])
        self._fit(int(state["row"].max(initial=-1)) + 1)
        ends = np.cumsum(state["size"])
        for day, size, end in zip(
            state["day"].tolist(), state["size"].tolist(), ends.tolist(), strict=True
        ):
            span = slice(end - size, end)
            bucket = self._buckets[day] = Bucket(self._metrics)
            bucket.put(state["row"][span], {name: state[name][span] for name in self._metrics})
            for (metric, width), sums in self._sums.items():
                if self.today - width < day <= self.today:
                    np.add.at(sums, *bucket.held(metric))
