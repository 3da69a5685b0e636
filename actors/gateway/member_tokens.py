"""Member tokens: the back end of an app signs for whom it speaks, until when.

`X-Member-Token: MEMBER.EXPIRES.SIGNATURE`, MEMBER in base64url, EXPIRES in seconds since 1970,
SIGNATURE the base64url HMAC-SHA256 of `MEMBER.EXPIRES` under the app key's member secret. A token
is good for one key of one installation, since that secret is derived from both, and for one
member. A company's own app sends `X-Company-Token: company.COMPANY.EXPIRES.SIGNATURE` in the same
way, signed over `company.COMPANY.EXPIRES`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from actors.gateway.problems import Problem
from actors.phases import instant

MEMBER_HEADER: Final = "X-Member-Token"
COMPANY_HEADER: Final = "X-Company-Token"
CLOCKS_APART_S: Final = 30
"""How far the signer's clock may be behind ours: a token is good so long after it expired."""
TOKEN_CHARACTERS_MAX: Final = 512
_US_PER_S: Final = 1_000_000
_EXPIRES_S_MAX: Final = 253_402_300_799  # the end of the year 9999


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
    shape = f"{prefix}NAME.EXPIRES.SIGNATURE"
    broken = Problem(401, f"The {header} is not of the form {shape}.", "bad-token")
    if len(token) > TOKEN_CHARACTERS_MAX or not token.startswith(prefix):
        raise broken
    try:
        encoded, expires, signature = token.removeprefix(prefix).split(".")
        name = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        expires_s = int(expires)
    except (ValueError, binascii.Error):
        raise broken from None
    if not name or not signature or not 0 <= expires_s <= _EXPIRES_S_MAX:
        raise broken
    if not hmac.compare_digest(_signed(prefix, name, secret, expires_s).encode(), token.encode()):
        raise Problem(
            401,
            f"The {header} was not signed with the member secret of this key; a secret belongs to "
            "one key and changes when the key is rotated.",
            "bad-token",
        )
    if expires_s + CLOCKS_APART_S < now_s:
        raise Problem(
            401,
            f"The {header} expired at {instant(expires_s * _US_PER_S)}; sign a new one.",
            "token-expired",
        )
    return name
