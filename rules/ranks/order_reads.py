"""Reads that any order of rows offers once it can count, cut and name: pages and neighbours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy.typing as npt

from rules.ranks.official_order import Int64s, Key


class OrderReads(ABC):
    """Pages of an order, moving or frozen."""

    @abstractmethod
    def at(self, offset: int, limit: int) -> Int64s:
        """Return the rows from position `offset` (0 is first) on, at most `limit`."""

    @abstractmethod
    def keys(self, rows: npt.ArrayLike) -> list[Key]:
        """Return the keys of rows on the board."""

    @abstractmethod
    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Count who stands strictly ahead of each key: int64[k]."""

    def page(self, after: Key | None, limit: int) -> Int64s:
        """Return the rows right behind `after`, or the first ones: int64[≤ limit].

        `after` need not be on the board: a page goes on where it stood.
        """
        if after is None:
            return self.at(0, limit)
        offset = int(self.count_ahead([after])[0])
        here = self.at(offset, 1)
        if len(here) and self.keys(here)[0] == after:
            offset += 1
        return self.at(offset, limit)

    def before(self, key: Key, span: int) -> Int64s:
        """Return the rows right ahead of `key`, best first: int64[≤ span]."""
        stop = int(self.count_ahead([key])[0])
        start = max(0, stop - span)
        return self.at(start, stop - start)
