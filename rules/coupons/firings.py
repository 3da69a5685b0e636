"""Firings: who a trigger or a campaign reached and when, and who was held out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.columns import Columns

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ALONE: Final = 0
"""The arm of a firing whose trigger or campaign has no arms to compare."""


class FiringColumns(Columns):
    """One row a firing, in the order of settling."""

    trigger: npt.NDArray[np.int32]  # number of its id in Firings.ids
    row: npt.NDArray[np.int32]  # the member's
    at_us: Int64s
    held_out: Bools
    arm: npt.NDArray[np.int16]  # a campaign's, from 1; ALONE without arms or held out

    def __init__(self) -> None:
        super().__init__(
            {
                "trigger": (np.int32, None),
                "row": (np.int32, None),
                "at_us": (np.int64, None),
                "held_out": (np.bool_, None),
                "arm": (np.int16, None),
            }
        )


class Firings:
    """Every firing so far, and how many members were skipped because a budget had nothing left.

    A skipped member isn't a firing: no cooldown begins, and the next occasion tries again.
    """

    def __init__(self) -> None:
        self.columns = FiringColumns()
        self.ids: list[str] = []
        self.skipped: dict[str, int] = {}
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return self.columns.size

    def add(
        self, trigger: str, rows: Int64s, at_us: Int64s, held_out: Bools, arm: Int64s | int = ALONE
    ) -> None:
        """Record that a trigger or campaign fired for member rows, int64[n]."""
        if not len(rows):
            return
        first = self.columns.extend(len(rows))
        new = slice(first, first + len(rows))
        self.columns.trigger[new] = self._number(trigger)
        self.columns.row[new] = rows
        self.columns.at_us[new] = at_us
        self.columns.held_out[new] = held_out
        self.columns.arm[new] = arm

    def skip(self, trigger: str, count: int) -> None:
        """Count members that a budget had nothing left for."""
        if count:
            self.skipped[trigger] = self.skipped.get(trigger, 0) + count

    def of(self, trigger: str) -> Int64s:
        """Find the places of one trigger's or campaign's firings, int64[k]; O(firings)."""
        number = self._numbers.get(trigger)
        if number is None:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.columns.trigger[: self.columns.size] == number)

    def move(self, row_from: int, row_to: int) -> None:
        """Give one member's firings to another, when two records of one person are merged."""
        rows = self.columns.row[: self.columns.size]
        rows[rows == row_from] = row_to

    def _number(self, trigger: str) -> int:
        number = self._numbers.get(trigger)
        if number is None:
            number = self._numbers[trigger] = len(self.ids)
            self.ids.append(trigger)
        return number

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the firings and the counts of skipped members."""
        texts = json.dumps({"ids": self.ids, "skipped": self.skipped}).encode()
        return self.columns.state() | {"texts": np.frombuffer(texts, dtype=np.uint8)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill empty firings from state()."""
        texts = json.loads(state["texts"].tobytes())
        self.columns.restore(state)
        self.ids, self.skipped = texts["ids"], texts["skipped"]
        self._numbers = {name: number for number, name in enumerate(self.ids)}
