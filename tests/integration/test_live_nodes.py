"""Shards spread over the nodes of a Ray cluster; a node that dies takes nothing told away."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from ray.cluster_utils import Cluster

from actors.store.client import connect
from tests.chaos.checks import check_answers, check_repeats, check_state
from tests.chaos.drawing import Drawing, World
from tests.chaos.judging import Judges
from tests.chaos.season import BOARDS
from tests.chaos.system import SystemUnderTest
from tests.chaos.tills import Ledger, Sender, Till
from tests.integration.outer_address import outer_address
from tests.patience import looks

WITHIN_S = 120.0
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100 * 1024 * 1024}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head and two more nodes on this machine, without Ray's token on either side.

    On the machine's outer address, where `serve` looks for them: in a process whose own Ray stays
    on loopback, as the other live tests' does, they would be on loopback too.
    """
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    node = NODE | {"node_ip_address": outer_address()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own start-up warnings are not ours to raise on
        made = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
        for _ in range(2):
            made.add_node(**node)
        made.wait_for_nodes()
    yield made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.shutdown()  # type: ignore[no-untyped-call]  # Ray's own


def raylet_of(pid: int) -> int:
    """Give the process of the node that an actor's process belongs to."""
    raylet = next(one for one in psutil.Process(pid).parents() if "raylet" in one.name())
    return int(raylet.pid)


def node_with(cluster: Any, raylet: int) -> Any:
    """Find the node of a raylet."""
    return next(
        node
        for node in cluster.list_all_nodes()
        if any(info.process.pid == raylet for info in node.all_processes["raylet"])
    )


def acknowledged_beyond(ledger: Ledger, count: int) -> None:
    for look in looks(WITHIN_S, f"{count} events to be acknowledged"):
        if len(ledger.known) >= count:
            break
        look.saw = len(ledger.known)


def await_standings(system: SystemUnderTest) -> None:
    headers = {"Authorization": f"Bearer {system.key}"}
    for board in BOARDS:
        for _ in looks(WITHIN_S, f"the board {board} to be served"):
            url = f"{system.url}/v1/standings/{board}"
            if httpx.get(url, headers=headers, trust_env=False).status_code == httpx.codes.OK:
                break


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_killed_node_s_shards_move_and_nothing_is_lost(cluster: Any, tmp_path: Path) -> None:
    system = SystemUnderTest(tmp_path, shards=3, snapshot_events=1_000, ray_address=cluster.address)
    ledger, world, judges = Ledger(), World(15.0), Judges(3)
    system.start()
    tills = [
        Till(Sender(system.url, system.key, ledger), Drawing(world, f"node {n}"), world, 0.01)
        for n in range(4)
    ]
    for till in tills:
        till.start()
    acknowledged_beyond(ledger, 500)
    places = {part: raylet_of(pid) for part in system.actors() if (pid := system.pid_of(part))}
    assert len({places[f"member-{shard}"] for shard in range(3)}) > 1, places
    doomed = next(
        places[f"member-{shard}"]
        for shard in range(3)
        if places[f"member-{shard}"] != places["gateway"]
    )
    moved = [part for part, raylet in places.items() if raylet == doomed]
    cluster.remove_node(node_with(cluster, doomed), allow_graceful=False)
    before = len(ledger.known)
    acknowledged_beyond(ledger, before + 1_000)
    for till in tills:
        till.stop()
    for till in tills:
        till.join(WITHIN_S)
        assert not till.is_alive()
    system.await_ready()
    await_standings(system)

    again = {part: raylet_of(pid) for part in moved if (pid := system.pid_of(part))}
    assert set(again) == set(moved)
    assert doomed not in again.values()
    sender = Sender(system.url, system.key, ledger)
    assert check_repeats(sender, ledger, list(ledger.known)) == 0
    with connect(f"unix://{system.data / 'server' / 'server.sock'}") as client:
        assert check_state(system, client, judges, ledger) > 0
    assert check_answers(ledger, judges) == (0, 0)
    assert ledger.faults == []
    sender.close()
    system.stop()
