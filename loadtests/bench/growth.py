"""Growth: the rate at which a shard judges and ranks events among 10,000,000 members (P9).

The other side is 100,000 members, by turns in one process. What is timed is what a member shard
and its ranking shard do with batches: number each, apply it, and gather the changed standings;
then, once for all batches of a round, put these into the order and read the first page, as a
ranking shard does when somebody looks. Members are there before, with scores; the events are
purchases of random members. No midnight falls into what is timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from loadtests.served import shipped_season
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.event_columns import stamp
from rules.decoding.events import decode_table
from rules.decoding.identity import hash_strings
from rules.judging.coding import encode
from rules.judging.kernel import advance, apply_events
from rules.ranks.ranking import RankIndex
from rules.season.season_file import load_season
from rules.table.member_table import MemberTable

REACH: Final = 0.7
BATCH_EVENTS: Final = 5_000
DAY_US: Final = 86_400_000_000
SCORE_MAX: Final = 20_000
ADDED_AT_ONCE: Final = 500_000
PAGE_ROWS: Final = 100


class Crowd:
    """A member table and the order of its members, with drawn scores."""

    def __init__(self, rules: Rules, members: int, seed: int) -> None:
        self._rules, self._members = rules, members
        self._random = np.random.default_rng(seed)
        self._at_us = rules.starts_us + 10 * DAY_US + DAY_US // 24
        self._sent = 0
        self.table = MemberTable(rules)
        self.index = RankIndex(rules.tie_break)
        advance(self.table, self._at_us)
        for first in range(0, members, ADDED_AT_ONCE):
            self._add(np.arange(first, min(first + ADDED_AT_ONCE, members)))
        len(self.index)

    def _add(self, numbers: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        ids = [f"m{number:08d}" for number in numbers.tolist()]
        rows = self.table.add_members(*hash_strings(pa.array(ids, pa.utf8())), ids)
        self.table.members.listed[rows] = True
        self.table.members.score[rows] = self._random.integers(1, SCORE_MAX, len(rows))
        self._rank(rows)

    def _rank(self, rows: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Put the standings of some members into the order."""
        standing = self.table.standing(rows)
        self.index.update(
            rows,
            standing.member,
            standing.score,
            standing.tasks_completed_at_us,
            standing.active_days,
            standing.score > 0,
        )

    def batch(self) -> pa.RecordBatch:
        """Draw purchases of random members, a millisecond apart, decoded and stamped."""
        count = BATCH_EVENTS
        who = self._random.integers(0, self._members, count).tolist()
        at_us = self._at_us + np.arange(count, dtype=np.int64) * 1_000
        self._at_us = int(at_us[-1]) + 1_000
        self._sent += count
        words = {"type": "purchase", "station": next(iter(self._rules.stations)), "product": "92"}
        columns = {
            "event_id": [f"{self._sent}-{place}" for place in range(count)],
            "member": [f"m{number:08d}" for number in who],
            "at": pa.array(at_us, pa.timestamp("us", "UTC")),
            "litres": self._random.integers(10, 60, count),
            "amount": self._random.integers(80, 500, count),
        } | {name: [word] * count for name, word in words.items()}
        return stamp(decode_table(pa.table(columns), self._rules.names).columns, at_us)

    def take(self, batches: Sequence[pa.RecordBatch]) -> None:
        """Do what a shard and its ranking shard do with batches that come between two looks."""
        for batch in batches:
            outcome = apply_events(self.table, encode(self.table, batch))
            assert not outcome.status.any(), "every purchase is applied"
            self._rank(outcome.changed)
        self.index.page(None, PAGE_ROWS)


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench growth", description=__doc__)
    parser.add_argument("--members", type=int, default=10_000_000)
    parser.add_argument("--fewer", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=20, help="of 5,000 events, a round")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if min(options.members, options.fewer, options.batches) < 1:
        parser.error("--members, --fewer and --batches must be at least 1")
    result = measure(options)
    print(
        f"{result['events_per_s']['fewer']:>12,} events/s among {options.fewer:,} members\n"
        f"{result['events_per_s']['many']:>12,} events/s among {options.members:,} members\n"
        f"ratio {result['ratio']} (target ≥ {REACH}), by CPU time {result['ratio_by_cpu']}"
    )
    print(json.dumps(result))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both crowds by turns."""
    path = shipped_season()
    rules = compile_rules(load_season(path.read_text(encoding="utf-8"), str(path)))
    cpu_s: dict[int, list[float]] = {}

    def side(members: int) -> Callable[[int], float]:
        crowd = Crowd(rules, members, options.seed)
        cpu_s[members] = []

        def run(number: int) -> float:
            batches = [crowd.batch() for _ in range(options.batches)]
            began_s = time.process_time()
            took_s = seconds(lambda: crowd.take(batches))
            if number >= 0:
                cpu_s[members].append(time.process_time() - began_s)
            return took_s

        run(-1)
        return run

    sides = [side(options.fewer), side(options.members)]
    load_before = machine()["load_1m"]
    fewer_s, many_s = (spread(each) for each in alternate(sides, options.rounds))
    events = options.batches * BATCH_EVENTS
    by_cpu = [spread(cpu_s[members])["median"] for members in (options.fewer, options.members)]
    return {
        "bench": "growth",
        "members": options.members,
        "fewer": options.fewer,
        "events": events,
        "rounds": options.rounds,
        "fewer_s": fewer_s,
        "many_s": many_s,
        "events_per_s": {
            "fewer": round(events / fewer_s["median"]),
            "many": round(events / many_s["median"]),
        },
        "ratio": float(f"{fewer_s['median'] / many_s['median']:.4g}"),
        "ratio_by_cpu": float(f"{by_cpu[0] / by_cpu[1]:.4g}"),
        "reach": REACH,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow"),
    }
