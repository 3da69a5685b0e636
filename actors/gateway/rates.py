"""Rates: how often a key, a member of an app, and an address that guesses may come."""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Iterable
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from actors.gateway.problems import Problem

ROLE_RATES: Final = {
    "till": "20000/second",
    "app": "20000/second",
    "analyst": "20000/second",
    "admin": "20000/second",
    "member": "50/second",
    "refused": "300/minute",
}
"""By role and key; `member`: of one member of an app key; `refused`: sign-ins of an address."""
AMOUNT_MAX: Final = 100_000
WINDOW_S_MAX: Final = 86_400
SHARES: Final = 100
_RATE: Final = re.compile(r"[0-9]{1,6} ?(/|per) ?([0-9]{1,5} ?)?(second|minute|hour|day)s?")
_IPV6_BITS: Final = 64
"""A line gets a whole network of this size: its addresses count as one."""


def parse_rate(text: str) -> RateLimitItem:
    """Read a rate such as 100/second; raises ValueError with the form.

    >>> item = parse_rate("600/minute")
    >>> item.amount, item.get_expiry()
    (600, 60)
    """
    told = text.strip().lower()
    if not _RATE.fullmatch(told):
        raise ValueError(f"rate = {text!r}: must be like 100/second, 600/minute or 5000/hour")
    item = parse(told)
    if not 1 <= item.amount <= AMOUNT_MAX or not 1 <= item.get_expiry() <= WINDOW_S_MAX:
        raise ValueError(
            f"rate = {text!r}: must allow 1 to {AMOUNT_MAX:,} requests in at most a day"
        )
    return item


def role_rates(given: Iterable[str]) -> dict[str, str]:
    """Read ROLE=RATE settings over the usual rates; raises ValueError for a bad one.

    >>> role_rates(["till=50/second"])["till"]
    '50/second'
    """
    found = dict(ROLE_RATES)
    for setting in given:
        role, _, rate = setting.partition("=")
        if role not in ROLE_RATES:
            raise ValueError(f"rate {setting!r}: must be ROLE=RATE, ROLE {', '.join(ROLE_RATES)}")
        parse_rate(rate)
        found[role] = rate
    return found


class Rates:
    """Counts requests in a moving window, in this process's memory.

    Several gateways count each for itself.
    """

    def __init__(self, rates: dict[str, str]) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._roles = {role: parse_rate(rate) for role, rate in rates.items()}
        self._credit: dict[str, int] = {}

    def of_key(self, role: str, rate: str) -> RateLimitItem:
        """Give the rate of a key: its own, else its role's."""
        return parse_rate(rate) if rate else self._roles[role]

    def take(self, item: RateLimitItem, key_id: str) -> None:
        """Count a request of a key; raises Problem 429 when there were too many.

        A hundredth of a generous rate is taken at once, so that most requests only count down.
        """
        left = self._credit.get(key_id, 0)
        if left:
            self._credit[key_id] = left - 1
            return
        share = item.amount // SHARES or 1
        if not self._limiter.hit(item, key_id, cost=share):
            raise self._too_many(item, (key_id,), f"key {key_id}")
        if share > 1:
            self._credit[key_id] = share - 1

    def take_member(self, key_id: str, member: str) -> None:
        """Count a request for one member of an app; raises Problem 429."""
        item = self._roles["member"]
        if not self._limiter.hit(item, "member", key_id, member):
            raise self._too_many(item, ("member", key_id, member), "this member")

    def check_address(self, address: str) -> None:
        """Refuse an address whose sign-ins were refused too often; raises Problem 429."""
        item, network = self._roles["refused"], _network(address)
        if not self._limiter.test(item, "refused", network):
            raise self._too_many(
                item, ("refused", network), "unknown keys from this address", known=False
            )

    def count_refused(self, address: str) -> None:
        """Count a refused sign-in of an address."""
        self._limiter.hit(self._roles["refused"], "refused", _network(address))

    def _too_many(
        self, item: RateLimitItem, counted: tuple[str, ...], whose: str, *, known: bool = True
    ) -> Problem:
        stats = self._limiter.get_window_stats(item, *counted)
        wait_s = max(1, math.ceil(stats.reset_time - time.time()))
        window_s = item.get_expiry()
        return Problem(
            429,
            f"More than {item.amount:,} requests in {window_s} s for {whose}; come again in "
            f"{wait_s} s.",
            "rate-limited" if known else "too-many-refused",
            retry_after_s=wait_s,
            headers={
                "RateLimit-Policy": f"{item.amount};w={window_s}",
                "RateLimit-Limit": str(item.amount),
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": str(wait_s),
            },
        )


def _network(address: str) -> str:
    """Name what counts as one sender.

    >>> _network("192.0.2.7"), _network("2001:db8::1"), _network("")
    ('192.0.2.7', '2001:db8::', '')
    """
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address}/{_IPV6_BITS}", strict=False).network_address)
    except ValueError:
        return address
