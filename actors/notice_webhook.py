"""Notice webhook: delivery as signed HTTP posts, tried again until they are taken or given up."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import httpx
import msgspec

SIGNATURE: Final = "Forecourt-Signature"
TIMESTAMP: Final = "Forecourt-Timestamp"
IDEMPOTENCY: Final = "Idempotency-Key"
ANSWER_WITHIN_S: Final = 10.0
QUIET_PAUSE_S: Final = 5.0
PASSING: Final = frozenset({408, 409, 423, 425, 429})
"""Answers besides 5xx after which the same post may be taken later."""

AWAY: Final = frozenset({429, 502, 503, 504})
"""Answers that say that the receiver can't be reached now."""

log = logging.getLogger(__name__)


class Sent(NamedTuple):
    """What became of a notice: taken or not, after how many tries, and why not."""

    taken: bool
    tries: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long apart a post is tried: base × 2^try up to a longest pause.

    A receiver that is away is waited for longer than one that answers that it failed.
    """

    tries_max: int = 20
    refused_max: int = 6
    base_s: float = 1.0
    longest_s: float = 600.0

    def pause_s(self, tries: int) -> float:
        """Draw the pause after a number of tries: between half of its length and all of it."""
        whole_s = min(self.longest_s, self.base_s * 2.0 ** (tries - 1))
        return whole_s * random.uniform(0.5, 1.0)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body at a time.

    >>> signature("k" * 16, "1751299200", b"{}")[:11]
    'v1=234e6d94'
    """
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class NoticeWebhook:
    """Posts notices to one address."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        patience: Patience | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._url = url
        self._secret = secret
        self._patience = patience or Patience()
        self._may_send = may_send
        self._client = httpx.AsyncClient(
            timeout=ANSWER_WITHIN_S, follow_redirects=False, trust_env=False
        )

    async def send(self, letter: dict[str, Any], stopping: asyncio.Event) -> Sent | None:
        """Post a letter until it is taken or given up; None when the system stops meanwhile."""
        body = msgspec.json.encode(letter)
        tries = refused = 0
        while not stopping.is_set():
            if not self._may_send():
                await _pause(stopping, QUIET_PAUSE_S)
                continue
            tries += 1
            taken, final, away, why = await self._post(letter["id"], body)
            refused += not away
            given_up = final or refused >= self._patience.refused_max
            if taken or given_up or tries >= self._patience.tries_max:
                return Sent(taken, tries, why)
            log.info("notice %s, try %d: %s", letter["id"], tries, why)
            await _pause(stopping, self._patience.pause_s(tries))
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, name: str, body: bytes) -> tuple[bool, bool, bool, str]:
        """Post once: taken, no use to try again, whether nobody is there, and why not taken."""
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            IDEMPOTENCY: name,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self._secret, timestamp, body),
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return False, False, True, str(error) or type(error).__name__
        if answer.is_success:
            return True, True, False, ""
        code = answer.status_code
        passing = answer.is_server_error or code in PASSING
        return False, not passing, code in AWAY, f"answered {code}"


async def _pause(stopping: asyncio.Event, pause_s: float) -> None:
    """Wait a while, or until the system stops."""
    try:
        await asyncio.wait_for(stopping.wait(), pause_s)
    except TimeoutError:
        return
