"""A flood: requests sent at a set pace whether or not the answers come, as many tills would.

One thread and one selector. Bodies are prebuilt; only their events' ids are made anew for every
request, so that what is measured is the server.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

READ_BYTES = 1 << 18
SERIAL = b"00000000"
"""What stands in a body's event ids where its number comes in."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends: a key, bodies to send by turns, requests a second (0: as fast as answered)."""

    name: str
    key: str
    bodies: Sequence[bytes]
    per_s: float
    connections: int
    media_type: str


@dataclass(slots=True)
class Answer:
    """One answer: whose, when it came (seconds of the monotonic clock), and how long it took."""

    source: str
    at_s: float
    status: int
    took_s: float
    patient: bool
    """Whether a refusal said when to come again."""


@dataclass(slots=True)
class _Line:
    """One connection; began_s is 0 while it is free."""

    source: int
    sock: socket.socket | None = None
    began_s: float = 0.0
    left: memoryview = field(default_factory=lambda: memoryview(b""))
    received: bytearray = field(default_factory=bytearray)


class Flood:
    """Sends from several sources at once until told to stop."""

    def __init__(self, url: str, sources: Sequence[Source], first: int = 0) -> None:
        address = urlsplit(url)
        self._address = str(address.hostname), int(address.port or 80)
        self._sources = list(sources)
        self._host = address.netloc
        self._selector = selectors.DefaultSelector()
        self._lines = [
            _Line(number)
            for number, source in enumerate(sources)
            for _ in range(source.connections)
        ]
        self._free: list[list[_Line]] = [
            [line for line in self._lines if line.source == number]
            for number in range(len(sources))
        ]
        self.answers: list[Answer] = []
        self.held_back: dict[str, int] = {source.name: 0 for source in sources}
        """Requests that were due while every connection of their source was busy."""
        self.broken = 0
        self.sent = first

    def run(self, for_s: float) -> None:
        """Send for some seconds; what is unanswered then stays on its way."""
        began_s = time.monotonic()
        ends_s = began_s + for_s
        due_s = [began_s] * len(self._sources)
        while (now_s := time.monotonic()) < ends_s:
            soonest_s = ends_s
            for number, source in enumerate(self._sources):
                if source.per_s == 0:
                    while self._free[number]:
                        self._begin(self._free[number].pop())
                    continue
                while due_s[number] <= now_s:
                    due_s[number] += 1 / source.per_s
                    if self._free[number]:
                        self._begin(self._free[number].pop())
                    else:
                        self.held_back[source.name] += 1
                soonest_s = min(soonest_s, due_s[number])
            self._serve(max(0.0, min(0.05, soonest_s - time.monotonic())))

    def drain(self, within_s: float) -> None:
        """Wait for what is on its way."""
        ends_s = time.monotonic() + within_s
        while any(line.began_s for line in self._lines) and time.monotonic() < ends_s:
            self._serve(0.05)

    def close(self) -> None:
        """Close all connections."""
        for line in self._lines:
            self._drop(line)
        self._selector.close()

    def _begin(self, line: _Line) -> None:
        source = self._sources[line.source]
        self.sent += 1
        body = source.bodies[self.sent % len(source.bodies)]
        body = body.replace(b"e-" + SERIAL, b"e-%08d" % self.sent)
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer "
            f"{source.key}\r\nContent-Type: {source.media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        line.left = memoryview(head.encode() + body)
        line.received = bytearray()
        line.began_s = time.monotonic()
        try:
            if line.sock is None:
                line.sock = socket.create_connection(self._address, timeout=10.0)
                line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.sock.setblocking(False)
                self._selector.register(line.sock, selectors.EVENT_READ, line)
            self._push(line)
        except OSError:
            self._break(line)

    def _serve(self, wait_s: float) -> None:
        for key, what in self._selector.select(wait_s):
            line: _Line = key.data
            try:
                if what & selectors.EVENT_WRITE:
                    self._push(line)
                if what & selectors.EVENT_READ:
                    self._pull(line)
            except OSError:
                self._break(line)

    def _push(self, line: _Line) -> None:
        assert line.sock is not None
        with contextlib.suppress(BlockingIOError):
            while line.left:
                line.left = line.left[line.sock.send(line.left) :]
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        self._selector.modify(line.sock, both if line.left else selectors.EVENT_READ, line)

    def _pull(self, line: _Line) -> None:
        assert line.sock is not None
        part = line.sock.recv(READ_BYTES)
        if not part:
            self._break(line)
            return
        line.received += part
        end = line.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(line.received[:end]).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(line.received) < end + 4 + int(length or 0):
            return
        now_s = time.monotonic()
        name = self._sources[line.source].name
        patient = b"\r\nretry-after:" in head
        self.answers.append(Answer(name, now_s, int(head[9:12]), now_s - line.began_s, patient))
        self._end(line, line.left.nbytes > 0 or b"connection: close" in head)

    def _break(self, line: _Line) -> None:
        if line.began_s:
            self.broken += 1
        self._end(line, True)

    def _end(self, line: _Line, drop: bool) -> None:
        if drop:
            self._drop(line)
        busy, line.began_s = line.began_s, 0.0
        if busy:
            self._free[line.source].append(line)

    def _drop(self, line: _Line) -> None:
        if line.sock is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(line.sock)
            line.sock.close()
            line.sock = None
