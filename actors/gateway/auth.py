"""Keys and roles: who calls, and what that role may do.

An `app` key shows one member's own data when the request also carries a member token
(actors.gateway.member_tokens). The secret that signs them is given with the key to the back end; a
phone gets the key and a token, never the secret.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from limits import RateLimitItem

from actors.gateway.member_tokens import (
    COMPANY_HEADER,
    MEMBER_HEADER,
    read_company_token,
    read_token,
    sign_company_token,
    sign_token,
)
from actors.gateway.problems import Problem
from actors.gateway.rates import Rates, parse_rate
from actors.store.api_keys import ApiKey, ApiKeys, NotRotated, Role, digest_of
from actors.store.errors import StoreError, StoreUnavailable
from actors.store.folder import write_durably

REFRESH_S: Final = 1.0
"""How often the keys are read again: one revoked at another gateway works at most so long."""
USED_S: Final = 10.0
"""How often it is written down when keys were last used."""
KNOWN_MAX: Final = 20_000
KEY_CHARACTERS_MAX: Final = 512
_US_PER_S: Final = 1_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the key's id and role, and the member or company an app speaks for."""

    key_id: str
    role: str
    member: str | None = None
    company: str | None = None

    def sees(self, member: str) -> bool:
        """Tell whether this caller may see the member's id."""
        return self.role in ("analyst", "admin") or member == self.member


def eyes(masked: bool) -> Caller:
    """Give a caller who sees ids masked, or all of them."""
    return Caller("", "app") if masked else Caller("", "analyst")


@dataclass(frozen=True, slots=True)
class Known:
    """A key that was shown: its caller, how often it may come, and when it ends."""

    caller: Caller
    rate: RateLimitItem
    until_s: float


