"""App: the HTTP interface as one ASGI application."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

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
from actors.gateway.audit_trail import AuditTrail, record_events
from actors.gateway.auth import Caller
from actors.gateway.doors import EVENTS_PATH, Doors
from actors.gateway.ingest import BODY_BYTES_MAX, UNDECLARED_BODY_BYTES
from actors.gateway.openapi import completed
from actors.gateway.problems import Problem
from actors.gateway.request_log import RequestLog
from actors.gateway.state import State
from actors.gateway.submission import Submission
from actors.gateway.tally import TALLY
from actors.phases import instant

SENDERS = ("till", "admin")
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
    routes_simulations,
    routes_stations,
    routes_stream,
)
"""routes_read comes after all that are about a member: its /members/{member} takes longer paths."""


def make_app(state: State) -> FastAPI:
    """Build the application around a gateway's state."""
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
    app.add_middleware(Doors, state=state)
    # Around all others: what they refuse is counted and has an id too.
    app.add_middleware(RequestLog, tally=TALLY, every=state.settings.log_format == "json")
    # Plain routes: an event must not pay for parameter models it doesn't have, nor for being
    # compared with every other path.
    app.add_route(EVENTS_PATH, events, methods=["POST"])
    for routes in ROUTES:
        app.include_router(routes.router)
    app.add_route("/healthz", healthz, methods=["GET"])
    app.add_route("/readyz", readyz, methods=["GET"])
    framework_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        return completed(framework_openapi())

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way
    return app


async def events(request: Request) -> Response:
    """Take events; the answer means that they are durable."""
    state: State = request.app.state.gateway
    caller = state.keys.authorise(request.headers, SENDERS)
    submission = await _taken(request, state, caller)
    request.state.submission = submission
    await state.ingest.settle(submission)
    if submission.acts:
        await record_events(state, caller, submission)
    every = request.query_params.get("results") == "all"
    content = submission.answer(every, instant(state.as_of_us()))
    return Response(content, media_type="application/json")


async def _taken(request: Request, state: State, caller: Caller) -> Submission:
    """Read and take a body; it is held only until it is decoded, and so are few at once."""
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdigit() else UNDECLARED_BODY_BYTES
    with state.ingest.bodies.hold(caller.key_id, min(size, BODY_BYTES_MAX)):
        body = await _body(request)
        kind = request.headers.get("content-type", "")
        return await state.ingest.take(body, kind, caller.key_id)


async def _body(request: Request) -> bytes:
    """Read the body, refusing one that is too large before it is read to the end."""
    declared = request.headers.get("content-length", "")
    too_large = Problem(
        413, f"The body is larger than {BODY_BYTES_MAX >> 20} MiB; send it in smaller parts."
    )
    if declared.isdigit() and int(declared) > BODY_BYTES_MAX:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > BODY_BYTES_MAX:
                raise too_large
            parts.append(part)
    except ClientDisconnect:
        raise Problem(400, "The sender went away before the end of the body.") from None
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    if not body.strip():
        raise Problem(400, "The body is empty; send one event, a JSON array, NDJSON or Arrow.")
    return body


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
