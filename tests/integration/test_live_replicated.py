"""The whole system on a Redis Cluster of three primaries: one fails over under load."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from actors.store import keys
from actors.store.client import connect
from tests.chaos.checks import check_answers, check_repeats, check_state
from tests.chaos.drawing import Drawing, World
from tests.chaos.judging import Judges
from tests.chaos.season import BOARDS, SEASON_ID
from tests.chaos.system import SystemUnderTest
from tests.chaos.tills import Ledger, Sender, Till
from tests.integration.replicated_servers import HERE, cluster_of, until

WITHIN_S = 120.0
SHARDS = 2


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_cluster_s_primary_fails_over_under_load(tmp_path: Path) -> None:
    with cluster_of(tmp_path / "cluster") as servers:
        hosts = ",".join(f"{HERE}:{one.port}" for one in servers[:3])
        url = f"redis+cluster://{hosts}/?copies=1"
        system = SystemUnderTest(
            tmp_path / "home", shards=SHARDS, snapshot_events=1_000, redis_url=url
        )
        ledger, world, judges = Ledger(), World(15.0), Judges(SHARDS)
        system.start()
        try:
            tills = [
                Till(
                    Sender(system.url, system.key, ledger), Drawing(world, f"till {n}"), world, 0.01
                )
                for n in range(4)
            ]
            for till in tills:
                till.start()
            until(lambda: len(ledger.known) > 500)
            with connect(url) as client:
                home = client.get_node_from_key(keys.log(SEASON_ID, 0)).port
            doomed = next(one for one in servers if one.port == home)
            doomed.kill()
            heir = next(
                one for one in servers[3:] if one.client.info("replication")["master_port"] == home
            )
            until(lambda: heir.role() == "master")
            doomed.start()
            before = len(ledger.known)
            until(lambda: len(ledger.known) > before + 1_000)
            for till in tills:
                till.stop()
            for till in tills:
                till.join(WITHIN_S)
                assert not till.is_alive()
            system.await_ready()
            headers = {"Authorization": f"Bearer {system.key}"}
            for board in BOARDS:
                address = f"{system.url}/v1/standings/{board}"
                until(
                    lambda address=address: httpx.get(
                        address, headers=headers, trust_env=False
                    ).status_code == httpx.codes.OK
                )  # fmt: skip
            sender = Sender(system.url, system.key, ledger)
            assert check_repeats(sender, ledger, list(ledger.known)) == 0
            sender.close()
            with connect(url) as client:
                assert check_state(system, client, judges, ledger) > 0
            assert check_answers(ledger, judges) == (0, 0)
            assert ledger.faults == []
        finally:
            began_s = time.monotonic()
            system.stop()
            print(f"stopped in {time.monotonic() - began_s:.1f} s")
