"""Event door: serves requests with events; an answer to them means that they are durable."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from actors.gateway.audit_trail import record_events
from actors.gateway.auth import Caller
from actors.gateway.bodies import BODY_BYTES_MAX, SMALL_BODY_BYTES, UNDECLARED_BODY_BYTES
from actors.gateway.doors import EVENTS_PATH
from actors.gateway.problems import Problem
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.state import State
from actors.gateway.submission import Submission
from actors.gateway.threshold import Way, body_of, caller_of, too_large
from actors.phases import instant

SENDERS: Final = ("till", "admin")


class EventDoor:
    """Takes every `POST /v1/events`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._way = Way(EVENTS_PATH, self._serve)

    def way(self, scope: Scope) -> Way | None:
        """Tell whether a request is for this door."""
        return self._way if scope["path"] == EVENTS_PATH and scope["method"] == "POST" else None

    async def _serve(self, scope: Scope, receive: Receive) -> bytes:
        """Take a request's events and wait until they are durable; raises Problem."""
        state = self._state
        caller = caller_of(scope, state.keys, SENDERS)
        submission = await self._taken(scope, receive, caller)
        if not isinstance(submission, SingleSubmission):
            await state.ingest.settle(submission)
        if submission.acts:
            await record_events(state, caller, submission)
        query = scope["query_string"]
        every = bool(query) and QueryParams(query).get("results") == "all"
        as_of = "" if submission.received == 1 else instant(state.as_of_us())
        return submission.answer(every, as_of)

    async def _taken(self, scope: Scope, receive: Receive, caller: Caller) -> Submission:
        """Read and take a body; it is held only until it is decoded, and so are few at once.

        One event is decoded whenever it is sent on: it is settled here as well. A key that may send
        no more for now is told before its body is read.
        """
        found, length = scope["state"]["admitted"]
        ingest = self._state.ingest
        size = UNDECLARED_BODY_BYTES if b"content-length" not in found else length
        ingest.admit(caller.key_id, size)
        small = size <= SMALL_BODY_BYTES
        with ingest.bodies.hold(caller.key_id, min(size, BODY_BYTES_MAX), small):
            if length > BODY_BYTES_MAX:
                raise too_large(BODY_BYTES_MAX)
            body = await body_of(receive, BODY_BYTES_MAX)
            if not body or body.isspace():
                raise Problem(
                    400, "The body is empty; send one event, a JSON array, NDJSON or Arrow."
                )
            kind = found.get(b"content-type", b"").decode("latin-1")
            submission = await ingest.take(body, kind, caller.key_id)
            scope["state"]["submission"] = submission
            if isinstance(submission, SingleSubmission):
                await ingest.settle(submission)
            return submission
