"""Audit route: what administrators did, and who was refused."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from actors.gateway.answers import encoded
from actors.gateway.problems import Problem
from actors.gateway.routes_read import caller_of, state_of
from actors.phases import instant
from actors.store.errors import StoreError

router = APIRouter(prefix="/v1")


@router.get("/audit")
async def audit(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(pattern="^[0-9]{1,16}-[0-9]{1,16}r?$")] = None,
    act: Annotated[str | None, Query(max_length=100)] = None,
) -> Any:
    """List entries of the audit trail, the newest first; `before` goes on after a page."""
    state = state_of(request)
    caller_of(request, ("admin",))
    await state.refusals.flush()
    await state.acts.flush()
    try:
        found = await asyncio.to_thread(state.audit.read, limit, before, act)
    except StoreError as error:
        raise Problem(503, f"The audit trail can't be read: {error}.", retry_after_s=1) from None
    entries = [
        {
            "id": entry["id"],
            "at": instant(entry["at_us"]),
            "key": entry["key"],
            "role": entry["role"],
            "act": entry["act"],
            "object": entry["thing"],
            "outcome": entry["outcome"],
            **entry["detail"],
        }
        for entry in found
    ]
    full = len(entries) == limit
    return encoded({"entries": entries, "next_before": entries[-1]["id"] if full else None})
