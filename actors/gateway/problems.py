"""Problems: every error as application/problem+json, with the thing and the fix in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from actors.store.api_keys import Role

MEDIA_TYPE: Final = "application/problem+json"
_ROLES: Final = "x-roles"
"""Where the description of a route names the roles that may call it."""

_TYPES: Final = {
    400: "bad-request",
    401: "no-key",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    414: "too-large",
    415: "unsupported-media-type",
    422: "bad-request",
    429: "too-many",
    431: "too-large",
    500: "internal",
    503: "unavailable",
}


class Problem(Exception):  # noqa: N818  the standard's own word for it
    """A refusal of a whole request: its status, type, sentence, and when to come again."""

    def __init__(
        self,
        status: int,
        detail: str,
        kind: str | None = None,
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind or _TYPES.get(status, "problem")
        self.retry_after_s = retry_after_s
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = "Bearer"
        self.extra = extra

    def body(self) -> bytes:
        """Render the problem as JSON."""
        body = {
            "type": f"urn:forecourt:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        return msgspec.json.encode(body)

    def response(self) -> Response:
        """Render the problem as an HTTP response."""
        return Response(self.body(), self.status, media_type=MEDIA_TYPE, headers=self.headers)


def warming(detail: str) -> Problem:
    """Say that a shard is still starting: the reader comes again in a second."""
    return Problem(503, detail, "warming", retry_after_s=1)


def unexpected(error: Exception) -> Problem:
    """Say that the fault is ours."""
    return Problem(
        500, f"The system failed on this request ({type(error).__name__}); its log says more."
    )


def taken_by(roles: Iterable[str]) -> dict[str, Any]:
    """Tell in a route's description who may call it, so that others hear that first."""
    return {_ROLES: list(roles)}


def _callers(request: Request) -> tuple[str, ...]:
    """Give the roles that the route of a request is described for; all where it doesn't say."""
    described = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    return tuple(described.get(_ROLES, Role))


def nowhere(request: Request) -> Problem:
    """Say that a path leads nowhere, also where a name in it could be nobody's."""
    path = request.url.path
    return Problem(404, f"There is nothing at {path}; see /openapi.json for the paths.")


def install(app: FastAPI) -> None:
    """Make every error of the app a problem: its own, the framework's, and the unexpected."""

    @app.exception_handler(Problem)
    async def own(_request: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        try:
            # Who may not call a route isn't told what it takes.
            app.state.gateway.keys.authorise(request.headers, _callers(request))
        except Problem as problem:
            return problem.response()
        if all(fault["loc"][0] == "path" for fault in error.errors()):
            return nowhere(request).response()
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        return Problem(422, f"The request can't be read: {faults}.").response()

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        status = error.status_code
        if status == 404:
            response = nowhere(request).response()
        elif status == 405:
            detail = f"{request.url.path} does not take {request.method}; see /openapi.json."
            response = Problem(status, detail).response()
        else:
            response = Problem(status, str(error.detail)).response()
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    @app.exception_handler(Exception)
    async def failed(_request: Request, error: Exception) -> Response:
        return unexpected(error).response()
