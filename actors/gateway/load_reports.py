"""Load reports: the results of load tests and benchmarks that were put into the data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from actors.phases import instant

FOLDER: Final = "load-reports"
SHOWN_MAX: Final = 12
BYTES_MAX: Final = 1 << 20


def load_reports(data: Path) -> list[dict[str, Any]]:
    """Read the newest reports; blocks on the disk.

    A file holds the JSON object that `forecourt loadtest --json` or `forecourt bench NAME` prints
    on its last line. One that can't be read is named with kind `unreadable`.
    """
    folder = data / FOLDER
    if not folder.is_dir():
        return []
    found = [(path.stat().st_mtime, path) for path in folder.glob("*.json")]
    newest = sorted(found, reverse=True)[:SHOWN_MAX]
    return [
        {"name": path.stem, "at": instant(int(saved_s * 1e6)), **_told(path)}
        for saved_s, path in newest
    ]


def _told(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > BYTES_MAX:
            return {"kind": "unreadable"}
        report = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        return _bench(report) if "bench" in report else _loadtest(report)
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        return {"kind": "unreadable"}


def _bench(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "bench",
        "bench": str(report["bench"]),
        "ratio": _number(report.get("ratio")),
        "reach": _number(report.get("reach")),
    }


def _loadtest(report: dict[str, Any]) -> dict[str, Any]:
    checks, figures = report["audit"]["checks"], report["figures"]
    return {
        "kind": "loadtest",
        "passed": bool(report["passed"]),
        "events": int(report["audit"]["acknowledged"]),
        "compared": sum(int(check["compared"]) for check in checks),
        "differences": sum(int(check["differences"]) for check in checks),
        "requests": sum(int(one["requests"]) for one in figures),
        "per_s": round(sum(float(one["per_s"]) for one in figures), 1),
        "p99_ms": max((float(one["p99_ms"]) for one in figures), default=0.0),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
