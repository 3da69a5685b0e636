"""Campaign routes: segments and their members, pushes with a preview, batches of claim codes."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Request, Response

from actors.gateway.answers import encoded, money
from actors.gateway.audit_trail import note
from actors.gateway.orders import order_everywhere
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State
from actors.gateway.texts import Text
from actors.messages import ShardDown
from actors.phases import instant
from rules.coupons.claim_codes import codes_of
from rules.season.campaign_models import CodeBatch, decode_batch

READING: Final = ("analyst", "admin")
MEMBERS_MAX: Final = 100_000
CODES_PAGE_MAX: Final = 100_000

router = APIRouter(prefix="/v1")


async def ask_all(state: State, name: str, *arguments: Any) -> list[Any]:
    """Ask every shard's table the same; raises Problem 503."""
    try:
        return list(await asyncio.gather(*(one.read(name, *arguments) for one in state.members)))
    except ShardDown as error:
        raise Problem(
            503, f"A member shard does not answer: {error}", "warming", retry_after_s=1
        ) from None


@router.get("/segments")
async def segments(request: Request) -> Any:
    """Count the members of every segment of the season file, as they stand now."""
    state = state_of(request)
    caller_of(request, READING)
    as_of_us = state.as_of_us()
    counts: Counter[str] = Counter()
    for part in await ask_all(state, "segment_counts"):
        counts.update(part)
    listed = [{"id": name, "members": counts[name]} for name in state.rules.segments]
    return encoded({"as_of": instant(as_of_us), "segments": listed})


@router.get("/segments/{segment}")
async def segment(
    request: Request,
    segment: str,
    limit: Annotated[int, Query(ge=0, le=MEMBERS_MAX)] = 100,
) -> Any:
    """Count a segment and list its first members by id."""
    state = state_of(request)
    caller_of(request, READING)
    if segment not in state.rules.segments:
        known = ", ".join(state.rules.segments) or "none"
        raise Problem(
            404, f"There is no segment {segment!r}; the season has {known}.", "unknown-segment"
        )
    as_of_us = state.as_of_us()
    count = sum(part[segment] for part in await ask_all(state, "segment_counts"))
    parts = await ask_all(state, "segment_members", segment, limit) if limit else []
    members = sorted(member for part in parts for member in part)[:limit]
    return encoded({"id": segment, "as_of": instant(as_of_us), "count": count, "members": members})


@router.post("/campaigns", openapi_extra=taken_by(READING))
async def campaign(
    request: Request,
    campaign: Annotated[dict[str, Any], Body(embed=True)],
    preview: Annotated[bool, Body()] = True,
) -> Any:
    """Push coupons to members; with `preview` (the default) only tell how many and what cost."""
    state = state_of(request)
    caller_of(request, ("analyst", "admin") if preview else ("admin",))
    note(request, thing=str(campaign.get("id")), preview=preview)
    if preview:
        parts = await ask_all(state, "campaign_preview", campaign)
    else:
        # A refusal of one shard is that of all: look before anything is issued.
        _refuse(await ask_all(state, "campaign_preview", campaign))
        name = str(campaign.get("id"))
        order = {"id": f"campaign {name}", "kind": "campaign", "campaign": campaign}
        parts = await order_everywhere(state, order)
    _refuse(parts)
    return encoded({"preview": preview, **_together(parts)}, 200 if preview else 201)


@router.get("/campaigns")
async def campaigns(request: Request) -> Any:
    """List the campaigns that ran."""
    state = state_of(request)
    caller_of(request, READING)
    [ran, *_] = await ask_all(state, "campaigns")
    return encoded(
        {"campaigns": [{**one["campaign"], "at": instant(one["at_us"])} for one in ran.values()]}
    )


@router.post("/claim-codes", openapi_extra=taken_by(("admin",)))
async def claim_codes(
    request: Request,
    batch: Annotated[Text, Body()],
    coupon: Annotated[Text, Body()],
    count: Annotated[int, Body(ge=1, le=CODES_PAGE_MAX)],
    per_member: Annotated[int, Body(ge=1, le=1000)] = 1,
) -> Response:
    """Make a batch of claim codes for a partner or a campaign; one code a line, shown this once."""
    state = state_of(request)
    caller_of(request, ("admin",))
    note(request, thing=batch, count=count)
    fields = {
        "id": batch,
        "coupon": coupon,
        "count": count,
        "per_member": per_member,
        "key": secrets.token_hex(32),
    }
    order = {"id": f"claim-codes {batch}", "kind": "claim_codes", "batch": fields}
    told = await order_everywhere(state, order)
    _refuse(told)
    made: CodeBatch = decode_batch(fields)
    return Response("\n".join(codes_of(made)) + "\n", 201, media_type="text/plain; charset=utf-8")


def _refuse(parts: list[dict[str, Any]]) -> None:
    refused = [part["refused"] for part in parts if "refused" in part]
    if refused:
        raise Problem(422, f"{refused[0]}.", "refused")


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up what the shards told of a campaign; money as text."""
    first = parts[0]
    told: dict[str, Any] = {"campaign": first["campaign"]}
    for name in ("members", "held_out", "issued", "skipped"):
        told[name] = sum(part[name] for part in parts)
    told["cost"] = _cost([part["cost_fen"] for part in parts])
    told["arms"] = [
        {
            "id": arms[0]["id"],
            "coupon": arms[0]["coupon"],
            **{name: sum(arm[name] for arm in arms) for name in ("members", "issued", "skipped")},
            "cost": _cost([arm["cost_fen"] for arm in arms]),
        }
        for arms in zip(*(part["arms"] for part in parts), strict=True)
    ]
    if len(parts) == 1:
        told["budgets"] = first["budgets"]
        told["unknown"] = first["unknown"]
    return told


def _cost(amounts_fen: list[int | None]) -> str | None:
    """Add up costs; None where nothing bounds one."""
    known = [amount for amount in amounts_fen if amount is not None]
    return money(sum(known)) if len(known) == len(amounts_fen) else None
