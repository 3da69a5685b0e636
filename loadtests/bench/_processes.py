"""What a served system spends: processor time by process, and by stage of an event's way."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx
import psutil

from loadtests.served import Served

NAMES = (
    ("GatewayHost", "gateway"),
    ("MemberShardHost", "member"),
    ("RankingShardHost", "ranking"),
    ("KeeperHost", "keeper"),
    ("valkey", "server"),
    ("redis-server", "server"),
)
"""What a process's command line holds, and what it is called here; others are "rest"."""
_STAGE = re.compile(r"^forecourt_stage_seconds_total\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Seconds = dict[str, float]


class Spending:
    """Adds up what rounds of events cost a system, counted from outside and from inside."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._before: tuple[Seconds, Seconds] = ({}, {})
        self.forget()

    def forget(self) -> None:
        """Begin anew: what was counted so far was a warm-up."""
        self._events, self._took_s = 0, 0.0
        self._by_process: Seconds = defaultdict(float)
        self._by_stage: Seconds = defaultdict(float)

    def begin(self) -> None:
        """Note what was spent before a round."""
        self._before = (processor_s(self._served.pid), stage_s(self._served))

    def end(self, events: int, took_s: float, client_s: float) -> None:
        """Add a round's part; client_s is the processor time of the client itself."""
        processes, stages = self._before
        _add_growth(self._by_process, processes, processor_s(self._served.pid))
        _add_growth(self._by_stage, stages, stage_s(self._served))
        self._by_process["client"] += client_s
        self._events += events
        self._took_s += took_s

    def told(self) -> dict[str, Any]:
        """Tell microseconds an event: processor time by process, clock time by stage."""
        events = max(1, self._events)

        def an_event(seconds: Seconds) -> dict[str, float]:
            most_first = sorted(seconds.items(), key=lambda entry: -entry[1])
            return {name: round(1e6 * spent / events, 3) for name, spent in most_first}

        all_s = sum(self._by_process.values())
        return {
            "processor_us_an_event": an_event(self._by_process),
            "processor_us_an_event_all": round(1e6 * all_s / events, 3),
            "cores_busy": round(all_s / max(1e-9, self._took_s), 2),
            "stage_us_an_event": an_event(self._by_stage),
        }


def _add_growth(total: Seconds, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    for name, seconds in after.items():
        total[name] += max(0.0, seconds - before.get(name, 0.0))


def stage_s(served: Served) -> Seconds:
    """Give the seconds so far by "process.stage", from the system's own metrics."""
    answer = httpx.get(
        f"{served.url}/metrics",
        headers={"Authorization": f"Bearer {served.key}"},
        timeout=30.0,
        trust_env=False,
    )
    spent: Seconds = defaultdict(float)
    for labels, value in _STAGE.findall(answer.text):
        named = dict(_LABEL.findall(labels))
        spent[f"{named.get('actor', '')}.{named.get('stage', '')}"] += float(value)
    return spent


def processor_s(root: int) -> Seconds:
    """Give the processor seconds so far of a process and all below it, added up by name.

    Work of processes that ended in between is left out.
    """
    spent: Seconds = defaultdict(float)
    try:
        family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return spent
    for process in family:
        try:
            line, times = " ".join(process.cmdline()), process.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        name = next((name for mark, name in NAMES if mark in line), "rest")
        spent[name] += times.user + times.system
    return spent


def tell_spending(spent: dict[str, Any]) -> None:
    """Print where the time went."""
    print(
        f"processor time an event: {spent['processor_us_an_event_all']} µs, "
        f"{spent['cores_busy']} cores busy"
    )
    for name, us in spent["processor_us_an_event"].items():
        print(f"  {name:<22} {us:>8.3f} µs")
    print("by stage, of the clock:")
    for name, us in spent["stage_us_an_event"].items():
        print(f"  {name:<22} {us:>8.3f} µs")
