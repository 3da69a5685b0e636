"""Report file: a report on a log's quality, as JSON or in plain lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ui.commands._inputs import fail


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write the report: JSON by that extension, else plain lines."""
    from simulator.log.quality import report_lines

    text = "\n".join(report_lines(report))
    if path.suffix.lower() == ".json":
        text = json.dumps(report, ensure_ascii=False, indent=2)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}; name a file that can be written")
