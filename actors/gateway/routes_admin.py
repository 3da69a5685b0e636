"""Administration routes: phases of the season, and keys."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from actors.gateway.answers import encoded
from actors.gateway.audit_trail import note
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_claims import send_awards
from actors.gateway.routes_read import caller_of, season_body, state_of
from actors.gateway.seasons import send_older_awards
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import ShardDown
from actors.phases import instant
from actors.store.api_keys import ApiKey

FREEZE_TRIES = 20
OVERLAP_S = 86_400
OVERLAP_S_MAX = 90 * 86_400
VALID_S_MAX = 10 * 366 * 86_400

router = APIRouter(prefix="/v1")
log = logging.getLogger(__name__)


@router.post("/season/close")
async def close(request: Request) -> Any:
    """End the season now; grace and hold follow."""
    state, caller = state_of(request), caller_of(request, ("admin",))
    phase = state.phase()
    if phase == "before":
        raise Problem(409, "The season has not started; there is nothing to close.")
    if phase == "open":
        now_us = state.now_us()
        log.info("key %s closes the season at %s", caller.key_id, instant(now_us))
        await state.ingest.order("close", now_us)
        state.use(state.book.close(now_us))
    return encoded(await season_body(state, 0))


@router.post("/season/finalise")
async def finalise(request: Request) -> Any:
    """Move to the final instant and freeze the standings; by the real clock, only once due.

    While the season before isn't final it is that one's instant.
    """
    state, caller = state_of(request), caller_of(request, ("admin",))
    older = state.book.older
    final_us = state.window.final_us
    if older is not None and state.now_us() < older.final_us:
        final_us = older.final_us
    if state.clock == "real" and state.now_us() < final_us:
        raise Problem(
            409,
            f"The clock is real: the season becomes final at {instant(final_us)}. "
            "POST /v1/season/close ends it early; grace and hold still run.",
        )
    log.info("key %s finalises the season", caller.key_id)
    # Past the final instant too when events were: every shard then has run the same ticks.
    await state.ingest.order("advance", max(final_us, state.ingest.clock_us))
    if final_us == state.window.final_us:
        await freeze(state)
    else:
        await freeze_older(state)
    return encoded(await season_body(state, 0))


async def freeze_older(state: State) -> None:
    """Wait until the keeper has frozen the list of the season before."""
    assert state.book.older is not None
    shelf = state.shelf(state.book.older.season_id)
    for _ in range(FREEZE_TRIES):
        if shelf.load() is not None:
            return
        await asyncio.sleep(0.5)
    raise Problem(503, "The older list is not frozen yet: ask again.", retry_after_s=2)


async def freeze(state: State) -> None:
    """Have the keeper freeze the list; a shard that just died is waited for."""
    for _ in range(FREEZE_TRIES):
        try:
            await state.keeper.freeze()
        except ShardDown as error:
            log.warning("the final list waits: %s", error)
            await asyncio.sleep(0.5)
        else:
            return
    raise Problem(
        503, "The final list is not frozen yet: a shard does not answer.", retry_after_s=2
    )


@router.post("/season/publish")
async def publish(request: Request) -> Any:
    """Publish the frozen list with its hash."""
    state, caller = state_of(request), caller_of(request, ("admin",))
    older = state.book.older
    frozen = state.shelf(older.season_id).load() if older is not None else None
    if older is not None and frozen is not None and not frozen.published:
        log.info("key %s publishes the standings of %s", caller.key_id, older.season_id)
        state.shelf(older.season_id).publish(state.now_us())
        await send_older_awards(state, older)
        return encoded(await season_body(state, 0))
    if state.phase() != "final":
        raise Problem(
            409,
            f"The season is not final yet (it will be at {instant(state.window.final_us)}).",
        )
    if state.final() is None:
        await freeze(state)
    log.info("key %s publishes the standings", caller.key_id)
    state.finals.publish(state.now_us())
    await send_awards(state)
    return encoded(await season_body(state, 0))


@router.get("/keys")
async def keys(request: Request) -> Any:
    """List the keys without their secrets."""
    state = state_of(request)
    caller_of(request, ("admin",))
    found = await asyncio.to_thread(state.keys.listed)
    return encoded({"keys": [key_json(key) for key in found]})


def key_json(key: ApiKey) -> dict[str, Any]:
    """Write a key's listing."""
    return {
        "id": key.key_id,
        "role": key.role,
        "label": key.label,
        "created": instant(key.created_us),
        "last_used": instant(key.used_us) if key.used_us else None,
        "until": None if key.until_us is None else instant(key.until_us),
        "rate": key.rate or None,
        "replaced_by": key.successor or None,
    }


def shown_once(state: State, secret: str, key: ApiKey) -> dict[str, Any]:
    """Write a new key's listing with its secrets."""
    answer = key_json(key) | {"key": secret}
    if key.role == "app":
        answer["member_secret"] = state.keys.member_secret(key.key_id)
    return answer


@router.post("/keys", openapi_extra=taken_by(("admin",)))
async def make_key(
    request: Request,
    role: Annotated[Text, Body()],
    label: Annotated[Text, Body(max_length=200)] = "",
    rate: Annotated[Text, Body(max_length=40)] = "",
    valid_s: Annotated[int | None, Body(ge=1, le=VALID_S_MAX)] = None,
) -> Any:
    """Make a key; its secret is in this answer and nowhere else."""
    state = state_of(request)
    caller = caller_of(request, ("admin",))
    secret, key = await asyncio.to_thread(state.keys.make, role, label, rate, valid_s)
    log.info("key %s made %s key %s", caller.key_id, key.role, key.key_id)
    note(request, thing=key.key_id, made=role)
    return encoded(shown_once(state, secret, key), 201)


@router.post("/keys/{key_id}/rotate", openapi_extra=taken_by(("admin",)))
async def rotate_key(
    request: Request,
    key_id: str,
    overlap_s: Annotated[int, Body(embed=True, ge=0, le=OVERLAP_S_MAX)] = OVERLAP_S,
) -> Any:
    """Make a key in place of another, which is refused after the overlap."""
    state = state_of(request)
    caller = caller_of(request, ("admin",))
    made = await asyncio.to_thread(state.keys.rotate, key_id, overlap_s)
    if made is None:
        raise _unknown(key_id)
    secret, key = made
    log.info("key %s rotated key %s: now %s", caller.key_id, key_id, key.key_id)
    note(request, made=key.key_id, overlap_s=overlap_s)
    return encoded(shown_once(state, secret, key) | {"replaces": key_id}, 201)


@router.delete("/keys/{key_id}")
async def revoke_key(request: Request, key_id: str) -> Any:
    """Revoke a key."""
    state = state_of(request)
    caller = caller_of(request, ("admin",))
    if not await asyncio.to_thread(state.keys.revoke, key_id):
        raise _unknown(key_id)
    log.info("key %s revoked key %s", caller.key_id, key_id)
    return encoded({"revoked": key_id})


def _unknown(key_id: str) -> Problem:
    return Problem(404, f"There is no key {key_id!r}; GET /v1/keys lists them.", "unknown-key")
