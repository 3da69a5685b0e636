"""Api: calls a running system as a reader with patience does, with errors in plain words."""

from __future__ import annotations

import time
from typing import Any

import httpx

PATIENCE_S = 60.0
PAUSE_S = 0.5
NDJSON = "application/x-ndjson"


class NotServed(Exception):  # noqa: N818  named for what happened
    """The system can't be reached, or refuses a call; the message says which and why."""


class Api:
    """Calls with one key; what is not served now is asked for again for a while.

    Every call raises NotServed when it is refused or patience ends.
    """

    def __init__(self, url: str, key: str, patience_s: float = PATIENCE_S) -> None:
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}"}, timeout=30.0, trust_env=False
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """Read a path."""
        return self._call("GET", path, params=parameters)

    def find(self, path: str, **parameters: Any) -> Any | None:
        """Read a path; None where there is nothing."""
        return self._call("GET", path, params=parameters, absent=True)

    def post(self, path: str, body: Any) -> Any:
        """Post JSON."""
        return self._call("POST", path, json=body)

    def post_lines(self, path: str, body: bytes, **parameters: Any) -> Any:
        """Post NDJSON; the same bytes again when the answer did not come."""
        headers = {"Content-Type": NDJSON}
        return self._call("POST", path, content=body, headers=headers, params=parameters)

    def delete(self, path: str) -> Any:
        """Delete; what is gone already is fine."""
        return self._call("DELETE", path, absent=True)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(self, method: str, path: str, absent: bool = False, **request: Any) -> Any:
        ends_s = time.monotonic() + self._patience_s
        while True:
            try:
                answer = self._http.request(method, self.url + path, **request)
            except httpx.ConnectError as error:
                trouble = f"{self.url} can't be reached ({error}): is `forecourt serve` up?"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = f"{self.url}{path}: {error or type(error).__name__}"
                if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
                    raise NotServed(trouble) from None
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                if absent and answer.status_code == httpx.codes.NOT_FOUND:
                    return None
                trouble = f"{method} {path}: {_said(answer)}"
                if answer.status_code not in (429, 502, 503, 504):
                    raise NotServed(trouble)
            if time.monotonic() > ends_s:
                raise NotServed(trouble)
            time.sleep(PAUSE_S)


def _said(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code}: {answer.json()['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"
