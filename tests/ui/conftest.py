"""A real browser, the pages' own server, and a folder for the pictures."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.ui.recorded import Recorded, recorded_answers
from ui.pages_server import command, environment

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEFT_EARLY = re.compile(
    'Exception in ASGI application\n.*?WebSocketDisconnected: Cannot call "send"[^\n]*', re.DOTALL
)
"""What Streamlit's server writes when a tab leaves while its connection is being made."""


def missing(what: str, package: str) -> None:
    """Skip on a person's machine, fail where the checks must be complete."""
    said = f"{what} is not installed: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="session")
def server() -> Iterator[Recorded]:
    with recorded_answers() as running:
        yield running


@pytest.fixture
def system(server: Recorded) -> Recorded:
    server.choose()
    return server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not longer: Playwright keeps an event loop running in this thread, and tests after these
    # run loops of their own.
    if not CHROMIUM.exists():
        missing("Chromium", "chromium")
    fonts = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
    )
    if not fonts.stdout.strip():
        missing("A font with Chinese characters", "fonts-noto-cjk")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def pages(server: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the pages as `forecourt serve` does and give their address once they answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("pages") / "streamlit.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command(server.url, server.key, port),
            env=environment(server.url, server.key),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as patient:
                assert patient.get(f"{address}/_stcore/health").text == "ok", log.read_text()
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)
    told = LEFT_EARLY.sub("", log.read_text())
    assert "Traceback" not in told, told


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder for screenshots: FORECOURT_PICTURES, else one of pytest's own."""
    chosen = os.environ.get("FORECOURT_PICTURES")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
