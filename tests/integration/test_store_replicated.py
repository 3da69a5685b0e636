"""A primary that fails over: what a replica confirmed is kept, and appends go on by themselves."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from actors.store import keys
from actors.store.client import check_server, connect
from actors.store.errors import StoreUnavailable
from actors.store.log import ShardLog
from actors.store.replicated import copies_of
from tests.integration.replicated_servers import HERE, Server, cluster_of, sentinels_of, until

SCOPE = "season"
WITHIN_S = 60.0


def append_until_kept(log: ShardLog, number: int) -> float:
    """Append one entry as a shard does: the very same until it is taken; tells how long."""
    began_s = time.monotonic()
    while True:
        try:
            log.append("events", number, b"entry %d" % number)
        except StoreUnavailable:
            assert time.monotonic() - began_s < WITHIN_S, "no primary took over"
            time.sleep(0.1)
        else:
            return time.monotonic() - began_s


def entries(log: ShardLog) -> list[tuple[int, bytes]]:
    return [(entry.seq, entry.payload) for entry in log.read()]


def wanted(count: int) -> list[tuple[int, bytes]]:
    return [(number, b"entry %d" % number) for number in range(1, count + 1)]


@pytest.mark.long
def test_a_cluster_s_primary_fails_over_and_no_append_is_lost(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as servers:
        url = f"redis+cluster://{HERE}:{servers[0].port},{HERE}:{servers[1].port}/?copies=1"
        with connect(url) as client:
            assert check_server(client) == []
            logs = [ShardLog(client, SCOPE, shard, copies_of(url)) for shard in range(4)]
            for log in logs:
                log.take_epoch()
                for number in range(1, 51):
                    append_until_kept(log, number)
            homes = {log.shard: home_of(client, log) for log in logs}
            assert len(set(homes.values())) > 1, "the shards lie on several primaries"

            doomed = next(one for one in servers if one.port == homes[0])
            doomed.kill()
            until(lambda: moved(client, logs[0], homes[0]))
            # It comes back as the replica of the one that took over: there are copies again.
            doomed.start()
            took_s = [append_until_kept(log, 51) for log in logs]

            print(f"appends went on after {max(took_s):.1f} s")
            assert home_of(client, logs[0]) != homes[0]
            for log in logs:
                assert entries(log) == wanted(51)
                assert log.last_seq() == 51


def moved(client: object, log: ShardLog, home: int) -> bool:
    """Tell whether another primary holds the log; the next append is what makes us look."""
    with pytest.raises(StoreUnavailable):
        log.append("events", 51, b"entry 51")
    return home_of(client, log) != home


def home_of(client: object, log: ShardLog) -> int:
    """Give the port of the primary that holds a shard's log."""
    node = client.get_node_from_key(keys.log(SCOPE, log.shard))  # type: ignore[attr-defined]  # a cluster's client
    return int(node.port)


@pytest.mark.long
def test_sentinels_name_another_primary_and_no_append_is_lost(tmp_path: Path) -> None:
    with sentinels_of(tmp_path, "main") as (servers, sentinels):
        hosts = ",".join(f"{HERE}:{one.port}" for one in sentinels)
        url = f"redis+sentinel://{hosts}/main?copies=1"
        with connect(url) as client:
            assert check_server(client) == []
            log = ShardLog(client, SCOPE, 0, copies_of(url))
            log.take_epoch()
            for number in range(1, 51):
                append_until_kept(log, number)

            servers[0].kill()
            # With its only replica promoted nobody is left to hold a copy: it is not acknowledged.
            log = reopened(url, log)
            assert await_primary(servers[1])
            with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
                log.append("events", 51, b"entry 51")
            back = Server(
                tmp_path / "again", servers[0].port, f"replicaof {HERE} {servers[1].port}"
            )
            try:
                append_until_kept(log, 51)
                assert entries(log) == wanted(51)
            finally:
                back.stop()


def reopened(url: str, log: ShardLog) -> ShardLog:
    """Take the log over from a new client, as a shard that was restarted does."""
    ends_s = time.monotonic() + WITHIN_S
    while True:
        fresh = ShardLog(connect(url), SCOPE, log.shard, copies_of(url))
        try:
            fresh.take_epoch()
        except StoreUnavailable:
            assert time.monotonic() < ends_s
            time.sleep(0.1)
        else:
            return fresh


def await_primary(server: Server) -> bool:
    ends_s = time.monotonic() + WITHIN_S
    while server.role() != "master":
        assert time.monotonic() < ends_s
        time.sleep(0.05)
    return True
