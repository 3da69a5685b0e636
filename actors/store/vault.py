"""Vault: personal values by token. Logs, archive and snapshots hold the tokens alone.

A value's token is random; that equal values have equal tokens is known to the vault only, by a
keyed digest of the normalised value. Values that are shown again are kept encrypted, each under
a key of its own that lies with the member's keys. Without both, and without the digest, nothing
leads from a token to a value: that is what `forget` takes away.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actors.store import keys
from actors.store.errors import ServerUnsuitable, StoreUnavailable, translated
from actors.store.script import script

VALUES_A_CALL: Final = 2_000
"""More would keep the server, and with it the log, waiting for longer than some 50 ms."""
_PARTS: Final = ("digests", "tokens", "holders", "values", "keys", "state")
_KEY_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_PAUSE_S: Final = 0.05


class Value(NamedTuple):
    """A personal value of a member: the attribute, its normal form, and how it was given.

    `given` None keeps no value, only the token.
    """

    member: str
    attribute: str
    normal: str
    given: str | None


class Sealed(NamedTuple):
    """The token of a value, and whether the member holds it only since this call."""

    token: str
    new: bool


class Vault:
    """The personal values of one installation. Every method may raise StoreUnavailable.

    Args:
        client: the store; it may be used by several threads.
        scope: whose keys these are.
        secret: what digests are made with; another secret finds nothing.
    """

    def __init__(self, client: redis.Redis, scope: str, secret: bytes) -> None:
        self._client = client
        self._secret = secret
        self._keys = {part: keys.vault(scope, part) for part in _PARTS}
        self._seal = script(client, "seal")
        self._forget = script(client, "forget")

    def seal(self, values: Sequence[Value]) -> list[Sealed]:
        """Give every value its token, new ones where none had one; one call per 2,000 values.

        Calling again with the same values gives the same tokens, so an unknown outcome is
        settled by calling again.
        """
        sealed: list[Sealed] = []
        for first in range(0, len(values), VALUES_A_CALL):
            arguments: list[str] = []
            for value in values[first : first + VALUES_A_CALL]:
                content, key = _encrypted(value)
                digest = self._digest(value.attribute, value.normal)
                arguments += (digest, new_token(), value.member, content, key)
            with translated("seal personal values"):
                packed = msgspec.msgpack.encode(arguments)
                answer = self._seal([self._keys[part] for part in _PARTS[:5]], [packed])
            told = msgspec.msgpack.decode(answer)
            sealed += map(Sealed, told[::2], told[1::2])
        return sealed

    def release(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Let go of (member, token) pairs whose events were refused."""
        arguments = [part for pair in pairs for part in pair]
        return self._forgotten(arguments) if arguments else 0

    def forget(self, members: Sequence[str]) -> int:
        """Destroy all that members hold: their keys, values, and tokens no one else holds.

        Returns how many values they were. The server's own file may hold the old bytes until
        `cleanse`.
        """
        return self._forgotten([part for member in members for part in (member, "")])

    def token_of(self, attribute: str, normal: str) -> str | None:
        """Find the token of a value; None when no member holds it."""
        with translated("look a personal value up"):
            found: Any = self._client.hget(self._keys["digests"], self._digest(attribute, normal))
        return found.decode() if found is not None else None

    def holders(self, token: str, most: int = 1_000) -> list[str]:
        """List the members who hold a token, or held it until they gave another value."""
        with translated("look up who holds a personal value"):
            found: Any = self._client.zrangebylex(
                self._keys["holders"], f"[{token}\n", f"({token}\v", 0, most
            )
        return [entry.decode().partition("\n")[2] for entry in found]

    def opened(self, member: str) -> dict[str, tuple[str, str] | None]:
        """Give what a member holds: by token the attribute and the value, None where none is kept.

        It includes values that an update has replaced since.
        """
        with translated("open a member's personal values"), self._client.pipeline() as pipe:
            pipe.hget(self._keys["values"], member)
            pipe.hget(self._keys["keys"], member)
            values, held_keys = pipe.execute()
        own = json.loads(held_keys or b"{}")
        return {
            token: _decrypted(member, content, own.get(token))
            for token, content in json.loads(values or b"{}").items()
        }

    def unclean(self) -> bool:
        """Tell whether members were forgotten whom the server's file may still hold."""
        with translated("ask about erasures"):
            told: Any = self._client.hmget(self._keys["state"], ["forgotten", "cleansed"])
        return int(told[0] or 0) > int(told[1] or 0)

    def cleanse(self, within_s: float = 60.0) -> bool:
        """Have the server rewrite its file, so that what was forgotten is in no file of it.

        False when the server doesn't allow that or isn't done in time; `unclean` stays true then.
        """
        with translated("ask about erasures"):
            begun: Any = self._client.hget(self._keys["state"], "forgotten")
        if not self._rewritten(time.monotonic() + within_s):
            return False
        with translated("note an erasure"):
            self._client.hset(self._keys["state"], "cleansed", int(begun or 0))
        return True

    def _rewritten(self, ends_s: float) -> bool:
        """Wait for a rewrite that began after this call."""
        asked: Any = self._client
        with translated("rewrite the server's file"):
            try:
                # One that is under way may have begun before; it has to end first.
                while not self._idle() and time.monotonic() < ends_s:
                    time.sleep(_PAUSE_S)
                asked.bgrewriteaof()
                while time.monotonic() < ends_s:
                    time.sleep(_PAUSE_S)
                    if self._idle():
                        return bool(self._file_is_whole())
            except (redis.ResponseError, ServerUnsuitable):
                return False
        return False

    def _idle(self) -> bool:
        told: Any = self._client.info("persistence")
        return not (told["aof_rewrite_in_progress"] or told.get("aof_rewrite_scheduled", 0))

    def _file_is_whole(self) -> bool:
        told: Any = self._client.info("persistence")
        return bool(told.get("aof_last_bgrewrite_status", "ok") == "ok")

    def _forgotten(self, arguments: list[str]) -> int:
        forgotten = 0
        every = [self._keys[part] for part in _PARTS]
        for first in range(0, len(arguments), 2 * VALUES_A_CALL):
            part = arguments[first : first + 2 * VALUES_A_CALL]
            with translated("forget personal values"):
                forgotten += int(self._forget(every, part))
        return forgotten

    def _digest(self, attribute: str, normal: str) -> str:
        digest = hmac.digest(self._secret, f"{attribute}\n{normal}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def new_token() -> str:
    """Make a token: 128 random bits."""
    return f"t_{secrets.token_urlsafe(16)}"


def _encrypted(value: Value) -> tuple[str, str]:
    """Encrypt a value under a key of its own; "" and "" where none is kept."""
    if value.given is None:
        return "", ""
    key, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    plain = json.dumps([value.attribute, value.given]).encode()
    content = nonce + AESGCM(key).encrypt(nonce, plain, value.member.encode())
    return base64.urlsafe_b64encode(content).decode(), base64.urlsafe_b64encode(key).decode()


def _decrypted(member: str, content: str, key: str | None) -> tuple[str, str] | None:
    if not content or key is None:
        return None
    raw = base64.urlsafe_b64decode(content)
    try:
        plain = AESGCM(base64.urlsafe_b64decode(key)).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], member.encode()
        )
    except InvalidTag:
        raise StoreUnavailable(
            f"a value of member {member!r} does not open under its key: restore the store from a "
            "backup"
        ) from None
    attribute, given = json.loads(plain)
    return attribute, given
