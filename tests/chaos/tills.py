"""Tills: threads that send until they are answered, and what they were told."""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from loadtests.ledger import Event, Identity, identity_of
from tests.chaos.drawing import Drawing, World

ACKNOWLEDGED = ("applied", "limit_reached", "waiting", "duplicate")
BUSY = (429, 503)
REQUEST_WITHIN_S = 20.0
ANSWERED_WITHIN_S = 120.0
PAUSE_S_MAX = 1.0
NDJSON = "application/x-ndjson"


@dataclass(slots=True)
class Known:
    """An event the system answers for: what it told first, and whether that was a repeat."""

    event: Event
    points: int
    status: str
    """`duplicate` where the first answer was lost on its way."""


@dataclass
class Ledger:
    """What all tills were told, and everything that must not have been."""

    known: dict[Identity, Known] = field(default_factory=dict)
    refused: dict[Identity, set[str]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    http: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    fresh: list[Identity] = field(default_factory=list)
    """Acknowledged since somebody last looked."""
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def told(self, event: Event, result: dict[str, Any]) -> None:
        """Take the answer to one event."""
        status, points = result["status"], result["points"]
        identity = identity_of(event)
        with self._writing:
            self.statuses[status] += 1
            if result["event_id"] != event["event_id"]:
                self.faults.append(f"{identity} was answered as {result['event_id']}")
            if status not in ACKNOWLEDGED:
                self.refused.setdefault(identity, set()).add(result.get("reason", status))
                if status == "conflict":
                    self.faults.append(f"{identity} was sent as it was, and told to be another")
                return
            known = self.known.get(identity)
            if known is None:
                self.known[identity] = Known(event, points, status)
                self.fresh.append(identity)
            elif known.points != points:
                self.faults.append(f"{identity} was told {known.points} points, then {points}")
            elif status != "duplicate":
                # Two copies were on their way at once: only one of them may be the first.
                if known.status != "duplicate":
                    self.faults.append(f"{identity} was applied twice")
                known.status = status

    def fault(self, sentence: str) -> None:
        """Note what must not be."""
        with self._writing:
            self.faults.append(sentence)

    def take_fresh(self) -> list[Identity]:
        """Take what was acknowledged since the last call."""
        with self._writing:
            fresh, self.fresh = self.fresh, []
            return fresh


class Sender:
    """Sends bodies over one connection, each until it is answered."""

    def __init__(self, url: str, key: str, ledger: Ledger) -> None:
        self._ledger = ledger
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=REQUEST_WITHIN_S,
            trust_env=False,
        )
        self.answered_s = 0.0

    def send(self, events: list[Event]) -> list[dict[str, Any]]:
        """Send events until they are answered and note what is told; [] when nobody answers."""
        if len(events) == 1:
            body, kind = json.dumps(events[0]).encode(), "application/json"
        else:
            body, kind = "\n".join(map(json.dumps, events)).encode(), NDJSON
        ends_s = time.monotonic() + ANSWERED_WITHIN_S
        pause_s = 0.05
        while time.monotonic() < ends_s:
            results = self._try(body, kind)
            if results is not None:
                self.answered_s = time.monotonic()
                if len(results) != len(events):
                    self._ledger.fault(f"{len(events)} events, {len(results)} results")
                for event, result in zip(events, results, strict=False):
                    self._ledger.told(event, result)
                return results
            time.sleep(pause_s)
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)
        self._ledger.fault(f"no answer within {ANSWERED_WITHIN_S:.0f} s: {body[:200]!r}")
        return []

    def _try(self, body: bytes, kind: str) -> list[dict[str, Any]] | None:
        """Post once; None when it has to be sent again."""
        headers = {"Content-Type": kind}
        try:
            answer = self._http.post("/v1/events?results=all", content=body, headers=headers)
        except httpx.HTTPError as error:
            self._ledger.http[type(error).__name__] += 1
            return None
        self._ledger.http[str(answer.status_code)] += 1
        if answer.status_code == httpx.codes.OK:
            results: list[dict[str, Any]] = answer.json()["results"]
            return results
        if answer.status_code not in BUSY:
            self._ledger.fault(f"answered {answer.status_code}: {answer.text[:300]}")
        elif not answer.headers.get("Retry-After", "").isdigit():
            self._ledger.fault(f"answered {answer.status_code} without Retry-After")
        return None

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


class Till(threading.Thread):
    """One till: draws and sends until it is told to stop, then ends what it has begun."""

    def __init__(self, sender: Sender, drawing: Drawing, world: World, pause_s: float) -> None:
        super().__init__(daemon=True)
        self._sender = sender
        self._drawing = drawing
        self._world = world
        self._pause_s = pause_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Send."""
        while not self._stopping.wait(self._pause_s):
            body = self._drawing.body()
            results = self._sender.send(body)
            for event, result in zip(body, results, strict=False):
                if result["status"] in ACKNOWLEDGED:
                    self._world.acknowledged.append(event)
        self._sender.close()

    def stop(self) -> None:
        """End after what is on its way."""
        self._stopping.set()
