"""Shard line: what waits for one shard, keys in turn, and orders where they came.

An order goes behind everything that came before it and ahead of everything that came after: keys
take turns only among what stands between two orders.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.fair_line import FairLine
from actors.gateway.submission import Submission
from actors.messages import ShardStatus

Int64s = npt.NDArray[np.int64]


@dataclass(slots=True)
class Parcel:
    """The events of one submission that go to one shard; places int64[k] in the submission.

    keys tells how many of them each key sent.
    """

    submission: Submission
    places: Int64s
    batch: pa.RecordBatch
    keys: Mapping[str, int]


@dataclass(slots=True)
class Order:
    """A move of the clock or of the season's end, or new rules, in line with the events."""

    kind: str
    at_us: int
    done: asyncio.Future[ShardStatus]
    rules: tuple[int, str] = (0, "")  # a version's number and text


class ShardLine:
    """Holds parcels and orders until they go."""

    def __init__(self) -> None:
        self._parts: deque[FairLine[Parcel] | Order] = deque()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def put(self, item: Parcel | Order) -> None:
        """Line an item up."""
        if isinstance(item, Order):
            self._parts.append(item)
            return
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, FairLine):
            last = FairLine()
            self._parts.append(last)
        last.put(item, item.keys)

    @property
    def order(self) -> Order | None:
        """Give the order that everything waits for, if it is one's turn."""
        first = self._parts[0] if self._parts else None
        return first if isinstance(first, Order) else None

    def drop_order(self) -> None:
        """Let go of the order whose turn it was."""
        self._parts.popleft()

    @property
    def events(self) -> int:
        """Count the events that may go before the next order."""
        first = self._parts[0] if self._parts else None
        return first.amount if isinstance(first, FairLine) else 0

    @property
    def is_open(self) -> bool:
        """Tell whether what comes next may go with what waits: no order stands behind it."""
        return len(self._parts) <= 1

    def take(self, events_max: int) -> list[Parcel]:
        """Take the next parcels, before any order: at least one, else at most so many events."""
        first = self._parts[0] if self._parts else None
        if not isinstance(first, FairLine):
            return []
        parcels = [first.take()]
        events = len(parcels[0].places)
        while first and (events := events + first.next_amount()) <= events_max:
            parcels.append(first.take())
        if not first:
            self._parts.popleft()
        return parcels

    def together(self, keys: Sequence[str]) -> list[Int64s]:
        """Group events by who sent them: rows int64[k] that may share a parcel, in their order.

        Those of keys that have nothing in line go together; the others have to stay behind what
        their own key lined up, and nobody else should wait for that.
        """
        last = self._parts[-1] if self._parts else None
        known = {key for key in keys if key in last} if isinstance(last, FairLine) else set()
        groups: dict[str | None, list[int]] = {}
        for row, key in enumerate(keys):
            groups.setdefault(key if key in known else None, []).append(row)
        return [np.array(rows, dtype=np.int64) for rows in groups.values()]
