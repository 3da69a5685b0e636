"""Run the server of recorded answers in a process of its own and speak to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.ui.fixture_api import KEY

ROOT = Path(__file__).parents[2]
SERVER = [sys.executable, "-m", "tests.ui.fixture_api"]


@dataclass(frozen=True)
class Recorded:
    """A running server of recorded answers."""

    url: str
    key: str = KEY

    def choose(self, **state: object) -> None:
        """Choose the state of all answers from now on; what isn't named is calm."""
        httpx.put(f"{self.url}/recorded", json=state, trust_env=False).raise_for_status()

    def asked(self) -> list[str]:
        """Give the paths asked for since the last `choose`."""
        paths: list[str] = httpx.get(f"{self.url}/recorded/asked", trust_env=False).json()
        return paths


@contextmanager
def recorded_answers() -> Iterator[Recorded]:
    """Start the server, give it, and end it; it listens before its port is printed."""
    process = subprocess.Popen(SERVER, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield Recorded(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
