"""Log lines: how a process writes its log: plain lines, or one JSON object a line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

LogFormat = Literal["plain", "json"]
FORMATS: Final[tuple[LogFormat, ...]] = ("plain", "json")
PLAIN: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: at, level, actor, logger, said, and its own fields."""

    def __init__(self, actor: str) -> None:
        super().__init__()
        self._actor = actor

    def format(self, record: logging.LogRecord) -> str:
        """Write one line; line breaks of what was said are escaped inside it."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "actor": self._actor,
            "logger": record.name,
            "said": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def log_to(path: Path, actor: str, log_format: LogFormat) -> None:
    """Send this process's log to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines(actor) if log_format == "json" else logging.Formatter(PLAIN))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
