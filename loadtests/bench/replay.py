"""Replay: a recorded log offline, against reading the same Parquet into columns (P8).

The log is written by the traffic generator under the full example season. What is held against
the target is the command as a user types it, with every file it writes; reading is a process of
its own too, so that both sides start Python and Arrow. Beside it the same command in one process,
and where the time of one goes: the stages after one another, in processor time an event.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from loadtests.served import ServeFailed, program, shipped_season
from rules.compiling.compiled import Rules, compile_rules
from rules.decoding.identity import hashes_of
from rules.judging.results import Outcome
from rules.ranks.standings import Standing, board_rows
from rules.season.season_file import load_season
from simulator.log.logs import read_log_parts
from simulator.offline.log_reading import event_ids
from simulator.offline.output_files import ResultFiles
from simulator.offline.replay import Replay
from simulator.offline.tables import OneTable

FACTOR_REACH = 5.0
EVENTS_PER_S_REACH = 1_000_000
READ = "import sys, pyarrow.parquet as parquet; parquet.read_table(sys.argv[1])"


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench replay", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < 1 or options.days < 1:
        parser.error("--members and --days must be at least 1")
    with tempfile.TemporaryDirectory(prefix="forecourt-replay-") as folder:
        log = Path(folder) / "log.parquet"
        try:
            events = _write(log, options)
            result = _measure(log, events, options)
        except (ServeFailed, subprocess.CalledProcessError) as error:
            print(f"error: {error}")
            return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def _write(log: Path, options: argparse.Namespace) -> int:
    """Write the log; returns its number of events."""
    subprocess.run(
        [
            program(), "traffic", str(shipped_season()), "--out", str(log),
            "--members", str(options.members), "--days", str(options.days),
            "--seed", str(options.seed),
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(pq.read_metadata(log).num_rows)


def _measure(log: Path, events: int, options: argparse.Namespace) -> dict[str, Any]:
    season = shipped_season()
    rules = compile_rules(load_season(season.read_text(encoding="utf-8"), str(season)))
    out = log.with_name("out")

    def run(*words: object) -> float:
        given = [str(word) for word in words]
        return seconds(lambda: subprocess.run(given, check=True, capture_output=True))

    def read(_: int) -> float:
        return run(sys.executable, "-c", READ, log)

    def command(_: int) -> float:
        return run(program(), "replay", season, log, "--out", out)

    def alone(_: int) -> float:
        return run(program(), "replay", season, log, "--out", out, "--workers", 1)

    def columns(_: int) -> float:
        return seconds(lambda: pq.read_table(log))

    read(0)
    command(0)
    load_before = machine()["load_1m"]
    floor, whole, single, inside = alternate([read, command, alone, columns], options.rounds)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    floor_s, whole_s = spread(floor), spread(whole)
    return {
        "bench": "replay",
        "events": events,
        "members": options.members,
        "days": options.days,
        "log_bytes": log.stat().st_size,
        "rounds": options.rounds,
        "read_columns_s": floor_s,
        "read_columns_without_start_s": spread(inside),
        "whole_command_s": whole_s,
        "one_process_s": spread(single),
        "stages_ns_an_event": _stages(rules, log, out),
        "ratio": float(f"{whole_s['median'] / floor_s['median']:.4g}"),
        "ratio_without_start": float(f"{whole_s['median'] / spread(inside)['median']:.4g}"),
        "reach": FACTOR_REACH,
        "events_per_s": round(events / whole_s["median"]),
        "events_per_s_reach": EVENTS_PER_S_REACH,
        "status": summary["status"],
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow"),
    }


def _stages(rules: Rules, log: Path, out: Path) -> dict[str, int]:
    """Replay once, stage by stage; returns each one's processor time an event, ns."""
    spent: dict[str, float] = {}
    events = 0

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        began_s = time.process_time()
        done = work()
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - began_s
        return done

    parts = read_log_parts([str(log)], None)
    with OneTable(rules) as tables, ResultFiles(out) as results:
        run = Replay(rules, tables)
        while (part := timed("read", lambda: next(parts, None))) is not None:
            decoded = timed("decode", partial(part.decode, rules.names))
            hashes = timed("hash", partial(hashes_of, decoded.columns))
            outcome = timed("judge", partial(run.apply, decoded, hashes))
            timed("results", partial(_written, results, event_ids(decoded), outcome))
            events += decoded.received
        done = timed("end", lambda: tables.finish(None, run.clock_us))
    standing = timed("end", lambda: Standing.concat([table.standing() for table in done]))
    for board in rules.boards:
        timed(
            "boards",
            partial(board_rows, standing, rules.boards, board.id, rules.levels, rules.tie_break),
        )
    return {stage: round(spent_s / max(events, 1) * 1e9) for stage, spent_s in spent.items()}


def _written(results: ResultFiles, ids: pa.Array, outcome: Outcome) -> None:
    """Write answers and wait until they are."""
    results.write(ids, outcome)
    results.settle()


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{result['events']:,} events of {result['members']:,} members, medians of "
        f"{result['rounds']}, by turns"
    )
    for title, name in (
        ("reading into columns", "read_columns_s"),
        ("replay, the command", "whole_command_s"),
        ("the same, one process", "one_process_s"),
    ):
        median_s = result[name]["median"]
        print(f"{title:22}{median_s:>9.3f} s{result['events'] / median_s:>14,.0f} events/s")
    stages = result["stages_ns_an_event"]
    print("ns an event: " + ", ".join(f"{stage} {ns}" for stage, ns in stages.items()))
    print(
        f"ratio {result['ratio']}, {result['ratio_without_start']} against reading in a process "
        f"that has started (target ≤ {FACTOR_REACH}), {result['events_per_s']:,} events/s"
    )
