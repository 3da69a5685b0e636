"""A column of whole numbers in as few bytes as they need: it widens before one doesn't fit.

A million members' points are mostly small, but nothing says how great one member's may get. So
such a column begins narrow and checks what is written; what it gives is as wide as ever, and
nobody who computes with it can overflow what they were given.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.storage import MEMORY, Memory

SIGNED: Final = tuple(np.dtype(word) for word in ("i1", "i2", "i4", "i8"))
UNSIGNED: Final = tuple(np.dtype(word) for word in ("u1", "u2", "u4", "u8"))

STEPS_MIN: Final = 16


class NarrowColumn:
    """Numbers kept as one dtype, given as another: [capacity] or [capacity, width].

    Reading copies. What a slice gives is read-only, so that nobody writes into the copy and
    means the column.

    >>> column = NarrowColumn("points", np.int64, np.int8, (2,))
    >>> column[0] = 300
    >>> column[[0, 1]], column.dtype
    (array([300,   0]), dtype('int16'))
    """

    def __init__(
        self,
        name: str,
        given: npt.DTypeLike,
        kept: npt.DTypeLike,
        shape: tuple[int, ...],
        storage: Memory = MEMORY,
    ) -> None:
        self.name = name
        self._storage = storage
        self.given: np.dtype[Any] = np.dtype(given)
        self._signed = self.given.kind == "i"
        self._first = np.dtype(kept)
        self._keep(storage.zeros(shape, kept))

    def _keep(self, held: npt.NDArray[Any], reach: int = 0) -> None:
        self.held = held
        bounds = np.iinfo(held.dtype)
        self._least, self._most = int(bounds.min), int(bounds.max)
        self._reach = reach  # no number held is further from zero than this

    @property
    def dtype(self) -> np.dtype[Any]:
        """Tell how numbers are kept."""
        return self.held.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Tell how many numbers there is room for."""
        return self.held.shape

    @property
    def untouched(self) -> bool:
        """Tell whether nothing but zero was ever written."""
        return self._reach == 0

    @property
    def nbytes(self) -> int:
        """Count the bytes they take."""
        return self.held.nbytes

    def __len__(self) -> int:
        return len(self.held)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Give a copy of all numbers to NumPy."""
        return self.held.astype(dtype or self.given)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Give some numbers, as wide as they may be."""
        found: npt.NDArray[Any] = self.held[key].astype(self.given)
        if type(key) is slice:
            found.flags.writeable = False
        return found

    def __setitem__(self, key: Any, values: Any) -> None:
        """Write numbers, after widening where one doesn't fit.

        Raises OverflowError where one doesn't fit what the column gives either.
        """
        self.make_room(values)
        self.held[key] = values

    def add(self, key: Any, amounts: Any, most: int) -> None:
        """Add to some numbers, which takes none of them further from zero than by `most`.

        No number is looked at as long as the steps so far can't have led beyond what fits.
        """
        self.step(most)
        self.held[key] += amounts

    def step(self, most: int) -> None:
        """Make room for a step of every number away from zero."""
        self._reach += most
        if self._reach > self._most:
            furthest = max(int(self.held.max(initial=0)), -int(self.held.min(initial=0)))
            # Wide enough for some more steps, so that not every one looks at all numbers.
            self._fit(-furthest, furthest + STEPS_MIN * most)
            self._reach = furthest + most

    def hold(self, most: int) -> None:
        """Make room for numbers from 0 to the most that one may be."""
        self._fit(0, most)
        self._reach = max(self._reach, most)

    def put(self, key: Any, values: Any, most: int) -> None:
        """Write numbers that the caller knows to lie between 0 and `most`."""
        self.hold(most)
        self.held[key] = values

    def make_room(self, values: Any) -> None:
        """Widen the column where it takes more to hold some numbers."""
        if isinstance(values, int | np.integer):
            low = high = int(values)
        else:
            numbers = np.asarray(values)
            if not numbers.size:
                return
            low, high = int(numbers.min()), int(numbers.max())
        self._fit(low, high)
        self._reach = max(self._reach, high, -low)

    def _fit(self, low: int, high: int) -> None:
        """Widen the column where it can't hold numbers of a span."""
        if self._least <= low and high <= self._most:
            return
        for dtype in SIGNED if self._signed else UNSIGNED:
            if dtype.itemsize <= self.dtype.itemsize or dtype.itemsize > self.given.itemsize:
                continue
            bounds = np.iinfo(dtype)
            if bounds.min <= low and high <= bounds.max:
                wider = self._storage.zeros(self.shape, dtype)
                wider[:] = self.held
                self._keep(wider, self._reach)
                return
        beyond = low if low < 0 and low < -high else high
        raise OverflowError(
            f"{self.name} = {beyond}: beyond what {self.given} holds; no event may add so much"
        )

    def resize(self, shape: tuple[int, ...]) -> None:
        """Lengthen the column; new numbers are zero, and memory moves if it can."""
        self._storage.grow(self, "held", shape)

    def fill(self, numbers: npt.NDArray[Any], capacity: int) -> None:
        """Hold other numbers [k] or [k, width], and zeros up to the capacity."""
        self._keep(self._storage.zeros((capacity, *numbers.shape[1:]), self._first))
        self[: len(numbers)] = numbers

    def filled(self, numbers: npt.NDArray[Any]) -> NarrowColumn:
        """Make a column like this one of other numbers."""
        made = self.fresh(0)
        made.fill(numbers, len(numbers))
        return made

    def fresh(self, capacity: int) -> NarrowColumn:
        """Make a column of zeros as this one began, but for its width."""
        shape = (capacity, *self.shape[1:])
        return NarrowColumn(self.name, self.given, self._first, shape, self._storage)

    def reshape(self, _flat: int) -> FlatCells:
        """Look at a wide column as a flat one."""
        return FlatCells(self)


class FlatCells:
    """A wide narrow column by one index: row × width + place."""

    def __init__(self, column: NarrowColumn) -> None:
        self._column = column

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = self._column.held.reshape(-1)[index].astype(self._column.given)
        return found

    def __setitem__(self, index: Any, values: Any) -> None:
        self._column.make_room(values)
        self._column.held.reshape(-1)[index] = values

    def add(self, index: Any, amounts: Any, most: int) -> None:
        """Add to some numbers, as NarrowColumn.add() does."""
        self._column.step(most)
        self._column.held.reshape(-1)[index] += amounts

    def put(self, index: Any, values: Any, most: int) -> None:
        """Write numbers, as NarrowColumn.put() does."""
        self._column.hold(most)
        self._column.held.reshape(-1)[index] = values


def greatest(numbers: npt.NDArray[Any]) -> int:
    """Find the greatest of some numbers, none of them below zero; 0 of none."""
    return int(numbers.max()) if len(numbers) else 0


def fewest_bytes(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy whole numbers into as few bytes as hold all of them.

    >>> fewest_bytes(np.array([1, -129])).dtype
    dtype('int16')
    """
    low, high = int(numbers.min(initial=0)), int(numbers.max(initial=0))
    for dtype in SIGNED:
        bounds = np.iinfo(dtype)
        if bounds.min <= low and high <= bounds.max:
            return numbers.astype(dtype)
    return numbers
