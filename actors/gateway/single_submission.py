"""Single submission: a request of one event, the way most tills send, at the least cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from actors.gateway.submission import NO_EXTRAS, Extras, Submission
from rules.decoding.events import Refusal
from rules.judging.results import REASON_CODES, REASONS, REJECTED, SENTENCES, STATUSES

_encoder = msgspec.json.Encoder()


class SingleSubmission(Submission):
    """Collects the answer to one event; what it takes does not go through arrays.

    `done` is the request's, and nobody else waits for it: it may give up, and its event goes on.

    Args:
        event_id: the event's id, "" while it isn't known.
        ended: called once, when nothing of the event waits any more.
    """

    def __init__(
        self, event_id: str = "", ended: Callable[[SingleSubmission], None] | None = None
    ) -> None:
        self._begin(1, 1)
        self._ended = ended
        self.status = bytearray((REJECTED,))
        self.reason = bytearray((REASON_CODES["bad_field"],))
        self.points = [0]
        self._event_id = event_id
        self._sentence = ""
        self._detail: dict[str, Any] = {}

    def first_event_id(self) -> str:
        """Give the id of the event, "" when it has none that can be read."""
        return self._event_id

    def name_one(self, event_id: str) -> None:
        """Remember the id of the event."""
        self._event_id = event_id

    def refuse(self, refusals: list[Refusal], places: npt.NDArray[np.int64] | None = None) -> None:
        """Record why the decoder refused the event."""
        assert places is None
        for refusal in refusals:
            self.reason[0] = REASON_CODES[refusal.reason]
            self._event_id, self._sentence = refusal.event_id, refusal.sentence
        self._end()

    def fill(
        self,
        places: npt.NDArray[np.int64],
        status: npt.NDArray[np.uint8],
        reason: npt.NDArray[np.uint8],
        points: npt.NDArray[np.int64],
        extras: Extras = NO_EXTRAS,
    ) -> None:
        """Take a shard's answer for the event."""
        assert len(places) == 1
        detail, note = extras.details.get(0), extras.notes.get(0)
        self.fill_one(int(status[0]), int(reason[0]), int(points[0]), detail, note)

    def fill_one(
        self, status: int, reason: int, points: int, detail: dict[str, Any] | None, note: str | None
    ) -> None:
        """Take the answer as plain numbers."""
        self.status[0], self.reason[0], self.points[0] = status, reason, points
        if detail:
            self._detail = detail
        if note:
            self._sentence = note
        self._end()

    def fail(self, error: Exception) -> None:
        """Give up: the request is answered with the error."""
        super().fail(error)
        self._end()

    def give_up(self) -> None:
        """Have the request wait no longer; what becomes of the event is not known yet."""
        super().fail(TimeoutError())

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(self)

    def only(self) -> dict[str, Any]:
        """Give the result."""
        result: dict[str, Any] = {
            "event_id": self._event_id,
            "status": STATUSES[self.status[0]],
            "points": self.points[0],
        }
        if reason := REASONS[self.reason[0]]:
            result["reason"] = reason
            result["sentence"] = self._sentence or SENTENCES[reason]
        return result | self._detail if self._detail else result

    def answer(self, every: bool, as_of: str) -> bytes:  # noqa: ARG002  one event is always told
        """Encode the answer."""
        return _encoder.encode({"results": [self.only()]})
