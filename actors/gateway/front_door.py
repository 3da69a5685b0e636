"""Front door: the HTTP protocol with limits on what one connection may take up.

uvicorn bounds neither headers nor the time a request takes to arrive. Whatever is refused here is
answered with a problem, as everywhere, and the connection is closed behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from starlette.types import Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from actors.gateway.problems import MEDIA_TYPE, Problem
from actors.gateway.request_log import HEADER, request_id_of
from actors.settings import Settings

URL_BYTES_MAX: Final = 8 * 1024
HEADERS_MAX: Final = 64
HEADER_BYTES_MAX: Final = 32 * 1024
HEAD_WITHIN_S: Final = 10.0
"""From a request's first byte, or the connection's start, to the end of its headers."""
BODY_PAUSE_S: Final = 15.0
"""Longest silence while a body comes."""
BODY_WITHIN_S: Final = 120.0
"""For a whole body: 32 MiB at 280 kB/s."""
ANSWER_PAUSE_S: Final = 60.0
"""Longest time in which a client takes nothing of an answer that waits for it."""
UNREAD_BYTES_MAX: Final = 64 * 1024 * 1024
"""What is read and thrown away of a body that was refused before its end, for the answer's sake."""
CONNECTIONS_MAX: Final = 16_384
SPARE_FILES: Final = 512
SWEEP_S: Final = 1.0

_CYCLE: Final = "forecourt.cycle"

Headings = list[tuple[bytes, bytes]]

log = logging.getLogger(__name__)


class _Heads:
    """What every answer of a status begins with, until a server changes its default headers."""

    def __init__(self) -> None:
        self._defaults: Headings = []
        self._written: dict[int, bytes] = {}

    def of(self, status: int, defaults: Headings) -> bytes:
        """Write the status and a server's default headers, which it replaces every second."""
        if defaults is not self._defaults:
            self._defaults, self._written = defaults, {}
        found = self._written.get(status)
        if found is None:
            lines = [b"%b: %b\r\n" % heading for heading in defaults]
            found = self._written[status] = b"".join((STATUS_LINE[status], *lines))
        return found


_heads: Final = _Heads()


async def send_whole(
    scope: Scope, send: Send, status: int, headings: Headings, body: bytes
) -> None:
    """Send an answer in one piece: in two, its head wakes the client for nothing.

    headings name nothing but what is ours to say, and the body's length.
    """
    cycle: RequestResponseCycle | None = scope.get(_CYCLE)
    if cycle is None or cycle.response_started or cycle.flow.write_paused:
        await send({"type": "http.response.start", "status": status, "headers": headings})
        await send({"type": "http.response.body", "body": body})
        return
    if cycle.disconnected:
        return
    if not cycle.keep_alive:
        headings = [*headings, (b"connection", b"close")]
    lines = [b"%b: %b\r\n" % heading for heading in headings]
    head = _heads.of(status, cycle.default_headers)
    cycle.transport.write(b"".join((head, *lines, b"\r\n", body)))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


