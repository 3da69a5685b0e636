"""Real servers for the integration tests: the embedded Valkey, and redis-server when installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from actors.store.client import connect
from actors.store.server import EmbeddedServer

KINDS = ("valkey", "redis")


def server_binary(kind: str) -> Path | None:
    """Find the server program of a kind; None stands for the embedded one.

    Skips the test when it is missing, and fails it on CI, where it must not be.
    """
    if kind == "valkey":
        return None
    found = shutil.which("redis-server")
    if found is None:
        message = "redis-server is not installed: install it to run this test on Redis too"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return Path(found)


@pytest.fixture(scope="session", params=KINDS)
def any_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedServer]:
    """A running server of each kind, shared by the session; don't kill it."""
    kind = str(request.param)
    binary = server_binary(kind)
    with EmbeddedServer(tmp_path_factory.mktemp(kind), binary=binary) as server:
        yield server


@pytest.fixture
def client(any_server: EmbeddedServer) -> Iterator[redis.Redis]:
    """A client of each kind of server, its data emptied before the test."""
    with connect(any_server.url) as opened:
        opened.flushall()
        yield opened


@pytest.fixture(params=KINDS)
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A running server of each kind for one test, which may kill it."""
    binary = server_binary(str(request.param))
    with EmbeddedServer(tmp_path / "server", binary=binary) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one embedded Valkey shared by the session; use ids of your own on it."""
    with EmbeddedServer(tmp_path_factory.mktemp("shared")) as server:
        yield server.url


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder for one test."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder
