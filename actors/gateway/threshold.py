"""Threshold: gives every request its id, counts it and has it checked, and serves the commonest.

A till sends one event a request, a page asks for a board again and again: there the framework's
layers cost more than the answer. So doors before the framework take such requests, but only what
they read as it stands: all else, crooked requests too, is left to the framework.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.gateway.auth import Caller, KeyRing
from actors.gateway.doors import EVENTS_PATH, REFUSED, bounded
from actors.gateway.front_door import send_whole
from actors.gateway.problems import MEDIA_TYPE, Problem, unexpected
from actors.gateway.request_log import HEADER, RequestLog, request_id_of, route_of

_JSON: Final = [(b"content-type", b"application/json")]

log = logging.getLogger(__name__)

Headings = list[tuple[bytes, bytes]]
Serve = Callable[[Scope, Receive], Awaitable[bytes]]


class LeftToFramework(Exception):  # noqa: N818  says what happens
    """A request whose body turned out to be none that its door reads."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


@dataclass(frozen=True, slots=True)
class Way:
    """Where a request goes: its route, as the framework names it, and who serves it.

    `serve` gives the JSON of an answer; raises Problem, or LeftToFramework once it read a body.
    """

    path: str
    serve: Serve


class Door(Protocol):
    """Serves some requests."""

    def way(self, scope: Scope) -> Way | None:
        """Tell who serves a request; None when the framework does."""


class Gate(Protocol):
    """Lets requests in; actors.gateway.doors.Doors is one."""

    def admit(self, scope: Scope) -> tuple[dict[bytes, bytes], int]:
        """Give the headers that decide anything and the body's length; raises Problem."""

    def count(self, scope: Scope, status: int) -> None:
        """Count a refusal, a status of REFUSED."""


class Threshold:
    """The outermost application: every request passes it, and what comes most often ends here.

    `scope["state"]` says of a request: `request_id`, `admitted`, what the gate gave, and `key`, the
    Caller where the key is known.
    """

    def __init__(
        self, app: ASGIApp, gate: Gate, requests: RequestLog, doors: Sequence[Door]
    ) -> None:
        self._app = app
        self._gate = gate
        self._requests = requests
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        left: Receive | None = None
        status, headings, body = 200, _JSON, b""
        try:
            scope["state"]["admitted"] = self._gate.admit(scope)
            way = self._way(scope)
            if way is None:
                left = receive
            else:
                scope["route"] = way
                body = await way.serve(scope, receive)
        except LeftToFramework as unread:
            left = _again(unread.body, receive)
        except Problem as problem:
            status, headings, body = _told(problem)
        except Exception as error:  # the sender has to hear of it, whatever it is
            log.exception("the gateway failed on %s %s", scope["method"], route_of(scope))
            status, headings, body = _told(unexpected(error))
        if left is not None:
            await self._pass_on(scope, left, send, began_s)
            return
        self._count(scope, status)
        headings = [(b"content-length", b"%d" % len(body)), *headings, (HEADER, request_id)]
        await send_whole(scope, send, status, headings, body)
        self._requests.served(scope, route_of(scope), status, time.perf_counter() - began_s)

    def _way(self, scope: Scope) -> Way | None:
        for door in self._doors:
            way = door.way(scope)
            if way is not None:
                return way
        return None

    def _count(self, scope: Scope, status: int) -> None:
        if status in REFUSED:
            self._gate.count(scope, status)
        self._requests.count(scope, route_of(scope), status)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, began_s: float) -> None:
        """Have the framework serve a request.

        It answers what fails and then passes it on; so it ends here, or the server behind us would
        close the connection without a word. Only an answer that broke off has nothing else.
        """
        status, whole = 0, False
        request_id = scope["state"]["request_id"].encode()

        async def answer(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                self._count(scope, status)
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id)]
            await send(message)
            whole = message["type"] == "http.response.body" and not message.get("more_body")

        if scope["path"] != EVENTS_PATH and scope["state"]["admitted"][1]:
            receive = bounded(receive)
        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if status and not whole:
                raise
            log.exception("the gateway failed on %s %s", scope["method"], route_of(scope))
            if not status:
                code, headings, body = _told(unexpected(error))
                headings = [(b"content-length", b"%d" % len(body)), *headings]
                await answer({"type": "http.response.start", "status": code, "headers": headings})
                await answer({"type": "http.response.body", "body": body})
        finally:
            self._requests.served(scope, route_of(scope), status, time.perf_counter() - began_s)


def caller_of(scope: Scope, keys: KeyRing, allowed: tuple[str, ...]) -> Caller:
    """Give who calls, as the doors found it, or say why they may not; raises Problem."""
    caller: Caller | None = scope["state"].get("key")
    if caller is not None and caller.role in allowed:
        return caller
    return keys.authorise(Headers(scope=scope), allowed)


async def body_of(receive: Receive, bytes_max: int) -> bytes:
    """Read a body, refusing one that is too large before it is read to the end."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The sender went away before the end of the body.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > bytes_max:
            raise too_large(bytes_max)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def too_large(bytes_max: int) -> Problem:
    """Refuse a body of events by its size."""
    return Problem(413, f"The body is larger than {bytes_max >> 20} MiB; send it in smaller parts.")


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read already to who comes next."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _told(problem: Problem) -> tuple[int, Headings, bytes]:
    """Give a problem's status, headers and body."""
    told = {"content-type": MEDIA_TYPE, **problem.headers}
    headings = [(name.lower().encode(), text.encode("latin-1")) for name, text in told.items()]
    return problem.status, headings, problem.body()
