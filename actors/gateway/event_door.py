"""Event door: serves events by itself, before the framework, and passes everything else on.

A till sends one event a request; there the framework's layers cost more than the event. What they
do for other requests is done here for these, step by step in the same order: an id and a count,
the doors' checks, the key, the body, the answer or a problem.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.gateway.audit_trail import record_events
from actors.gateway.auth import Caller
from actors.gateway.doors import EVENTS_PATH, REFUSED, Doors
from actors.gateway.front_door import send_whole
from actors.gateway.ingest import BODY_BYTES_MAX, SMALL_BODY_BYTES, UNDECLARED_BODY_BYTES
from actors.gateway.problems import MEDIA_TYPE, Problem, unexpected
from actors.gateway.request_log import HEADER, RequestLog, request_id_of
from actors.gateway.state import State
from actors.gateway.submission import Submission
from actors.phases import instant

SENDERS: Final = ("till", "admin")
_JSON: Final = [(b"content-type", b"application/json")]

log = logging.getLogger(__name__)

Headings = list[tuple[bytes, bytes]]


class EventDoor:
    """The outermost application; an answer to events means that they are durable."""

    def __init__(self, app: ASGIApp, state: State, doors: Doors, requests: RequestLog) -> None:
        self._app = app
        self._state = state
        self._doors = doors
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"] != EVENTS_PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        try:
            status, headings, body = 200, _JSON, await self._answer(scope, receive)
        except Problem as problem:
            status, headings, body = _told(problem)
        except Exception as error:  # the sender has to hear of it, whatever it is
            log.exception("the gateway failed on a request with events")
            status, headings, body = _told(unexpected(error))
        if status in REFUSED:
            self._doors.count(scope, status)
        self._requests.count(scope, EVENTS_PATH, status)
        headings = [(b"content-length", b"%d" % len(body)), *headings, (HEADER, request_id)]
        await send_whole(scope, send, status, headings, body)
        self._requests.served(scope, EVENTS_PATH, status, time.perf_counter() - began_s)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        """Take a request's events and wait until they are durable; raises Problem."""
        state = self._state
        found, length = self._doors.admit(scope)
        caller = self._caller(scope)
        submission = await self._taken(found, length, receive, caller)
        scope["state"]["submission"] = submission
        await state.ingest.settle(submission)
        if submission.acts:
            await record_events(state, caller, submission)
        query = scope["query_string"]
        every = bool(query) and QueryParams(query).get("results") == "all"
        as_of = "" if submission.received == 1 else instant(state.as_of_us())
        return submission.answer(every, as_of)

    def _caller(self, scope: Scope) -> Caller:
        """Give who sends, as the doors found it, or say why they may not; raises Problem."""
        caller: Caller | None = scope["state"].get("key")
        if caller is not None and caller.role in SENDERS:
            return caller
        return self._state.keys.authorise(Headers(scope=scope), SENDERS)

    async def _taken(
        self, found: dict[bytes, bytes], length: int, receive: Receive, caller: Caller
    ) -> Submission:
        """Read and take a body; it is held only until it is decoded, and so are few at once.

        A key that may send no more for now is told before its body is read.
        """
        ingest = self._state.ingest
        size = UNDECLARED_BODY_BYTES if b"content-length" not in found else length
        ingest.admit(caller.key_id, size)
        small = size <= SMALL_BODY_BYTES
        with ingest.bodies.hold(caller.key_id, min(size, BODY_BYTES_MAX), small):
            body = await _body(length, receive)
            kind = found.get(b"content-type", b"").decode("latin-1")
            return await ingest.take(body, kind, caller.key_id)


async def _body(length: int, receive: Receive) -> bytes:
    """Read the body, refusing one that is too large before it is read to the end."""
    if length > BODY_BYTES_MAX:
        raise _too_large()
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The sender went away before the end of the body.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_BYTES_MAX:
            raise _too_large()
        more = message.get("more_body", False)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    if not body or body.isspace():
        raise Problem(400, "The body is empty; send one event, a JSON array, NDJSON or Arrow.")
    return body


def _too_large() -> Problem:
    return Problem(
        413, f"The body is larger than {BODY_BYTES_MAX >> 20} MiB; send it in smaller parts."
    )


def _told(problem: Problem) -> tuple[int, Headings, bytes]:
    """Give a problem's status, headers and body."""
    told = {"content-type": MEDIA_TYPE, **problem.headers}
    headings = [(name.lower().encode(), text.encode("latin-1")) for name, text in told.items()]
    return problem.status, headings, problem.body()
