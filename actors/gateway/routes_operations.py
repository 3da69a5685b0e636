"""Operations route: how the system does, for the page of whoever runs it."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request

from actors.gateway.answers import encoded
from actors.gateway.load_reports import load_reports
from actors.gateway.operations import operations_json
from actors.gateway.routes_read import caller_of, state_of

router = APIRouter(prefix="/v1")


@router.get("/operations")
async def operations(request: Request) -> Any:
    """Tell rates, latencies, lags, restarts, budgets and load reports; nothing about members."""
    state = state_of(request)
    caller_of(request, ("analyst", "admin"))
    vital = await state.vitals.now()
    if not state.past.samples:
        await state.past.sample()
    reports = await asyncio.to_thread(load_reports, state.settings.folder)
    told = operations_json(state, vital, list(state.past.samples))
    return encoded(told | {"load_reports": reports})