class FrontDoor(HttpToolsProtocol):
    """One connection; `tell` is told the status and address of what is refused here."""

    connections_max: int = CONNECTIONS_MAX
    tell: Callable[[int, str], None] | None = None

    _since_s: float | None = None
    _last_s = 0.0
    _stuck_since_s: float | None = None
    _in_body = False
    _begun = False
    _header_bytes = 0
    _head_bytes = 0
    _unread_bytes = 0
    _refusal: Problem | None = None
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own does
        """Take a connection, or answer that there are too many."""
        super().connection_made(transport)
        self._since_s = self.loop.time()
        if len(self.connections) > self.connections_max:
            self._close_with(
                Problem(
                    503,
                    f"{self.connections_max:,} connections are open already; come again later.",
                    "too-many-connections",
                    retry_after_s=1,
                )
            )

    def on_message_begin(self) -> None:
        """Begin to measure a request."""
        super().on_message_begin()
        self._since_s = self.loop.time()
        self._in_body = False
        self._begun = True
        self._header_bytes = self._unread_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the path and query."""
        super().on_url(url)
        if len(self.url) > URL_BYTES_MAX:
            self._refuse(414, f"The path and query are longer than {URL_BYTES_MAX:,} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if len(self.headers) > HEADERS_MAX:
            self._refuse(431, f"There are more than {HEADERS_MAX} headers.")
        if self._header_bytes > HEADER_BYTES_MAX:
            self._refuse(431, f"The headers are larger than {HEADER_BYTES_MAX:,} bytes.")

    def on_headers_complete(self) -> None:
        """Begin to measure the body."""
        super().on_headers_complete()
        self.scope[_CYCLE] = self.cycle  # type: ignore[typeddict-unknown-key]  # see send_whole
        self._since_s = self._last_s = self.loop.time()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, or throw it away when the request was refused already."""
        self._last_s = self.loop.time()
        if self.cycle.response_complete:
            self._unread_bytes += len(body)
            if self._unread_bytes > UNREAD_BYTES_MAX:
                self.transport.close()
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Leave the request to the application: it bounds itself."""
        super().on_message_complete()
        self._since_s = None
        self._in_body = False

    def data_received(self, data: bytes) -> None:
        """Feed the parser; it holds a header back until its end, so one without end is cut off."""
        within_head = self._since_s is not None and not self._in_body and self._begun
        super().data_received(data)
        if not within_head or self._in_body or self._since_s is None:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEADER_BYTES_MAX + URL_BYTES_MAX:
            self._close_with(
                Problem(431, f"The headers are larger than {HEADER_BYTES_MAX:,} bytes.")
            )

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's signature
        """Answer what can't be parsed, or what a callback refused while it was."""
        refusal = self._refusal or Problem(400, "This is no valid HTTP/1.1 request.")
        self._refusal = None
        self._close_with(refusal)

    def sweep(self, now_s: float) -> None:
        """Close the connection when its request takes too long to arrive, or its answer to go."""
        if not self.flow.write_paused:
            self._stuck_since_s = None
        elif self._stuck_since_s is None:
            self._stuck_since_s = now_s
        elif now_s - self._stuck_since_s > ANSWER_PAUSE_S:
            self.transport.abort()
            return
        if self._since_s is None or self.transport.is_closing():
            return
        if not self._in_body:
            if now_s - self._since_s > HEAD_WITHIN_S:
                self._close_with(
                    Problem(408, f"No whole request came within {HEAD_WITHIN_S:.0f} s.")
                )
        elif not self.flow.read_paused:
            if now_s - self._last_s > BODY_PAUSE_S:
                self._close_with(
                    Problem(408, f"Nothing of the body came for {BODY_PAUSE_S:.0f} s.")
                )
            elif now_s - self._since_s > BODY_WITHIN_S:
                self._close_with(
                    Problem(408, f"The body did not come whole within {BODY_WITHIN_S:.0f} s.")
                )

    def _refuse(self, status: int, detail: str) -> None:
        """Stop the parser: it passes on that a callback failed, and not why."""
        self._refusal = Problem(status, detail)
        raise ValueError(detail)

    def _close_with(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer is under way, and close the connection."""
        self._since_s = None
        if self.tell is not None:
            self.tell(problem.status, self.client[0] if self.client else "")
        answering = self.cycle is not None and not self.cycle.response_complete
        answered = self._in_body and not answering
        if not answered and not (answering and self.cycle.response_started):
            body = problem.body()
            headers = {
                "content-type": MEDIA_TYPE,
                "content-length": str(len(body)),
                "connection": "close",
                # Not the sender's own: its headers needn't have come, or be of this request.
                HEADER.decode(): request_id_of({"headers": ()}).decode(),
                **{name.lower(): value for name, value in problem.headers.items()},
            }
            lines = [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
            self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body]))
        if answering:
            # What the application still says goes nowhere.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def http_config(app: Any, settings: Settings, tell: Callable[[int, str], None]) -> uvicorn.Config:
    """Configure the HTTP server behind this door; `tell` hears of what is refused at it."""

    class Told(FrontDoor):
        """A connection of this server."""

        connections_max = min(CONNECTIONS_MAX, max(64, _files_max() - SPARE_FILES))

    Told.tell = staticmethod(tell)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="none",
        http=Told,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # whoever sends X-Forwarded-For would choose their own address
        backlog=2048,
        timeout_keep_alive=75,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


async def sweep_connections(connections: set[Any]) -> None:
    """Look every second for connections whose request takes too long, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_S)
        now_s = loop.time()
        for connection in list(connections):
            if isinstance(connection, FrontDoor):
                with contextlib.suppress(OSError, RuntimeError):  # it closed just now
                    connection.sweep(now_s)


def _files_max() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX + SPARE_FILES if soft == resource.RLIM_INFINITY else soft
