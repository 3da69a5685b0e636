"""OpenAPI: the description of the HTTP interface, with the routes and errors of our own."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from actors.gateway.problems import MEDIA_TYPE as PROBLEM_TYPE

OPEN_PATHS: Final = ("/healthz", "/readyz")
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}


def completed(schema: dict[str, Any]) -> dict[str, Any]:
    """Complete what the framework describes: plain routes, keys, and errors as problems."""
    paths = schema["paths"]
    paths["/v1/events"] = deepcopy(_EVENTS_PATH)
    for path in OPEN_PATHS:
        paths[path] = deepcopy(_HEALTH_PATHS[path])
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"] = _responses(operation["responses"])
    components = schema.setdefault("components", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(unused, None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    components["responses"] = {
        "Problem": {
            "description": "Why the request was refused",
            "content": {PROBLEM_TYPE: {"schema": _PROBLEM_SCHEMA}},
        }
    }
    schema["security"] = [{"bearer": []}]
    return schema


def _responses(described: dict[str, Any]) -> dict[str, Any]:
    """Replace the framework's errors by problems; every answer but those named may be one."""
    kept = {status: answer for status, answer in described.items() if status[0] == "2"}
    named = {
        status: {**answer, "content": {PROBLEM_TYPE: {"schema": _PROBLEM_SCHEMA}}}
        for status, answer in described.items()
        if status[0] != "2" and status not in ("422", "default")
    }
    return {**kept, **named, "default": _PROBLEM}


_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_ANSWER: Final = {"application/json": {"schema": {"type": "object"}}}
_EVENTS_PATH: Final[dict[str, Any]] = {
    "post": {
        "operationId": "events_v1_events_post",
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
                "application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}},
                "application/x-ndjson": {"schema": {"type": "string"}},
                "application/vnd.apache.arrow.stream": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        },
        "responses": {
            "200": {
                "description": "Results one by one (up to 100 events), or counts",
                "content": _ANSWER,
            },
            "400": {"description": "The body can't be read"},
            "413": {"description": "Too many events or bytes"},
            "415": {"description": "Content-Type is none of these"},
            "429": {"description": "Too many wait; see Retry-After"},
            "503": {"description": "A shard or the store is away; send the same again"},
        },
    }
}
_HEALTH_PATHS: Final[dict[str, Any]] = {
    "/healthz": {
        "get": {
            "operationId": "healthz_get",
            "summary": "Tell that the process answers",
            "security": [],
            "responses": {"200": {"description": "It does", "content": _ANSWER}},
        }
    },
    "/readyz": {
        "get": {
            "operationId": "readyz_get",
            "summary": "Tell whether events and reads are served",
            "security": [],
            "responses": {
                "200": {"description": "They are", "content": _ANSWER},
                "503": {"description": "Not yet, or not now: see reasons"},
            },
        }
    },
}
