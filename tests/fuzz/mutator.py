"""Mutator: spoils bytes as transport, people and attackers do, the same way for the same seed."""

from __future__ import annotations

import random
from typing import Final

TOKENS: Final = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b'"', b"\\", b"\\ud800", b"\\u0000",
    b"{", b"}", b"[" * 600, b"]", b",", b":", b"null", b"true", b"NaN", b"Infinity", b"-0",
    b"1e400", b"-1", b"0.0000001", b"9" * 40, b"9223372036854775808",
    b'"\xf0\x9f\x9a\x97"', b"2026-02-30",
    b"2026-06-01T24:00:00Z", b"0001-01-01T00:00:00+23:59", b"purchase", b"refund", b"erase",
    b"' OR 1=1 --", b"../../etc/passwd", b"${jndi:x}", b"%00", b"=cmd|' /C calc'!A0",
    b"\xe2\x80\xae", b"x" * 5_000,
)  # fmt: skip
"""What breaks parsers, one way or another."""


def mutated(body: bytes, dice: random.Random) -> bytes:
    """Spoil a body in one to six places."""
    found = bytearray(body)
    for _ in range(dice.randint(1, 6)):
        _spoil(found, dice)
    return bytes(found)


def _spoil(found: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(found) + 1)
    some = dice.randrange(1, 40)
    match dice.randrange(7):
        case 0 if found:
            place = min(at, len(found) - 1)
            found[place] ^= 1 << dice.randrange(8)
        case 1:
            del found[at : at + some]
        case 2:
            found[at:at] = dice.choice(TOKENS)
        case 3:
            found[at : at + some] = dice.choice(TOKENS)
        case 4:
            start = dice.randrange(len(found) + 1)
            found[at:at] = found[start : start + dice.randrange(400)]
        case 5 if dice.random() < 0.2:
            del found[at:]
        case _:
            found[at : at + some] = dice.randbytes(some)
