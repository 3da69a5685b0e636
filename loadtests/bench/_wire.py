"""A lean HTTP client: prebuilt requests over some kept connections, one in flight on each.

One thread and one selector, nothing parsed but the status line and the length, so that what is
measured is the server. What the client itself costs in processor time comes with the answers.
"""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

READ_BYTES = 1 << 18
SILENCE_S_MAX = 120.0
RETRY_PAUSE_S = 0.5
RETRIES_MAX = 100


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: bodies in the order of the requests, and what it took.

    latency_s: float64[n], from a request's first byte to its last answer's last. client_s is the
    processor time of this process; retries counts the 429s and 503s after which a request went
    out again.
    """

    bodies: list[bytes]
    latency_s: npt.NDArray[np.float64]
    took_s: float
    client_s: float
    retries: int

    def latency_ms(self, share: float) -> float:
        """Give the latency that a share of the requests stayed within."""
        return float(np.quantile(self.latency_s, share)) * 1e3


class BrokenExchange(Exception):  # noqa: N818  named for what happened
    """The server refused a request, closed a connection or fell silent."""


def request(
    url: str, method: str, path: str, key: str, body: bytes = b"", media_type: str = ""
) -> bytes:
    """Build the bytes of one request."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        f"Authorization: Bearer {key}",
    ]
    if body:
        lines += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection:
    """One connection and the request that is on its way."""

    __slots__ = ("began_s", "body_from", "busy", "end", "left", "number", "received", "sock")

    def __init__(self, host: str, port: int) -> None:
        self.sock = socket.create_connection((host, port), timeout=10.0)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.number = -1
        self.left = memoryview(b"")
        self.received = bytearray()
        self.began_s = 0.0
        self.end = self.body_from = 0
        self.busy = False

    def begin(self, number: int, content: bytes) -> bool:
        """Send a request as far as the socket takes it; tells whether some is left."""
        self.number = number
        self.left = memoryview(content)
        self.received = bytearray()
        self.end = 0
        self.began_s = time.perf_counter()
        return self.push()

    def push(self) -> bool:
        """Send more; tells whether some is left."""
        try:
            while self.left:
                self.left = self.left[self.sock.send(self.left) :]
        except BlockingIOError:
            return True
        return False

    def pull(self) -> bytes | None:
        """Read what is there; returns the body once the answer is whole."""
        part = self.sock.recv(READ_BYTES)
        if not part:
            raise BrokenExchange("the server closed a connection")
        self.received += part
        if not self.end:
            head_end = self.received.find(b"\r\n\r\n")
            if head_end < 0:
                return None
            head = bytes(self.received[:head_end])
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.body_from = head_end + 4
            self.end = self.body_from + int(length)
            self.busy = head[9:12] in (b"429", b"503")
            if head[9:12] != b"200" and not self.busy:
                raise BrokenExchange(f"{head.decode()} {self.received[self.body_from :].decode()}")
        return bytes(self.received[self.body_from :]) if len(self.received) >= self.end else None


def exchange(
    url: str, requests: Sequence[bytes], connections: int, per_s: float = math.inf
) -> Answers:
    """Send requests, each as soon as a connection is free; returns when all are answered.

    per_s holds them back to so many a second, evenly.

    Raises:
        BrokenExchange: an answer other than 200, 429 and 503, or none; or too many of these.
    """
    address = urlsplit(url)
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        free = []
        for _ in range(min(connections, len(requests))):
            connection = _Connection(str(address.hostname), int(address.port or 80))
            stack.enter_context(connection.sock)
            selector.register(connection.sock, selectors.EVENT_READ, connection)
            free.append(connection)
        return _serve(selector, free, requests, per_s)


def _serve(
    selector: selectors.BaseSelector,
    free: list[_Connection],
    requests: Sequence[bytes],
    per_s: float,
) -> Answers:
    """Keep every connection busy until all requests are answered."""
    bodies: list[bytes] = [b""] * len(requests)
    latency_s = np.zeros(len(requests))
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    waiting = deque(range(len(requests)))
    answered = retries = 0
    began_s, client_s = time.perf_counter(), time.process_time()
    while answered < len(requests):
        now_s = time.perf_counter() - began_s
        while free and waiting and waiting[0] <= now_s * per_s:
            connection, number = free.pop(), waiting.popleft()
            if connection.begin(number, requests[number]):
                selector.modify(connection.sock, both, connection)
        held_back = bool(free and waiting)
        until_s = waiting[0] / per_s - now_s if held_back else SILENCE_S_MAX
        ready = selector.select(max(0.0, until_s))
        if not ready and not held_back:
            raise BrokenExchange(f"no answer within {SILENCE_S_MAX:.0f} s")
        for key, what in ready:
            connection = key.data
            if what & selectors.EVENT_WRITE and not connection.push():
                selector.modify(connection.sock, selectors.EVENT_READ, connection)
            if not what & selectors.EVENT_READ:
                continue
            body = connection.pull()
            if body is None:
                continue
            free.append(connection)
            if connection.busy:
                retries += 1
                if retries > RETRIES_MAX:
                    raise BrokenExchange(f"{retries} times 429 or 503: {body.decode()}")
                waiting.appendleft(connection.number)
                time.sleep(RETRY_PAUSE_S)
            else:
                latency_s[connection.number] = time.perf_counter() - connection.began_s
                bodies[connection.number] = body
                answered += 1
    took_s = time.perf_counter() - began_s
    return Answers(bodies, latency_s, took_s, time.process_time() - client_s, retries)
