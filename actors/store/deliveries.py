"""Deliveries: how far one way of delivery is with a shard's notices, and what became of each.

The cursor says which entry of the notice stream is dealt with whole; `done` which notices of the
next one. Outcomes go to a history; what was given up is kept as dead letters, and may be sent
again. Every change is one transaction, so a restart goes on where the last one ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import redis

from actors.store import keys
from actors.store.errors import translated
from actors.store.notice_stream import StreamId, read_id, write_id
from actors.store.script import script
from rules.notices.notice_book import Notice

HISTORY_MS: Final = 30 * 86_400_000
HISTORY_MAX: Final = 100_000
"""Of a longer history only what the weekly limit looks at is kept."""
WEEKLY_MS: Final = 8 * 86_400_000
DEAD_MAX: Final = 100_000
BEGIN: Final[StreamId] = (0, 0)

SENT, DEAD = "sent", "dead"


class Delivery(msgspec.Struct, frozen=True):
    """What became of a notice. id is SHARD-SEQ-N; told_us when it was settled."""

    id: str
    notice: Notice
    state: str
    told_us: int
    tries: int = 0
    why: str = ""


def notice_id(shard: int, stream_id: StreamId, nth: int) -> str:
    """Name a notice: the nth of an entry of a shard's stream.

    >>> notice_id(0, (7, 200), 3)
    '0-7-203'
    """
    return f"{shard}-{stream_id[0]}-{stream_id[1] + nth}"


class Deliveries:
    """What one way of delivery keeps of one shard. Methods raise StoreUnavailable."""

    def __init__(self, client: redis.Redis, scope: str, lane: str, shard: int) -> None:
        self.lane, self.shard = lane, shard
        self._client = client
        names = ("cursor", "done", "history", "dead", "again")
        self._keys = {name: keys.notices_of_lane(scope, lane, name, shard) for name in names}
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Delivery).decode
        self._retry = script(client, "retry_notice")

    def after(self) -> StreamId:
        """Give the last entry of the stream that is dealt with whole."""
        with translated("read how far the notices are"):
            found: Any = self._client.hget(self._keys["cursor"], "after")
        return BEGIN if found is None else read_id(found)

    def counts(self) -> dict[str, int]:
        """Count what became of notices so far, by state."""
        with translated("count the notices"):
            found: Any = self._client.hgetall(self._keys["cursor"])
        return {name.decode(): int(value) for name, value in found.items() if name != b"after"}

    def done(self) -> set[str]:
        """Give the ids of notices behind the cursor that are settled already."""
        with translated("read which notices are settled"):
            found: Any = self._client.hkeys(self._keys["done"])
        return {name.decode() for name in found}

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Note what became of notices of the entry after the cursor."""
        if not deliveries:
            return
        with translated("note what became of notices"), self._client.pipeline() as pipe:
            pipe.hset(self._keys["done"], mapping={one.id: one.state for one in deliveries})
            self._note(pipe, deliveries)
            pipe.execute()

    def finish(self, stream_id: StreamId) -> None:
        """Move the cursor past an entry whose notices are all settled."""
        with translated("note how far the notices are"), self._client.pipeline() as pipe:
            pipe.hset(self._keys["cursor"], "after", write_id(stream_id))
            pipe.delete(self._keys["done"])
            pipe.execute()

    def history(self, since_ms: int = 0) -> list[Delivery]:
        """Read what became of notices since a time of the server, the oldest first."""
        with translated("read what became of notices"):
            found: Any = self._client.xrange(self._keys["history"], min=since_ms or "-")
        return [self._decode(fields[b"delivery"]) for _, fields in found]

    def latest(self, what: str, count: int, before: str = "+") -> list[tuple[str, Delivery]]:
        """Read entries of `history`, `dead` or `again`, the newest first, with their ids."""
        with translated("read what became of notices"):
            found: Any = self._client.xrevrange(self._keys[what], max=before, count=count)
        return [(entry.decode(), self._decode(fields[b"delivery"])) for entry, fields in found]

    def trim(self, now_ms: int) -> None:
        """Forget what became of notices a month ago, of many a week; dead letters stay."""
        with translated("trim the history of notices"):
            many = self._client.xlen(self._keys["history"]) > HISTORY_MAX
            kept_ms = WEEKLY_MS if many else HISTORY_MS
            self._client.xtrim(self._keys["history"], minid=max(0, now_ms - kept_ms))

    def retry(self, entry: str) -> bool:
        """Have a dead letter, by its entry in `dead`, sent again; False when it is gone."""
        with translated("have a notice sent again"):
            moved = self._retry([self._keys["dead"], self._keys["again"]], [entry])
        return bool(moved)

    def again(self, count: int) -> list[tuple[str, Delivery]]:
        """Read what is to be sent again, the oldest first, with the entries' ids."""
        with translated("read which notices to send again"):
            found: Any = self._client.xrange(self._keys["again"], count=count)
        return [(entry.decode(), self._decode(fields[b"delivery"])) for entry, fields in found]

    def settle_again(self, entry: str, delivery: Delivery) -> None:
        """Note what became of a notice that was sent again."""
        with translated("note what became of notices"), self._client.pipeline() as pipe:
            pipe.xdel(self._keys["again"], entry)
            self._note(pipe, [delivery])
            pipe.execute()

    def _note(self, pipe: Any, deliveries: Sequence[Delivery]) -> None:
        for state, count in Counter(one.state for one in deliveries).items():
            pipe.hincrby(self._keys["cursor"], state, count)
        for one in deliveries:
            told = {"delivery": self._encode(one)}
            if one.state == DEAD:
                pipe.xadd(self._keys["dead"], told, maxlen=DEAD_MAX)
            else:
                pipe.xadd(self._keys["history"], told)
