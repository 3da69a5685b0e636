"""Live: a running system and its pages, for the commands that start one."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import click

from actors.store.errors import FolderFormat, FolderInUse, StoreError
from actors.system import FolderMismatch, NotReady, System, Wanted
from rules.season_file import SeasonErrors
from ui import pages_server
from ui.commands._connection import fail


@dataclass(slots=True)
class Live:
    """A started system, and the process of its pages."""

    system: System
    pages: subprocess.Popen[bytes] | None
    pages_url: str

    def check(self) -> None:
        """Say when the pages ended by themselves; the system goes on without them."""
        if self.pages is not None and self.pages.poll() is not None:
            click.echo(
                f"the pages ended with {self.pages.returncode}; see logs/pages.log in the data "
                "folder; the system goes on",
                err=True,
            )
            self.pages = None


@contextlib.contextmanager
def exit_of(wanted: Wanted, ui_port: int | None) -> Iterator[Live]:
    """Start a system and its pages, stop both at the end; leaves with 1 or 2 when it can't."""
    try:
        system = System(wanted)
        _end_on_sigterm()
        system.start()
    except SeasonErrors as error:
        fail(f"{wanted.season_path} has errors; `forecourt check` lists them:\n{error}", 2)
    except (FolderInUse, FolderMismatch, FolderFormat, ValueError) as error:
        fail(str(error), 2)
    except (StoreError, NotReady, OSError) as error:
        fail(str(error))
    live = Live(system, None, "")
    try:
        if ui_port is not None:
            live.pages, live.pages_url = _start_pages(system, wanted, ui_port)
        yield live
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, signal.SIG_IGN)
        if live.pages is not None:
            live.pages.terminate()
        system.stop()
        if live.pages is not None:
            live.pages.wait(10)


def _end_on_sigterm() -> None:
    """Make SIGTERM end the start as Ctrl-C does, so that what was started is stopped."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def _start_pages(
    system: System, wanted: Wanted, ui_port: int
) -> tuple[subprocess.Popen[bytes], str]:
    logs = wanted.data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / "pages.log").open("ab") as out:
        # A session of its own: Ctrl-C reaches us, and we end the pages in turn.
        pages = subprocess.Popen(
            pages_server.command(system.url, system.pages_key, ui_port),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=pages_server.environment(system.url, system.pages_key),
            start_new_session=True,
        )
    return pages, f"http://127.0.0.1:{ui_port}"


def print_key(system: System) -> None:
    """Print the admin key of a first start, this once."""
    if system.new_admin_key:
        click.echo(f"admin key (shown this once): {system.new_admin_key}")
