"""App: the HTTP interface as one ASGI application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from actors.gateway import problems, routes_admin, routes_read
from actors.gateway.answers import encoded
from actors.gateway.ingest import ARROW, BODY_BYTES_MAX, JSON, NDJSON
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.phases import instant

SENDERS = ("till", "admin")
TITLE = "Forecourt"


def make_app(state: State) -> FastAPI:
    """Build the application around a gateway's state."""
    app = FastAPI(title=TITLE, version="1", docs_url=None, redoc_url=None)
    app.state.gateway = state
    problems.install(app)
    app.include_router(routes_read.router)
    app.include_router(routes_admin.router)
    # Plain routes: an event must not pay for parameter models it doesn't have.
    app.add_route("/v1/events", events, methods=["POST"])
    app.add_route("/healthz", healthz, methods=["GET"])
    app.add_route("/readyz", readyz, methods=["GET"])
    framework_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        schema = framework_openapi()
        schema["paths"].setdefault("/v1/events", _EVENTS_PATH)
        schema["paths"].setdefault("/healthz", _HEALTH_PATH)
        schema["paths"].setdefault("/readyz", _HEALTH_PATH)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way
    return app


async def events(request: Request) -> Response:
    """Take events; the answer means that they are durable."""
    state: State = request.app.state.gateway
    state.keys.authorise(request.headers, SENDERS)
    body = await _body(request)
    submission = await state.ingest.take(body, request.headers.get("content-type", ""))
    if not submission.done.done():
        await state.ingest.settle(submission)
    every = request.query_params.get("results") == "all"
    content = submission.answer(every, instant(state.as_of_us()))
    return Response(content, media_type="application/json")


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
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise too_large
        parts.append(part)
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


_EVENTS_PATH: dict[str, Any] = {
    "post": {
        "summary": "Send events",
        "description": "One event, a JSON array, NDJSON or an Arrow stream. An answer means that "
        "the events are durable. At most 20,000 events and 32 MiB a request.",
        "parameters": [
            {
                "name": "results",
                "in": "query",
                "schema": {"type": "string", "enum": ["all"]},
                "description": "all: answer every event of a bulk body one by one",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}},
                NDJSON[0]: {"schema": {"type": "string"}},
                ARROW: {"schema": {"type": "string", "format": "binary"}},
            },
        },
        "responses": {
            "200": {"description": "Results one by one (up to 100 events), or counts"},
            "400": {"description": "The body can't be read"},
            "413": {"description": "Too many events or bytes"},
            "429": {"description": "Too many wait; see Retry-After"},
            "503": {"description": "A shard or the store is away; send the same again"},
        },
        "security": [{"bearer": []}],
    }
}
_HEALTH_PATH: dict[str, Any] = {
    "get": {"summary": "Health", "responses": {"200": {"description": "Well"}}}
}
