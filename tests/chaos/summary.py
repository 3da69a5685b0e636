"""Summary of a chaos run: one JSON object, and a table to read."""

import os
import platform
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 20


@dataclass
class Summary:
    """What happened in a run, added up over its rounds."""

    seed: int
    disk: str
    rounds: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    http: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    judged_events: int = 0
    compared: int = 0
    lost: int = 0
    doubled: int = 0
    snapshots: int = 0
    starts: int = 0
    recoveries_s: list[tuple[float, str]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Tell whether nothing was that must not be."""
        return not self.faults and self.lost == 0 == self.doubled and self.acknowledged > 0

    def as_json(self) -> dict[str, Any]:
        """Give it as one object."""
        slowest = sorted(self.recoveries_s, reverse=True)[:5]
        times_s = sorted(seconds for seconds, _ in self.recoveries_s) or [0.0]
        return {
            "passed": self.passed,
            "seed": self.seed,
            "rounds": self.rounds,
            "faults_by_kind": dict(sorted(self.hits.items())),
            "found_nothing_to_hit": dict(self.missed),
            "events_acknowledged": self.acknowledged,
            "events_judged_again": self.judged_events,
            "answers": dict(self.statuses),
            "http": dict(self.http),
            "facts_compared": self.compared,
            "lost": self.lost,
            "doubled": self.doubled,
            "snapshots": self.snapshots,
            "starts": self.starts,
            "recovery_s": {
                "median": round(times_s[len(times_s) // 2], 2),
                "longest": round(times_s[-1], 2),
                "slowest_rounds": [[round(seconds, 2), after] for seconds, after in slowest],
            },
            "final_hashes": self.hashes,
            "disk": self.disk,
            "took_s": round(self.took_s, 1),
            "violations": len(self.faults),
            "examples": self.faults[:EXAMPLES],
            "machine": {"cores": os.cpu_count(), "system": platform.platform()},
        }

    def table(self) -> list[str]:
        """Write it as lines."""
        found = self.as_json()
        recovery = found["recovery_s"]
        lines = [f"{'fault':20}{'times':>8}"]
        lines += [f"{kind:20}{times:>8,}" for kind, times in found["faults_by_kind"].items()]
        rows = {
            "seed": self.seed,
            "rounds": self.rounds,
            "events acknowledged": self.acknowledged,
            "lost": self.lost,
            "doubled": self.doubled,
            "facts compared": self.compared,
            "snapshots": self.snapshots,
            "starts of the system": self.starts,
            "median recovery, s": recovery["median"],
            "longest recovery, s": recovery["longest"],
            "took, s": round(self.took_s),
        }
        lines += [f"{name:24}{value:>16,}" for name, value in rows.items()]
        lines += [f"  violation: {one}" for one in self.faults[:EXAMPLES]]
        return [*lines, "passed" if self.passed else "FAILED"]
