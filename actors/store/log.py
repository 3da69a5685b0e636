"""The log of one shard: a fenced, idempotent, ordered stream in Redis or Valkey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import redis

from actors.store import keys
from actors.store.errors import Fenced, LogGap, Unsettled, translated
from actors.store.replicated import run_copied
from actors.store.script import script

Kind = Literal["events", "advance", "close", "lease", "order", "rules"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PAYLOAD_BYTES_MAX = 64 * 1024 * 1024
READ_CHUNK_BYTES = 8 * 1024 * 1024
READ_CHUNK_ENTRIES_MAX = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log.

    `events` is a batch of events, `advance` a move of the clock, `close` one of the season's
    end, `lease` a change of what the shard may use of the pools, `order` something decided by
    hand such as a campaign, `rules` a new version of the season file.

    `seq` counts from 1 without holes; `stamp_us` is the shard's clock in µs since 1970 UTC
    (the last row's stamp for "events"); `payload` is an Arrow IPC stream for "events".
    """

    seq: int
    kind: Kind
    stamp_us: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that has no place in the log yet."""

    kind: Kind
    stamp_us: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class _Pending:
    """An append whose outcome is unknown."""

    first_seq: int
    drafts: tuple[Draft, ...]


class ShardLog:
    """The log of one shard, for one writer and any number of readers.

    A writer first takes an epoch; from then on every older writer gets `Fenced`. `append`
    returns once the entry is as durable as the server makes it (on disk, with appendfsync
    always). When it raises `StoreUnavailable` the outcome is unknown, and the writer has two
    ways on: append the very same again (it is written at most once), or call `settle()`,
    which tells whether it is in the log. Appending something else first gets `Unsettled`.

    Every method that speaks to the server raises `StoreUnavailable` within the client's
    time-outs when it cannot. Not safe for several threads at once.
    """

    def __init__(self, client: redis.Redis, scope: str, shard: int, copies: int = 0) -> None:
        self.scope = scope
        self.shard = shard
        self.epoch: int | None = None
        self._client = client
        self._copies = copies
        self._log_key = keys.log(scope, shard)
        self._head_key = keys.head(scope, shard)
        self._next_seq = 0
        self._pending: _Pending | None = None
        self._append = script(client, "append")
        self._take = script(client, "take_epoch")
        self._trim = script(client, "trim")

    def beside(self) -> ShardLog:
        """Give the same log for another thread, to read; it trims under the epoch it is given."""
        return ShardLog(self._client, self.scope, self.shard, self._copies)

    @property
    def unsettled(self) -> bool:
        """Tell whether an append has an unknown outcome."""
        return self._pending is not None

    def take_epoch(self) -> int:
        """Become the log's only writer and return the new epoch."""
        epoch = self._take_over("")
        self._pending = None
        return epoch

    def append(self, kind: Kind, stamp_us: int, payload: bytes = b"") -> int:
        """Append one entry durably and return its seq.

        Raises:
            Fenced: another writer took a newer epoch, or no epoch was taken.
            Unsettled: an earlier, different append has an unknown outcome.
            StoreUnavailable: outcome unknown; see the class.
            ValueError: for an unknown kind or a payload above 64 MiB.
        """
        return self.append_many([Draft(kind, stamp_us, payload)])[0]

    def append_many(self, drafts: Sequence[Draft]) -> list[int]:
        """Append several entries in one round trip, all or none, and return their seqs.

        Raises:
            Fenced, Unsettled, StoreUnavailable, ValueError: as `append`.
        """
        if not drafts:
            return []
        for draft in drafts:
            _check(draft)
        if self.epoch is None:
            raise Fenced(f"log of shard {self.shard}: take an epoch before appending")
        asked = _Pending(self._next_seq, tuple(drafts))
        if self._pending is not None and self._pending != asked:
            raise Unsettled(
                f"log of shard {self.shard}: whether entry {self._pending.first_seq} was "
                "written is unknown; repeat that append or call settle() first"
            )
        self._pending = asked
        status, number = self._send(asked)
        if status == "fenced":
            self._pending = None
            raise self._fenced(number)
        if status == "gap":
            self._pending = None
            raise LogGap(
                f"log of shard {self.shard}: the server's last entry is {number}, not "
                f"{asked.first_seq - 1}; its data was replaced: restore from the archive"
            )
        self._pending = None
        self._next_seq = asked.first_seq + len(drafts)
        return list(range(asked.first_seq, self._next_seq))

    def settle(self) -> list[Entry]:
        """Find out what became of an append whose outcome is unknown.

        The entries returned are in the log and the caller has to apply them, just as if it
        had read them; an empty list means that they are not there and never will be.

        Raises:
            Fenced: another writer owns the log; what became of the append is its to read.
            StoreUnavailable: still unknown.
        """
        pending = self._pending
        if pending is None:
            return []
        # A new epoch of our own also refuses a copy of the append that is still on its way.
        self._take_over(str(self.epoch))
        self._pending = None
        if self._next_seq <= pending.first_seq:
            return []
        return [
            Entry(pending.first_seq + place, draft.kind, draft.stamp_us, draft.payload)
            for place, draft in enumerate(pending.drafts)
        ]

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Yield the entries after a seq up to the last one there is now, in order.

        Entries are fetched in chunks of about 8 MiB, so memory stays bounded.

        Raises:
            LogGap: when entries after `after_seq` were trimmed or lost.
        """
        last = self.last_seq()
        seq, count = after_seq, 8
        while seq < last:
            rows = self._range(seq + 1, last, count)
            size = 0
            for entry in rows:
                if entry.seq != seq + 1:
                    break
                seq = entry.seq
                size += len(entry.payload) + 128
                yield entry
            if seq < last and (not rows or seq != rows[-1].seq):
                raise LogGap(
                    f"log of shard {self.shard}: entry {seq + 1} is not in the log any more; "
                    "read it from the archive"
                )
            count = max(1, min(READ_CHUNK_ENTRIES_MAX, READ_CHUNK_BYTES * len(rows) // (size or 1)))

    def last_seq(self) -> int:
        """Give the seq of the last entry ever appended, trimmed or not; 0 when none."""
        return self._head("seq")

    def last_stamp_us(self) -> int:
        """Give the stamp of the last entry ever appended, in µs; 0 when none."""
        return self._head("stamp_us")

    def trim(self, upto_seq: int) -> int:
        """Drop the entries up to and including a seq; return how many were dropped.

        Call it only once snapshot and archive hold them.

        Raises:
            Fenced: another writer owns the log.
        """
        with translated(f"trim the log of shard {self.shard}"):
            answer = self._trim(
                [self._log_key, self._head_key], [self.epoch or 0, f"{upto_seq + 1}-0"]
            )
        status, number = _word_and_number(answer)
        if status == "fenced":
            raise self._fenced(number)
        return number

    def _take_over(self, held: str) -> int:
        """Raise the epoch, from `held` or from anyone's when empty, and learn the last seq."""
        with translated(f"take over the log of shard {self.shard}"):
            answer = self._take([self._head_key], [held])
        status, epoch = _word_and_number(answer)
        if status == "fenced":
            raise self._fenced(epoch)
        self.epoch = epoch
        self._next_seq = int(answer[2]) + 1
        return epoch

    def _send(self, asked: _Pending) -> tuple[str, int]:
        """Run the append script, once more when the connection turns out to be dead.

        A server that restarted leaves dead connections in the pool; the script writes an
        entry at most once, so trying again on a new connection is safe.
        """
        arguments: list[Any] = [self.epoch, asked.first_seq]
        for draft in asked.drafts:
            arguments += (draft.kind, draft.stamp_us, draft.payload)
        with translated(f"append to the log of shard {self.shard}"):
            try:
                answer = self._written(arguments)
            except redis.exceptions.BusyLoadingError:
                raise
            except redis.exceptions.ConnectionError:
                answer = self._written(arguments)
        return _word_and_number(answer)

    def _written(self, arguments: list[Any]) -> Sequence[bytes]:
        """Run the append script; with copies, wait until as many replicas have the entries."""
        given = [self._log_key, self._head_key], arguments
        answer: Sequence[bytes]
        if self._copies:
            answer = run_copied(self._client, self._log_key, self._append, given, self._copies)
        else:
            answer = self._append(*given)
        return answer

    def _range(self, first: int, last: int, count: int) -> list[Entry]:
        with translated(f"read the log of shard {self.shard}"):
            found: Any = self._client.xrange(
                self._log_key, min=f"{first}-0", max=f"{last}-0", count=count
            )
        return [
            Entry(
                int(entry_id.split(b"-", 1)[0]),
                cast(Kind, fields[b"kind"].decode()),
                int(fields[b"stamp_us"]),
                fields[b"payload"],
            )
            for entry_id, fields in found
        ]

    def _head(self, field: str) -> int:
        with translated(f"read the head of the log of shard {self.shard}"):
            value: Any = self._client.hget(self._head_key, field)
        return int(value or 0)

    def _fenced(self, owner: int) -> Fenced:
        return Fenced(
            f"log of shard {self.shard}: epoch {self.epoch} is not the owner's, {owner}; "
            "this copy of the shard must stop"
        )


def _check(draft: Draft) -> None:
    """Refuse what must never reach the log."""
    if draft.kind not in KINDS:
        raise ValueError(f"kind = {draft.kind!r}: must be one of {', '.join(KINDS)}")
    if len(draft.payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(
            f"payload of {len(draft.payload)} bytes: must be ≤ {PAYLOAD_BYTES_MAX}; split the batch"
        )


def _word_and_number(answer: Sequence[bytes]) -> tuple[str, int]:
    return answer[0].decode(), int(answer[1])
