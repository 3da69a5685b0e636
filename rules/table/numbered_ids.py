"""Member ids that are made from the row's number: millions of them take no memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Final, SupportsIndex, overload

COUNT_MAX: Final = 10**8


class NumberedIds(Sequence[str]):
    """The ids of a table's rows, of which the first are their numbers with eight digits.

    Those are made when they are asked for, and ascend with their rows by the bytes of their text
    too; what doesn't go on with the numbers is kept as it is.

    >>> ids = NumberedIds()
    >>> ids.extend(["m00000000", "m00000001", "ann"])
    >>> ids.numbered, list(ids), ids[-3:1]
    (2, ['m00000000', 'm00000001', 'ann'], ['m00000000'])
    """

    def __init__(self) -> None:
        self.numbered = 0
        self._more: list[str] = []

    def __len__(self) -> int:
        return self.numbered + len(self._more)

    @overload
    def __getitem__(self, place: SupportsIndex) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: SupportsIndex | slice) -> str | list[str]:
        """Give one id, or those of a span."""
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        row = index(place)
        if 0 <= row < self.numbered:
            return numbered_id(row)
        if -len(self) <= row < 0:
            return self[row + len(self)]
        if not 0 <= row < len(self):
            raise IndexError(f"row {row}: there are {len(self)}")
        return self._more[row - self.numbered]

    def __iter__(self) -> Iterator[str]:
        yield from map(numbered_id, range(self.numbered))
        yield from self._more

    def extend(self, ids: Iterable[str]) -> None:
        """Add ids at the end."""
        for one in ids:
            if not self._more and self.numbered < COUNT_MAX and one == numbered_id(self.numbered):
                self.numbered += 1
            else:
                self._more.append(one)

    def copy(self) -> list[str]:
        """List all of them."""
        return list(self)


def numbered_id(number: int) -> str:
    """Write the id of a number.

    >>> numbered_id(7)
    'm00000007'
    """
    return f"m{number:08d}"
