"""Request log: gives every request an id, counts it, and writes it down where that was asked for.

What is written never holds a path's ids, a header, a body or a query: only the route, the ids of
events, and figures.
"""

from __future__ import annotations

import logging
import re
import secrets
from itertools import count
from typing import Any, Final

from starlette.types import Scope

from actors.gateway.submission import Submission
from actors.gateway.tally import Tally

HEADER: Final = b"x-request-id"
UNMATCHED: Final = "unmatched"
PLAIN_PATHS: Final = frozenset(("/v1/events", "/healthz", "/readyz", "/openapi.json"))
"""Paths without parameters, whose plain routes the framework doesn't leave in the scope."""
STREAM_SUFFIX: Final = "/stream"
_SANE: Final = re.compile(rb"[A-Za-z0-9._:+/=-]{1,64}")

_PROCESS: Final = secrets.randbits(32)
_numbers = count(1)

log = logging.getLogger(__name__)


class RequestLog:
    """Counts requests; with `every` each becomes a line of the log."""

    def __init__(self, tally: Tally, every: bool) -> None:
        self._tally = tally
        self._every = every

    def count(self, scope: Scope, route: str, status: int) -> None:
        """Count a request that is being answered."""
        self._tally.request(scope["method"], route, status)

    def served(self, scope: Scope, route: str, status: int, took_s: float) -> None:
        """Note how long an answer took to its last byte."""
        if not route.endswith(STREAM_SUFFIX):
            self._tally.took(route, took_s)
        if self._every or status >= 500:
            self._write(scope, route, status, took_s)

    def _write(self, scope: Scope, route: str, status: int, took_s: float) -> None:
        fields: dict[str, Any] = {
            "request_id": scope["state"]["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "took_ms": round(took_s * 1e3, 3),
        }
        submission = scope["state"].get("submission")
        if submission is not None:
            fields |= events_in(submission)
        level = logging.WARNING if status >= 500 else logging.INFO
        log.log(level, "%s %s %d", scope["method"], route, status, extra={"fields": fields})


def request_id_of(scope: Scope) -> bytes:
    """Take the sender's id of a request when it is a sane one, else make one.

    >>> request_id_of({"headers": [(b"x-request-id", b"till-7.42")]})
    b'till-7.42'
    >>> len(request_id_of({"headers": [(b"x-request-id", b"two words")]}))
    16
    """
    for name, value in scope["headers"]:
        if name == HEADER:
            if _SANE.fullmatch(value):
                return bytes(value)
            break
    return b"%08x%08x" % (_PROCESS, next(_numbers) & 0xFFFFFFFF)


def route_of(scope: Scope) -> str:
    """Name the route that took a request, with its parameters' names in place of ids."""
    if scope["path"] in PLAIN_PATHS:
        return str(scope["path"])
    path = getattr(scope.get("route"), "path", None)
    return path.replace(":path}", "}") if isinstance(path, str) else UNMATCHED


def events_in(submission: Submission) -> dict[str, Any]:
    """Name what a request brought: one event, or the first of a batch and how many; its shards."""
    first = submission.first_event_id()
    named: dict[str, Any]
    if submission.received == 1:
        named = {"event_id": first}
    else:
        named = {"first_event_id": first, "events": submission.received}
    shards = sorted(submission.shards)
    return named | ({"shard": shards[0]} if len(shards) == 1 else {"shards": shards})
