"""Where the system's store is in a run: its own, or one of ours behind a line that can be cut."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from actors.store.client import connect
from actors.store.errors import StoreError
from actors.store.server import EmbeddedServer

CHUNK_BYTES = 1 << 16
KEEP_PERIOD_S = 0.1


class Line:
    """A TCP port that leads to a Unix socket; it can be cut, and heal.

    A cut takes what is on its way: requests may have arrived whose answers never come back.
    """

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._whole = threading.Event()
        self._whole.set()
        self._open: set[socket.socket] = set()
        self._changing = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Give the URL for clients."""
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """End every connection at once and refuse new ones."""
        with self._changing:
            self._whole.clear()
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def heal(self) -> None:
        """Take connections again."""
        self._whole.set()

    def close(self) -> None:
        """Close it for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with near, far, selectors.DefaultSelector() as selector:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                far.connect(self._target)
            except OSError:
                return
            ends = {near: far, far: near}
            with self._changing:
                self._open |= set(ends)
            for end in ends:
                selector.register(end, selectors.EVENT_READ, end)
            try:
                while self._whole.is_set():
                    for key, _ in selector.select(1.0):
                        content = key.data.recv(CHUNK_BYTES)
                        if not content or not self._whole.is_set():
                            return
                        ends[key.data].sendall(content)
            except OSError:
                return
            finally:
                with self._changing:
                    self._open -= set(ends)


class OwnStore:
    """The store the system starts itself, on a Unix socket in its data folder."""

    kind = "embedded"
    url: str | None = None

    def __init__(self, data: Path) -> None:
        self.folder = data / "server"
        self._socket = self.folder / "server.sock"

    def pid(self) -> int | None:
        """Leave it to the system to know."""
        return None

    def client(self) -> redis.Redis:
        """Open a client of ours."""
        return connect(f"unix://{self._socket}")

    @contextlib.contextmanager
    def cut_off(self) -> Iterator[None]:
        """End every connection, and let nobody find the socket meanwhile."""
        aside = self._socket.with_name("server.sock.aside")
        try:
            client = self.client()
            client.ping()
            self._socket.rename(aside)
            # One by one: the server would spare the caller's own kind of connection.
            client.client_kill_filter(_type="normal", skipme=True)
            client.close()
        except (OSError, redis.RedisError):
            pass  # it is down or away already: as cut off as can be
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                if aside.exists() and not self._socket.exists():
                    aside.rename(self._socket)

    def close(self) -> None:
        """Leave it to the system."""


class LinedStore:
    """A server of ours that the system reaches over a line; we start it again when it dies."""

    kind = "over a line"

    def __init__(self, home: Path) -> None:
        self._server = EmbeddedServer(home / "server")
        self.folder = self._server.folder
        self._server.start()
        self._line = Line(self._server.socket)
        self.url: str | None = self._line.url
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def pid(self) -> int | None:
        """Give the server's process."""
        return self._server.pid

    def client(self) -> redis.Redis:
        """Open a client of ours, past the line."""
        return connect(self._server.url)

    @contextlib.contextmanager
    def cut_off(self) -> Iterator[None]:
        """Cut the line."""
        self._line.cut()
        try:
            yield
        finally:
            self._line.heal()

    def close(self) -> None:
        """End the server and the line."""
        self._closing.set()
        self._keeper.join()
        self._line.close()
        self._server.stop()

    def _keep(self) -> None:
        while not self._closing.wait(KEEP_PERIOD_S):
            if not self._server.alive():
                with contextlib.suppress(StoreError):
                    self._server.start()
                time.sleep(KEEP_PERIOD_S)


Store = OwnStore | LinedStore
