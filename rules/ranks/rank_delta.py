"""The members of a board that changed since they were last folded into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sortedcontainers import SortedList

from rules.ranks.official_order import Int64s, Key
from rules.ranks.overlay import Overlay


class Entry(NamedTuple):
    """A member of the delta: key, row, and how many of the order below stand ahead of it."""

    key: Key
    row: int
    place: int


class RankDelta:
    """Rows that left their position in the order below, and where those still on board stand.

    Its size is bounded by its owner. Costs, d rows: `put` O(log d); `overlay` O(d) after a
    change, else O(1); `count_ahead` O(log d) a key.
    """

    def __init__(self) -> None:
        self.entry_of: dict[int, Entry | None] = {}  # None: off the board
        self.entries: Any = SortedList()
        self.holes: Any = SortedList()
        self._overlay: Overlay | None = None

    def __len__(self) -> int:
        return len(self.entry_of)

    @property
    def growth(self) -> int:
        """Tell how many members the board has more than the order below."""
        return len(self.entries) - len(self.holes)

    def put(self, row: int, position: int, entry: Entry | None) -> None:
        """Set a row's entry, None for one off the board; `position` in the array, −1 for none."""
        if row not in self.entry_of:
            if position >= 0:
                self.holes.add(position)
        else:
            before = self.entry_of[row]
            if before is not None:
                self.entries.remove(before)
        self.entry_of[row] = entry
        if entry is not None:
            self.entries.add(entry)
        self._overlay = None

    def clear(self) -> None:
        """Forget everything."""
        self.entry_of.clear()
        self.entries.clear()
        self.holes.clear()
        self._overlay = None

    def count_ahead(self, keys: Iterable[Key]) -> Int64s:
        """Return how many members of the delta stand strictly ahead of each key: int64[k]."""
        return np.array([self.entries.bisect_left((key,)) for key in keys], dtype=np.int64)

    def overlay(self) -> Overlay:
        """Return the delta as arrays, for reading many members at once."""
        if self._overlay is None:
            size = len(self.entries)
            rows = np.fromiter((entry.row for entry in self.entries), np.int64, size)
            places = np.fromiter((entry.place for entry in self.entries), np.int64, size)
            holes = np.fromiter(self.holes, np.int64, len(self.holes))
            self._overlay = Overlay(rows, places, holes)
        return self._overlay
