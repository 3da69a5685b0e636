"""Live: a running system and its pages, for the commands that start one."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

import click

from actors.agreement import FolderMismatch
from actors.store.client import without_password
from actors.store.errors import FolderFormat, FolderInUse, StoreError, StoreUnavailable
from actors.system import NotReady, System, Wanted
from rules.season.season_file import SeasonErrors
from ui import pages_server
from ui.commands._connection import fail

PAGES_WITHIN_S: Final = 60.0
PAGES_PERIOD_S: Final = 0.1


@dataclass(slots=True)
class Live:
    """A started system, the process of its pages, and where to print."""

    system: System
    out: TextIO
    pages: subprocess.Popen[bytes] | None = None
    pages_port: int = 0
    pages_told: bool = False

    def say(self, line: str) -> None:
        """Print a line on the command's own stdout."""
        click.echo(line, file=self.out)

    def say_key(self) -> None:
        """Print the admin key of a first start, this once."""
        if self.system.new_admin_key:
            self.say(f"admin key (shown this once): {self.system.new_admin_key}")

    def check(self) -> None:
        """Print the pages' address once they listen; say when they ended by themselves."""
        if self.pages is None:
            return
        if self.pages.poll() is not None:
            click.echo(
                f"the pages ended with {self.pages.returncode}; see logs/pages.log in the data "
                "folder; the system goes on",
                err=True,
            )
            self.pages = None
        elif not self.pages_told and not _is_free(self.pages_port):
            self.pages_told = True
            self.say(f"pages http://127.0.0.1:{self.pages_port}")

    def wait_for_pages(self, stopping: threading.Event) -> None:
        """Wait until the pages listen, ended, or take too long."""
        ends_s = time.monotonic() + PAGES_WITHIN_S
        while self.pages is not None and not self.pages_told and time.monotonic() < ends_s:
            if stopping.wait(PAGES_PERIOD_S):
                return
            self.check()


@contextlib.contextmanager
def exit_of(wanted: Wanted, ui_port: int | None) -> Iterator[Live]:
    """Start a system and its pages, stop both at the end; leaves with 1 or 2 when it can't.

    Ray prints its notices on stdout, where other programs read our lines: they go to stderr.
    """
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        try:
            system = System(wanted)
            _end_on_sigterm()
            system.start()
        except SeasonErrors as error:
            fail(f"{wanted.season_path} has errors; `forecourt check` lists them:\n{error}", 2)
        except (FolderInUse, FolderMismatch, FolderFormat, ValueError) as error:
            fail(str(error), 2)
        except StoreUnavailable as error:
            fail(_not_reached(error, wanted.redis_url))
        except (StoreError, NotReady, OSError) as error:
            fail(_told(error))
        live = Live(system, out)
        try:
            if ui_port is not None:
                _start_pages(live, wanted, ui_port)
            yield live
        finally:
            for sign in (signal.SIGINT, signal.SIGTERM):
                signal.signal(sign, signal.SIG_IGN)
            if live.pages is not None:
                live.pages.terminate()
            system.stop()
            if live.pages is not None:
                live.pages.wait(10)


def _told(error: Exception) -> str:
    """Say an error in words; an operating system's own text carries a number before them."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def _not_reached(error: StoreUnavailable, redis_url: str | None) -> str:
    """Name the server that doesn't answer, where it is one of the operator's own."""
    if redis_url is None:
        return str(error)
    server = without_password(redis_url)
    return f"{server} can't be used: {error}; start that server, or correct --redis-url"


def _end_on_sigterm() -> None:
    """Make SIGTERM end the start as Ctrl-C does, so that what was started is stopped."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def _start_pages(live: Live, wanted: Wanted, ui_port: int) -> None:
    """Start the pages' own server, unless its port is taken: the system goes on without."""
    port = ui_port or _any_port()
    if not _is_free(port):
        click.echo(
            f"no pages: 127.0.0.1:{port} is in use; end the program that uses it or give another "
            "--ui-port; the system goes on",
            err=True,
        )
        return
    system, logs = live.system, wanted.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "pages.log").open("ab") as out:
        # A session of its own: Ctrl-C reaches us, and we end the pages in turn.
        live.pages = subprocess.Popen(
            pages_server.command(system.url, system.pages_key, port),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=pages_server.environment(system.url, system.pages_key, system.settings.tls_cert),
            start_new_session=True,
        )
    live.pages_port = port


def _is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _any_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
