"""Stream: readers of a live board while events flow, against the same events without a reader.

Both sides send the same number of events a second; what the gateway's process takes is read from
its metrics. The delay is from sending an event to each reader's having the state that shows it.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

from loadtests.bench._bodies import NDJSON, STARTS_US, draw, lines_of
from loadtests.bench._listeners import Listeners, delays_s
from loadtests.bench._sides import alternate, machine, rounds_given, spread, versions
from loadtests.bench._wire import BrokenExchange
from loadtests.served import Served, ServeFailed, shipped_season

BODIES_PER_S = 10
FRESH_S = 1.1
"""The gateway tells figures at most a second old; after this they are new."""
_CPU = re.compile(r'^forecourt_process_cpu_seconds_total\{actor="gateway",[^}]*\} (\S+)$', re.M)


class Sides:
    """The served system, sent events by turns with and without readers."""

    def __init__(self, served: Served, options: argparse.Namespace) -> None:
        self._served = served
        self._options = options
        self._random = np.random.default_rng(options.seed)
        self._events = 0
        self._began_s = time.time()
        self._http = httpx.Client(
            base_url=served.url,
            headers={"Authorization": f"Bearer {served.key}"},
            trust_env=False,
            timeout=60.0,
        )
        self.delays_s: list[npt.NDArray[np.float64]] = []
        self.bytes_per_s: list[float] = []
        self.client_share: list[float] = []

    def without(self, _: int) -> float:
        """Send events that nobody watches; returns the gateway's share of a core."""
        return self._spent()[0]

    def watched(self, _: int) -> float:
        """Send events that readers watch; returns the gateway's share of a core."""
        options = self._options
        path = f"/v1/standings/overall/stream?limit={options.limit}"
        with Listeners(self._served.url, path, self._served.key, options.readers) as listeners:
            before, client_s = listeners.bytes_read, listeners.processor_s
            began_s = time.monotonic()
            share, sent = self._spent()
            took_s = time.monotonic() - began_s
            if listeners.ended:
                raise BrokenExchange(f"{listeners.ended} readers were let go")
            self.bytes_per_s.append((listeners.bytes_read - before) / took_s)
            self.client_share.append((listeners.processor_s - client_s) / took_s)
            self.delays_s.append(delays_s(listeners.seen, sent))
        return share

    def fill(self) -> None:
        """Give every member a first purchase, so that the board is as long as it will be."""
        everyone = np.arange(self._options.members)
        for first in range(0, len(everyone), 5_000):
            self._post(self._lines(everyone[first : first + 5_000]))

    def forget(self) -> None:
        """Forget what was measured: the round was a warm-up."""
        self.delays_s, self.bytes_per_s, self.client_share = [], [], []

    def _spent(self) -> tuple[float, list[tuple[bytes, float]]]:
        """Send for the time of a round; gives the gateway's share of a core, and what was sent."""
        time.sleep(FRESH_S)
        before_s, began_s = self._gateway_s(), time.monotonic()
        sent: list[tuple[bytes, float]] = []
        events = self._options.rate // BODIES_PER_S
        number = 0
        while (passed_s := time.monotonic() - began_s) < self._options.seconds:
            ahead_s = number / BODIES_PER_S - passed_s
            if ahead_s > 0:
                time.sleep(ahead_s)
            number += 1
            lines = self._lines(self._random.integers(0, self._options.members, events))
            stamp_us = self._stamp_us
            sent.append((_rfc3339(stamp_us), time.time()))
            self._post(lines)
        time.sleep(FRESH_S)
        spent_s = self._gateway_s() - before_s
        return spent_s / (time.monotonic() - began_s), sent

    def _lines(self, members: npt.NDArray[np.int64]) -> bytes:
        """Write a purchase for each member, at the present moment of the events' own clock."""
        self._stamp_us = STARTS_US + int((time.time() - self._began_s) * 1e6)
        drawn = draw(self._random, members, self._events)
        drawn.at_us[:] = self._stamp_us
        self._events += len(members)
        return "\n".join(lines_of(drawn)).encode()

    def _post(self, lines: bytes) -> None:
        answer = self._http.post("/v1/events", content=lines, headers={"Content-Type": NDJSON})
        if answer.status_code != httpx.codes.OK:
            raise BrokenExchange(f"{answer.status_code} {answer.text}")

    def _gateway_s(self) -> float:
        """Read the processor time that the gateway's process took so far."""
        found = _CPU.search(self._http.get("/metrics").text)
        if found is None:
            raise BrokenExchange("/metrics does not tell the gateway's processor time")
        return float(found[1])


def _rfc3339(at_us: int) -> bytes:
    at = datetime.fromtimestamp(at_us / 1e6, UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench stream", description=__doc__)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--limit", type=int, default=50, help="rows each reader watches")
    parser.add_argument(
        "--members",
        type=int,
        default=2_000,
        help="few enough that each tick has something to tell those who watch the first rows",
    )
    parser.add_argument("--rate", type=int, default=500, help="events a second, on both sides")
    parser.add_argument("--seconds", type=float, default=6.0, help="a round, on each side")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.readers < 1 or options.rate < BODIES_PER_S or not 1 <= options.limit <= 1_000:
        parser.error(f"--readers ≥ 1, --rate ≥ {BODIES_PER_S} and --limit 1 to 1000")
    try:
        result = measure(options)
    except (ServeFailed, BrokenExchange) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both sides by turns."""
    with Served(shipped_season(), shards=options.shards) as served:
        sides = Sides(served, options)
        sides.fill()
        sides.watched(0)
        sides.forget()
        load_before = machine()["load_1m"]
        ours, floor = alternate([sides.watched, sides.without], options.rounds)
    watched, without = spread(ours), spread(floor)
    delays_ms = np.concatenate(sides.delays_s) * 1e3
    return {
        "bench": "stream",
        "readers": options.readers,
        "limit": options.limit,
        "members": options.members,
        "events_per_s": options.rate,
        "rounds": options.rounds,
        "gateway_share_of_a_core": {"watched": watched, "without": without},
        "ratio": float(f"{watched['median'] / without['median']:.4g}"),
        "added_us_a_reader_a_second": float(
            f"{(watched['median'] - without['median']) / options.readers * 1e6:.4g}"
        ),
        "delay_ms": {
            name: float(f"{np.quantile(delays_ms, share):.4g}")
            for name, share in (("p50", 0.5), ("p99", 0.99), ("greatest", 1.0))
        },
        "delays_measured": len(delays_ms),
        "bytes_per_s": spread(sides.bytes_per_s),
        "client_share_of_a_core": spread(sides.client_share),
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("fastapi", "ray", "uvicorn", "uvloop"),
    }


def _tell(result: dict[str, Any]) -> None:
    shares = result["gateway_share_of_a_core"]
    delay = result["delay_ms"]
    print(
        f"{result['events_per_s']:,} events/s, {result['members']:,} members, medians of "
        f"{result['rounds']} rounds, by turns"
    )
    print(
        f"{result['readers']:>6,} readers of {result['limit']} rows "
        f"{shares['watched']['median']:>7.1%} of a core in the gateway"
    )
    print(f"     0 readers            {shares['without']['median']:>7.1%} of a core")
    print(f"a reader costs {result['added_us_a_reader_a_second']:.0f} µs a second")
    print(
        f"from sending an event to a reader's having it: half within {delay['p50']:.0f} ms, "
        f"99 of 100 within {delay['p99']:.0f} ms, all within {delay['greatest']:.0f} ms"
    )
    share = result["client_share_of_a_core"]["median"]
    print(f"the readers themselves took {share:.0%} of a core")
