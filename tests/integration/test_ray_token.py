"""A Ray that listens beyond loopback lets in who has its token, and nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.ray_token import is_loopback
from tests.integration.outer_address import outer_address

TOKEN = "5" * 64
JOIN = """
import sys
from actors.ray_token import need_ray_token
need_ray_token(sys.argv[1])
import ray
ray.init(address=sys.argv[1], namespace="forecourt", log_to_driver=False)
print("nodes", len(ray.nodes()))
"""


def environment(home: Path, **given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return kept | {"HOME": str(home)} | given


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a head that asks for a token, on an address beyond loopback."""
    host = outer_address()
    if is_loopback(host):
        pytest.skip("this machine has no address but loopback")
    with socket.create_server((host, 0)) as free:
        port = int(free.getsockname()[1])
    ray = Path(sys.executable).with_name("ray")
    words = [str(ray), "start", "--head", "--block", f"--node-ip-address={host}", f"--port={port}",
             "--num-cpus=1", "--include-dashboard=false", "--disable-usage-stats",
             "--object-store-memory=80000000"]  # fmt: skip
    given = environment(tmp_path, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=TOKEN)
    with (tmp_path / "head.txt").open("wb") as out:
        head = subprocess.Popen(words, env=given, stdout=out, stderr=out)
    try:
        ends_s = time.monotonic() + 90
        while True:
            assert head.poll() is None, (tmp_path / "head.txt").read_text()
            assert time.monotonic() < ends_s
            with socket.socket() as probe:
                if probe.connect_ex((host, port)) == 0:
                    break
        yield f"{host}:{port}"
    finally:
        head.terminate()
        head.wait(60)


def join(address: str, home: Path, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", JOIN, address],
        env=environment(home, **given),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


@pytest.mark.long
def test_a_cluster_is_joined_with_its_token_only(cluster: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    without = join(cluster, home)
    assert without.returncode != 0
    assert "no token of that cluster is here" in without.stderr
    blind = join(cluster, home, RAY_AUTH_MODE="disabled")
    assert blind.returncode != 0
    assert "nodes" not in blind.stdout
    wrong = join(cluster, home, RAY_AUTH_TOKEN="6" * 64)
    assert wrong.returncode != 0
    assert "nodes" not in wrong.stdout
    right = join(cluster, home, RAY_AUTH_TOKEN=TOKEN)
    assert right.stdout.strip().endswith("nodes 1"), right.stderr[-2000:]
    (home / ".ray").mkdir()
    (home / ".ray" / "auth_token").write_text(TOKEN, encoding="ascii")
    kept = join(cluster, home)
    assert kept.stdout.strip().endswith("nodes 1"), kept.stderr[-2000:]
