"""Mirror marks: which rows of a ranking shard the sorted sets don't show as they are yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rules.table.distinct import distinct_rows

Int64s = npt.NDArray[np.int64]


class MirrorMarks:
    """Rows that changed, each written once however often it did: a round at a time.

    `mark` and `lag_s` may be called while another thread takes rows.
    """

    def __init__(self) -> None:
        self.marked = 0
        """Rows marked so far, repeated ones too: how busy the shard is shows in its growth."""
        self._marking = threading.Lock()
        self._fresh: list[Int64s] = []
        self._fresh_since_s: float | None = None
        self._round: Int64s = np.zeros(0, dtype=np.int64)
        self._round_since_s: float | None = None
        self._maybe_shown: dict[str, npt.NDArray[np.bool_]] = {}

    def mark(self, rows: Int64s) -> None:
        """Mark rows, int64[k], O(1)."""
        if not len(rows):
            return
        with self._marking:
            self._fresh.append(rows)
            self.marked += len(rows)
            if self._fresh_since_s is None:
                self._fresh_since_s = time.monotonic()

    def take(self, limit: int, score_of: Callable[[Int64s], Int64s]) -> Int64s:
        """Give up to `limit` rows of the round, beginning the next one when it is over.

        What was given before counts as written from now on. A round goes by score: neighbours in
        a sorted set lie near one another in the server's memory, which more than halves its work.
        """
        if not len(self._round):
            with self._marking:
                fresh, self._fresh = self._fresh, []
                # In this order a reader of the lag between the two lines sees one of them.
                self._round_since_s, self._fresh_since_s = self._fresh_since_s, None
            if not fresh:
                return self._round
            rows = distinct_rows(fresh, int(max(part.max() for part in fresh)) + 1)
            self._round = rows[np.argsort(score_of(rows), kind="stable")]
        taken, self._round = self._round[:limit], self._round[limit:]
        return taken

    def return_rows(self, rows: Int64s) -> None:
        """Put rows back that could not be written, at the head of the round; all may be shown."""
        self._round = np.concatenate([rows, self._round])
        for shown in self._maybe_shown.values():
            shown[rows[rows < len(shown)]] = True

    def worth_telling(
        self, board: str, rows: Int64s, here: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Tell which rows a sorted set has to hear of, bool[k]: not of who never was on the board.

        here says who is on it now. A row not heard of before may be in the set from before.
        """
        shown = self._maybe_shown.get(board, np.ones(0, dtype=np.bool_))
        count = int(rows.max()) + 1 if len(rows) else 0
        if count > len(shown):
            more = np.ones(max(count, 2 * len(shown)) - len(shown), dtype=np.bool_)
            shown = np.concatenate([shown, more])
        told: npt.NDArray[np.bool_] = here | shown[rows]
        shown[rows] = here
        self._maybe_shown[board] = shown
        return told

    def pending(self) -> int:
        """Count the rows that wait, at most: those marked twice count twice."""
        return len(self._round) + sum(map(len, self._fresh))

    def lag_s(self) -> float:
        """Tell for how long the oldest row has waited; a round counts as a whole until its end."""
        since_s = self._round_since_s
        if since_s is None:
            since_s = self._fresh_since_s
        return 0.0 if since_s is None else max(0.0, time.monotonic() - since_s)
