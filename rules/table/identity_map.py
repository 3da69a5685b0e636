"""A map from 128-bit keys to record numbers, a batch of keys at a time."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.storage import MEMORY, Memory

Words = npt.NDArray[np.uint64]
Records = npt.NDArray[np.int32]
Tags = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

ABSENT: Final = -1
_SLOTS_MIN: Final = 1_024
_LOAD_MAX: Final = 0.7
_FEW: Final = 16
"""Keys that plain steps find sooner than arrays do."""
_ALL_BITS: Final = 2**64 - 1
_TAG_SHIFT: Final = 56
_FREE: Final = 0
"""The tag of a slot that nobody has."""
_CHUNK: Final = 1 << 16
"""Keys put back at a time when the slots are made anew, so that they stay in cache."""


class IdentityMap:
    """Open addressing with double hashing over NumPy arrays.

    A key is two uint64, well mixed already; a value is an int32 ≥ 0. Entries lie densely in
    the order they came; a slot holds an entry's number and a tag, eight bits of its key. So a key
    costs 16 bytes in its entry, 4 more once a value isn't its entry's number, and 7 to 14 in slots.
    Slots double when more than 0.7 of them are taken: `find` and `insert` are O(1) a key,
    amortised, with all keys of a call probed together. Looking for a key that isn't held
    reads tags, and the entry of one in 256 that it meets: entries may lie in a file.

    >>> known = IdentityMap()
    >>> a, b = np.array([7, 8], np.uint64), np.array([1, 1], np.uint64)
    >>> known.insert(a, b, np.array([0, 1], np.int32))
    >>> known.find(np.array([8, 9], np.uint64), b).tolist()
    [1, -1]
    """

    def __init__(self, storage: Memory = MEMORY) -> None:
        self._count = 0
        self._storage = storage
        self._keys: Words = storage.zeros((_SLOTS_MIN, 2), np.uint64)
        # None as long as every value is the number of its entry.
        self._values: Records | None = None
        # What a free slot holds means nothing.
        self._slots: Records = np.empty(_SLOTS_MIN, dtype=np.int32)
        self._tags: Tags = np.zeros(_SLOTS_MIN, dtype=np.uint8)

    def __len__(self) -> int:
        """Return how many keys are held."""
        return self._count

    def find(self, a: Words, b: Words) -> Records:
        """Return the value of each key (a, b), int32[n], -1 where it isn't held."""
        if len(a) <= _FEW:
            pairs = zip(a.tolist(), b.tolist(), strict=True)
            return np.array([self.find_one(one, other) for one, other in pairs], dtype=np.int32)
        found: Records = np.full(len(a), ABSENT, dtype=np.int32)
        mask = len(self._slots) - 1
        slot, step, tag = self._probe(a, b)
        met = self._tags[slot]
        rows = met.nonzero()[0]
        slot, step, tag, met = slot[rows], step[rows], tag[rows], met[rows]
        while len(rows):
            alike = (met == tag).nonzero()[0]
            if len(alike):
                entry, looking = self._slots[slot[alike]], rows[alike]
                keys = self._keys.take(entry, axis=0)  # many times faster than by an index
                same = (keys[:, 0] == a[looking]) & (keys[:, 1] == b[looking])
                hit = entry[same]
                found[looking[same]] = hit if self._values is None else self._values[hit]
                met[alike[same]] = _FREE
            slot += step
            slot &= mask
            # Who was found looks no further, and who comes upon a free slot isn't held.
            met = np.where(met == _FREE, np.uint8(_FREE), self._tags[slot])
            on = met.nonzero()[0]
            rows, slot, step, tag, met = rows[on], slot[on], step[on], tag[on], met[on]
        return found

    def find_one(self, a: int, b: int) -> int:
        """Return the value of one key, -1 where it isn't held: what `find` gives, by plain steps.

        Numbers beyond 64 bits count modulo 2^64.
        """
        a, b, mask = a & _ALL_BITS, b & _ALL_BITS, len(self._slots) - 1
        slot, step, tag = a & mask, b & mask | 1, a >> _TAG_SHIFT or 1
        while (met := int(self._tags[slot])) != _FREE:
            if met == tag:
                entry = int(self._slots[slot])
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
        elif not np.array_equal(value, numbers := self._next(len(a))):
            self._values = np.arange(len(self._keys), dtype=np.int32)
            self._values[numbers] = value
        self._count = last
        if last > _LOAD_MAX * len(self._slots):
            self._make_slots(last)
        else:
            self._place(first, last)

    def _probe(self, a: Words, b: Words) -> tuple[Places, Places, Tags]:
        """Return each key's first slot, its step (odd: it visits every slot) and its tag."""
        mask = np.uint64(len(self._slots) - 1)
        slot = (a & mask).view(np.int64)
        step = ((b & mask) | np.uint64(1)).view(np.int64)
        tag = (a >> np.uint64(_TAG_SHIFT)).astype(np.uint8)
        return slot, step, np.maximum(tag, np.uint8(1), out=tag)

    def _place(self, first: int, last: int) -> None:
        """Give entries first…last−1 a slot each; of those that want one, the last wins it."""
        keys = self._keys[first:last]
        if last - first <= _FEW:
            self._place_few(first, keys.tolist())
            return
        slot, step, tag = self._probe(keys[:, 0], keys[:, 1])
        entry = np.arange(first, last, dtype=np.int32)
        mask = len(self._slots) - 1
        while len(entry):
            free = (self._tags[slot] == _FREE).nonzero()[0]
            wanted, mine = slot[free], entry[free]
            self._slots[wanted] = mine
            won = (self._slots[wanted] == mine).nonzero()[0]
            self._tags[wanted[won]] = tag[free[won]]
            lost = np.ones(len(entry), dtype=np.bool_)
            lost[free[won]] = False
            entry, step, tag = entry[lost], step[lost], tag[lost]
            slot = (slot[lost] + step) & mask

    def _place_few(self, first: int, keys: list[list[int]]) -> None:
        """Give entries from first on a slot each, by plain steps."""
        slots, tags, mask = self._slots, self._tags, len(self._slots) - 1
        for entry, (a, b) in enumerate(keys, first):
            slot, step = a & mask, b & mask | 1
            while tags[slot] != _FREE:
                slot = slot + step & mask
            slots[slot], tags[slot] = entry, a >> _TAG_SHIFT or 1

    def _reserve(self, count: int) -> None:
        """Make room for so many entries; room grows by an eighth, to waste little of it."""
        room = len(self._keys)
        if count <= room:
            return
        room = max(count, room + room // 8)
        self._storage.grow(self, "_keys", (room, 2))
        if self._values is not None:
            self._storage.grow(self, "_values", (room,))

    def _make_slots(self, count: int) -> None:
        """Make slots for at least so many entries and place all of them anew."""
        size = len(self._slots)
        while count > _LOAD_MAX * size:
            size *= 2
        del self._slots, self._tags  # two generations of them are never held at once
        self._slots, self._tags = np.empty(size, dtype=np.int32), np.zeros(size, dtype=np.uint8)
        for first in range(0, self._count, _CHUNK):
            self._place(first, min(first + _CHUNK, self._count))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the entries as they are now: key_a, key_b uint64[n], value int32[n].

        Values that are their entries' numbers are left out: int32[0]. What is returned are
        read-only views, since entries come behind them only.
        """
        held = slice(0, self._count)
        values = np.empty(0, dtype=np.int32) if self._values is None else self._values[held]
        entries: dict[str, npt.NDArray[Any]] = {
            "key_a": self._keys[held, 0],
            "key_b": self._keys[held, 1],
            "value": values,
        }
        for column in entries.values():
            column.flags.writeable = False
        return entries

    def _next(self, count: int) -> Records:
        """Give the numbers of the entries that come next, int32[count]."""
        return np.arange(self._count, self._count + count, dtype=np.int32)

    def _numbered(self) -> Records:
        """Give the values by entry, int32[n] or longer."""
        if self._values is None:
            return np.arange(self._count, dtype=np.int32)
        return self._values

    @classmethod
    def from_state(
        cls, state: Mapping[str, npt.NDArray[Any]], storage: Memory = MEMORY
    ) -> "IdentityMap":
        """Build the map that gave ``state``; its slots are made anew."""
        made, count = cls(storage), len(state["key_a"])
        made._reserve(count)
        made._make_slots(count)
        for first in range(0, count, _CHUNK):
            last = min(first + _CHUNK, count)
            value = state["value"][first:last] if len(state["value"]) else made._next(last - first)
            made.insert(state["key_a"][first:last], state["key_b"][first:last], value)
        return made

    def nbytes(self) -> int:
        """Return the bytes its arrays take."""
        values = 0 if self._values is None else self._values.nbytes
        return self._keys.nbytes + values + self._slots.nbytes + self._tags.nbytes

    def _check(self) -> None:
        """Assert that every entry is found in its own slot, and nothing else is in any."""
        assert self._count <= _LOAD_MAX * len(self._slots)
        assert len(self._slots) & (len(self._slots) - 1) == 0
        held = np.sort(self._slots[self._tags != _FREE])
        assert np.array_equal(held, np.arange(self._count)), "each entry has exactly one slot"
        keys = self._keys[: self._count]
        assert len(np.unique(keys, axis=0)) == self._count, "keys are distinct"
        found = self.find(keys[:, 0].copy(), keys[:, 1].copy())
        assert np.array_equal(found, self._numbered()[: self._count]), "every key finds its value"
