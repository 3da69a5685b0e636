"""Notice routes: what members were told or are about to be, and trying again what was given up."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from actors.gateway.answers import encoded
from actors.gateway.problems import Problem
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.notice_texts import language, text_of
from actors.notice_ways import read_way
from actors.phases import instant
from actors.store.client import connect
from actors.store.errors import StoreUnavailable
from actors.store.notice_desk import STATES, NoticeDesk, Standing

router = APIRouter(prefix="/v1")


@router.get("/notices")
async def notices(
    request: Request,
    member: str | None = None,
    state: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Any:
    """List notices, the newest first, and count what became of all so far."""
    gateway = state_of(request)
    caller_of(request, ("analyst", "admin"))
    if state is not None and state not in STATES:
        raise Problem(422, f"There is no state {state!r} of a notice: give {', '.join(STATES)}.")
    desk = _desk(gateway)
    try:
        found = await asyncio.to_thread(desk.listed, member, state, limit)
        counts = await asyncio.to_thread(desk.counts)
    except StoreUnavailable as error:
        raise _away(error) from None
    shown = [_shown(gateway, one) for one in found]
    return encoded({"counts": counts, "notices": shown})


@router.post("/notices/{name}/retry")
async def retry(request: Request, name: str) -> Any:
    """Have a notice that was given up sent again, under the same id."""
    gateway = state_of(request)
    caller_of(request, ("admin",))
    try:
        lanes = await asyncio.to_thread(_desk(gateway).retry, name)
    except StoreUnavailable as error:
        raise _away(error) from None
    if not lanes:
        raise Problem(
            404,
            f"No notice {name!r} was given up; GET /v1/notices?state=dead lists those.",
            "unknown-notice",
        )
    return encoded({"id": name, "state": "retrying", "ways": lanes}, 202)


async def notices_of(gateway: State, member: str, limit: int) -> list[dict[str, Any]]:
    """List the newest notices to a member; raises Problem 503."""
    try:
        found = await asyncio.to_thread(_desk(gateway).listed, member, None, limit)
    except StoreUnavailable as error:
        raise _away(error) from None
    return [_shown(gateway, one) for one in found]


def _desk(gateway: State) -> NoticeDesk:
    settings = gateway.settings
    # A connection of its own for each question: it is asked by people, seldom.
    client = connect(settings.redis_url, name="gateway-notices")
    lanes = [read_way(text).lane for text in settings.notify]
    return NoticeDesk(client, settings.rules.season_id, settings.shards, lanes)


def _shown(gateway: State, one: Standing) -> dict[str, Any]:
    notice = one.notice
    return {
        "id": one.id,
        "member": notice.member,
        "kind": notice.kind,
        "at": instant(notice.at_us),
        "way": one.lane,
        "state": one.state,
        "told_at": instant(one.told_us) if one.told_us else None,
        "tries": one.tries,
        "why": one.why or None,
        "lang": language(notice),
        "text": text_of(notice, gateway.rules.calendar),
        "data": notice.data,
    }


def _away(error: StoreUnavailable) -> Problem:
    return Problem(503, f"The store does not answer: {error}", "warming", retry_after_s=1)
