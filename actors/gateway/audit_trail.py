"""Audit trail: one place that sees every request and writes down what it changes.

An admin's act is written before it is done. What tills and apps do by the thousand is written as
samples with counts, and nobody waits for that.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import Counter
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.gateway.auth import Caller
from actors.gateway.counted import Line
from actors.gateway.doors import THING_CHARACTERS_MAX
from actors.gateway.problems import Problem
from actors.gateway.state import State
from actors.gateway.submission import Submission
from actors.store.audit import Act
from actors.store.errors import StoreError
from rules.judging.results import CONFLICT, REJECTED

ROLES: Final = ("till", "app", "analyst", "admin")

_ACTS: Final = (
    ("POST", r"/v1/season/(?P<word>close|finalise|publish)", "season.{word}"),
    ("PUT", r"/v1/season/rules", "rules.change"),
    ("POST", r"/v1/campaigns", "campaign.push"),
    ("POST", r"/v1/claim-codes", "claim-codes.make"),
    ("POST", r"/v1/keys", "key.make"),
    ("POST", r"/v1/keys/(?P<thing>.+)/rotate", "key.rotate"),
    ("DELETE", r"/v1/keys/(?P<thing>.+)", "key.revoke"),
    ("POST", r"/v1/prizes/(?P<thing>.+)/(?P<word>claim|state)", "prize.{word}"),
    ("POST", r"/v1/members/(?P<thing>.+)/redemptions", "member.redeem"),
    ("POST", r"/v1/coupons/(?P<thing>.+)/(?P<word>claim|reserve|use|release)", "coupon.{word}"),
    ("DELETE", r"/v1/members/(?P<thing>.+)", "member.erase"),
)
"""Acts by method and path; any other request of an admin that changes something is one too."""
_LOOKS: Final = (
    ("GET", r"/v1/members/(?P<thing>.+)/(?P<word>profile|export)", "member.{word}"),
    ("POST", r"/v1/members/lookup", "member.lookup"),
    ("GET", r"/v1/export/(?P<word>[a-z]+)", "export.{word}"),
    ("GET", r"/v1/forecast/history/(?P<thing>[0-9]+)", "forecast.history"),
)
"""Looks at personal data: written down too, but they never wait for a store that is away."""
_READS: Final = re.compile(
    r"/v1/(?:events|ranks|cards/read|simulations(?:/offers)?|reports/.*|members/.+/coupons/quote)"
)
"""What is sent with POST, but changes nothing, or is written down where it is known better."""

log = logging.getLogger(__name__)


def act_of(method: str, path: str) -> tuple[str, str, bool] | None:
    """Name the act and its thing, and whether it changes anything; None for a plain read.

    >>> act_of("DELETE", "/v1/keys/ab12")
    ('key.revoke', 'ab12', True)
    >>> act_of("GET", "/v1/members/m-1/profile"), act_of("GET", "/v1/members/m-1")
    (('member.profile', 'm-1', False), None)
    """
    for table, changes in ((_ACTS, True), (_LOOKS, False)):
        for verb, pattern, word in table:
            found = re.fullmatch(pattern, path) if method == verb else None
            if found is not None:
                parts = found.groupdict()
                return word.format(**parts), parts.get("thing", ""), changes
    if method in ("GET", "HEAD", "OPTIONS") or _READS.fullmatch(path):
        return None
    return f"{method} {path}"[:THING_CHARACTERS_MAX], "", True


def note(request: Request, **detail: Any) -> None:
    """Add to what the trail says of this request; `thing` names what it was about."""
    request.state.audit.update(detail)


class AuditTrail:
    """Middleware: an admin's act is begun in the trail, or refused with 503 when it can't be."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, watching what becomes of it."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/v1/events" or not path.startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        detail: dict[str, Any] = {}
        scope.setdefault("state", {})["audit"] = detail
        headers = Headers(scope=scope)
        named = act_of(scope["method"], path)
        caller = self._caller(headers) if named is not None else None
        watched = named is not None and caller is not None and caller.role == "admin"
        act = Act(0, "", "", "", "")
        begun = ""
        if named is not None and caller is not None and watched:
            word, thing, changes = named
            act = Act(_now_us(), caller.key_id, caller.role, word, thing)
            if changes:
                try:
                    begun = await asyncio.to_thread(self._state.audit.write, act)
                except StoreError as error:
                    await _unwritten(error).response()(scope, receive, send)
                    return
        told = False

        async def watch(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                told = True
                status = message["status"]
                if watched:
                    await self._finish(act, begun, status, detail)
                elif named is not None and caller is not None:
                    self._state.acts.add(
                        Line(caller.key_id, caller.role, named[0], "", outcome_of(status))
                    )
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            if watched and not told:
                await self._finish(act, begun, 500, detail)

    def _caller(self, headers: Headers) -> Caller | None:
        try:
            return self._state.keys.authorise(headers, ROLES)
        except Problem:
            return None  # the route says it

    async def _finish(self, act: Act, begun: str, status: int, detail: dict[str, Any]) -> None:
        """Write how an act ended; when that can't be, it stays one with an unknown outcome."""
        thing = str(detail.pop("thing", act.thing))[:THING_CHARACTERS_MAX]
        whole = act._replace(
            thing=thing, outcome=outcome_of(status), detail={"status": status, **detail}
        )
        try:
            await asyncio.to_thread(self._state.audit.write, whole, begun)
        except StoreError as error:
            log.warning("key %s: %s ended with %d: %s", act.key, act.act, status, error)


async def record_events(state: State, caller: Caller, submission: Submission) -> None:
    """Write down the acts among events that a key sent, once a request; raises Problem 503."""
    words: Counter[str] = Counter()
    refused = 0
    things: dict[str, str] = {}
    for place, word, member in submission.acts:
        words[word] += 1
        things[word] = member if words[word] == 1 else f"{words[word]} members"
        refused += submission.status[place] in (REJECTED, CONFLICT)
    for word, count in words.items():
        detail = {"events": count, "refused_of_request": int(refused)}
        outcome = "refused" if refused == len(submission.acts) else "done"
        act = Act(
            _now_us(), caller.key_id, caller.role, f"event.{word}", things[word], outcome, detail
        )
        try:
            await asyncio.to_thread(state.audit.write, act)
        except StoreError as error:
            raise _unwritten(error) from None


def outcome_of(status: int) -> str:
    """Name how a request ended.

    >>> [outcome_of(status) for status in (201, 404, 503)]
    ['done', 'refused', 'failed']
    """
    if status < 400:
        return "done"
    return "refused" if status < 500 else "failed"


def _unwritten(error: StoreError) -> Problem:
    return Problem(
        503,
        f"The audit trail can't be written now ({error}); an administrator's act is not done "
        "without it: try again.",
        retry_after_s=1,
    )


def _now_us() -> int:
    return time.time_ns() // 1000
