"""Card routes: a member's electronic card, and reading one at the till."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response

from actors.gateway.acts import own_member
from actors.gateway.answers import encoded, name_json
from actors.gateway.card import VALID_S_MAX, card_code, card_svg, read_card
from actors.gateway.masks import masked
from actors.gateway.problems import Problem, taken_by
from actors.gateway.read_answers import READERS, member_of
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.texts import Text

router = APIRouter(prefix="/v1")


@router.get("/members/{member:path}/card.svg")
async def card(
    request: Request,
    member: str,
    lang: Literal["zh", "en"] = "zh",
    valid_s: Annotated[int, Query(ge=10, le=VALID_S_MAX)] = 300,
) -> Response:
    """Draw a member's electronic card; its QR code is good for valid_s seconds."""
    state, caller = state_of(request), caller_of(request, READERS)
    own_member(caller, member)
    found = await member_of(state, member)
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    season = state.rules.season
    code = card_code(member, state.keys.card_secret, int(time.time()) + valid_s)
    programme = name_json(season.programme.name, season.programme.id)[lang]
    levels = season.tiers.levels if season.tiers else ()
    names = {level.id: name_json(level.name, level.id, "tier")[lang] for level in levels}
    points = f"{found['active']:,} " + ("积分" if lang == "zh" else "points")
    svg = card_svg(code, programme, masked(member), names.get(found["tier"], found["tier"]), points)
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.post("/cards/read", openapi_extra=taken_by(("till", "admin")))
async def read(request: Request, code: Annotated[Text, Body(embed=True, max_length=400)]) -> Any:
    """Tell the member of a card that a till has scanned."""
    state = state_of(request)
    caller_of(request, ("till", "admin"))
    member = read_card(code, state.keys.card_secret, time.time())
    found = await member_of(state, member)
    if found is None:
        raise Problem(404, f"There is no member {member!r}.", "unknown-member")
    return encoded({"member": member, "tier": found["tier"], "active": found["active"]})
