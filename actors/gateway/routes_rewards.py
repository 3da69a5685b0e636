"""Reward routes: a member's redemptions and coupons, and coupons at the till."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from actors.gateway.acts import act, own_member
from actors.gateway.answers import encoded
from actors.gateway.owner_reads import ask_owner
from actors.gateway.problems import Problem, taken_by
from actors.gateway.read_answers import READERS
from actors.gateway.routes_read import EVERYONE, caller_of, state_of
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import ShardDown
from actors.phases import instant

ACTING = ("till", "app", "admin")

router = APIRouter(prefix="/v1")

OptionalText = Annotated[Text | None, Body()]


@router.get("/members/{member:path}/coupons")
async def coupons(request: Request, member: str, status: str | None = None) -> Any:
    """List a member's coupons, the first-expiring first, all or those of one status."""
    state, caller = state_of(request), caller_of(request, EVERYONE)
    own_member(caller, member)
    as_of_us = state.as_of_us()
    found = await ask_owner(state, member, "coupons", state.now_us())
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    if status is not None:
        found = [coupon for coupon in found if coupon["status"] == status]
    return encoded({"member": member, "as_of": instant(as_of_us), "coupons": found})


@router.get("/members/{member:path}/lots")
async def lots(request: Request, member: str) -> Any:
    """List a member's points by when they expire, the first-expiring first."""
    state, caller = state_of(request), caller_of(request, READERS)
    own_member(caller, member)
    as_of_us = state.as_of_us()
    found = await ask_owner(state, member, "lots")
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    return encoded({"member": member, "as_of": instant(as_of_us), "lots": found})


@router.post("/members/{member:path}/coupons/quote", openapi_extra=taken_by(ACTING))
async def quote(
    request: Request,
    member: str,
    lines: Annotated[list[dict[str, Any]], Body(max_length=200)],
    station: OptionalText = None,
    pay: OptionalText = None,
    order: OptionalText = None,
) -> Any:
    """Tell what each of a member's coupons would take off an order, the best first, and why not."""
    state, caller = state_of(request), caller_of(request, ACTING)
    own_member(caller, member)
    found = await ask_owner(
        state, member, "quote", order or "", lines, state.now_us(), station or "", pay or ""
    )
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    if isinstance(found, str):
        raise Problem(422, found)
    return encoded(found)


@router.post("/members/{member:path}/redemptions", openapi_extra=taken_by(ACTING))
async def redeem(
    request: Request,
    member: str,
    item: Annotated[Text, Body()],
    event_id: OptionalText = None,
    station: OptionalText = None,
    at: OptionalText = None,
) -> Any:
    """Give a member an item of the catalogue for points."""
    state, caller = state_of(request), caller_of(request, ACTING)
    own_member(caller, member)
    event = {
        "type": "redeem",
        "member": member,
        "item": item,
        "event_id": event_id,
        "station": station,
        "at": at,
    }
    return encoded(await act(state, request, event))


@router.get("/coupons/{code}")
async def coupon(request: Request, code: str) -> Any:
    """Tell how the coupon of a code stands."""
    state, caller = state_of(request), caller_of(request, EVERYONE)
    found = await _find_coupon(state, code)
    own_member(caller, str(found["member"]))
    return encoded(found)


@router.post("/coupons/{code}/{act_word}", openapi_extra=taken_by(ACTING))
async def coupon_act(
    request: Request,
    code: str,
    act_word: str,
    member: OptionalText = None,
    order: OptionalText = None,
    lines: Annotated[list[dict[str, Any]] | None, Body(max_length=200)] = None,
    points: Annotated[int | None, Body()] = None,
    event_id: OptionalText = None,
    station: OptionalText = None,
    pay: OptionalText = None,
    at: OptionalText = None,
) -> Any:
    """Claim, reserve, use or release a coupon; the answer has the discount of each line."""
    if act_word not in ("claim", "reserve", "use", "release"):
        raise Problem(
            404, f"A coupon can't be told to {act_word!r}: claim, reserve, use or release it."
        )
    state, caller = state_of(request), caller_of(request, ACTING)
    owner = member or caller.member
    if owner is None:
        owner = str((await _find_coupon(state, code))["member"])
    own_member(caller, owner)
    event = {
        "type": act_word,
        "member": owner,
        "coupon": code,
        "order": order,
        "lines": lines,
        "points": points,
        "event_id": event_id,
        "station": station,
        "pay": pay,
        "at": at,
    }
    return encoded(await act(state, request, event))


async def _find_coupon(state: State, code: str) -> dict[str, Any]:
    """Ask every shard for a code; raises Problem 404 or 503."""
    asked = [shard.read("coupon", code, state.now_us()) for shard in state.members]
    try:
        answers = await asyncio.gather(*asked)
    except ShardDown as error:
        raise Problem(
            503, f"A member shard does not answer: {error}", "warming", retry_after_s=1
        ) from None
    for found in answers:
        if found is not None:
            held: dict[str, Any] = found
            return held
    raise Problem(404, f"There is no coupon {code!r}.", "unknown-coupon")
