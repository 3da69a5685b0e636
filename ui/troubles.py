"""Troubles: what a call of the HTTP interface may fail with, one class a kind of trouble."""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

from ui.answers import Fault, Problem
from ui.answers.rules import Faults

KNOWN_MISSING: Final = (
    "unknown_board",
    "unknown_member",
    "not_on_board",
    "unknown_event",
    "unknown_simulation",
    "no_forecast",
)


class CallFailed(Exception):  # noqa: N818 - named as the sentence it says
    """Say what went wrong in words of a text table: `key` names the text, `values` fill it."""

    key = "trouble.refused"

    def __init__(self, **values: str | int) -> None:
        super().__init__(f"{self.key}: {values}")
        self.values = values


class Unreachable(CallFailed):
    """Nothing answers at the address: start the system or correct FORECOURT_URL."""

    key = "trouble.unreachable"


class Warming(CallFailed):
    """The system is starting or restoring: wait, the page asks again by itself."""

    key = "trouble.warming"


class Unreadable(CallFailed):
    """Something else than Forecourt answers there: correct FORECOURT_URL."""

    key = "trouble.unreadable"


class Refused(CallFailed):
    """The system understood and said no: `type` and `detail` say why."""

    def __init__(
        self, status: int, problem_type: str, detail: str, faults: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(status=status, detail=detail)
        self.status = status
        self.type = problem_type
        self.faults = faults
        if status == httpx.codes.UNAUTHORIZED:
            self.key = "trouble.no_key"
        elif status == httpx.codes.FORBIDDEN:
            self.key = "trouble.not_allowed"
        elif status == httpx.codes.TOO_MANY_REQUESTS:
            self.key = "trouble.too_many"
        elif problem_type.endswith(":no-simulator"):
            self.key = "trouble.no_simulator"
        elif status == httpx.codes.NOT_FOUND:
            last = problem_type.rsplit(":", 1)[-1].replace("-", "_")
            if last in KNOWN_MISSING:
                self.key = f"trouble.{last}"


def trouble_of(response: httpx.Response) -> CallFailed:
    """Turn an answer that is no success into the error that names it."""
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    detail = problem.detail or problem.title or response.reason_phrase
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return Warming(
            detail=detail,
            reasons="; ".join(problem.reasons) or detail,
            retry_s=response.headers.get("Retry-After", "2"),
        )
    if not problem.type and not problem.detail:
        return Unreadable(
            url=str(response.url.copy_with(query=None)),
            path=response.url.path,
            detail=f"HTTP {response.status_code}",
        )
    return Refused(response.status_code, problem.type, detail, _faults(response.content))


def _faults(content: bytes) -> tuple[Fault, ...]:
    """Read the errors of a file that a problem lists; none where it lists something else."""
    try:
        return msgspec.json.decode(content, type=Faults).errors
    except msgspec.DecodeError:
        return ()
