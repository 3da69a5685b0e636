"""Connection: requests to one Forecourt system, and their answers decoded."""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec

from ui.certificates import trusted
from ui.troubles import Unreachable, Unreadable, trouble_of

Answer = TypeVar("Answer")
Parameters = dict[str, str | int]


class Connection:
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
            verify=trusted(),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(self, path: str, answer: type[Answer], parameters: Parameters) -> Answer:
        return self._call("GET", path, answer, parameters, None)

    def _call(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        parameters: Parameters,
        body: bytes | None,
        content_type: str = "application/json",
        timeout_s: float | None = None,
    ) -> Answer:
        response = self._answered(method, path, parameters, body, content_type, timeout_s)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as odd:
            raise Unreadable(url=self.url, path=path, detail=str(odd)) from odd

    def _answered(
        self,
        method: str,
        path: str,
        parameters: Parameters,
        body: bytes | None = None,
        content_type: str = "application/json",
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """Send a request and give the answer of a success; every other raises."""
        timeout = self._http.timeout
        if timeout_s is not None:
            timeout = httpx.Timeout(timeout_s, connect=1.0)
        try:
            response = self._http.request(
                method,
                path,
                params=parameters,
                content=body,
                headers={"Content-Type": content_type} if body else None,
                timeout=timeout,
            )
        except httpx.TimeoutException as late:
            raise Unreachable(url=self.url, detail=f"{type(late).__name__}") from late
        except (httpx.TransportError, httpx.InvalidURL) as broken:
            raise Unreachable(url=self.url, detail=str(broken)) from broken
        if not response.is_success:
            raise trouble_of(response)
        return response
