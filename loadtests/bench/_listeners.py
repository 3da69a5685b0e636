"""Listeners: thousands of readers of one board's stream in one process, one selector."""

from __future__ import annotations

import re
import resource
import selectors
import socket
import threading
import time
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from loadtests.bench._wire import BrokenExchange

READ_BYTES = 1 << 18
OPEN_WITHIN_S = 60.0
FILES_SPARE = 256
_AS_OF = re.compile(rb'"as_of":"([^"]+)"')
_TAIL_BYTES = 64


class _Reader:
    __slots__ = ("heard", "sock", "tail")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard = False
        self.tail = b""


class Listeners:
    """Keeps connections to a stream open and notes when each saw which state of the board.

    `seen` maps the as_of of a delta to the times at which readers had it, seconds since 1970.
    It reads in a thread of its own between entering and leaving.
    """

    def __init__(self, url: str, path: str, key: str, count: int) -> None:
        self.seen: dict[bytes, list[float]] = {}
        self.bytes_read = 0
        self.processor_s = 0.0
        self.ended = 0
        self._address = urlsplit(url)
        self._asked = (
            f"GET {path} HTTP/1.1\r\nHost: {self._address.netloc}\r\n"
            f"Authorization: Bearer {key}\r\nAccept: text/event-stream\r\n\r\n"
        ).encode()
        self._count = count
        self._selector = selectors.DefaultSelector()
        self._readers: list[_Reader] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._waiting = count

    def __enter__(self) -> Listeners:
        allow_files(self._count + FILES_SPARE)
        for _ in range(self._count):
            self._open()
        self._thread.start()
        ends_s = time.monotonic() + OPEN_WITHIN_S
        while self._waiting and self._thread.is_alive():
            if time.monotonic() > ends_s:
                raise BrokenExchange(f"{self._waiting} of {self._count} readers heard nothing")
            time.sleep(0.02)
        if self.ended:
            raise BrokenExchange(f"{self.ended} of {self._count} readers were refused")
        self.seen = {}
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for reader in self._readers:
            reader.sock.close()
        self._selector.close()

    def _open(self) -> None:
        address = (str(self._address.hostname), int(self._address.port or 80))
        sock = socket.create_connection(address, timeout=10.0)
        sock.sendall(self._asked)
        sock.setblocking(False)
        reader = _Reader(sock)
        self._readers.append(reader)
        self._selector.register(sock, selectors.EVENT_READ, reader)

    def _run(self) -> None:
        began_s = time.thread_time()
        while not self._stopping.is_set():
            for key, _ in self._selector.select(0.1):
                self._read(key.data)
            self.processor_s = time.thread_time() - began_s

    def _read(self, reader: _Reader) -> None:
        part = reader.sock.recv(READ_BYTES)
        if not part:
            self.ended += 1
            self._selector.unregister(reader.sock)
            return
        self.bytes_read += len(part)
        text = reader.tail + part
        end = 0
        for found in _AS_OF.finditer(text):
            end = found.end()
            self.seen.setdefault(found[1], []).append(time.time())
            if not reader.heard:
                reader.heard = True
                self._waiting -= 1
        reader.tail = text[max(end, len(text) - _TAIL_BYTES) :]


def delays_s(
    seen: dict[bytes, list[float]], sent: list[tuple[bytes, float]]
) -> npt.NDArray[np.float64]:
    """Find how long what was sent took to every reader.

    sent holds the as_of that shows each body, and when it went out; a reader has it with the
    first state at least as new. What no state shows yet is left out.
    """
    states = sorted(seen)
    found: list[npt.NDArray[np.float64]] = []
    place = 0
    for as_of, sent_s in sent:
        while place < len(states) and states[place] < as_of:
            place += 1
        if place == len(states):
            break
        found.append(np.array(seen[states[place]]) - sent_s)
    return np.concatenate(found) if found else np.zeros(0)


def allow_files(count: int) -> None:
    """Let this process open so many files, as far as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
