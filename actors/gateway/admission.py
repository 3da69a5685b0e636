"""Admission: shares what is bounded between keys, so that no sender crowds out the others.

A gateway bounds three things: bytes of bodies it holds, events that wait for a shard, and reads
under way. Of each a key may hold as much as is left. So one that pushes alone gets half, n that
push get an equal part each, and as much stays free for whoever comes next; while what waits goes
down, those who hold little are let in before those who hold much. However full it is, a key that
holds nothing may send something small: beside a crowd that is never more than a little for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.gateway.problems import Problem

RETRY_AFTER_S: Final = 1
BODIES_BYTES_MAX: Final = 256 * 1024 * 1024
READS_MAX: Final = 400
"""Below the calls that may wait at an actor, where one more would be an error."""
WAIT_S: Final = 1.5
"""How long an event may wait for its shard before senders are told to come later."""
SMOOTHING: Final = 0.3
BUCKET_S: Final = 0.5


class Admission:
    """Counts what each key holds of a bound.

    >>> queue = Admission("events", 100)
    >>> queue.take("pushing", 60)
    >>> queue.refusal("pushing") is None, queue.refusal("other") is None
    (False, True)
    """

    def __init__(self, unit: str, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.refused = 0
        self._unit = unit
        self._by_key: dict[str, int] = {}

    def refusal(self, key: str, small: bool = False) -> Problem | None:
        """Give the problem to answer when a key may take no more for now, else None.

        small tells that what it would take is little beside the limit.
        """
        own, left = self._by_key.get(key, 0), self.limit - self.held
        if own < left or (small and not own):
            return None
        self.refused += 1
        whose = f"{own:,} of them yours" if own else "none of them yours"
        return Problem(
            429,
            f"{self.held:,} {self._unit} wait already, {whose} (at most {self.limit:,}, and of one "
            "key no more than are left); send the same again later.",
            retry_after_s=RETRY_AFTER_S,
        )

    def take(self, key: str, amount: int) -> None:
        """Count an amount as held; what was let in is not refused half-way."""
        self.held += amount
        self._by_key[key] = self._by_key.get(key, 0) + amount

    def give_back(self, key: str, amount: int) -> None:
        """Count an amount as gone."""
        self.held -= amount
        left = self._by_key[key] - amount
        if left:
            self._by_key[key] = left
        else:
            del self._by_key[key]

    def lower(self, to: int, gone: int) -> None:
        """Set the limit to a lower one as fast as half of what goes, or to a higher one at once.

        Else there would be no room for anyone until what waits is below the lower limit.
        """
        self.limit = max(to, self.limit - (gone + 1) // 2)

    @contextmanager
    def hold(self, key: str, amount: int, small: bool = False) -> Iterator[None]:
        """Hold an amount for a while; raises Problem 429 when the key may not."""
        refusal = self.refusal(key, small)
        if refusal is not None:
            raise refusal
        self.take(key, amount)
        try:
            yield
        finally:
            self.give_back(key, amount)


class Pace:
    """Sets how many events may wait: as many as the shards take in a few seconds."""

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = most
        self._rate = most / WAIT_S  # until it is known
        self._count = 0
        self._since_s: float | None = None

    @property
    def limit(self) -> int:
        """Give the most events that may wait now."""
        return max(self._least, min(self._most, int(self._rate * WAIT_S)))

    def drained(self, count: int, waiting: int, now_s: float) -> None:
        """Note that events went to their shards, and how many still wait.

        Only time in which some waited tells the pace: else it is the senders'.
        """
        if self._since_s is not None:
            self._count += count
            took_s = now_s - self._since_s
            if took_s >= BUCKET_S:
                self._rate += SMOOTHING * (self._count / took_s - self._rate)
                self._since_s, self._count = now_s, 0
        if not waiting:
            self._since_s = None
        elif self._since_s is None:
            self._since_s, self._count = now_s, 0


class ReadGate:
    """Middleware: bounds the requests under way that are not events, by key."""

    def __init__(self, app: ASGIApp, reads: Admission, passes: frozenset[str]) -> None:
        self._app = app
        self._reads = reads
        self._passes = passes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer that too many are under way."""
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.startswith("/v1/") or path in self._passes or path.endswith("/stream"):
            await self._app(scope, receive, send)
            return
        authorization = Headers(scope=scope).get("authorization", "")
        key = reader_name(authorization.encode("latin-1"))
        refusal = self._reads.refusal(key)
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        self._reads.take(key, 1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._reads.give_back(key, 1)


def reader_name(authorization: bytes) -> str:
    """Tell keys apart without keeping them."""
    return hashlib.blake2b(authorization, digest_size=8).hexdigest()
