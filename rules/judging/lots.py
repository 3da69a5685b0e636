"""Lots: points by the day they expire, taken first-expiring first.

A lot is what a member earned on one local day. No list of lots is kept per member. Earned
points wait in the bucket of their expiry day; `Members.slack` is the sum of the member's lots
that have expired so far less everything drawn so far. A tick adds the bucket of its day to the
slack, and what is above zero then expires: draws took the earlier lots first, and a reversal,
which lowers its lot, falls on the following ones where that lot was drawn already.

A new version of the rules may change how long points live. Points of local days up to the
change keep the expiry they were earned with, and no later point expires before them, so the
order of expiry stays that of earning. Points that were never to expire, when an expiry begins,
are held as if earned on the day of the change.

With E(e) the net points of lots that expire through day e and D all draws and expiries so far,
what is left of them is max(0, E(e) − D), and slack is E(today) − D.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.compiling.lot_rules import LotRules
from rules.notices.expiry_watch import ExpiryWatch
from rules.season.duration import Duration, parse_duration
from rules.table.narrow import fewest_bytes

Int64s = npt.NDArray[np.int64]
Part = tuple[npt.NDArray[np.int32], npt.NDArray[Any]]
"""Member rows and points of some lots, [n] each."""

PARTS_MAX = 64
WAITING_MAX = 256
LONG_AGO = -(2**40)
SEARCH_DAYS = 20_000  # how long points live at most, as far as looking back goes


@dataclass(frozen=True, slots=True)
class Term:
    """How long the points of local days from one on live: at least until the expiry day `floor`.

    fixed is the one expiry day of them all, where an expiry began after them.
    """

    from_day: int
    expire_after: Duration | None
    floor: int = LONG_AGO
    fixed: int | None = None


class Lots:
    """The buckets: expiry day → (member rows, points), [n] each as they came.

    Most of a table's memory could be lots, so rows are int32 and points as few bytes as they need.
    """

    def __init__(self, rules: LotRules) -> None:
        self.rules = rules
        self.open_day = 0  # the earliest expiry day whose tick hasn't run
        self._terms = [Term(LONG_AGO, rules.expire_after)]
        self._laid: dict[int, list[Part]] = {}
        self._waiting: list[tuple[Int64s, Int64s, Int64s]] = []
        self._kept = self.kept
        self._expiry_days: dict[int, int] = {}
        self._watches: dict[int, ExpiryWatch] = {}

    @property
    def kept(self) -> bool:
        """Tell whether points expire at all."""
        return any(term.expire_after is not None for term in self._terms)

    @property
    def _buckets(self) -> dict[int, list[Part]]:
        """Give the buckets with all that was put."""
        self.settle()
        return self._laid

    def put(self, rows: Int64s, points: Int64s, days: Int64s) -> None:
        """Add points, below zero for a reversal, to the lots of local days, int64[n] each.

        A lot whose tick has run waits for the next one. What is put is looked at when something
        asks for the lots; the arrays must not change until then. O(n + distinct days).
        """
        if not self._kept or not len(rows):
            return
        self._waiting.append((rows, points, days))
        if len(self._waiting) >= WAITING_MAX:
            self.settle()

    def settle(self) -> None:
        """Lay what was put into its buckets."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self._lay(*(np.concatenate(column) for column in zip(*waiting, strict=True)))

    def _lay(self, rows: Int64s, points: Int64s, days: Int64s) -> None:
        first = int(days[0])
        if (days == first).all():
            self._add(first, rows, points)
            return
        for day in np.unique(days).tolist():
            of_day = days == day
            self._add(day, rows[of_day], points[of_day])

    def due(self, day: int, size: int) -> Int64s | None:
        """Take the buckets of days up to `day`: net points by member row, int64[size], or None."""
        self.settle()
        self.open_day = max(self.open_day, day + 1)
        ready = [each for each in self._buckets if each <= day]
        if not ready:
            return None
        total = np.zeros(size, dtype=np.int64)
        for each in ready:
            for part in self._buckets.pop(each):
                _add_up(total, part)
        for watch in self._watches.values():
            watch.taken(total)
        return total

    def watch(self, number: int) -> ExpiryWatch:
        """Give the watch of a number, which follows these lots from its first use on."""
        self.settle()
        return self._watches.setdefault(number, ExpiryWatch())

    def parts_of(self, day: int) -> list[tuple[Int64s, Int64s]]:
        """Give what expires on a day, as (member rows, points) that came, int64[n] each."""
        parts = self._buckets.get(day, [])
        return [(rows.astype(np.int64), points.astype(np.int64)) for rows, points in parts]

    def by_expiry(self, row: int) -> dict[int, int]:
        """Sum one member's points by expiry day, ascending; O(points kept)."""
        held: dict[int, int] = {}
        for day in sorted(self._buckets):
            net = sum(int(points[rows == row].sum()) for rows, points in self._buckets[day])
            if net:
                held[day] = net
        return held

    def through(self, day: int, size: int) -> Int64s:
        """Sum the points of lots that expire through a day, by member row, int64[size]."""
        total = np.zeros(size, dtype=np.int64)
        for each, parts in self._buckets.items():
            if each <= day:
                for part in parts:
                    _add_up(total, part)
        return total

    def days(self) -> list[int]:
        """List the expiry days that hold points, ascending."""
        return sorted(self._buckets)

    def move(self, row_from: int, row_to: int) -> None:
        """Give one member's lots to another."""
        for parts in self._buckets.values():
            for rows, _ in parts:
                rows[rows == row_from] = row_to
        self._watch_afresh()

    def go_on(self, rules: LotRules, from_day: int, untracked: Int64s) -> None:
        """Let points of local days from one on live as other rules say.

        untracked int64[members] are net points that no lot holds; they get one where points
        didn't expire before.
        """
        self.settle()
        before = self._terms[-1]
        self._watch_afresh()
        self.rules = rules
        if rules.expire_after == before.expire_after:
            return
        self._expiry_days.clear()
        if rules.expire_after is None:
            self._terms.append(Term(from_day, None))
            self._kept = self.kept
            return
        if before.expire_after is None:
            latest = max([LONG_AGO, *self._buckets])
            floor = max(latest, rules.expiry_day(from_day - 1))
            self._terms[-1] = Term(before.from_day, None, fixed=floor)
            rows = np.flatnonzero(untracked)
            if len(rows):
                self._buckets.setdefault(floor, []).append(_part(rows, untracked[rows]))
        else:
            floor = self.expiry_of(from_day - 1) or LONG_AGO
        self._terms.append(Term(from_day, rules.expire_after, floor))
        self._kept = self.kept

    def _watch_afresh(self) -> None:
        for watch in self._watches.values():
            watch.forget()

    def expiry_of(self, day: int) -> int | None:
        """Give the day at whose beginning the points of a local day expire; None for never."""
        term = next(term for term in reversed(self._terms) if term.from_day <= day)
        if term.fixed is not None:
            return term.fixed
        if term.expire_after is None:
            return None
        return max(term.floor, LotRules(term.expire_after, self.rules.calendar).expiry_day(day))

    def earned_day(self, expiry_day: int) -> int | None:
        """Find the first local day whose points expire at the beginning of a day or later.

        Expiry days never fall with the days of earning; None where none is found.
        """
        low, high = expiry_day - SEARCH_DAYS, expiry_day
        if not self.kept:
            return None
        while low < high:
            middle = (low + high) // 2
            expiry = self.expiry_of(middle)
            if expiry is None or expiry >= expiry_day:
                high = middle
            else:
                low = middle + 1
        return low

    def _add(self, day: int, rows: Int64s, points: Int64s) -> None:
        expiry = self._expiry_days.get(day)
        if expiry is None:
            expiry = self.expiry_of(day)
            if expiry is None:
                return
            self._expiry_days[day] = expiry
        expiry = max(expiry, self.open_day)
        for watch in self._watches.values():
            watch.put(expiry, rows, points)
        parts = self._laid.setdefault(expiry, [])
        parts.append(_part(rows, points))
        if len(parts) >= PARTS_MAX:
            parts[:] = _merged(parts)

    def _told(self) -> list[tuple[int, str, int, int | None]]:
        return [
            (one.from_day, str(one.expire_after or ""), one.floor, one.fixed) for one in self._terms
        ]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the buckets, in order of expiry day."""
        days = self.days()
        parts = [part for day in days for part in self._buckets[day]]
        sizes = [sum(len(rows) for rows, _ in self._buckets[day]) for day in days]
        none = np.zeros(0, dtype=np.int8)
        return {
            "open_day": np.array([self.open_day], dtype=np.int64),
            "terms": np.frombuffer(json.dumps(self._told()).encode(), dtype=np.uint8),
            "day": np.array(days, dtype=np.int64),
            "size": np.array(sizes, dtype=np.int64),
            "row": np.concatenate([none, *(rows for rows, _ in parts)]),
            "points": np.concatenate([none, *(points for _, points in parts)]),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill empty lots from state()."""
        self.open_day = int(state["open_day"][0])
        self._terms = [
            Term(from_day, parse_duration(after) if after else None, floor, fixed)
            for from_day, after, floor, fixed in json.loads(state["terms"].tobytes())
        ]
        self._kept = self.kept
        ends = np.cumsum(state["size"])
        for day, size, end in zip(
            state["day"].tolist(), state["size"].tolist(), ends.tolist(), strict=True
        ):
            span = slice(end - size, end)
            self._buckets[day] = [_part(state["row"][span], state["points"][span])]


def _part(rows: npt.NDArray[Any], points: npt.NDArray[Any]) -> Part:
    """Copy points of member rows, [n] each, into few bytes."""
    return rows.astype(np.int32), fewest_bytes(points)


def _add_up(total: Int64s, part: Part) -> None:
    """Add points to the sums of their members; adding is quickest in one width."""
    rows, points = part
    np.add.at(total, rows.astype(np.int64), points.astype(np.int64))


def _merged(parts: list[Part]) -> list[Part]:
    """Join the small parts at the end of a bucket: each part at least doubles the next."""
    while len(parts) > 1 and len(parts[-2][0]) <= 2 * len(parts[-1][0]):
        (rows, points), (more_rows, more_points) = parts[-2], parts.pop()
        parts[-1] = (np.concatenate([rows, more_rows]), np.concatenate([points, more_points]))
    return parts
