"""Board orders: the ranks of a shard's boards, brought up to date when somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from actors.standing_columns import StandingColumns
from rules.ranks.ranking import RankIndex
from rules.table.distinct import distinct_rows

LISTED_ROWS_MIN: Final = 65_536

Int64s = npt.NDArray[np.int64]


class _Names(Sequence[str]):
    """The members of some rows, looked up only where asked for."""

    def __init__(self, members: list[str], rows: Int64s) -> None:
        self._members = members
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return _Names(self._members, self._rows[place])
        return self._members[int(self._rows[place])]


class BoardOrders:
    """The orders of some boards over the standings of one shard.

    A change only notes its rows, O(1); the next read of a board takes over what changed since its
    last one, each row once, however often it changed. What nobody reads costs nothing.
    """

    def __init__(
        self, columns: StandingColumns, boards: Mapping[str, int], tie_break: Sequence[str]
    ) -> None:
        self._columns = columns
        self._bits = dict(boards)
        self._indexes = {board: RankIndex(tie_break) for board in boards}
        self._listed: dict[str, list[Int64s]] = {board: [] for board in boards}
        self._listed_rows = dict.fromkeys(boards, 0)

    def note(self, rows: Int64s) -> None:
        """Note that the standings of rows, int64[k], changed."""
        for board, listed in self._listed.items():
            listed.append(rows)
            self._listed_rows[board] += len(rows)
            if self._listed_rows[board] > max(LISTED_ROWS_MIN, 2 * len(self._columns.members)):
                self._listed[board] = [distinct_rows(listed, len(self._columns.members))]
                self._listed_rows[board] = len(self._listed[board][0])

    def __getitem__(self, board: str) -> RankIndex:
        """Give a board's order as it is now; raises KeyError for another board."""
        index = self._indexes[board]
        if self._listed[board]:
            self._take_over(board, index)
        return index

    @property
    def delta_rows(self) -> int:
        """Count the rows beside the boards' sorted arrays, of what readers had taken over."""
        return sum(index.delta_rows for index in self._indexes.values())

    def all(self) -> dict[str, RankIndex]:
        """Give the orders of all boards as they are now."""
        return {board: self[board] for board in self._indexes}

    def _take_over(self, board: str, index: RankIndex) -> None:
        columns = self._columns
        rows = distinct_rows(self._listed[board], len(columns.members))
        self._listed[board], self._listed_rows[board] = [], 0
        score = columns.score[rows]
        index.update(
            rows,
            _Names(columns.members, rows),
            score,
            columns.tasks_completed_at_us[rows],
            columns.active_days[rows].astype(np.int64),
            columns.on(self._bits[board], rows) & (score >= 1),
        )
