"""A map from 128-bit keys to record numbers, a batch of keys at a time."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.columns import grow

Words = npt.NDArray[np.uint64]
Records = npt.NDArray[np.int32]

ABSENT: Final = -1
_SLOTS_MIN: Final = 1_024
_LOAD_MAX: Final = 0.7
_FEW: Final = 16
"""Keys that plain steps find sooner than arrays do."""
_ALL_BITS: Final = 2**64 - 1
_CHUNK: Final = 1 << 16
"""Keys put back at a time when the slots are made anew, so that they stay in cache."""


class IdentityMap:
    """Open addressing with double hashing over NumPy arrays.

    A key is two uint64, well mixed already; a value is an int32 ≥ 0. Entries lie densely in
    the order they came; the slots hold entry numbers alone, so a key costs 16 bytes in its
    entry, 4 more once a value isn't its entry's number, and 6 to 12 in slots. Slots double when
    more than 0.7 of them are taken: `find` and `insert` are O(1) a key, amortised, with all keys
    of a call probed together.

    >>> known = IdentityMap()
    >>> a, b = np.array([7, 8], np.uint64), np.array([1, 1], np.uint64)
    >>> known.insert(a, b, np.array([0, 1], np.int32))
    >>> known.find(np.array([8, 9], np.uint64), b).tolist()
    [1, -1]
    """

    def __init__(self) -> None:
        self._count = 0
        self._keys: Words = np.empty((_SLOTS_MIN, 2), dtype=np.uint64)
        # None as long as every value is the number of its entry.
        self._values: Records | None = None
        self._slots: Records = np.full(_SLOTS_MIN, ABSENT, dtype=np.int32)

    def __len__(self) -> int:
        """Return how many keys are held."""
        return self._count

    def find(self, a: Words, b: Words) -> Records:
        """Return the value of each key (a, b), int32[n], -1 where it isn't held."""
        if len(a) <= _FEW:
            pairs = zip(a.tolist(), b.tolist(), strict=True)
            return np.array([self.find_one(one, other) for one, other in pairs], dtype=np.int32)
        found: Records = np.full(len(a), ABSENT, dtype=np.int32)
        slot, step = self._probe(a, b)
        entry = self._slots[slot]
        rows = (entry != ABSENT).nonzero()[0]
        entry, slot = entry[rows], slot[rows]
        mask = len(self._slots) - 1
        while len(rows):
            keys = self._keys[entry]
            same = (keys[:, 0] == a[rows]) & (keys[:, 1] == b[rows])
            hit = entry[same]
            found[rows[same]] = hit if self._values is None else self._values[hit]
            rows, slot = rows[~same], slot[~same]
            slot = (slot + step[rows]) & mask
            entry = self._slots[slot]
            taken = entry != ABSENT
            rows, slot, entry = rows[taken], slot[taken], entry[taken]
        return found

    def find_one(self, a: int, b: int) -> int:
        """Return the value of one key, -1 where it isn't held: what `find` gives, by plain steps.

        Numbers beyond 64 bits count modulo 2^64.
        """
        a, b, mask = a & _ALL_BITS, b & _ALL_BITS, len(self._slots) - 1
        slot, step = a & mask, b & mask | 1
        while (entry := int(self._slots[slot])) != ABSENT:
            if int(self._keys[entry, 0]) == a and int(self._keys[entry, 1]) == b:
                return entry if self._values is None else int(self._values[entry])
            slot = slot + step & mask
        return ABSENT

    def insert(self, a: Words, b: Words, value: Records) -> None:
        """Hold keys (a, b), all different and none held yet, each with its value."""
        if len(a) == 0:
            return
        first, last = self._count, self._count + len(a)
        self._reserve(last)
        self._keys[first:last, 0] = a
        self._keys[first:last, 1] = b
        if self._values is not None:
            self._values[first:last] = value
        elif not np.array_equal(value, numbers := np.arange(first, last)):
            self._values = np.arange(len(self._keys), dtype=np.int32)
            self._values[numbers] = value
        self._count = last
        if last > _LOAD_MAX * len(self._slots):
            self._make_slots(last)
        else:
            self._place(first, last)

    def _probe(self, a: Words, b: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return each key's first slot and its step, odd, so that it visits every slot."""
        mask = np.uint64(len(self._slots) - 1)
        slot = (a & mask).view(np.int64)
        step = ((b & mask) | np.uint64(1)).view(np.int64)
        return slot, step

    def _place(self, first: int, last: int) -> None:
        """Give entries first…last−1 a slot each; of those that want one, the last wins it."""
        keys = self._keys[first:last]
        if last - first <= _FEW:
            self._place_few(first, keys.tolist())
            return
        slot, step = self._probe(keys[:, 0], keys[:, 1])
        entry = np.arange(first, last, dtype=np.int32)
        mask = len(self._slots) - 1
        while len(entry):
            free = self._slots[slot] == ABSENT
            self._slots[slot[free]] = entry[free]
            lost = self._slots[slot] != entry
            entry, step = entry[lost], step[lost]
            slot = (slot[lost] + step) & mask

    def _place_few(self, first: int, keys: list[list[int]]) -> None:
        """Give entries from first on a slot each, by plain steps."""
        slots, mask = self._slots, len(self._slots) - 1
        for entry, (a, b) in enumerate(keys, first):
            slot, step = a & mask, b & mask | 1
            while slots[slot] != ABSENT:
                slot = slot + step & mask
            slots[slot] = entry

    def _reserve(self, count: int) -> None:
        """Make room for so many entries; room grows by an eighth, to waste little of it."""
        room = len(self._keys)
        if count <= room:
            return
        room = max(count, room + room // 8)
        grow(self, "_keys", (room, 2))
        if self._values is not None:
            grow(self, "_values", (room,))

    def _make_slots(self, count: int) -> None:
        """Make slots for at least so many entries and place all of them anew."""
        size = len(self._slots)
        while count > _LOAD_MAX * size:
            size *= 2
        self._slots = np.full(size, ABSENT, dtype=np.int32)
        for first in range(0, self._count, _CHUNK):
            self._place(first, min(first + _CHUNK, self._count))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the entries as arrays: key_a, key_b uint64[n], value int32[n]."""
        held = slice(0, self._count)
        return {
            "key_a": self._keys[held, 0].copy(),
            "key_b": self._keys[held, 1].copy(),
            "value": self._numbered()[held].copy(),
        }

    def _numbered(self) -> Records:
        """Give the values by entry, int32[n] or longer."""
        if self._values is None:
            return np.arange(self._count, dtype=np.int32)
        return self._values

    @classmethod
    def from_state(cls, state: Mapping[str, npt.NDArray[Any]]) -> "IdentityMap":
        """Build the map that gave ``state``; its slots are made anew."""
        made = cls()
        made.insert(state["key_a"], state["key_b"], state["value"])
        return made

    def nbytes(self) -> int:
        """Return the bytes its arrays take."""
        values = 0 if self._values is None else self._values.nbytes
        return self._keys.nbytes + values + self._slots.nbytes

    def _check(self) -> None:
        """Assert that every entry is found in its own slot, and nothing else is in any."""
        assert self._count <= _LOAD_MAX * len(self._slots)
        assert len(self._slots) & (len(self._slots) - 1) == 0
        held = np.sort(self._slots[self._slots != ABSENT])
        assert np.array_equal(held, np.arange(self._count)), "each entry has exactly one slot"
        keys = self._keys[: self._count]
        assert len(np.unique(keys, axis=0)) == self._count, "keys are distinct"
        found = self.find(keys[:, 0].copy(), keys[:, 1].copy())
        assert np.array_equal(found, self._numbered()[: self._count]), "every key finds its value"
