"""Replay: a recorded log offline, against reading the same Parquet into columns (P8).

The log is written by the traffic generator under the full example season. Three figures of ours:
reading, checking and applying every event up to the final standings; the same with every output
file written; and the whole command in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from loadtests.bench._sides import ROUNDS_MIN, alternate, machine, seconds, spread, versions
from loadtests.served import ServeFailed, program, shipped_season
from rules.compiling.compiled import Rules, compile_rules
from rules.ranks.standings import Standing, board_rows
from rules.season.season_file import load_season
from simulator.log.logs import read_log
from simulator.offline.reading import hashed_ahead
from simulator.offline.replay import Replay, replay
from simulator.offline.tables import OneTable

FACTOR_REACH = 5.0
EVENTS_PER_S_REACH = 1_000_000


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench replay", description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.rounds < ROUNDS_MIN:
        parser.error(f"--rounds {options.rounds}: must be at least {ROUNDS_MIN}")
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

    def read(_: int) -> float:
        return seconds(lambda: pq.read_table(log))

    def to_standings(_: int) -> float:
        return seconds(lambda: _standings(rules, log))

    def to_files(_: int) -> float:
        return seconds(lambda: replay(rules, lambda: read_log([str(log)], None, rules.names), out))

    def command(_: int) -> float:
        words = [program(), "replay", str(season), str(log), "--out", str(out)]
        return seconds(lambda: subprocess.run(words, check=True, capture_output=True))

    read(0)
    to_standings(0)
    load_before = machine()["load_1m"]
    floor, standings, files, whole = alternate(
        [read, to_standings, to_files, command], options.rounds
    )
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    floor_s, standings_s = spread(floor), spread(standings)
    return {
        "bench": "replay",
        "events": events,
        "members": options.members,
        "days": options.days,
        "log_bytes": log.stat().st_size,
        "rounds": options.rounds,
        "read_columns_s": floor_s,
        "to_standings_s": standings_s,
        "to_files_s": spread(files),
        "whole_command_s": spread(whole),
        "ratio": float(f"{standings_s['median'] / floor_s['median']:.4g}"),
        "ratio_with_files": float(f"{spread(files)['median'] / floor_s['median']:.4g}"),
        "reach": FACTOR_REACH,
        "events_per_s": round(events / standings_s["median"]),
        "events_per_s_with_files": round(events / spread(files)["median"]),
        "events_per_s_reach": EVENTS_PER_S_REACH,
        "status": summary["status"],
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow"),
    }


def _standings(rules: Rules, log: Path) -> None:
    """Apply the log and let the season end; sort every board, write nothing."""
    with OneTable(rules) as tables:
        run = Replay(rules, tables)
        for decoded, hashes in hashed_ahead(read_log([str(log)], None, rules.names)):
            run.apply(decoded, hashes)
        done = tables.finish(None, rules.final_us)
    standing = Standing.concat([table.standing() for table in done])
    for board in rules.boards:
        board_rows(standing, rules.boards, board.id, rules.levels, rules.tie_break)


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{result['events']:,} events of {result['members']:,} members, medians of "
        f"{result['rounds']}, by turns"
    )
    for title, name in (
        ("reading into columns", "read_columns_s"),
        ("replay to standings", "to_standings_s"),
        ("replay to all files", "to_files_s"),
        ("the whole command", "whole_command_s"),
    ):
        median_s = result[name]["median"]
        print(f"{title:22}{median_s:>9.3f} s{result['events'] / median_s:>14,.0f} events/s")
    print(f"ratio {result['ratio']} (target ≤ {FACTOR_REACH}), {result['events_per_s']:,} events/s")
