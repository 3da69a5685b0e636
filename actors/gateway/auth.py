"""Keys and roles: who calls, and what that role may do.

An `app` key shows one member's own data when the request also carries a member token:
`X-Member-Token: MEMBER.EXPIRES.SIGNATURE`, MEMBER in base64url, EXPIRES in seconds since 1970,
SIGNATURE the base64url HMAC-SHA256 of `MEMBER.EXPIRES` under the key's member secret. The secret
is given with the key to the back end that signs; a phone gets the key and a token, never the
secret. A company's own app sends `X-Company-Token: company.COMPANY.EXPIRES.SIGNATURE` in the same
way, signed over `company.COMPANY.EXPIRES`, and sees what a company may see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.gateway.problems import Problem
from actors.store.api_keys import ApiKey, ApiKeys, Role
from actors.store.errors import StoreUnavailable
from actors.store.folder import write_durably

MEMBER_HEADER: Final = "X-Member-Token"
COMPANY_HEADER: Final = "X-Company-Token"
BELIEVED_S: Final = 2.0
BELIEVED_MAX: Final = 10_000


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


class KeyRing:
    """Knows the keys that were used lately, so that a request asks the store rarely.

    While the store is away, a key that was good before stays good; an unknown one waits.
    """

    def __init__(self, keys: ApiKeys, folder: Path) -> None:
        self._keys = keys
        self._believed: dict[str, tuple[float, Role | None]] = {}
        self._master = _master_secret(folder / "member-token.secret")

    def listed(self) -> list[ApiKey]:
        """List the keys, oldest first."""
        return self._keys.listed()

    def make(self, role: str, label: str) -> tuple[str, ApiKey]:
        """Make a key; its secret is returned this once. Raises Problem 422."""
        if role not in list(Role):
            raise Problem(422, f"role = {role!r}: must be one of {', '.join(Role)}.")
        return self._keys.create(Role(role), time.time_ns() // 1000, label)

    def revoke(self, key_id: str) -> bool:
        """Forget a key; tell whether it was known."""
        self._believed.clear()
        return self._keys.revoke(key_id)

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
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Problem(401, "No key was given; send the header Authorization: Bearer KEY.")
        role = self._role(secret.strip())
        if role is None:
            raise Problem(401, "The key is not known; an admin makes one with POST /v1/keys.")
        if role not in allowed:
            raise Problem(403, f"The role {role} may not do this; it takes {' or '.join(allowed)}.")
        key_id = _key_id(secret.strip())
        if role is not Role.APP:
            return Caller(key_id, role)
        member, company = None, None
        if token := headers.get(MEMBER_HEADER.lower()):
            member = read_token(token, self.member_secret(key_id), time.time())
        if token := headers.get(COMPANY_HEADER.lower()):
            company = read_company_token(token, self.member_secret(key_id), time.time())
        return Caller(key_id, role, member, company)

    def _role(self, secret: str) -> Role | None:
        now_s = time.monotonic()
        known = self._believed.get(secret)
        if known is not None and now_s < known[0]:
            return known[1]
        try:
            role = self._keys.verify(secret)
        except StoreUnavailable as error:
            if known is None:
                raise Problem(
                    503, f"Keys can't be checked now: {error}.", retry_after_s=1
                ) from None
            role = known[1]
        if len(self._believed) >= BELIEVED_MAX:
            self._believed.clear()
        self._believed[secret] = (now_s + BELIEVED_S, role)
        return role


def key_id_of(headers: Mapping[str, str]) -> str:
    """Give the id that the key of a request has, or would have; "" without a key."""
    secret = headers.get("authorization", "").partition(" ")[2].strip()
    return _key_id(secret) if secret else ""


def _key_id(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()[:12]


def _master_secret(path: Path) -> bytes:
    """Read this installation's own secret, making it at first use."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = secrets.token_bytes(32)
        write_durably(path, made)
        path.chmod(0o600)
        return made


def sign_token(member: str, member_secret: str, expires_s: int) -> str:
    """Sign a member token, as the back end of an app does.

    >>> token = sign_token("m-1", "secret", 2_000_000_000)
    >>> read_token(token, "secret", 1_900_000_000.0)
    'm-1'
    """
    return _signed("", member, member_secret, expires_s)


def sign_company_token(company: str, member_secret: str, expires_s: int) -> str:
    """Sign a company token with the secret of an app key; it is no member token.

    >>> token = sign_company_token("c-1", "secret", 2_000_000_000)
    >>> read_company_token(token, "secret", 1_900_000_000.0)
    'c-1'
    """
    return _signed("company.", company, member_secret, expires_s)


def read_token(token: str, member_secret: str, now_s: float) -> str:
    """Read the member of a token; raises Problem 401 when it is forged, broken or expired."""
    return _read("", MEMBER_HEADER, token, member_secret, now_s)


def read_company_token(token: str, member_secret: str, now_s: float) -> str:
    """Read the company of a token; raises Problem 401 when it is forged, broken or expired."""
    return _read("company.", COMPANY_HEADER, token, member_secret, now_s)


def _signed(prefix: str, name: str, secret: str, expires_s: int) -> str:
    encoded = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
    message = f"{prefix}{encoded}.{expires_s}"
    digest = hmac.digest(secret.encode(), message.encode(), "sha256")
    return f"{message}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _read(prefix: str, header: str, token: str, secret: str, now_s: float) -> str:
    broken = Problem(401, f"The {header} is not valid; sign a new one with the secret.")
    try:
        encoded, expires, _ = token.removeprefix(prefix).split(".")
        name = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        expires_s = int(expires)
    except (ValueError, binascii.Error):
        raise broken from None
    if not hmac.compare_digest(_signed(prefix, name, secret, expires_s), token):
        raise broken
    if expires_s < now_s:
        raise Problem(401, f"The {header} has expired; sign a new one.")
    return name
