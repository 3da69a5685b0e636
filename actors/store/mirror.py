"""The mirror: one shard's boards as sorted sets, for any other reader of Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import redis
from numpy.typing import NDArray

from actors.store import keys
from actors.store.errors import translated
from actors.store.script import script

FLUSH_MEMBERS_MAX = 50_000
CHUNK_MEMBERS = 500
"""Members per script call: about 2 ms of the server's time, which appends wait behind."""
CHUNK_MEMBERS_CALM = 8_000
"""The same while nothing waits: a server that writes to disk first takes longer for the disk
than for 500 members, and as long for one call as for another."""

Scores = NDArray[np.int64]


class Mirror:
    """Coalesced writer of one shard's boards into a server, the log's or another one.

    `note` only remembers each member's newest score; `flush` writes what was remembered. A
    flush that fails forgets nothing: the next one goes on with the same members. `note` and
    `lag_s` may be called while another thread is in `flush` or `rebuild`.
    """

    def __init__(self, client: redis.Redis, season: str, shard: int) -> None:
        self.season = season
        self.shard = shard
        self.lost = False
        self._client = client
        self._set_scores = script(client, "set_scores")
        self._swap_board = script(client, "swap_board")
        self._pack = msgspec.msgpack.Encoder().encode
        # Guarded by _noting: what was noted and is not yet due to be written.
        self._noting = threading.Lock()
        self._noted: dict[str, dict[str, int]] = {}
        self._noted_since_s: float | None = None
        # Guarded by _writing: what is being written, chunk by chunk, from the end.
        self._writing = threading.Lock()
        self._chunks: list[tuple[str, list[tuple[str, int]]]] = []
        self._chunks_since_s: float | None = None

    def note(self, board: str, members: Sequence[str], scores: Scores) -> None:
        """Remember the scores of members of a board.

        Args:
            board: the board's id.
            members: member ids, [n]; of a member given twice the last score counts.
            scores: int64[n], season points; below 1 takes the member off the board.
        """
        if len(members) != len(scores):
            raise ValueError(f"{len(members)} members, {len(scores)} scores: must be as many")
        if not len(members):
            return
        newest = dict(zip(members, scores.tolist(), strict=True))
        now_s = time.monotonic()
        with self._noting:
            self._noted.setdefault(board, {}).update(newest)
            if self._noted_since_s is None:
                self._noted_since_s = now_s

    def pending(self) -> int:
        """Count the scores noted and not yet written."""
        with self._noting:
            noted = sum(map(len, self._noted.values()))
        return noted + sum(len(chunk) for _, chunk in tuple(self._chunks))

    def lag_s(self) -> float:
        """Tell for how long the oldest unwritten score has been waiting; 0 when none is.

        It errs on the high side: a round of writing counts as a whole until its end.
        """
        since_s = self._chunks_since_s
        if since_s is None:
            since_s = self._noted_since_s
        return 0.0 if since_s is None else max(0.0, time.monotonic() - since_s)

    def flush(self, limit: int = FLUSH_MEMBERS_MAX) -> int:
        """Write up to about `limit` noted scores and return how many were written.

        Afterwards `lost` tells whether the server lost the boards (it restarted without a disk,
        say): then every board wants a `rebuild`, and after them `mark_whole()`.

        Raises:
            StoreUnavailable: the rest stays noted.
        """
        written = 0
        with self._writing:
            while written < limit:
                if not self._chunks and not self._begin_round():
                    break
                board, chunk = self._chunks[-1]
                self._write(keys.board(self.season, board, self.shard), chunk)
                self._chunks.pop()
                written += len(chunk)
                if not self._chunks:
                    self._chunks_since_s = None
        return written

    def write(
        self, board: str, members: Sequence[str], scores: Scores, chunk: int = CHUNK_MEMBERS
    ) -> None:
        """Write scores now, past what is noted: for a caller that notes what is due itself.

        Members and scores are as in `note`, each member once; `chunk` members go at a time.
        Afterwards `lost` tells as after `flush`.

        Raises:
            StoreUnavailable: some may be written; write all of them again, or newer ones.
        """
        key = keys.board(self.season, board, self.shard)
        with self._writing:
            for start in range(0, len(members), chunk):
                part = slice(start, start + chunk)
                self._write(key, list(zip(members[part], scores[part].tolist(), strict=True)))

    def rebuild(self, board: str, members: Sequence[str], scores: Scores) -> int:
        """Replace a board by these members in one step and return how many are on it.

        Readers see the old board or the new one, never half of either. Scores noted before the
        call have to be part of the arrays; those noted during it are written by later flushes.

        Args:
            board: the board's id.
            members: every member that may be on it, [n], distinct.
            scores: int64[n], season points; members below 1 are left out.

        Raises:
            StoreUnavailable: the old board stands.
        """
        fresh = keys.board_rebuild(self.season, board, self.shard)
        everyone = list(zip(members, scores.tolist(), strict=True))
        with self._writing:
            with translated(f"rebuild board {board} of shard {self.shard}"):
                self._client.delete(fresh)
            for chunk in _chunks_of([pair for pair in everyone if pair[1] >= 1]):
                self._write(fresh, chunk)
            with translated(f"rebuild board {board} of shard {self.shard}"):
                on_board = self._swap_board([fresh, keys.board(self.season, board, self.shard)])
            # Rounds begun before the call hold older scores than the arrays.
            self._chunks = [entry for entry in self._chunks if entry[0] != board]
            if not self._chunks:
                self._chunks_since_s = None
        return int(on_board)

    def mark_whole(self) -> None:
        """Mark that every board was written in full, so that a loss shows in `lost`."""
        with translated(f"mark the mirror of shard {self.shard}"):
            self._client.set(keys.mirror_whole(self.season, self.shard), 1)
        self.lost = False

    def write_info(self, info: Mapping[str, str | int]) -> None:
        """Write what describes the season to other readers: shards, starts, ends, phase, as_of."""
        fields: dict[Any, Any] = dict(info)
        with translated(f"describe season {self.season}"):
            self._client.hset(keys.info(self.season), mapping=fields)

    def _begin_round(self) -> bool:
        """Take everything noted so far as the next round; tell whether there was anything."""
        with self._noting:
            noted, self._noted = self._noted, {}
            # In this order a reader of the lag between the two lines sees one of them.
            self._chunks_since_s = self._noted_since_s
            self._noted_since_s = None
        self._chunks = [
            (board, chunk)
            for board, scores in noted.items()
            for chunk in _chunks_of(list(scores.items()))
        ]
        self._chunks.reverse()
        return bool(self._chunks)

    def _write(self, key: str, chunk: list[tuple[str, int]]) -> None:
        """Write one chunk of scores into a sorted set."""
        kept = [value for member, score in chunk if score >= 1 for value in (score, member)]
        gone = [member for member, score in chunk if score < 1]
        with translated(f"mirror the boards of shard {self.shard}"):
            marked = self._set_scores(
                [key, keys.mirror_whole(self.season, self.shard)],
                [self._pack(kept), self._pack(gone)],
            )
        self.lost = not marked


def _chunks_of(scores: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    for start in range(0, len(scores), CHUNK_MEMBERS):
        yield scores[start : start + CHUNK_MEMBERS]
