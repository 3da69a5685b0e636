"""App: the HTTP interface as one ASGI application."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from actors.gateway import (
    problems,
    routes_admin,
    routes_audit,
    routes_campaigns,
    routes_cards,
    routes_claims,
    routes_companies,
    routes_explain,
    routes_export,
    routes_forecast,
    routes_logs,
    routes_metrics,
    routes_notices,
    routes_operations,
    routes_people,
    routes_read,
    routes_reports,
    routes_rewards,
    routes_rules,
    routes_simulations,
    routes_stations,
    routes_stream,
)
from actors.gateway.admission import ReadGate
from actors.gateway.answers import encoded
from actors.gateway.audit_trail import AuditTrail
from actors.gateway.doors import EVENTS_PATH, Doors
from actors.gateway.event_door import EventDoor
from actors.gateway.openapi import completed
from actors.gateway.problems import Problem
from actors.gateway.read_door import ReadDoor
from actors.gateway.request_log import RequestLog
from actors.gateway.state import State
from actors.gateway.tally import TALLY
from actors.gateway.threshold import Threshold

TITLE = "Forecourt"
ROUTES: Final = (
    routes_rewards,
    routes_cards,
    routes_claims,
    routes_companies,
    routes_explain,
    routes_export,
    routes_forecast,
    routes_metrics,
    routes_notices,
    routes_operations,
    routes_people,
    routes_campaigns,
    routes_reports,
    routes_read,
    routes_admin,
    routes_audit,
    routes_rules,
    routes_logs,
    routes_simulations,
    routes_stations,
    routes_stream,
)
"""routes_read comes after all that are about a member: its /members/{member} takes longer paths."""


def make_app(state: State) -> Threshold:
    """Build the application around a gateway's state."""
    requests = RequestLog(TALLY, state.settings.log_format == "json")
    doors = EventDoor(state), ReadDoor(state)
    return Threshold(_framework(state), Doors(state), requests, doors)


def _framework(state: State) -> FastAPI:
    app = FastAPI(
        title=TITLE,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,  # a body without a Content-Type is read as JSON, as events are
    )
    app.state.gateway = state
    problems.install(app)
    # The one added last is passed first.
    app.add_middleware(AuditTrail, state=state)
    app.add_middleware(ReadGate, reads=state.reads, passes=frozenset((EVENTS_PATH,)))
    app.router.routes.append(Route(EVENTS_PATH, _OnlyPosted()))
    for routes in ROUTES:
        app.include_router(routes.router)
    app.add_route("/healthz", healthz, methods=["GET"])
    app.add_route("/readyz", readyz, methods=["GET"])
    framework_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        return completed(framework_openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way
    return app


class _OnlyPosted:
    """What the framework knows of the events' path: that it takes nothing but POST."""

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        raise HTTPException(405, headers={"Allow": "POST"})


async def healthz(_request: Request) -> Response:
    """Tell that the process answers."""
    return encoded({"ok": True})


async def readyz(request: Request) -> Response:
    """Tell whether events and reads are served, or what is missing."""
    state: State = request.app.state.gateway
    reasons = state.not_ready()
    if reasons:
        return Problem(
            503, "; ".join(reasons), "warming", retry_after_s=1, ready=False, reasons=reasons
        ).response()
    return encoded({"ready": True, "reasons": []})
