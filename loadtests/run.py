"""Run: one load test from start to verdict, as `forecourt loadtest` starts it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.api import Api, NotServed
from loadtests.served import Served, ServeFailed, shipped_season

REACH_WITHIN_S = 3.0
STOP_WITHIN_S = 30
SPAWN_S = 5
HERE = "127.0.0.1"
LOCUSTFILE = Path(__file__).with_name("locustfile.py")
SHAPEFILE = Path(__file__).with_name("locust_shape.py")


@dataclass(frozen=True)
class Wanted:
    """What is asked of a load test; without a URL it serves the shipped season itself."""

    url: str | None
    key: str
    users: int
    minutes: float
    members: int
    report: Path
    ledger: Path | None
    scored: bool
    shape: str = "steady"
    workers: int = 0
    """Locust processes beside the one that leads them; 0: one process does it all."""


def run(wanted: Wanted) -> dict[str, Any]:
    """Load a system and audit it; returns the verdict, with `error` when there is none."""
    try:
        with _system(wanted) as (url, key), _ledger(wanted.ledger) as ledger:
            _check(url, key)
            code = _locust(wanted, url, key, ledger)
            return _verdict(wanted, url, ledger, code)
    except (ServeFailed, NotServed) as error:
        return {"passed": False, "error": str(error)}


@contextlib.contextmanager
def _system(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if wanted.url is not None:
        yield wanted.url, wanted.key
        return
    with Served(shipped_season()) as served:
        yield served.url, served.key


@contextlib.contextmanager
def _ledger(wanted: Path | None) -> Iterator[Path]:
    """Give the folder of the ledgers: the wanted one is kept, which must hold none yet."""
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        if any(wanted.glob("ledger-*.ndjson")):
            raise NotServed(f"{wanted} holds the ledger of another run: name an empty folder")
        yield wanted
        return
    made = Path(tempfile.mkdtemp(prefix="forecourt-ledger-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _check(url: str, key: str) -> None:
    """Raise NotServed when the system can't be reached or the key is no admin's."""
    api = Api(url, key, patience_s=REACH_WITHIN_S)
    try:
        api.get("/v1/keys")
    except NotServed as error:
        raise NotServed(f"{error} (the load test makes a key for each role)") from None
    finally:
        api.close()


def _locust(wanted: Wanted, url: str, key: str, ledger: Path) -> int:
    """Run Locust headless in processes of its own, its audit included."""
    options = {
        "--users": wanted.users,
        "--spawn-rate": max(1, wanted.users // SPAWN_S),
        "--run-time": f"{max(1, round(wanted.minutes * 60))}s",
        "--stop-timeout": STOP_WITHIN_S,
        "--host": url,
        "--html": wanted.report,
        "--exit-code-on-error": 0,  # a 503 is an answer; what must not be is in the ledger
        "--ledger": ledger,
        "--run-id": secrets.token_hex(3),
        "--members": wanted.members,
    }
    words = [str(word) for pair in options.items() for word in pair]
    words += ["--scored"] if wanted.scored or wanted.url is None else []
    files = str(LOCUSTFILE) if wanted.shape == "steady" else f"{LOCUSTFILE},{SHAPEFILE}"
    command = [sys.executable, "-m", "locust", "--locustfile", files, "--loglevel", "WARNING"]
    environment = os.environ | {"FORECOURT_KEY": key, "FORECOURT_SHAPE": wanted.shape}
    port = _free_port() if wanted.workers else 0
    workers = [
        _start([*command, *f"--worker --master-host {HERE} --master-port {port}".split()],
               environment)
        for _ in range(wanted.workers)
    ]  # fmt: skip
    if workers:
        leading = f"--master --master-bind-host {HERE} --master-bind-port {port}"
        words += [*leading.split(), "--expect-workers", str(wanted.workers)]
    try:
        return _wait(_start([*command, "--headless", "--only-summary", *words], environment))
    finally:
        for worker in workers:
            _end(worker)


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # Locust's tables go to stderr: stdout ends with the verdict.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Locust has heard Ctrl-C too: it stops its users and audits


def _end(worker: subprocess.Popen[bytes]) -> None:
    """Wait for a worker, which ends when its leader does."""
    try:
        worker.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as probe:
        return int(probe.getsockname()[1])


def _verdict(wanted: Wanted, url: str, ledger: Path, code: int) -> dict[str, Any]:
    try:
        audit = json.loads((ledger / "audit.json").read_text(encoding="utf-8"))
        figures = json.loads((ledger / "figures.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"passed": False, "error": f"Locust left with {code} before the audit was written"}
    return {
        "passed": code == 0 and audit["passed"],
        "url": url,
        "users": wanted.users,
        "shape": wanted.shape,
        "workers": wanted.workers,
        "minutes": wanted.minutes,
        "report": str(wanted.report),
        "audit": audit,
        "figures": figures,
    }
