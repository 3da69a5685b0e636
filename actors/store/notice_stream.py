"""Notice stream: what a shard's members are to be told, in a stream beside the log.

An entry holds the notices from the n-th on of log entry `seq` and has the id `seq-n`. The
server refuses an id that isn't above the last one, so telling the log's tail again after a crash
adds nothing.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import redis

from actors.store import keys
from actors.store.errors import translated
from rules.notices.notice_book import Notice

CHUNK: Final = 200
"""Notices in an entry. A shard that starts again with another number may cut the last one anew."""

StreamId = tuple[int, int]
LAST_N: Final = 2**64 - 1
_REFUSED: Final = "equal or smaller"


class Chunk(NamedTuple):
    """One entry: notices of one log entry, in order."""

    id: StreamId
    notices: list[Notice]


def read_id(text: bytes | str) -> StreamId:
    """Read a stream id.

    >>> read_id("7-200")
    (7, 200)
    """
    seq, _, n = (text.decode() if isinstance(text, bytes) else text).partition("-")
    return int(seq), int(n or 0)


def write_id(stream_id: StreamId) -> str:
    """Write a stream id."""
    return f"{stream_id[0]}-{stream_id[1]}"


class NoticeStream:
    """The stream of one shard. Methods raise StoreUnavailable when the server doesn't answer."""

    def __init__(self, client: redis.Redis, scope: str, shard: int) -> None:
        self.shard = shard
        self._client = client
        self._key = keys.notices(scope, shard)
        self._decode = msgspec.json.Decoder(list[Notice]).decode
        self._encode = msgspec.json.Encoder().encode

    def begin(self, last_seq: int) -> StreamId:
        """Give the id of the last entry ever; a new stream begins behind a log entry."""
        with translated(f"read the notices of shard {self.shard}"):
            last = self._last_id()
        if last is None:
            self._add((last_seq, LAST_N), {"begins": last_seq})
            return last_seq, LAST_N
        return last

    def append(self, stream_id: StreamId, notices: list[Notice]) -> None:
        """Append an entry; one that was appended before is left as it is."""
        self._add(stream_id, {"notices": self._encode(notices)})

    def read(self, after: StreamId, count: int) -> list[Chunk]:
        """Read some entries after an id, in order."""
        with translated(f"read the notices of shard {self.shard}"):
            found: Any = self._client.xrange(self._key, min=f"({write_id(after)}", count=count)
        return [
            Chunk(read_id(entry), self._decode(fields.get(b"notices", b"[]")))
            for entry, fields in found
        ]

    def trim(self, upto: StreamId) -> None:
        """Drop the entries up to and including an id."""
        with translated(f"trim the notices of shard {self.shard}"):
            self._client.xtrim(
                self._key, minid=f"{upto[0]}-{min(upto[1] + 1, LAST_N)}", approximate=False
            )

    def waiting(self) -> int:
        """Count the entries there are."""
        with translated(f"read the notices of shard {self.shard}"):
            return int(self._client.xlen(self._key))

    def _last_id(self) -> StreamId | None:
        try:
            told: Any = self._client.xinfo_stream(self._key)
        except redis.exceptions.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return None
        return read_id(told["last-generated-id"])

    def _add(self, stream_id: StreamId, fields: dict[str, Any]) -> None:
        with translated(f"append to the notices of shard {self.shard}"):
            try:
                asked: Any = fields
                self._client.xadd(self._key, asked, id=write_id(stream_id))
            except redis.exceptions.ResponseError as error:
                if _REFUSED not in str(error):
                    raise