class KeyRing:
    """Knows all keys, so that a request asks the store only about an unknown one.

    While the store is away, a key that was good before stays good; an unknown one waits.
    """

    def __init__(self, keys: ApiKeys, folder: Path, rates: Rates) -> None:
        self.rates = rates
        self._keys = keys
        self._table: dict[str, ApiKey] = {}
        self._known: dict[str, Known] = {}
        self._by_header: dict[bytes, Known] = {}
        self._unknown: dict[str, float] = {}
        self._used: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._master = _master_secret(folder / "member-token.secret")

    async def run(self) -> None:
        """Read the keys again every second and write down which were used, until cancelled."""
        written_s = time.monotonic()
        while True:
            try:
                await self.refresh()
                if time.monotonic() - written_s >= USED_S:
                    written_s = time.monotonic()
                    await asyncio.to_thread(self.write_used)
            except StoreError as error:
                log.info("the keys are not read again: %s", error)
            await asyncio.sleep(REFRESH_S)

    async def refresh(self) -> None:
        """Read the keys; those that changed are looked at anew."""
        found = await asyncio.to_thread(self._keys.by_digest)
        if found != self._table:
            self._table = found
            self._known.clear()
            self._by_header.clear()
            self._unknown.clear()

    def write_used(self) -> None:
        """Write down when keys were last used, where that changed."""
        changed = {
            key_id: at_us
            for key_id, at_us in list(self._used.items())
            if self._written.get(key_id) != at_us
        }
        if changed:
            self._keys.mark_used(changed)
            self._written |= changed

    def listed(self) -> list[ApiKey]:
        """List the keys, oldest first."""
        self.write_used()
        return self._keys.listed()

    def make(
        self, role: str, label: str, rate: str = "", valid_s: int | None = None
    ) -> tuple[str, ApiKey]:
        """Make a key; its secret is returned this once. Raises Problem 422."""
        if role not in list(Role):
            raise Problem(422, f"role = {role!r}: must be one of {', '.join(Role)}.")
        now_us = time.time_ns() // 1000
        try:
            if rate:
                parse_rate(rate)
            until_us = None if valid_s is None else now_us + valid_s * _US_PER_S
            made = self._keys.create(Role(role), now_us, label, rate, until_us)
        except ValueError as error:
            raise Problem(422, f"{error}.") from None
        self._forget()
        return made

    def rotate(self, key_id: str, overlap_s: int) -> tuple[str, ApiKey] | None:
        """Make a key in place of another; None for an unknown one. Raises Problem 409."""
        now_us = time.time_ns() // 1000
        try:
            made = self._keys.rotate(key_id, now_us, overlap_s * _US_PER_S)
        except NotRotated as error:
            raise Problem(409, f"{error}.", "not-rotated") from None
        self._forget()
        return made

    def revoke(self, key_id: str) -> bool:
        """Forget a key; tell whether it was known."""
        gone = self._keys.revoke(key_id)
        self._used.pop(key_id, None)
        self._forget()
        return gone

    def _forget(self) -> None:
        """Read all keys again; without the store, ask it about each one that comes."""
        try:
            self._table = self._keys.by_digest()
        except StoreUnavailable:
            self._table = {}
        self._known.clear()
        self._by_header.clear()
        self._unknown.clear()

    def member_secret(self, key_id: str) -> str:
        """Derive the secret with which a back end signs member tokens for an app key."""
        digest = hmac.digest(self._master, f"member secret {key_id}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    @property
    def card_secret(self) -> bytes:
        """Derive the secret that members' electronic cards are signed with."""
        return hmac.digest(self._master, b"member cards", "sha256")

    @property
    def vault_secret(self) -> bytes:
        """Derive the secret that personal values are looked up with."""
        return hmac.digest(self._master, b"personal values", "sha256")

    def authorise(self, headers: Mapping[str, str], allowed: tuple[str, ...]) -> Caller:
        """Find the caller of a request; raises Problem 401, 403 or 503."""
        secret = secret_of(headers.get("authorization", ""))
        if not secret:
            raise Problem(401, "No key was given; send the header Authorization: Bearer KEY.")
        known = self.known(secret)
        if known is None:
            raise Problem(
                401, "The key is not known or has ended; an admin makes one with POST /v1/keys."
            )
        caller = known.caller
        if caller.role not in allowed:
            raise Problem(
                403, f"The role {caller.role} may not do this; it takes {' or '.join(allowed)}."
            )
        return caller if caller.role != Role.APP else self.spoken_for(caller, headers)

    def spoken_for(self, caller: Caller, headers: Mapping[str, str]) -> Caller:
        """Add the member or company of an app's tokens; raises Problem 401."""
        member, company = None, None
        if token := headers.get(MEMBER_HEADER.lower()):
            member = read_token(token, self.member_secret(caller.key_id), time.time())
        if token := headers.get(COMPANY_HEADER.lower()):
            company = read_company_token(token, self.member_secret(caller.key_id), time.time())
        return Caller(caller.key_id, caller.role, member, company)

    def is_known(self, secret: str) -> bool:
        """Tell whether a key was good lately, without asking the store."""
        return secret in self._known or digest_of(secret) in self._table

    def shown(self, authorization: bytes) -> Known | None:
        """Find the key of a header that was good lately; None says nothing about it."""
        found = self._by_header.get(authorization)
        if found is None or found.until_s <= (now_s := time.time()):
            return None
        self._used[found.caller.key_id] = int(now_s) * _US_PER_S
        return found

    def remember(self, authorization: bytes, known: Known) -> None:
        """Believe a header until the keys change."""
        if len(self._by_header) >= KNOWN_MAX:
            self._by_header.clear()
        self._by_header[authorization] = known

    def known(self, secret: str) -> Known | None:
        """Find a key, None for an unknown or ended one; raises Problem 503 when nobody can tell."""
        now_s = time.time()
        found = self._known.get(secret)
        if found is None:
            if self._unknown.get(secret, 0.0) > now_s or len(secret) > KEY_CHARACTERS_MAX:
                return None
            found = self._look_up(secret, now_s)
            if found is None:
                return None
        if found.until_s <= now_s:
            return None
        self._used[found.caller.key_id] = int(now_s) * _US_PER_S
        return found

    def _look_up(self, secret: str, now_s: float) -> Known | None:
        key = self._table.get(digest_of(secret))
        try:
            key = key or self._keys.find(secret)
        except StoreUnavailable as error:
            raise Problem(503, f"Keys can't be checked now: {error}.", retry_after_s=1) from None
        for kept in (self._known, self._unknown):
            if len(kept) >= KNOWN_MAX:
                kept.clear()
        if key is None:
            self._unknown[secret] = now_s + REFRESH_S
            return None
        until_s = float("inf") if key.until_us is None else key.until_us / _US_PER_S
        rate = self.rates.of_key(key.role, key.rate)
        found = self._known[secret] = Known(Caller(key.key_id, key.role), rate, until_s)
        return found


def secret_of(authorization: str) -> str:
    """Read the key of an Authorization header; "" when it carries none.

    >>> secret_of("Bearer abc"), secret_of("bearer  abc "), secret_of("Basic abc")
    ('abc', 'abc', '')
    """
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def key_id_of(headers: Mapping[str, str]) -> str:
    """Give the id that the key of a request has, or would have; "" without a key."""
    secret = headers.get("authorization", "").partition(" ")[2].strip()
    return digest_of(secret)[:12] if secret else ""


def _master_secret(path: Path) -> bytes:
    """Read this installation's own secret, making it at first use."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = secrets.token_bytes(32)
        write_durably(path, made)
        path.chmod(0o600)
        return made


__all__ = [
    "COMPANY_HEADER",
    "MEMBER_HEADER",
    "Caller",
    "KeyRing",
    "Known",
    "key_id_of",
    "secret_of",
    "sign_company_token",
    "sign_token",
]
