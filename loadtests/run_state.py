"""Run: what the users of one Locust process share: keys, season, members, ledger."""

from __future__ import annotations

import base64
import hmac
import random
import secrets
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from loadtests.api import Api, NotServed
from loadtests.ledger import LedgerWriter
from loadtests.shoppers import Clock, Shop, Shoppers
from loadtests.standings_order import disorder

__all__ = ["NotServed", "Run"]

TOKEN_S = 24 * 3600
DEFAULT_RUN_S = 3600.0


class Run:
    """Begins with keys of each role, made by the admin's, and ends with revoking them.

    Raises:
        NotServed: the system can't be reached, or refuses the key.
    """

    def __init__(self, url: str, options: Namespace) -> None:
        self.api = Api(url, options.key)
        self.season = self.api.get("/v1/season", hours=0)
        self._keys = {role: self.api.post("/v1/keys", {"role": role, "label": "load test"})
                      for role in ("till", "app", "analyst")}  # fmt: skip
        self.ledger = LedgerWriter(Path(options.ledger))
        process = secrets.token_hex(3)
        self._random = random.Random(options.seed)
        run_s = float(options.run_time or DEFAULT_RUN_S)
        self.shoppers = Shoppers(
            options.run_id or secrets.token_hex(3),
            process,
            options.members,
            Shop(_words(options.fuels), _words(options.goods), _words(options.kinds)),
            Clock.of_season(self.season, run_s, options.clock_speed),
            options.seed,
        )

    def headers(self, role: str, member: str | None = None) -> dict[str, str]:
        """Give the headers of a role, with a member's token when there is a member."""
        headers = {"Authorization": f"Bearer {self._keys[role]['key']}"}
        if member is not None:
            secret = self._keys[role]["member_secret"]
            headers["X-Member-Token"] = member_token(member, secret, int(time.time()) + TOKEN_S)
        return headers

    def a_board(self, teams: bool = False) -> str:
        """Draw a board; one of members unless teams are wanted too."""
        boards: list[str] = [
            one["id"] for one in self.season["boards"] if teams or one["team"] is None
        ]
        return self._random.choice(boards)

    def order_faults(self, page: dict[str, Any]) -> list[str]:
        """Say which rows of a page stand against the official order."""
        return disorder(page["board"], page["rows"], self.season["tie_break"])

    def close(self) -> None:
        """Close the ledger and revoke the keys."""
        self.ledger.close()
        for key in self._keys.values():
            self.api.delete(f"/v1/keys/{key['id']}")
        self.api.close()


def member_token(member: str, secret: str, expires_s: int) -> str:
    """Sign a member token as an app's back end does (docs/http.md).

    >>> member_token("m-1", "secret", 2_000_000_000).rpartition(".")[0]
    'bS0x.2000000000'
    """
    message = f"{_base64(member.encode())}.{expires_s}"
    return f"{message}.{_base64(hmac.digest(secret.encode(), message.encode(), 'sha256'))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
