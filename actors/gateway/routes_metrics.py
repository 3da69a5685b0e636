"""Metrics route: figures for Prometheus, open to this machine, for others with a key."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from actors.gateway.exposition import Exposed
from actors.gateway.routes_read import caller_of, state_of

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

router = APIRouter()


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Figures in Prometheus' text format, or OpenMetrics when asked for",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def metrics(request: Request) -> Response:
    """Tell figures; a caller from another machine needs an analyst's or admin's key."""
    state = state_of(request)
    if not from_this_machine(request):
        caller_of(request, ("analyst", "admin"))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exposed(state, await state.vitals.now()))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": content_type})


def from_this_machine(request: Request) -> bool:
    """Tell whether a request comes from loopback itself, not through a proxy that stands there."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
