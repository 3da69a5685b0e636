"""Log routes: a log that comes in parts, for a calibration to take."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from actors.gateway.answers import encoded
from actors.gateway.problems import Problem, taken_by
from actors.gateway.routes_read import caller_of, state_of
from actors.gateway.routes_simulations import queue_of
from actors.uploaded_logs import BYTES_MAX, LogKind, UploadedLogs, UploadRefused

READING = ("analyst", "admin")

router = APIRouter(prefix="/v1")
Id = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.post("/simulations/logs", openapi_extra=taken_by(READING))
async def begin(request: Request, kind: Annotated[LogKind, Query(alias="format")]) -> Any:
    """Begin to upload a log of a format; what the body holds is its first part."""
    state = state_of(request)
    caller_of(request, READING)
    queue_of(state)
    part = await request.body()
    logs = UploadedLogs(state.settings.folder)
    log = await asyncio.to_thread(logs.begin, kind)
    size = await asyncio.to_thread(_add, logs, log, 0, part)
    return encoded({"log": log, "bytes": size, "bytes_max": BYTES_MAX}, 201)


@router.post("/simulations/logs/{log}", openapi_extra=taken_by(READING))
async def add(request: Request, log: Id, offset: Annotated[int, Query(ge=0, le=BYTES_MAX)]) -> Any:
    """Add a part behind the bytes that are there; one that comes again is refused with how many."""
    state = state_of(request)
    caller_of(request, READING)
    part = await request.body()
    logs = UploadedLogs(state.settings.folder)
    size = await asyncio.to_thread(_add, logs, log, offset, part)
    return encoded({"log": log, "bytes": size, "bytes_max": BYTES_MAX})


def _add(logs: UploadedLogs, log: str, offset: int, part: bytes) -> int:
    try:
        return logs.add(log, offset, part)
    except KeyError:
        raise Problem(404, f"There is no log {log}: begin anew.", "unknown-log") from None
    except UploadRefused as why:
        status = 409 if offset != why.size else 413
        raise Problem(status, f"{why}", bytes=why.size) from None
    except OSError as error:
        raise Problem(507, f"The disk does not take it: {error.strerror}.") from None
