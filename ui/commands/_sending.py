"""Sending: posts parts of a log one after another, each until it is answered, and notes how far."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click
import httpx

from ui.certificates import trusted
from ui.commands import _connection as connection

if TYPE_CHECKING:
    from simulator.log.logs import LinePart, TablePart

EVENTS_A_REQUEST = 5_000
PATIENCE_S = 300.0
PAUSE_S_MAX = 10.0
TOLD_EVERY_S = 5.0
STATUSES = ("applied", "duplicate", "limit_reached", "waiting", "conflict", "rejected")


class Progress:
    """Remembers how many events a system has answered, in a file beside the log.

    `facts` are the caller's own, noted with each step.
    """

    def __init__(
        self, path: Path | None, logs: tuple[str, ...], mapping: Path | None, system: str
    ) -> None:
        facts = [[str(Path(log).resolve()), _size(log)] for log in logs]
        what = json.dumps([facts, str(mapping), system])
        self._what = hashlib.sha256(what.encode()).hexdigest()[:16]
        # A log inside an installed package has no place beside it that is the caller's.
        beside = logs[0].rpartition("/")[2] if logs[0].startswith("package:") else logs[0]
        self.path = path or Path(f"{beside}.sent-{self._what}.json")
        self.events = 0
        self.facts: dict[str, Any] = {}
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            if noted["what"] == self._what:
                self.events, self.facts = int(noted["events"]), dict(noted.get("facts", {}))
        except (OSError, ValueError, KeyError, TypeError):
            self.events = 0

    def add(self, events: int, facts: dict[str, Any] | None = None) -> None:
        """Note that some more events are answered; without a place to write it goes on."""
        self.events += events
        self.facts = facts or {}
        try:
            partial = self.path.with_name(self.path.name + ".partial")
            noted = {"what": self._what, "events": self.events, "facts": self.facts}
            partial.write_text(json.dumps(noted))
            partial.replace(self.path)
        except OSError:
            return

    def forget(self) -> None:
        """Remove the file: everything is sent."""
        self.path.unlink(missing_ok=True)


def _size(log: str) -> int:
    try:
        return Path(log).stat().st_size
    except OSError:
        return 0


class Sender:
    """Posts parts one after another, each until it is answered."""

    def __init__(self, url: str, key: str, rate: float | None) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"},
            timeout=60.0,
            trust_env=False,
            verify=trusted(),
        )
        self._rate = rate
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.events = 0
        self._began_s = time.monotonic()
        self._told_s = self._began_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, parts: Iterable[LinePart | TablePart], note: Progress) -> None:
        """Post every part and note each answer."""
        for part in parts:
            media_type, body = part.to_body()
            answer = self.post(media_type, body)
            note.add(answered(answer))

    def post(self, media_type: str, body: bytes, every: bool = False) -> dict[str, Any]:
        """Post one body until it is answered, count the answer and keep the rate.

        With `every` the answer has a result for each event. Leaves when the body is refused or
        patience ends.
        """
        answer = self._answer(media_type, body, {"results": "all"} if every else {})
        self._add(answer)
        self._tell()
        self._keep_rate()
        return answer

    def _answer(self, media_type: str, body: bytes, asked: dict[str, str]) -> dict[str, Any]:
        gives_up_s = time.monotonic() + PATIENCE_S
        pause_s = 0.2
        while True:
            try:
                answer = self._http.post(
                    f"{self._url}/v1/events",
                    params=asked,
                    content=body,
                    headers={"Content-Type": media_type},
                )
            except httpx.HTTPError as error:
                trouble = str(error) or type(error).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    found: dict[str, Any] = answer.json()
                    return found
                trouble = connection.problem_text(answer)
                if answer.status_code not in (429, 502, 503, 504):
                    connection.fail(f"after {self.events:,} events: {trouble}", 1)
                pause_s = _retry_after_s(answer, pause_s)
            if time.monotonic() > gives_up_s:
                connection.fail(
                    f"after {self.events:,} events: {trouble}; run the same command to go on"
                )
            click.echo(f"again in {pause_s:.1f} s: {trouble}", err=True)
            time.sleep(pause_s)
            pause_s = min(PAUSE_S_MAX, pause_s * 2)

    def _add(self, answer: dict[str, Any]) -> None:
        if "received" in answer:
            for status in STATUSES:
                self.counts[status] += answer[status]
            self.reasons.update(answer.get("reasons", {}))
        else:
            results = answer["results"]
            self.counts.update(result["status"] for result in results)
            self.reasons.update(result["reason"] for result in results if "reason" in result)
        self.events += answered(answer)

    def _keep_rate(self) -> None:
        if self._rate is not None:
            due_s = self._began_s + self.events / self._rate
            time.sleep(max(0.0, due_s - time.monotonic()))

    def _tell(self) -> None:
        """Show how far it is: one line that changes on a terminal, lines now and then elsewhere."""
        now_s = time.monotonic()
        rate = self.events / max(now_s - self._began_s, 1e-9)
        if sys.stderr.isatty():
            click.echo(f"\r{self.events:,} events, {rate:,.0f}/s", nl=False, err=True)
        elif now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
            click.echo(f"{self.events:,} events, {rate:,.0f}/s", err=True)

    def result(self) -> dict[str, Any]:
        """Give the counts."""
        took_s = time.monotonic() - self._began_s
        return {
            "events": self.events,
            "status": {status: self.counts[status] for status in STATUSES},
            "reasons": dict(sorted(self.reasons.items())),
            "seconds": round(took_s, 3),
            "events_per_s": round(self.events / max(took_s, 1e-9)),
        }

    def lines(self) -> list[str]:
        """Say the counts in words."""
        result = self.result()
        lines = [f"{self.events:,} events sent, {result['events_per_s']:,}/s"]
        lines += [f"  {status:14}{count:>12,}" for status, count in result["status"].items()]
        lines += [f"    {reason:12}{count:>12,}" for reason, count in result["reasons"].items()]
        return lines


def answered(answer: dict[str, Any]) -> int:
    """Count the events that an answer is about."""
    return int(answer["received"]) if "received" in answer else len(answer["results"])


def _retry_after_s(answer: httpx.Response, otherwise_s: float) -> float:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else otherwise_s
