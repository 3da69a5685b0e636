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
_LOAD_MAX: Final = 0.8
_FEW: Final = 16
"""Keys that plain steps find sooner than arrays do."""
_ALL_BITS: Final = 2**64 - 1
_TAG_SHIFT: Final = 56
_FREE: Final = 0
"""The tag of a slot that nobody has."""
_CHUNK: Final = 1 << 16
"""Keys put back at a time when the slots are made anew, so that they stay in cache."""
_AT_ONCE: Final = 1 << 19
"""Up to so many entries are given new slots at once: more would hold everybody up for long."""
_MOVED_AN_ENTRY: Final = 16
"""Entries of a larger map that get their new slots with each one that comes."""
_MOVED_MIN: Final = 1 << 12
"""Entries that are moved at a time, at least: few at a time cost as much as many."""


class _Slots:
    """Where entries are found: open addressing with double hashing, a tag in every slot."""

    def __init__(self, size: int) -> None:
        # What a free slot holds means nothing.
        self.entries: Records = np.empty(size, dtype=np.int32)
        self.tags: Tags = np.zeros(size, dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.tags)

    def find(self, keys: Words, a: Words, b: Words) -> Records:
        """Return the entry of each key (a, b), int32[n], -1 where none has a slot."""
        found: Records = np.full(len(a), ABSENT, dtype=np.int32)
        mask = len(self) - 1
        slot, step, tag = self._probe(a, b)
        met = self.tags[slot]
        rows = met.nonzero()[0]
        slot, step, tag, met = slot[rows], step[rows], tag[rows], met[rows]
        while len(rows):
            alike = (met == tag).nonzero()[0]
            if len(alike):
                entry, looking = self.entries[slot[alike]], rows[alike]
                key = keys.take(entry, axis=0)  # many times faster than by an index
                same = (key[:, 0] == a[looking]) & (key[:, 1] == b[looking])
                found[looking[same]] = entry[same]
                met[alike[same]] = _FREE
            slot += step
            slot &= mask
            # Who was found looks no further, and who comes upon a free slot isn't held.
            met = np.where(met == _FREE, np.uint8(_FREE), self.tags[slot])
            on = met.nonzero()[0]
            rows, slot, step, tag, met = rows[on], slot[on], step[on], tag[on], met[on]
        return found

    def find_one(self, keys: Words, a: int, b: int) -> int:
        """Return the entry of one key, -1 where it has no slot, by plain steps."""
        mask = len(self.tags) - 1
        slot, step, tag = a & mask, b & mask | 1, a >> _TAG_SHIFT or 1
        while (met := int(self.tags[slot])) != _FREE:
            if met == tag:
                entry = int(self.entries[slot])
                if int(keys[entry, 0]) == a and int(keys[entry, 1]) == b:
                    return entry
            slot = slot + step & mask
        return ABSENT

    def place(self, keys: Words, first: int, last: int) -> None:
        """Give entries first…last−1 a slot each; of those that want one, the last wins it."""
        keys = keys[first:last]
        if last - first <= _FEW:
            self._place_few(first, keys.tolist())
            return
        slot, step, tag = self._probe(keys[:, 0], keys[:, 1])
        entry = np.arange(first, last, dtype=np.int32)
        mask = len(self) - 1
        while len(entry):
            free = (self.tags[slot] == _FREE).nonzero()[0]
            wanted, mine = slot[free], entry[free]
            self.entries[wanted] = mine
            won = (self.entries[wanted] == mine).nonzero()[0]
            self.tags[wanted[won]] = tag[free[won]]
            lost = np.ones(len(entry), dtype=np.bool_)
            lost[free[won]] = False
            entry, step, tag = entry[lost], step[lost], tag[lost]
            slot = (slot[lost] + step) & mask

    def _place_few(self, first: int, keys: list[list[int]]) -> None:
        """Give entries from first on a slot each, by plain steps."""
        entries, tags, mask = self.entries, self.tags, len(self) - 1
        for entry, (a, b) in enumerate(keys, first):
            slot, step = a & mask, b & mask | 1
            while tags[slot] != _FREE:
                slot = slot + step & mask
            entries[slot], tags[slot] = entry, a >> _TAG_SHIFT or 1

    def _probe(self, a: Words, b: Words) -> tuple[Places, Places, Tags]:
        """Return each key's first slot, its step (odd: it visits every slot) and its tag."""
        mask = np.uint64(len(self) - 1)
        slot = (a & mask).view(np.int64)
        step = ((b & mask) | np.uint64(1)).view(np.int64)
        tag = (a >> np.uint64(_TAG_SHIFT)).astype(np.uint8)
        return slot, step, np.maximum(tag, np.uint8(1), out=tag)

    def nbytes(self) -> int:
        """Return the bytes they take."""
        return self.entries.nbytes + self.tags.nbytes


