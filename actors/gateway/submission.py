"""Submission: one request's events on their way, and the answer they add up to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.events import Refusal
from rules.judging.results import APPLIED, REASON_CODES, REASONS, REJECTED, SENTENCES, STATUSES

SINGLE_ANSWERS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Extras:
    """What some rows of an answer say besides status, reason and points, by row."""

    details: Mapping[int, dict[str, Any]]
    notes: Mapping[int, str]

    def part(self, first: int, last: int) -> Extras:
        """Give the rows [first, last), counted from first."""
        if not self.details and not self.notes:
            return self
        return Extras(
            {row - first: one for row, one in self.details.items() if first <= row < last},
            {row - first: one for row, one in self.notes.items() if first <= row < last},
        )


NO_EXTRAS: Final = Extras({}, {})


@dataclass(frozen=True, slots=True)
class Held:
    """A value that a row brought, which its member did not hold before."""

    row: int
    member: str
    token: str


class Submission:
    """Collects what the shards answer to the events of one request, in arrival order."""

    status: npt.NDArray[np.uint8] | bytearray
    reason: npt.NDArray[np.uint8] | bytearray
    points: npt.NDArray[np.int64] | list[int]

    def __init__(self, received: int, waiting: int) -> None:
        self._begin(received, waiting)
        self._status = self.status = np.full(received, REJECTED, dtype=np.uint8)
        self._reason = self.reason = np.full(received, REASON_CODES["bad_field"], dtype=np.uint8)
        self._points = self.points = np.zeros(received, dtype=np.int64)
        self._waiting = waiting
        self._event_ids: dict[int, str] = {}
        self._columns: list[tuple[npt.NDArray[np.int64], pa.Array]] = []
        self._sentences: dict[int, str] = {}
        self._details: dict[int, dict[str, Any]] = {}

    def _begin(self, received: int, waiting: int) -> None:
        self.received = received
        self.acts: list[tuple[int, str, str]] = []
        """Place, type and member of each administrator's act."""
        self.held: list[Held] = []
        """The personal values, by place, that members hold only since this request."""
        self.shards: set[int] = set()
        """Those that hold its members, known once its events were dealt out."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not waiting:
            self.done.set_result(None)

    def name(self, places: npt.NDArray[np.int64], event_ids: pa.Array) -> None:
        """Remember the event ids of the rows at places, for the answer."""
        self._columns.append((places, event_ids))

    def first_event_id(self) -> str:
        """Give the id of the first event, "" when it has none that can be read."""
        if 0 in self._event_ids:
            return self._event_ids[0]
        for places, column in self._columns:
            at = np.flatnonzero(places == 0)
            if len(at):
                return str(column[int(at[0])].as_py())
        return ""

    def refuse(self, refusals: list[Refusal], places: npt.NDArray[np.int64] | None = None) -> None:
        """Record rows the decoder refused; places maps the decoder's rows to this request's."""
        for refusal in refusals:
            place = refusal.place if places is None else int(places[refusal.place])
            self._reason[place] = REASON_CODES[refusal.reason]
            self._event_ids[place] = refusal.event_id
            self._sentences[place] = refusal.sentence

    def fill(
        self,
        places: npt.NDArray[np.int64],
        status: npt.NDArray[np.uint8],
        reason: npt.NDArray[np.uint8],
        points: npt.NDArray[np.int64],
        extras: Extras = NO_EXTRAS,
    ) -> None:
        """Take a shard's answer for some rows; the last one completes the submission.

        extras are by row of the answer.
        """
        self._status[places] = status
        self._reason[places] = reason
        self._points[places] = points
        self._details |= {int(places[row]): detail for row, detail in extras.details.items()}
        self._sentences |= {int(places[row]): note for row, note in extras.notes.items()}
        self._waiting -= len(places)
        if self._waiting <= 0 and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Give up: the request is answered with the error."""
        if not self.done.done():
            self.done.set_exception(error)

    def only(self) -> dict[str, Any]:
        """Give the result of a submission of one event."""
        return self._results(np.zeros(1, dtype=np.int64))[0]

    def answer(self, every: bool, as_of: str) -> bytes:
        """Encode the answer: one by one up to 100 events or on demand, else counts."""
        if self.received <= SINGLE_ANSWERS_MAX:
            rows = np.arange(self.received)
            return msgspec.json.encode({"results": self._results(rows)})
        counts = np.bincount(self._status, minlength=len(STATUSES)).tolist()
        rows = np.arange(self.received)
        if not every:
            rows = np.flatnonzero(self._status != APPLIED)[:SINGLE_ANSWERS_MAX]
        return msgspec.json.encode(
            {
                "received": self.received,
                **dict(zip(STATUSES, counts, strict=True)),
                "reasons": self._reason_counts(),
                "results": self._results(rows),
                "as_of": as_of,
            }
        )

    def _reason_counts(self) -> dict[str, int]:
        counts = np.bincount(self._reason, minlength=len(REASONS)).tolist()
        return {word: count for word, count in zip(REASONS, counts, strict=True) if word and count}

    def _results(self, rows: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
        ids = self._ids_of(rows)
        results = []
        for place in rows.tolist():
            result: dict[str, Any] = {
                "event_id": ids.get(place, ""),
                "status": STATUSES[self._status[place]],
                "points": int(self._points[place]),
            }
            reason = REASONS[self._reason[place]]
            if reason:
                result["reason"] = reason
                result["sentence"] = self._sentences.get(place) or SENTENCES[reason]
            result |= self._details.get(place, {})
            results.append(result)
        return results

    def _ids_of(self, rows: npt.NDArray[np.int64]) -> dict[int, str]:
        ids = dict(self._event_ids)
        for places, column in self._columns:
            if len(places) == len(rows):
                ids.update(zip(places.tolist(), column.to_pylist(), strict=True))
                continue
            asked = np.flatnonzero(np.isin(places, rows))
            taken = column.take(pa.array(asked))
            ids.update(zip(places[asked].tolist(), taken.to_pylist(), strict=True))
        return ids
