"""Simulate: a whole season, against SimPy with plain Python (P6), and against bare draws (P7).

Ours plays the shipped example season, one run in each of two processes at once (P6), and one run
alone (P7). The peer has a SimPy process for each member and the example's rules in plain Python,
at the same visit and task rates, with fewer members: its events a second don't grow with them.
The floor draws one uniform for each member and day and adds up the visitors, nothing else. Where
our time goes is told by stage, in CPU seconds of this process's own run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from loadtests.bench._sides import alternate, machine, rounds_given, seconds, spread, versions
from loadtests.served import program, shipped_season

PEER_REACH = 60.0
FLOOR_REACH = 6.0
PROCESSES = 2
DAYS = 92


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench simulate", description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--peer-members", type=int, default=20_000)
    parser.add_argument("--rounds", type=rounds_given, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    if options.members < 1 or options.peer_members < 1:
        parser.error("--members and --peer-members must be at least 1")
    try:
        from loadtests.bench._simpy_season import play
    except ImportError:
        print("error: SimPy isn't installed; it comes with the test extra")
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="forecourt-simulate-") as folder:
            result = _measure(Path(folder), play, options)
    except subprocess.CalledProcessError as error:
        print(f"error: {error}\n{error.stderr}")
        return 1
    _tell(result)
    print(json.dumps(result))
    return 0


def _measure(folder: Path, play: Any, options: argparse.Namespace) -> dict[str, Any]:
    events: list[float] = []

    def together(number: int) -> float:
        """Give the events a second of runs in all processes at once."""
        began_s = time.perf_counter()
        with ThreadPoolExecutor(PROCESSES) as pool:
            told = list(
                pool.map(
                    lambda nth: _simulate(folder / str(nth), options.members, options.seed + nth),
                    range(number * PROCESSES, (number + 1) * PROCESSES),
                )
            )
        events.append(sum(told))
        return events[-1] / (time.perf_counter() - began_s)

    def alone(number: int) -> float:
        return seconds(lambda: _simulate(folder / "one", options.members, options.seed + number))

    rates, task_rates = _rates(options.peer_members, options.seed)

    def peer(number: int) -> float:
        began_s = time.perf_counter()
        count = play(options.peer_members, options.seed + number, rates, task_rates)
        return float(count) / (time.perf_counter() - began_s)

    def floor(number: int) -> float:
        return seconds(lambda: bare_draws(options.members, DAYS, options.seed + number))

    load_before = machine()["load_1m"]
    ours, single, theirs, bare = (
        spread(one) for one in alternate([together, alone, peer, floor], options.rounds)
    )
    return {
        "bench": "simulate",
        "members": options.members,
        "days": DAYS,
        "processes": PROCESSES,
        "peer_members": options.peer_members,
        "rounds": options.rounds,
        "events_per_run": round(np.median(events) / PROCESSES),
        "events_per_s": ours,
        "peer_events_per_s": theirs,
        "ratio": float(f"{ours['median'] / theirs['median']:.4g}"),
        "reach": PEER_REACH,
        "run_s": single,
        "floor_s": bare,
        "floor_ratio": float(f"{single['median'] / bare['median']:.4g}"),
        "floor_reach": FLOOR_REACH,
        "stages_s": _stages(options.members, options.seed),
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow", "simpy"),
    }


def _simulate(out: Path, members: int, seed: int) -> float:
    """Make one run in a process of its own; returns the events it applied."""
    words = [
        program(), "simulate", str(shipped_season()), "--members", str(members), "--seeds", "1",
        "--seed", str(seed), "--workers", "1", "--out", str(out), "--json",
    ]  # fmt: skip
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return float(told["events"]["mean"])


def _rates(members: int, seed: int) -> tuple[list[float], list[float]]:
    """Draw the peer's visit and task rates as ours are."""
    from simulator.people.keyed import Keyed
    from simulator.people.members import draw_members
    from simulator.people.population_file import shipped_population
    from simulator.people.setting import setting_of

    population = shipped_population()
    setting = setting_of(_season(), population)
    drawn = draw_members(Keyed(seed), population, setting, first=0, last=members, total=members)
    return drawn.visit_rate.tolist(), drawn.task_rate.tolist()


def _season() -> Any:
    from rules.season.season_file import load_season

    path = shipped_season()
    return load_season(path.read_text(encoding="utf-8"), str(path))


def _stages(members: int, seed: int) -> dict[str, float]:
    """Tell where the time of one run goes, in seconds."""
    from rules.compiling.compiled import compile_rules
    from simulator.people.population_file import shipped_population
    from simulator.play.run import simulate_run

    run = simulate_run(compile_rules(_season()), shipped_population(), members, seed)
    return {name: float(f"{taken:.4g}") for name, taken in sorted(run.seconds.items())}


def bare_draws(members: int, days: int, seed: int) -> int:
    """Draw a uniform for each member and day, and count the visitors' visits."""
    draw = np.random.default_rng(seed)
    visits = np.zeros(members, dtype=np.int64)
    for _ in range(days):
        who = np.flatnonzero(draw.random(members) < 0.12)
        np.add.at(visits, who, 1)
    return int(visits.sum())


def _tell(result: dict[str, Any]) -> None:
    print(
        f"{result['members']:,} members, {result['days']} days, {result['events_per_run']:,} "
        f"events a run; medians of {result['rounds']}, by turns"
    )
    for title, name in (
        (f"ours, {result['processes']} processes", "events_per_s"),
        ("SimPy, plain Python", "peer_events_per_s"),
    ):
        print(f"{title:20}{result[name]['median']:>12,.0f} events/s")
    print(f"ratio {result['ratio']} (target ≥ {result['reach']:g})")
    print(f"one run alone {result['run_s']['median']:.2f} s, bare draws "
          f"{result['floor_s']['median']:.2f} s: ratio {result['floor_ratio']} "
          f"(target ≤ {result['floor_reach']:g})")  # fmt: skip
    print("stages: " + ", ".join(f"{one} {s:.2f} s" for one, s in result["stages_s"].items()))