class IdentityMap:
    """Entries in the order they came, found through slots: open addressing over NumPy arrays.

    A key is two uint64, well mixed already; a value is an int32 ≥ 0. A slot holds an entry's number
    and a tag, eight bits of its key. So a key costs 16 bytes in its entry, 4 more once a value
    isn't its entry's number, and 6 to 13 in slots. Slots double when more than 0.8 of them are
    taken: `find` and `insert` are O(1) a key, amortised, with all keys of a call probed together.
    Looking for a key that isn't held reads tags, and the entry of one in 256 that it meets:
    entries may lie in a file.

    Entries of a large map move into its new slots a few with each that comes, so that nobody waits
    for all of them; until they have, what isn't found in the new slots is looked for in the old.

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
        self._slots = _Slots(_SLOTS_MIN)
        # The slots before, of entries 0…_to_move−1, of which the first _moved have new ones too.
        self._before: _Slots | None = None
        self._moved = self._to_move = self._owed = 0

    def __len__(self) -> int:
        """Return how many keys are held."""
        return self._count

    def find(self, a: Words, b: Words) -> Records:
        """Return the value of each key (a, b), int32[n], -1 where it isn't held."""
        if len(a) <= _FEW:
            pairs = zip(a.tolist(), b.tolist(), strict=True)
            return np.array([self.find_one(one, other) for one, other in pairs], dtype=np.int32)
        found = self._slots.find(self._keys, a, b)
        if self._before is not None:
            missing = (found == ABSENT).nonzero()[0]
            found[missing] = self._before.find(self._keys, a[missing], b[missing])
        if self._values is not None:
            held = found != ABSENT
            found[held] = self._values[found[held]]
        return found

    def find_one(self, a: int, b: int) -> int:
        """Return the value of one key, -1 where it isn't held: what `find` gives, by plain steps.

        Numbers beyond 64 bits count modulo 2^64.
        """
        a, b = a & _ALL_BITS, b & _ALL_BITS
        entry = self._slots.find_one(self._keys, a, b)
        if entry == ABSENT and self._before is not None:
            entry = self._before.find_one(self._keys, a, b)
        return entry if entry == ABSENT or self._values is None else int(self._values[entry])

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
        if last > _LOAD_MAX * len(self._slots):
            self._make_slots(last)
        self._count = last
        self._slots.place(self._keys, first, last)
        if self._before is not None:
            self._owed += _MOVED_AN_ENTRY * len(a)
            if self._owed >= _MOVED_MIN:
                self._move(self._owed)

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
        """Make slots for at least so many entries; those held move into them, now or by and by."""
        if self._before is not None:
            self._move(self._to_move)
        size = len(self._slots)
        while count > _LOAD_MAX * size:
            size *= 2
        self._before, self._moved, self._to_move = self._slots, 0, self._count
        self._slots = _Slots(size)
        if self._count <= _AT_ONCE:
            self._move(self._count)

    def _move(self, count: int) -> None:
        """Give so many more entries their new slots; the old ones go with the last of them."""
        until = min(self._moved + count, self._to_move)
        for first in range(self._moved, until, _CHUNK):
            self._slots.place(self._keys, first, min(first + _CHUNK, until))
        self._moved, self._owed = until, 0
        if until == self._to_move:
            self._before = None

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
        before = 0 if self._before is None else self._before.nbytes()
        return self._keys.nbytes + values + self._slots.nbytes() + before

    def _check(self) -> None:
        """Assert that every entry is found in its own slot, and nothing else is in any."""
        assert self._count <= _LOAD_MAX * len(self._slots)
        assert len(self._slots) & (len(self._slots) - 1) == 0
        held = np.sort(self._slots.entries[self._slots.tags != _FREE])
        entries = np.arange(self._count)
        if self._before is not None:
            entries = np.delete(entries, np.s_[self._moved : self._to_move])
        assert np.array_equal(held, entries), "each entry has exactly one slot"
        keys = self._keys[: self._count]
        assert len(np.unique(keys, axis=0)) == self._count, "keys are distinct"
        found = self.find(keys[:, 0].copy(), keys[:, 1].copy())
        assert np.array_equal(found, self._numbered()[: self._count]), "every key finds its value"
