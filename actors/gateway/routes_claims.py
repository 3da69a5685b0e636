"""Claim routes: winners claim their prizes, staff move the claims on."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request

from actors.gateway.acts import act, own_member
from actors.gateway.answers import encoded
from actors.gateway.board_answer import read_with_prizes
from actors.gateway.orders import order_everywhere
from actors.gateway.prize_view import PrizeView
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import Ask, Reading, ShardDown
from rules.ranks.prize_desk import prize_id

router = APIRouter(prefix="/v1")

OptionalText = Annotated[Text | None, Body()]


async def send_awards(state: State) -> None:
    """Tell every shard its members' prizes, as the published list and today's bars have them."""
    final = state.final()
    if final is None or not final.published:
        return
    view = await current_view(state)
    within = state.rules.season.prize_rules.claim_within
    awards = [
        {
            "board": award.board,
            "place": award.place,
            "rank": award.rank,
            "member": award.member,
            "reward": award.reward,
        }
        for award in (view.awards if view else ())
    ]
    await order_everywhere(
        state,
        {
            # A list may come back to what it was, when a disqualification is lifted.
            "id": f"awards {state.rules.season_id} {uuid.uuid4().hex}",
            "kind": "awards",
            "season": state.rules.season_id,
            "deadline_us": state.rules.calendar.later(final.published_at_us, within),
            "awards": awards,
        },
    )


async def current_view(state: State) -> PrizeView | None:
    """Read the allocation of all prizes."""

    async def read(asks: list[Ask]) -> tuple[Any, list[Reading]]:
        readings = await state.readings.everywhere(asks) if asks else []
        return readings, readings

    _, view = await read_with_prizes(state, read)
    return view


async def claims_everywhere(state: State) -> dict[str, dict[str, Any]]:
    """Gather the claims of all prizes, by prize id; raises Problem 503."""
    try:
        parts = await asyncio.gather(*(shard.read("claims") for shard in state.members))
    except ShardDown as error:
        raise Problem(
            503, f"A member shard does not answer: {error}", "warming", retry_after_s=1
        ) from None
    return {name: claim for part in parts for name, claim in part.items()}


@router.get("/prizes/claims")
async def claims(request: Request) -> Any:
    """List what became of every prize of the published list, and how many stand where."""
    state = state_of(request)
    caller_of(request, ("analyst", "admin"))
    found = await claims_everywhere(state)
    states = Counter(claim["state"] for claim in found.values())
    return encoded(
        {
            "claims": [{"prize": name, **claim} for name, claim in sorted(found.items())],
            "states": dict(sorted(states.items())),
        }
    )


@router.post("/prizes/{prize}/claim", openapi_extra=taken_by(("app", "admin")))
async def claim(
    request: Request,
    prize: str,
    member: OptionalText = None,
    delivery: Annotated[Literal["post", "pickup"] | None, Body()] = None,
    station: OptionalText = None,
    event_id: OptionalText = None,
    at: OptionalText = None,
) -> Any:
    """Claim a prize for its winner, by post or at a station."""
    state, caller = state_of(request), caller_of(request, ("app", "admin"))
    who = member or caller.member
    view = await current_view(state)
    holder = _holder(view, prize)
    if who is None:
        who = holder
    if who is None:
        raise Problem(404, f"There is no prize {prize!r}, such as overall:1.", "unknown-prize")
    own_member(caller, who)
    if holder == who:
        known = (await claims_everywhere(state)).get(prize)
        if known is None or known["member"] != who:
            # Someone was disqualified, or reinstated, since the list was published.
            await send_awards(state)
    attributes = {"delivery": delivery, "station": station}
    event = {
        "type": "prize_claim",
        "member": who,
        "item": prize,
        "station": station,
        "event_id": event_id,
        "at": at,
        "attributes": {name: said for name, said in attributes.items() if said is not None},
    }
    return encoded(await act(state, request, event))


@router.post("/prizes/{prize}/state", openapi_extra=taken_by(("admin",)))
async def move(
    request: Request,
    prize: str,
    state_word: Annotated[
        Literal["sent", "ready", "delivered", "returned", "collected"], Body(alias="state")
    ],
    event_id: OptionalText = None,
    at: OptionalText = None,
) -> Any:
    """Move a claim on: sent, delivered, returned; ready, collected."""
    state = state_of(request)
    caller_of(request, ("admin",))
    found = (await claims_everywhere(state)).get(prize)
    if found is None:
        raise Problem(404, f"There is no prize {prize!r} to move.", "unknown-prize")
    event = {
        "type": "prize_claim",
        "member": found["member"],
        "item": prize,
        "event_id": event_id,
        "at": at,
        "attributes": {"state": state_word},
    }
    return encoded(await act(state, request, event))


def _holder(view: PrizeView | None, prize: str) -> str | None:
    for award in view.awards if view else ():
        if prize_id(award.board, award.place) == prize:
            return award.member
    return None
