"""Access keys of the HTTP interface, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis
from redis.client import Pipeline

from actors.store import keys
from actors.store.errors import translated

GIVEN_KEY_CHARACTERS_MIN = 16
KEYS_MAX = 10_000
_GIVEN_LABEL = "FORECOURT_ADMIN_KEY"


class NotRotated(Exception):  # noqa: N818  says what is wrong, as every error here
    """This key can't be replaced by a new one."""


class Role(StrEnum):
    """What the holder of a key may do."""

    TILL = "till"
    APP = "app"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never the key itself.

    `key_id` is the start of its hash; instants in µs since 1970 UTC. `until_us` is when it ends,
    None for never; `successor` the key that was made in its place; `used_us` when it was last
    used, 0 for never; `rate` how often it may be used, such as 100/second, "" for its role's.
    """

    key_id: str
    role: Role
    label: str
    created_us: int
    rate: str = ""
    until_us: int | None = None
    successor: str = ""
    used_us: int = 0

    def ended(self, now_us: int) -> bool:
        """Tell whether the key is refused from now on."""
        return self.until_us is not None and self.until_us <= now_us


class ApiKeys:
    """The access keys of an installation; they are shared by all its seasons.

    A key is 256 random bits, shown once when it is made; the server holds its SHA-256, from
    which the key cannot be found.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._key = keys.api_keys()
        self._used = keys.api_keys_used()

    def create(
        self,
        role: Role,
        created_us: int,
        label: str = "",
        rate: str = "",
        until_us: int | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key and return it with its listing; it cannot be shown again.

        Args:
            role: what it allows.
            created_us: the instant, in µs since 1970 UTC.
            label: a word for people, such as the till network's name.
            rate: how often it may be used, "" for as often as its role.
            until_us: when it ends by itself, None for never.

        Raises:
            ValueError: there are too many keys.
            StoreUnavailable: no key was made that anyone knows.
        """
        with translated("count the access keys"):
            count: Any = self._client.hlen(self._key)
        if count >= KEYS_MAX:
            raise ValueError(f"there are {count:,} keys (at most {KEYS_MAX:,}): revoke some first")
        token = f"fc_{role}_{secrets.token_urlsafe(32)}"
        return token, self._put(token, role, created_us, label, rate, until_us)

    def find(self, token: str) -> ApiKey | None:
        """Give a key's listing, None for an unknown or revoked one; it may have ended.

        The comparison takes the same time however much of the hash is right.

        Raises:
            StoreUnavailable: nobody can be let in now.
        """
        digest = digest_of(token)
        with translated("check an access key"):
            stored: Any = self._client.hget(self._key, _key_id(digest))
        if stored is None or not hmac.compare_digest(json.loads(stored)["sha256"], digest):
            return None
        return _listing(_key_id(digest), json.loads(stored))

    def verify(self, token: str, now_us: int = 0) -> Role | None:
        """Give a key's role, None for an unknown, revoked or ended one.

        Raises:
            StoreUnavailable: nobody can be let in now.
        """
        found = self.find(token)
        return None if found is None or found.ended(now_us) else found.role

    def by_digest(self) -> dict[str, ApiKey]:
        """Give all keys by their whole hash, for whoever checks many."""
        with translated("list the access keys"):
            stored: Any = self._client.hgetall(self._key)
        lines = {key_id.decode(): json.loads(text) for key_id, text in stored.items()}
        return {line["sha256"]: _listing(key_id, line) for key_id, line in lines.items()}

    def listed(self) -> list[ApiKey]:
        """List the keys, oldest first, with when each was last used."""
        with translated("list the access keys"):
            stored: Any = self._client.hgetall(self._key)
            told: Any = self._client.hgetall(self._used)
        used = {key_id.decode(): int(at_us) for key_id, at_us in told.items()}
        found = []
        for key_id, text in stored.items():
            name = key_id.decode()
            found.append(_listing(name, json.loads(text), used.get(name, 0)))
        return sorted(found, key=lambda key: (key.created_us, key.key_id))

    def mark_used(self, used: Mapping[str, int]) -> None:
        """Write down when keys were last used, in µs since 1970 UTC by key id."""
        with translated("write down which keys were used"):
            self._client.hset(self._used, mapping={key: str(at_us) for key, at_us in used.items()})

    def rotate(self, key_id: str, now_us: int, overlap_us: int) -> tuple[str, ApiKey] | None:
        """Make a key in place of another, which ends after the overlap.

        Both are written in one step: there is no instant at which neither works.

        Returns:
            The new key, to be shown once, and its listing; None for an unknown key.

        Raises:
            NotRotated: for the key of the operator, and one that has ended or was rotated.
            StoreUnavailable: whether anything changed is unknown.
        """
        change: Any = lambda pipe: self._replace(pipe, key_id, now_us, overlap_us)  # noqa: E731  typed as the client wants it
        with translated("rotate an access key"):
            made: Any = self._client.transaction(change, self._key, value_from_callable=True)
        return None if made is None else (made[0], made[1])

    def _replace(
        self, pipe: Pipeline, key_id: str, now_us: int, overlap_us: int
    ) -> tuple[str, ApiKey] | None:
        """Queue both lines of a rotation; one revoked meanwhile is not brought back."""
        stored: Any = pipe.hget(self._key, key_id)
        pipe.multi()
        if stored is None:
            return None
        old: dict[str, Any] = json.loads(stored)
        if old["label"] == _GIVEN_LABEL:
            raise NotRotated(
                f"key {key_id} is the one given as FORECOURT_ADMIN_KEY: start with another one"
            )
        if old.get("successor"):
            raise NotRotated(f"key {key_id} was rotated already: {old['successor']} replaced it")
        if _listing(key_id, old).ended(now_us):
            raise NotRotated(f"key {key_id} has ended: make a new one")
        token = f"fc_{old['role']}_{secrets.token_urlsafe(32)}"
        digest = digest_of(token)
        kept = {name: old[name] for name in ("role", "label", "rate") if name in old}
        made = kept | {"sha256": digest, "created_us": now_us}
        ends_us = min(now_us + overlap_us, old.get("until_us") or now_us + overlap_us)
        old |= {"until_us": ends_us, "successor": _key_id(digest)}
        lines: dict[Any, Any] = {
            key_id: json.dumps(old, ensure_ascii=False),
            _key_id(digest): json.dumps(made, ensure_ascii=False),
        }
        pipe.hset(self._key, mapping=lines)
        return token, _listing(_key_id(digest), made)

    def revoke(self, key_id: str) -> bool:
        """Revoke a key; tell whether there was one of this id."""
        with translated("revoke an access key"):
            gone: Any = self._client.hdel(self._key, key_id)
            self._client.hdel(self._used, key_id)
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
            ValueError: when the given key is too short to be safe, or no header can carry it.
        """
        if given:
            if not given.isascii() or not given.isprintable() or " " in given:
                raise ValueError(
                    "FORECOURT_ADMIN_KEY has characters that no header can carry: give printable "
                    "ASCII without spaces, such as the output of `openssl rand -hex 32`"
                )
            if len(given) < GIVEN_KEY_CHARACTERS_MIN:
                raise ValueError(
                    f"FORECOURT_ADMIN_KEY has {len(given)} characters: give at least "
                    f"{GIVEN_KEY_CHARACTERS_MIN}, such as the output of `openssl rand -hex 32`"
                )
            self._replace_given(given, created_us)
            return None
        if any(key.role is Role.ADMIN and key.until_us is None for key in self.listed()):
            return None
        token, _ = self.create(Role.ADMIN, created_us, "first start")
        return token

    def _replace_given(self, given: str, created_us: int) -> None:
        """Let the given key be the only one of those given over time."""
        key_id = _key_id(digest_of(given))
        earlier = [key.key_id for key in self.listed() if key.label == _GIVEN_LABEL]
        if key_id not in earlier:
            self._put(given, Role.ADMIN, created_us, _GIVEN_LABEL)
        for old in earlier:
            if old != key_id:
                self.revoke(old)

    def _put(
        self,
        token: str,
        role: Role,
        created_us: int,
        label: str,
        rate: str = "",
        until_us: int | None = None,
    ) -> ApiKey:
        digest = digest_of(token)
        line = {"sha256": digest, "role": role, "label": label, "created_us": created_us}
        if rate:
            line["rate"] = rate
        if until_us is not None:
            line["until_us"] = until_us
        with translated("store an access key"):
            self._client.hset(self._key, _key_id(digest), json.dumps(line, ensure_ascii=False))
        return _listing(_key_id(digest), line)


def digest_of(token: str) -> str:
    """Give the hash under which a key is known, in hex."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _key_id(digest: str) -> str:
    return digest[:12]


def _listing(key_id: str, line: Mapping[str, Any], used_us: int = 0) -> ApiKey:
    return ApiKey(
        key_id,
        Role(line["role"]),
        line["label"],
        line["created_us"],
        line.get("rate", ""),
        line.get("until_us"),
        line.get("successor", ""),
        used_us,
    )
