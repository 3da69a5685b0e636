"""Member ids sorted by their UTF-8 bytes, so that a number can stand for an id in a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import Int64s, byte_order


@dataclass(frozen=True, eq=False)
class IdOrder:
    """Distinct ids in ascending order. Immutable: more ids make another order.

    names: object[n], text ascending by UTF-8 bytes (text compares by code point, the same).
    """

    names: npt.NDArray[Any]

    @classmethod
    def empty(cls) -> IdOrder:
        """Make an order of no ids."""
        return cls(np.empty(0, dtype=object))

    def __len__(self) -> int:
        return len(self.names)

    def count_below(self, ids: Sequence[str]) -> Int64s:
        """Return how many known ids are smaller than each: int64[k].

        For a known id that is its own number. Cost: O(k log n) text comparisons.
        """
        return np.searchsorted(self.names, objects(ids)).astype(np.int64)

    def extended(self, ids: Sequence[str]) -> tuple[IdOrder, Int64s, Int64s]:
        """Add new ids: the larger order, the new numbers of old ids, the numbers of the new ones.

        Returns (order, int64[n], int64[k]). Cost: O(k log (n + k)) comparisons and O(n) moves.
        Raises ValueError for an id that is known already or given twice.
        """
        by_bytes = byte_order(ids)
        fresh = objects([ids[place] for place in by_bytes.tolist()])
        below = np.searchsorted(self.names, fresh) if len(self) else np.zeros(len(fresh), int)
        known = below < len(self.names)
        twice = np.zeros(len(fresh), dtype=bool)
        twice[known] = self.names[below[known]] == fresh[known]
        twice[1:] |= fresh[1:] == fresh[:-1]
        if twice.any():
            raise ValueError(
                f"member {fresh[np.argmax(twice)]!r}: has two rows; give each member one row"
            )
        number = below + np.arange(len(fresh))
        added = np.zeros(len(self.names) + 1, dtype=np.int64)
        np.add.at(added, below, 1)
        moved = np.arange(len(self.names)) + np.cumsum(added)[:-1]
        names = np.empty(len(self.names) + len(fresh), dtype=object)
        names[moved] = self.names
        names[number] = fresh
        numbers = np.empty(len(fresh), dtype=np.int64)
        numbers[by_bytes] = number
        return IdOrder(names), moved, numbers


def objects(ids: Sequence[str]) -> npt.NDArray[Any]:
    """Hold texts in an object[n] array."""
    # np.array would look into texts for a common width first; filling is direct.
    objects = np.empty(len(ids), dtype=object)
    objects[:] = ids
    return objects
