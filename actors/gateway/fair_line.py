"""Fair line: what waits for one thing that serves it, so that keys take turns.

First come, first served would let a till that sends little wait as long as one that floods. Here
each key's amounts are counted as if all keys were served at the same speed: what a key lines up
ends that much later than what it lined up before, and what ends first goes first. So a key that had
nothing here goes ahead of what others pile up, and keys that push get equal parts.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class FairLine(Generic[T]):
    """Lines items up by the keys whose they are; items of one key never overtake one another.

    An item may be several keys', each with an amount of at least one.

    >>> line = FairLine[str]()
    >>> for number in range(3):
    ...     line.put(f"flood {number}", {"flood": 500})
    >>> line.put("till", {"till": 1})
    >>> [line.take() for _ in range(len(line))]
    ['till', 'flood 0', 'flood 1', 'flood 2']
    """

    def __init__(self) -> None:
        self.amount = 0
        """What all that waits adds up to."""
        self._heap: list[tuple[int, int, T, Mapping[str, int]]] = []
        self._serial = 0
        self._served = 0  # where the item served last ends
        self._ends: dict[str, tuple[int, int]] = {}  # where a key's last item ends; how many wait

    def __len__(self) -> int:
        return len(self._heap)

    def __contains__(self, key: str) -> bool:
        return key in self._ends

    def put(self, item: T, amounts: Mapping[str, int]) -> None:
        """Line an item up that is some keys', with what it takes of each."""
        ends = self._served
        for key, amount in amounts.items():
            ends = max(ends, self._ends.get(key, (self._served, 0))[0] + amount)
        for key in amounts:
            _, waiting = self._ends.get(key, (0, 0))
            self._ends[key] = ends, waiting + 1
        self._serial += 1  # of two that end together the first one goes first
        heapq.heappush(self._heap, (ends, self._serial, item, amounts))
        self.amount += sum(amounts.values())

    def next_amount(self) -> int:
        """Tell what the next item adds up to."""
        return sum(self._heap[0][3].values())

    def take(self) -> T:
        """Take the next item."""
        self._served, _, item, amounts = heapq.heappop(self._heap)
        for key in amounts:
            ends, waiting = self._ends.pop(key)
            if waiting > 1:
                self._ends[key] = ends, waiting - 1
        self.amount -= sum(amounts.values())
        return item

    def __iter__(self) -> Iterator[T]:
        """Give all that waits, in no order."""
        return (item for _, _, item, _ in self._heap)
