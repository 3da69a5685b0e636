"""Served: a system of our own for a load test or a benchmark, in processes of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import psutil

READY_WITHIN_S = 180.0
STOP_WITHIN_S = 90.0
LOG_LINES_TOLD = 15


class ServeFailed(Exception):  # noqa: N818  named for what happened
    """`forecourt serve` ended or was not ready in time; its last lines say why."""


class Served:
    """Runs `forecourt serve` on a free port and a temporary data folder that goes with it.

    It has no pages. `url`, `key` (an admin's) and `data` hold once it is entered. `stop` or `kill`
    and then `start` run it again on the same folder.
    """

    def __init__(
        self,
        season: Path,
        *,
        shards: int | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.key = secrets.token_urlsafe(24)
        self.url = ""
        self.ready_after_s = 0.0
        self._season = season
        some = [] if shards is None else ["--shards", str(shards)]
        self._options = ["--clock", "events", *some, *options]
        self._process: subprocess.Popen[str] | None = None
        self._home = Path()

    @property
    def pid(self) -> int:
        """Give the process that all others of the system descend from."""
        assert self._process is not None
        return self._process.pid

    @property
    def data(self) -> Path:
        """Give the data folder."""
        return self._home / "data"

    def __enter__(self) -> Served:
        self._home = Path(tempfile.mkdtemp(prefix="forecourt-load-"))
        if threading.current_thread() is threading.main_thread():
            # Without it SIGTERM would end us at once and leave the system running.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def start(self) -> None:
        """Start it and wait until it is ready; `ready_after_s` tells how long that took."""
        self.url = ""
        began_s = time.monotonic()
        options = ["serve", str(self._season), "--data", str(self.data), "--port", "0", "--no-ui"]
        with (self._home / "serve.log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [program(), *options, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"FORECOURT_ADMIN_KEY": self.key},
                # Ctrl-C reaches the load test alone, which then stops the system in turn.
                start_new_session=True,
            )
        told = threading.Event()
        threading.Thread(target=self._listen, args=(self._process, told), daemon=True).start()
        told.wait(READY_WITHIN_S)
        self.ready_after_s = time.monotonic() - began_s
        if not self.url:
            raise ServeFailed(f"`forecourt serve {self._season}` is not ready:\n{self._last()}")

    def _listen(self, process: subprocess.Popen[str], told: threading.Event) -> None:
        """Read the process's output to its end, so that it never waits for a reader."""
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready "):
                self.url = line.removeprefix("ready ").strip()
                told.set()
        told.set()

    def stop(self) -> None:
        """Stop it cleanly."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def kill(self) -> None:
        """Kill every process of it at once, as losing the machine would."""
        assert self._process is not None
        first = psutil.Process(self.pid)
        family = [first, *first.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(family, STOP_WITHIN_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def log(self) -> str:
        """Give what the last start logged."""
        return (self._home / "serve.log").read_text(encoding="utf-8")

    def _last(self) -> str:
        return "\n".join(self.log().splitlines()[-LOG_LINES_TOLD:])

    def _end(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)


def program() -> str:
    """Find the `forecourt` program that belongs to this Python."""
    beside = Path(sys.executable).parent / "forecourt"
    found = str(beside) if beside.exists() else shutil.which("forecourt")
    if found is None:
        raise ServeFailed("there is no `forecourt` program: install the project into this Python")
    return found


def shipped_season() -> Path:
    """Find the full example season file."""
    return Path(__file__).parents[1] / "seasons" / "summer-2026.toml"
