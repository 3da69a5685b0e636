"""Card: a member's electronic card as SVG, with a QR code a till reads back to the member.

The code says `FC1.MEMBER.EXPIRES.SIGNATURE`: MEMBER in base64url, EXPIRES in seconds since 1970,
SIGNATURE the first 128 bits of an HMAC-SHA256, base64url. It lives minutes, so a photograph of
a card is soon worth nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from html import escape
from typing import Final

import segno

from actors.gateway.problems import Problem

VALID_S_MAX: Final = 86_400
_PREFIX: Final = "FC1"
_QUIET: Final = 2


def card_code(member: str, secret: bytes, expires_s: int) -> str:
    """Write what the QR code of a card says.

    >>> read_card(card_code("m-1", b"secret", 2_000_000_000), b"secret", 1_900_000_000)
    'm-1'
    """
    name = base64.urlsafe_b64encode(member.encode()).decode().rstrip("=")
    message = f"{_PREFIX}.{name}.{expires_s}"
    digest = hmac.digest(secret, f"card {message}".encode(), "sha256")[:16]
    return f"{message}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def read_card(code: str, secret: bytes, now_s: float) -> str:
    """Read the member off a card; raises Problem 422 when it is forged, broken or expired."""
    broken = Problem(422, "This is no card of this programme; ask the member to show it again.")
    try:
        _, name, expires, _ = code.strip().split(".")
        member = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        expires_s = int(expires)
    except (ValueError, binascii.Error):
        raise broken from None
    if not hmac.compare_digest(card_code(member, secret, expires_s), code.strip()):
        raise broken
    if expires_s < now_s:
        raise Problem(422, "The card has expired; ask the member to open it again.", "expired")
    return member


def card_svg(code: str, programme: str, name: str, tier: str, points: str) -> bytes:
    """Draw a card, 340 × 214 units, with its code: dark modules on white, error level M."""
    matrix = segno.make(code, error="m", micro=False).matrix
    modules = len(matrix) + 2 * _QUIET
    unit = 150 / modules
    runs = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 340 214" role="img" '
        f'aria-label="{escape(programme)}" font-family="system-ui, sans-serif">'
        '<rect width="340" height="214" rx="14" fill="#0b4f4a"/>'
        f'<text x="20" y="42" fill="#fff" font-size="20" font-weight="600">{escape(programme)}'
        f'</text><text x="20" y="120" fill="#d7efe9" font-size="15">{escape(name)}</text>'
        f'<text x="20" y="148" fill="#fff" font-size="18" font-weight="600">{escape(tier)}</text>'
        f'<text x="20" y="184" fill="#d7efe9" font-size="15">{escape(points)}</text>'
        '<rect x="172" y="50" width="150" height="150" rx="6" fill="#fff"/>'
        f'<path transform="translate(172 50) scale({unit:.4f})" fill="#000" d="{runs}"/></svg>'
    ).encode()
