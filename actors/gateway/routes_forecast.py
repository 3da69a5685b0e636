"""Forecast routes: a running season's history to go on from, and the forecasts that were made."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import StreamingResponse

from actors.forecasts import BYTES_MAX, ForecastRefused, Forecasts, Kept
from actors.gateway.answers import encoded
from actors.gateway.auth import Caller
from actors.gateway.masks import masked
from actors.gateway.problems import Problem
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.state import State, wall_us
from actors.phases import instant
from actors.store.frames import write_frame
from actors.store.log import Entry

FORECASTING: Final = ("analyst", "admin")
LISTED: Final = 100
HISTORY_TYPE: Final = "application/vnd.forecourt.history"
SECRETS: Final = ("claim_codes", "codes_used")
"""Orders that hold codes worth money: an admin's key alone gets them."""

router = APIRouter(prefix="/v1")


@router.get("/forecast/start")
async def start(request: Request) -> Any:
    """Tell what a forecast goes on from: the file the season began with, its shards, the clock."""
    state = state_of(request)
    caller = caller_of(request, FORECASTING)
    return encoded(
        {
            "season": state.rules.season_id,
            "text": state.settings.season_text,
            "shards": len(state.members),
            "role": caller.role,
            "as_of": instant(state.as_of_us()),
        }
    )


@router.get("/forecast/history/{shard}")
async def history(request: Request, shard: Annotated[int, Path(ge=0)]) -> StreamingResponse:
    """Stream a shard's log as frames: kind, stamp and payload of each entry, then null.

    It is read from archive and log beside the shard, which isn't asked. Personal values are in it
    as tokens only.
    """
    state = state_of(request)
    caller = caller_of(request, FORECASTING)
    if shard >= len(state.members):
        raise Problem(404, f"There is no shard {shard}; the system has {len(state.members)}.")
    await asyncio.to_thread(state.history.check, shard)
    frames = frames_of(state.history.entries(shard), caller.role)
    return StreamingResponse(frames, media_type=HISTORY_TYPE)


def frames_of(entries: Iterator[Entry], role: str) -> Iterator[bytes]:
    """Write a log's entries as frames, those that a role may have, and null behind them."""
    for entry in entries:
        if role == "admin" or not _is_secret(entry):
            yield _frame([entry.seq, entry.kind, entry.stamp_us, entry.payload])
    yield _frame(None)


def _frame(value: Any) -> bytes:
    sink = io.BytesIO()
    write_frame(sink, value)
    return sink.getvalue()


def _is_secret(entry: Entry) -> bool:
    return entry.kind == "order" and json.loads(entry.payload).get("kind") in SECRETS


@router.get("/forecast")
async def forecast(
    request: Request, made: Annotated[str | None, Query(pattern="^[0-9]{1,16}$")] = None
) -> Any:
    """Give the forecast made last, or the one made at an instant (µs), and when others were."""
    state = state_of(request)
    caller = caller_of(request, FORECASTING)
    kept, instants = await asyncio.to_thread(_read, state, made)
    return encoded(_told(kept, instants, caller))


@router.post("/forecast")
async def keep(request: Request) -> Any:
    """Keep a forecast of the running season, as `forecourt forecast` makes them."""
    state = state_of(request)
    caller = caller_of(request, FORECASTING)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BYTES_MAX:
            raise Problem(413, f"A forecast has at most {BYTES_MAX >> 20} MiB.")
    shelf = Forecasts(state.settings.folder)
    try:
        kept = await asyncio.to_thread(shelf.keep, bytes(body), state.rules.season_id, wall_us())
    except ForecastRefused as why:
        raise Problem(422, str(why)) from None
    except OSError as error:
        raise Problem(507, f"The disk does not take it: {error.strerror}.") from None
    made = await asyncio.to_thread(shelf.made, state.rules.season_id)
    return encoded(_told(kept, made, caller), 201)


def _read(state: State, made: str | None) -> tuple[Kept, list[int]]:
    shelf = Forecasts(state.settings.folder)
    instants = shelf.made(state.rules.season_id)
    if not instants:
        raise Problem(
            404, "No forecast of this season was made yet: `forecourt forecast` makes one.",
            "no-forecast",
        )  # fmt: skip
    wanted = instants[-1] if made is None else int(made)
    if wanted not in instants:
        raise Problem(
            404, f"No forecast was made at {wanted}; see `made` of the last one.", "no-forecast"
        )
    return shelf.read(wanted), instants


def _told(kept: Kept, instants: list[int], caller: Caller) -> dict[str, Any]:
    """Write a forecast as this caller may see it: an admin sees who, others masked names."""
    body: dict[str, Any] = msgspec.to_builtins(kept)
    body["chances"] = body["chances"] if caller.role == "admin" else body["chances"][:LISTED]
    for one in body["chances"]:
        if caller.role != "admin" and not one["team"]:
            one["holder"] = masked(one["holder"])
    body |= {"made_at": instant(kept.made_us), "as_of": instant(kept.as_of_us)}
    body |= {"ends": instant(kept.ends_us), "made": instants}
    return body
