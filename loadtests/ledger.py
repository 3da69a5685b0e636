"""Ledger: what the users of a load test were told, kept in a file for each process."""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACKNOWLEDGED = ("applied", "limit_reached", "duplicate")
"""Statuses after which the system answers for the event: sent again, it is a `duplicate`."""

Event = dict[str, Any]
Identity = tuple[str, str]
"""(member, event_id): what makes an event the same."""


class UnreadableLedger(ValueError):  # noqa: N818  named for what happened
    """A ledger's line can't be read: the file is damaged or is no ledger."""


def identity_of(event: Mapping[str, Any]) -> Identity:
    """Give an event's identity."""
    return event["member"], event["event_id"]


class LedgerWriter:
    """Appends to this process's file; every line stands for itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"ledger-{socket.gethostname()}-{os.getpid()}.ndjson"
        self._file = self.path.open("a", encoding="utf-8")

    def told(self, event: Event, status: str, points: int, reason: str = "") -> None:
        """Note the answer to an event."""
        self._line({"event": event, "status": status, "points": points, "reason": reason})

    def unanswered(self, events: Iterable[Event]) -> None:
        """Note events whose answer never came: they may or may not be in the system."""
        for event in events:
            self._line({"event": event})

    def fault(self, sentence: str) -> None:
        """Note an answer that must not be."""
        self._line({"fault": sentence})

    def flush(self) -> None:
        """Bring everything noted to the file."""
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def _line(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")


@dataclass(slots=True)
class Acknowledged:
    """An event the system answers for, and the points it told."""

    event: Event
    points: int


@dataclass(slots=True)
class Told:
    """Everything the users were told, of all processes together."""

    acknowledged: dict[Identity, Acknowledged] = field(default_factory=dict)
    unanswered: dict[Identity, Event] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, event: Event, status: str, points: int, reason: str = "") -> None:
        """Take one answer; two answers to one event have to say the same points."""
        identity = identity_of(event)
        self.statuses[status] += 1
        if status not in ACKNOWLEDGED:
            self.reasons[reason or status] += 1
            if status != "rejected":
                self.faults.append(f"{identity} was answered {status}")
            return
        self.unanswered.pop(identity, None)
        known = self.acknowledged.setdefault(identity, Acknowledged(event, points))
        if known.points != points:
            self.faults.append(f"{identity} was told {known.points} points, then {points}")

    def points_of_members(self) -> dict[str, int]:
        """Add up, by member, the points of all acknowledged events."""
        sums: dict[str, int] = {}
        for (member, _), one in self.acknowledged.items():
            sums[member] = sums.get(member, 0) + one.points
        return sums


def read_ledgers(folder: Path) -> Told:
    """Merge the ledgers of a folder.

    Raises:
        UnreadableLedger: there is none, or a line is damaged.
    """
    paths = sorted(folder.glob("ledger-*.ndjson"))
    if not paths:
        raise UnreadableLedger(f"{folder} holds no ledger-*.ndjson: nothing was recorded there")
    told = Told()
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, text in enumerate(lines, 1):
                try:
                    _take(told, json.loads(text))
                except (ValueError, KeyError, TypeError) as error:
                    raise UnreadableLedger(
                        f"{path}:{number}: not a ledger's line: {error!r}"
                    ) from None
    return told


def _take(told: Told, line: dict[str, Any]) -> None:
    if "fault" in line:
        told.faults.append(line["fault"])
    elif "status" in line:
        told.add(line["event"], line["status"], int(line["points"]), line["reason"])
    elif identity_of(line["event"]) not in told.acknowledged:
        told.unanswered[identity_of(line["event"])] = line["event"]
