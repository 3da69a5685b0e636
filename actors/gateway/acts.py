"""Acts: requests that become one event, such as a redemption or the use of a coupon."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from fastapi import Request

from actors.gateway.auth import Caller
from actors.gateway.bodies import JSON
from actors.gateway.owner_reads import ask_owner
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.phases import instant

_STATUS: Final = {
    "bad_field": 422,
    "unknown_product": 422,
    "unknown_item": 404,
    "unknown_ref": 404,
    "not_yours": 403,
}
"""HTTP status of a refusal by its reason; any other is 409."""
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"


async def act(state: State, request: Request, event: dict[str, Any]) -> dict[str, Any]:
    """Send one event and return its result; raises Problem when it is refused.

    Its identity is the body's event_id, else the Idempotency-Key header; without either a new
    one is made, and a request that is repeated then acts again.
    """
    sent = {name: value for name, value in event.items() if value is not None}
    if "event_id" not in sent:
        sent["event_id"] = request.headers.get(IDEMPOTENCY_HEADER) or uuid.uuid4().hex
    if "at" in sent:
        result = await _send(state, sent)
    else:
        result = await _send(state, sent | {"at": instant(state.now_us())})
        if result["status"] == "conflict":
            # The same request again, later than at first: it is that of then, if nothing else
            # differs.
            at_us = await ask_owner(state, sent["member"], "event_at", sent["event_id"])
            if at_us is not None:
                result = await _send(state, sent | {"at": instant(at_us)})
    if result["status"] == "conflict":
        raise Problem(
            409,
            f"The event_id {sent['event_id']!r} was used for something else; send a new one.",
            "conflict",
            reason="conflict",
        )
    if result["status"] == "rejected":
        reason = str(result["reason"])
        raise Problem(
            _STATUS.get(reason, 409),
            str(result["sentence"]),
            reason.replace("_", "-"),
            reason=reason,
            event_id=sent["event_id"],
        )
    return result


async def _send(state: State, event: dict[str, Any]) -> dict[str, Any]:
    submission = await state.ingest.take(msgspec.json.encode(event), JSON)
    await state.ingest.settle(submission)
    return submission.only()


def own_member(caller: Caller, member: str) -> None:
    """Refuse an app that acts for another member than its token names; raises Problem 403."""
    if caller.role == "app" and caller.member != member:
        raise Problem(403, "The role app acts for one member: send that member's X-Member-Token.")
