"""Speak to the HTTP interface with types: one method a path, one error class a kind of trouble.

The pages call nothing else. A call blocks until the answer is there, at most `timeout_s`.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ui.answers import Member, Prizes, Problem, Ranks, Season, Standings

Answer = TypeVar("Answer")
Parameters = dict[str, str | int]
ROWS_MAX = 1000


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

    def __init__(self, status: int, problem_type: str, detail: str) -> None:
        super().__init__(status=status, detail=detail)
        self.status = status
        self.type = problem_type
        if status == httpx.codes.UNAUTHORIZED:
            self.key = "trouble.no_key"
        elif status == httpx.codes.FORBIDDEN:
            self.key = "trouble.not_allowed"
        elif status == httpx.codes.TOO_MANY_REQUESTS:
            self.key = "trouble.too_many"
        elif status == httpx.codes.NOT_FOUND:
            last = problem_type.rsplit(":", 1)[-1].replace("-", "_")
            if last in ("unknown_board", "unknown_member", "not_on_board"):
                self.key = f"trouble.{last}"


class Client:
    """One connection pool to one Forecourt system; safe to share between threads."""

    def __init__(self, url: str, key: str, timeout_s: float = 5.0) -> None:
        self.url = url.rstrip("/")
        headers = {"Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        # The system is on loopback or inside the network: a proxy of the environment is not meant.
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=1.0),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def season(self, hours: int | None = None) -> Season:
        """Give the season; `hours` limits the points per hour to the last so many (0: none).

        Raises:
            CallFailed: as every call here.
        """
        return self._get("/v1/season", Season, {} if hours is None else {"hours": hours})

    def standings(self, board: str, after: int = 0, limit: int = 50) -> Standings:
        """Give `limit` rows of `board` from rank `after` + 1 on."""
        parameters: Parameters = {"limit": limit}
        if after:
            parameters["cursor"] = str(after)
        return self._get(f"/v1/standings/{quote(board, safe='')}", Standings, parameters)

    def around(self, board: str, member: str, span: int) -> Standings:
        """Give the rows from `span` above `member` to `span` below."""
        return self._get(
            f"/v1/standings/{quote(board, safe='')}", Standings, {"around": member, "span": span}
        )

    def prizes(self) -> Prizes:
        """Give the allocation of all prizes."""
        return self._get("/v1/prizes", Prizes, {})

    def member(self, member: str) -> Member:
        """Give one member's points, tier and places."""
        return self._get(f"/v1/members/{quote(member, safe='')}", Member, {})

    def ranks(self, board: str, members: list[str]) -> Ranks:
        """Give the ranks of many members on one board."""
        body = msgspec.json.encode({"board": board, "members": members})
        return self._call("POST", "/v1/ranks", Ranks, {}, body)

    def _get(self, path: str, answer: type[Answer], parameters: Parameters) -> Answer:
        return self._call("GET", path, answer, parameters, None)

    def _call(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        parameters: Parameters,
        body: bytes | None,
    ) -> Answer:
        try:
            response = self._http.request(
                method,
                path,
                params=parameters,
                content=body,
                headers={"Content-Type": "application/json"} if body else None,
            )
        except httpx.TimeoutException as late:
            raise Unreachable(url=self.url, detail=f"{type(late).__name__}") from late
        except (httpx.TransportError, httpx.InvalidURL) as broken:
            raise Unreachable(url=self.url, detail=str(broken)) from broken
        if response.is_success:
            try:
                return msgspec.json.decode(response.content, type=answer)
            except msgspec.DecodeError as odd:
                raise Unreadable(url=self.url, path=path, detail=str(odd)) from odd
        raise _failure(response)


def _failure(response: httpx.Response) -> CallFailed:
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
    return Refused(response.status_code, problem.type, detail)
