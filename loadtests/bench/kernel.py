"""Kernel: CPU time an event, by stage, batch size and event type, against a smaller season file.

The example season file and the same file reduced to earning, tiers and tasks judge one log of
purchases, refunds and tasks by turns: its first half fills the member table, the second half is
decoded, encoded and applied in batches of several sizes. Event types are measured one at a time
on a log with coupons, redemptions and referrals, under the whole file. CPU time counts, not the
clock on the wall, so other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from loadtests.bench._sides import alternate, machine, rounds_given, spread, versions
from loadtests.served import ServeFailed, program, shipped_season
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.event_columns import running_stamps, stamp, text_of
from rules.decoding.events import TYPES, decode_table
from rules.judging.coding import encode
from rules.judging.kernel import advance, apply_events
from rules.season.season_file import load_season
from rules.season.season_models import Points, Season
from rules.table.member_table import NO_CLOCK_US, MemberTable

SIZES = (131_072, 5_000, 8)
BATCHES_MAX = 300
STAGES = ("decode", "encode", "apply")
WINDOW_US = 6 * 86_400_000_000
"""Less than the example file's accept_late, so that a type's events can share one clock reading."""
OF_TYPE_MIN = 20


def reduced(season: Season) -> Season:
    """Leave earning, tiers, tasks and boards of a season file, and nothing else that counts."""
    nothing: dict[str, object] = dict.fromkeys(
        ("multiplier", "coupons", "triggers", "budgets", "catalogue", "prizes"), ()
    )
    nothing |= dict.fromkeys(("referral", "checkout", "notices"))
    return season.model_copy(update=nothing | {"segments": {}, "rewards": {}, "points": Points()})


class Side:
    """One season file with the member table that the first half of a log has filled."""

    def __init__(self, rules: Rules, log: pa.Table) -> None:
        self._rules, self._log = rules, log
        self._half = len(log) // 2
        self.ns: dict[int, dict[str, list[float]]] = {
            size: {stage: [] for stage in STAGES} for size in SIZES
        }
        table = MemberTable(rules)
        self._apply(table, 0, self._half, SIZES[0])
        self._state = table.state()

    def run(self, _: int) -> float:
        """Measure every size; returns ns an event to encode and apply the largest batches."""
        for size in SIZES:
            table = MemberTable.from_state(self._rules, self._state)
            stop = min(len(self._log), self._half + size * BATCHES_MAX)
            took_s = self._apply(table, self._half, stop, size)
            for stage in STAGES:
                self.ns[size][stage].append(took_s[stage] * 1e9 / (stop - self._half))
        largest = self.ns[SIZES[0]]
        return largest["encode"][-1] + largest["apply"][-1]

    def forget(self) -> None:
        """Forget what was measured: the round was a warm-up."""
        for stages in self.ns.values():
            for measured in stages.values():
                measured.clear()

    def told(self) -> dict[str, dict[str, dict[str, float]]]:
        """Give the spread of ns an event by batch size and stage."""
        return {
            str(size): {stage: spread(measured) for stage, measured in stages.items()}
            for size, stages in self.ns.items()
        }

    def _apply(self, table: MemberTable, start: int, stop: int, size: int) -> dict[str, float]:
        """Apply a span of the log in batches; returns the CPU seconds by stage."""
        took_s = dict.fromkeys(STAGES, 0.0)
        for first in range(start, stop, size):
            part = self._log.slice(first, min(size, stop - first)).combine_chunks()
            began_s = time.process_time()
            columns = decode_table(part, self._rules.names).columns
            took_s["decode"] += time.process_time() - began_s
            if not columns.num_rows:
                continue
            at_us = columns.column("at_us").to_numpy()
            batch = stamp(columns, running_stamps(at_us, table.clock_us))
            began_s = time.process_time()
            events = encode(table, batch)
            encoded_s = time.process_time()
            apply_events(table, events)
            took_s["encode"] += encoded_s - began_s
            took_s["apply"] += time.process_time() - encoded_s
        return took_s


def measure_types(rules: Rules, log: pa.Table, rounds: int) -> dict[str, dict[str, Any]]:
    """Measure events of each type alone: the last days' ones, after all that came before."""
    columns = decode_table(log.combine_chunks(), rules.names).columns
    at_us = columns.column("at_us").to_numpy()
    stamps_us = running_stamps(at_us, NO_CLOCK_US)
    last_us = int(stamps_us[-1])
    first = int(np.searchsorted(stamps_us, last_us - WINDOW_US))
    table = MemberTable(rules)
    if first:
        apply_events(table, encode(table, stamp(columns.slice(0, first), stamps_us[:first])))
    advance(table, last_us)
    state = table.state()
    words = np.array(text_of(columns, "type").to_pylist()[first:])
    timely = at_us[first:] >= last_us - WINDOW_US
    batches: dict[str, pa.RecordBatch] = {}
    for word in TYPES:
        places = first + np.flatnonzero((words == word) & timely)
        if len(places) >= OF_TYPE_MIN:
            batches[word] = stamp(columns.take(places), np.full(len(places), last_us))

    def side(batch: pa.RecordBatch) -> Callable[[int], float]:
        def run(_: int) -> float:
            filled = MemberTable.from_state(rules, state)
            began_s = time.process_time()
            apply_events(filled, encode(filled, batch))
            took_s = time.process_time() - began_s
            return took_s * 1e9 / len(batch)

        return run

    measured = alternate([side(batch) for batch in batches.values()], rounds)
    return {
        word: {"events": batch.num_rows, "ns_an_event": spread(values)}
        for (word, batch), values in zip(batches.items(), measured, strict=True)
    }


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench kernel", description=__doc__)
    parser.add_argument("--members", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < 1 or options.days < 1:
        parser.error("--members and --days must be at least 1")
    with tempfile.TemporaryDirectory(prefix="forecourt-kernel-") as folder:
        try:
            plain = _log(Path(folder) / "plain.parquet", options)
            active = _log(Path(folder) / "active.parquet", options, "--activity")
        except (ServeFailed, subprocess.CalledProcessError) as error:
            print(f"error: {error}")
            return 1
    result = measure(plain, active, options)
    _tell(result)
    print(json.dumps(result))
    return 0


def measure(plain: pa.Table, active: pa.Table, options: argparse.Namespace) -> dict[str, Any]:
    """Measure both files by turns on the plain log, and every type on the active one."""
    path = shipped_season()
    season = load_season(path.read_text(encoding="utf-8"), str(path))
    whole = Side(compile_rules(season), plain)
    less = Side(compile_rules(reduced(season)), plain)
    for side in (whole, less):
        side.run(0)
        side.forget()
    load_before = machine()["load_1m"]
    whole_ns, less_ns = (spread(each) for each in alternate([whole.run, less.run], options.rounds))
    return {
        "bench": "kernel",
        "events": len(plain),
        "members": options.members,
        "days": options.days,
        "rounds": options.rounds,
        "ns_an_event": {"whole": whole.told(), "reduced": less.told()},
        "kernel_ns": {"whole": whole_ns, "reduced": less_ns},
        "ratio": float(f"{whole_ns['median'] / less_ns['median']:.4g}"),
        "events_per_s": round(1e9 / whole_ns["median"]),
        "types": measure_types(compile_rules(season), active, options.rounds),
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow"),
    }


def _log(path: Path, options: argparse.Namespace, *more: str) -> pa.Table:
    """Write a log of the example season and read it."""
    subprocess.run(
        [
            program(), "traffic", str(shipped_season()), "--out", str(path), *more,
            "--members", str(options.members), "--days", str(options.days),
            "--seed", str(options.seed),
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return pq.read_table(path)


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{result['events']:,} events of {result['members']:,} members, CPU ns an event, medians "
        f"of {result['rounds']}, by turns"
    )
    print(f"{'batch':>8}  " + "  ".join(f"{stage:>18}" for stage in STAGES))
    for size in map(str, SIZES):
        both = [result["ns_an_event"][side][size] for side in ("whole", "reduced")]
        cells = [" / ".join(f"{side[stage]['median']:,.0f}" for side in both) for stage in STAGES]
        print(f"{size:>8}  " + "  ".join(f"{cell:>18}" for cell in cells))
    print(
        f"whole file / reduced file: {result['ratio']}; whole: {result['events_per_s']:,} events a "
        "second of one core"
    )
    for word, one in result["types"].items():
        print(f"{word:>12}  {one['ns_an_event']['median']:>10,.0f} ns  ({one['events']:,} events)")
