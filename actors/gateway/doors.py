"""Doors: what every request passes before anything else looks at it.

Headers that could be read in two ways are refused, bodies are bounded, keys are held to their rate,
and whatever is refused, here or further in, is counted in the audit trail.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from actors.gateway.auth import key_id_of, secret_of
from actors.gateway.counted import Line
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.store.api_keys import Role

EVENTS_PATH: Final = "/v1/events"
METRICS_PATH: Final = "/metrics"
METRICS_ROLES: Final = ("analyst", "admin")
BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of any request but one with events, which may be larger and bounds itself."""
THING_CHARACTERS_MAX: Final = 200

REFUSED: Final = {
    400: "bad-request",
    401: "no-key",
    403: "not-allowed",
    408: "too-slow",
    413: "too-large",
    414: "too-large",
    415: "unsupported",
    429: "too-many",
    431: "too-large",
}
"""What the audit trail calls a refusal, by its status."""

_ONCE: Final = frozenset(
    (
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"transfer-encoding",
        b"x-company-token",
        b"x-member-token",
    )
)
"""Headers that decide who calls or how the body is read: a second one is refused, not chosen from.

Forwarded and X-Forwarded-* are not among them: nothing reads those.
"""
_HOST: Final = re.compile(
    rb"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?"
)
_LOOPBACK: Final = ("127.", "::1", "::ffff:127.")


class Doors:
    """Checks what comes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._host = b""

    def admit(self, scope: Scope) -> tuple[dict[bytes, bytes], int]:
        """Refuse what no route should see; raises Problem.

        Gives the headers that decide anything, and how many bytes of body may come, -1 for any.
        """
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _ONCE:
                if name in found:
                    raise Problem(400, f"The header {name.decode()} came twice; send it once.")
                found[name] = value
        host = found.get(b"host")
        if host is None or host != self._host:
            self._check_host(scope, host)
        path = scope["path"]
        length = _body_length(found, path)
        address = scope["client"][0] if scope["client"] else ""
        if path == METRICS_PATH and address and not address.startswith(_LOOPBACK):
            self._state.keys.authorise(Headers(scope=scope), METRICS_ROLES)
        authorization = found.get(b"authorization")
        if authorization is not None:
            self._hold_to_rate(scope, authorization, address)
        return found, length

    def _hold_to_rate(self, scope: Scope, authorization: bytes, address: str) -> None:
        keys = self._state.keys
        known = keys.shown(authorization)
        if known is None:
            secret = secret_of(authorization.decode("latin-1"))
            if not secret:
                return
            if not keys.is_known(secret):
                keys.rates.check_address(address)
            known = keys.known(secret)
            if known is None:
                return  # the route says it
            keys.remember(authorization, known)
        here = scope.setdefault("state", {})
        here["key"] = known.caller
        keys.rates.take(known.rate, known.caller.key_id)
        if known.caller.role == Role.APP:
            caller = here["key"] = keys.spoken_for(known.caller, Headers(scope=scope))
            if caller.member is not None:
                keys.rates.take_member(caller.key_id, caller.member)

    def _check_host(self, scope: Scope, host: bytes | None) -> None:
        """Refuse a host that is none; what it names is used for nothing."""
        if host is None:
            if scope["http_version"] != "1.0":
                raise Problem(400, "The header Host is missing.")
        elif not _HOST.fullmatch(host):
            raise Problem(400, "The header Host is no host name, with or without a port.")
        else:
            self._host = host

    def count(self, scope: Scope, status: int) -> None:
        """Count a refusal, a status of REFUSED, in the audit trail."""
        headers = Headers(scope=scope)
        address = scope["client"][0] if scope["client"] else ""
        caller = scope.get("state", {}).get("key")
        if status == 401 and caller is None:
            self._state.keys.rates.count_refused(address)
        role = "" if caller is None else caller.role
        path = f"{scope['method']} {scope['path']}"[:THING_CHARACTERS_MAX]
        line = Line(key_id_of(headers), role, f"refused.{REFUSED[status]}", path, "refused")
        self._state.refusals.add(line, address)


def _body_length(found: dict[bytes, bytes], path: str) -> int:
    """Tell how many bytes of body are announced, -1 for any number; raises Problem."""
    encoding = found.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        raise Problem(
            415,
            f"Content-Encoding {encoding.decode('latin-1')!r}: bodies are taken as they are only.",
            headers={"Accept-Encoding": "identity"},
        )
    coding = found.get(b"transfer-encoding")
    if coding is not None:
        if coding.strip().lower() != b"chunked":
            raise Problem(400, "Transfer-Encoding must be chunked, or left out.")
        return -1
    told = found.get(b"content-length")
    if told is None:
        return 0
    length = int(told)
    if length > BODY_BYTES_MAX and path != EVENTS_PATH:
        raise _too_large()
    return length


def bounded(receive: Receive) -> Receive:
    """Refuse a body once it turns out too large, whatever was announced."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_BYTES_MAX:
            # The framework passes its own exceptions on; any other becomes "can't be parsed".
            raise HTTPException(413, _too_large().detail)
        return message

    return counted


def _too_large() -> Problem:
    return Problem(413, f"The body is larger than {BODY_BYTES_MAX >> 20} MiB.")
