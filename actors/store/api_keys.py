"""Access keys of the HTTP interface, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis

from actors.store import keys
from actors.store.errors import translated

CACHE_S = 2.0
"""For how long an answer about a key is believed: a revoked key works at most so long."""
CACHED_MAX = 10_000
GIVEN_KEY_CHARACTERS_MIN = 16
_GIVEN_LABEL = "FORECOURT_ADMIN_KEY"


class Role(StrEnum):
    """What the holder of a key may do."""

    TILL = "till"
    APP = "app"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never the key itself.

    `key_id` is the start of its hash; `created_us` in µs since 1970 UTC.
    """

    key_id: str
    role: Role
    label: str
    created_us: int


class ApiKeys:
    """The access keys of an installation; they are shared by all its seasons.

    A key is 256 random bits, shown once when it is made; the server holds its SHA-256, from
    which the key cannot be found. Not safe for several threads at once.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._key = keys.api_keys()
        self._cache: dict[str, tuple[float, Role | None]] = {}

    def create(self, role: Role, created_us: int, label: str = "") -> tuple[str, ApiKey]:
        """Make a key and return it with its listing; it cannot be shown again.

        Args:
            role: what it allows.
            created_us: the instant, in µs since 1970 UTC.
            label: a word for people, such as the till network's name.

        Raises:
            StoreUnavailable: no key was made that anyone knows.
        """
        token = f"fc_{role}_{secrets.token_urlsafe(32)}"
        return token, self._put(token, role, created_us, label)

    def verify(self, token: str) -> Role | None:
        """Give a key's role, None for an unknown or revoked one.

        The comparison takes the same time however much of the hash is right. An answer is
        kept for 2 s, so a busy gateway rarely asks the server.

        Raises:
            StoreUnavailable: nobody can be let in now.
        """
        digest = _digest(token)
        now_s = time.monotonic()
        known = self._cache.get(digest)
        if known is not None and now_s < known[0]:
            return known[1]
        with translated("check an access key"):
            stored: Any = self._client.hget(self._key, _key_id(digest))
        role = None
        if stored is not None:
            line = json.loads(stored)
            if hmac.compare_digest(line["sha256"], digest):
                role = Role(line["role"])
        if len(self._cache) >= CACHED_MAX:
            self._cache.clear()
        self._cache[digest] = (now_s + CACHE_S, role)
        return role

    def listed(self) -> list[ApiKey]:
        """List the keys, oldest first."""
        with translated("list the access keys"):
            stored: Any = self._client.hgetall(self._key)
        found = []
        for key_id, text in stored.items():
            line = json.loads(text)
            found.append(
                ApiKey(key_id.decode(), Role(line["role"]), line["label"], line["created_us"])
            )
        return sorted(found, key=lambda key: (key.created_us, key.key_id))

    def revoke(self, key_id: str) -> bool:
        """Revoke a key; tell whether there was one of this id.

        It stops working at once here, within 2 s in other processes.
        """
        with translated("revoke an access key"):
            gone: Any = self._client.hdel(self._key, key_id)
        self._cache.clear()
        return bool(gone)

    def ensure_admin(self, given: str | None, created_us: int) -> str | None:
        """See to it that there is an admin key.

        Args:
            given: the key that the operator chose (FORECOURT_ADMIN_KEY), if any; it is
                accepted from now on, and one given at an earlier start no longer is.
            created_us: the instant, in µs since 1970 UTC.

        Returns:
            A new key, to be shown once: only when none was given and there was none yet.

        Raises:
            ValueError: when the given key is too short to be safe.
        """
        if given:
            if len(given) < GIVEN_KEY_CHARACTERS_MIN:
                raise ValueError(
                    f"FORECOURT_ADMIN_KEY has {len(given)} characters: give at least "
                    f"{GIVEN_KEY_CHARACTERS_MIN}, such as the output of `openssl rand -hex 32`"
                )
            self._replace_given(given, created_us)
            return None
        if any(key.role is Role.ADMIN for key in self.listed()):
            return None
        token, _ = self.create(Role.ADMIN, created_us, "first start")
        return token

    def _replace_given(self, given: str, created_us: int) -> None:
        """Let the given key be the only one of those given over time."""
        key_id = _key_id(_digest(given))
        earlier = [key.key_id for key in self.listed() if key.label == _GIVEN_LABEL]
        if key_id not in earlier:
            self._put(given, Role.ADMIN, created_us, _GIVEN_LABEL)
        for old in earlier:
            if old != key_id:
                self.revoke(old)

    def _put(self, token: str, role: Role, created_us: int, label: str) -> ApiKey:
        digest = _digest(token)
        line = {"sha256": digest, "role": role, "label": label, "created_us": created_us}
        with translated("store an access key"):
            self._client.hset(self._key, _key_id(digest), json.dumps(line, ensure_ascii=False))
        self._cache.pop(digest, None)
        return ApiKey(_key_id(digest), role, label, created_us)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _key_id(digest: str) -> str:
    return digest[:12]
