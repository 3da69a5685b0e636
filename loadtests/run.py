"""Run: one load test from start to verdict, as `forecourt loadtest` starts it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
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
LOCUSTFILE = Path(__file__).with_name("locustfile.py")


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
    """Run Locust headless in a process of its own, its audit included."""
    options = {
        "--users": wanted.users,
        "--spawn-rate": max(1, wanted.users // SPAWN_S),
        "--run-time": f"{max(1, round(wanted.minutes * 60))}s",
        "--stop-timeout": STOP_WITHIN_S,
        "--host": url,
        "--html": wanted.report,
        "--exit-code-on-error": 0,  # a 503 is an answer; what must not be is in the ledger
        "--ledger": ledger,
        "--members": wanted.members,
    }
    words = [str(word) for pair in options.items() for word in pair]
    words += ["--scored"] if wanted.scored or wanted.url is None else []
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless"]
    command += ["--only-summary", "--loglevel", "WARNING", *words]
    # Locust's tables go to stderr: stdout ends with the verdict.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        env=os.environ | {"FORECOURT_KEY": key},
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Locust has heard Ctrl-C too: it stops its users and audits


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
        "minutes": wanted.minutes,
        "report": str(wanted.report),
        "audit": audit,
        "figures": figures,
    }
