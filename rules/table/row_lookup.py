"""From member ids to row numbers, many at a time: a hash table in arrays.

A dictionary waits for memory once for each of several things a lookup touches; gathering from
arrays waits for many lookups together. Exact: an equal hash still compares the ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import Int64s
from rules.table.id_order import objects

Bools = npt.NDArray[np.bool_]

SLOTS_MIN: Final = 1024
ROOM: Final = 2
"""Slots for each member at least, so that nearly every lookup ends at its first slot."""
FREE: Final = -1
HALF: Final = 32
ROW: Final = (1 << HALF) - 1
"""A slot holds the upper half of an id's hash and in this half the row: to wait for memory once."""


class RowLookup:
    """Row numbers of member ids. It only grows: a row is its member's for ever.

    The hash is Python's own, which differs between processes: nothing here is ever stored or
    sent, and no answer depends on it. Memory: about 35 to 50 bytes a member beyond the ids' text.

    >>> lookup = RowLookup()
    >>> lookup.add([7, 3], ["ann", "bob"])
    >>> lookup.find(["bob", "eve", "ann"]).tolist()
    [3, -1, 7]
    """

    def __init__(self) -> None:
        self._slots = np.full(SLOTS_MIN, FREE, dtype=np.int64)
        self._hash = np.empty(0, dtype=np.int64)  # by row, like the names
        self._name: npt.NDArray[Any] = np.empty(0, dtype=object)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, members: Sequence[str]) -> Int64s:
        """Return the rows of members: int64[k], −1 for unknown ones. O(k)."""
        if not self._count:
            return np.full(len(members), -1, dtype=np.int64)
        hashes, names = _hashes(members), objects(members)
        mask = len(self._slots) - 1
        at = hashes & mask
        # Nearly all end at their first slot, so that all are compared there.
        word = self._slots[at]
        found = np.full(len(names), -1, dtype=np.int64)
        here = np.flatnonzero(_alike(word, hashes))
        self._take(found, here, word[here] & ROW, names)
        asked = np.flatnonzero((word != FREE) & (found < 0))
        while len(asked):
            at[asked] = (at[asked] + 1) & mask
            word = self._slots[at[asked]]
            taken = word != FREE
            asked, word = asked[taken], word[taken]
            here = np.flatnonzero(_alike(word, hashes[asked]))
            self._take(found, asked[here], word[here] & ROW, names)
            asked = asked[found[asked] < 0]
        return found

    def _take(self, found: Int64s, asked: Int64s, rows: Int64s, names: npt.NDArray[Any]) -> None:
        """Note the rows int64[k] as found for those asked of whose names they are."""
        same = self._name[rows] == names[asked]
        found[asked[same]] = rows[same]

    def add(self, rows: npt.ArrayLike, members: Sequence[str]) -> None:
        """Learn the rows of members: int[k], distinct. Amortised O(k).

        Raises ValueError, and learns nothing, when a member is known or given twice.
        """
        fresh = np.asarray(rows, dtype=np.int64)
        if not len(fresh):
            return
        twice = self.find(members) >= 0
        if len(set(members)) < len(members):
            twice |= [members.index(member) != place for place, member in enumerate(members)]
        if twice.any():
            name = members[int(np.argmax(twice))]
            raise ValueError(f"member {name!r}: has a row already; give each member one row")
        self._grow(int(fresh.max()) + 1)
        self._hash[fresh] = _hashes(members)
        self._name[fresh] = objects(members)
        self._count += len(fresh)
        if ROOM * self._count > len(self._slots):
            size = 1 << (2 * ROOM * self._count - 1).bit_length()
            held = self._slots[self._slots != FREE] & ROW
            self._slots = np.full(size, FREE, dtype=np.int64)
            fresh = np.concatenate((held, fresh))
        self._place(fresh)

    def _grow(self, count: int) -> None:
        if count > len(self._hash):
            more = max(count, len(self._hash) * 5 // 4) - len(self._hash)
            self._hash = np.concatenate((self._hash, np.zeros(more, dtype=np.int64)))
            self._name = np.concatenate((self._name, np.empty(more, dtype=object)))

    def _place(self, rows: Int64s) -> None:
        """Give each row the first free slot from its hash on; losers of a slot go one on."""
        mask = len(self._slots) - 1
        hashes = self._hash[rows]
        word = hashes & ~ROW | rows
        at = hashes & mask
        left = np.arange(len(rows))
        while len(left):
            free = left[self._slots[at[left]] == FREE]
            self._slots[at[free]] = word[free]
            left = left[self._slots[at[left]] != word[left]]
            at[left] = (at[left] + 1) & mask


def _alike(word: Int64s, hashes: Int64s) -> Bools:
    """Tell where a slot's word, int64[k], has the upper half of a hash; a free one has none."""
    alike: Bools = ((word ^ hashes) >> HALF == 0) & (word != FREE)
    return alike


def _hashes(members: Sequence[str]) -> Int64s:
    return np.fromiter(map(hash, members), np.int64, len(members))
