"""Coupon codes: thirteen characters that a member can read out, made from why it was issued.

The same issue gives the same code in every replay and with any number of workers. A code is
64 bits of a stable hash in Crockford's base 32, whose letters can't be taken for digits.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.identity import hash_strings

UInt64s = npt.NDArray[np.uint64]

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARACTERS: Final = 13
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_LETTERS: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_SHIFTS: Final = np.arange(5 * (CODE_CHARACTERS - 1), -1, -5, dtype=np.uint64)
_FEW: Final = 16
_WHOLE_BYTES: Final = 10
"""Bytes that base 32 writes without padding, as sixteen letters."""
_TO_CROCKFORD: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
_CODE: Final = re.compile(f"[0-9A-F][{ALPHABET}]{{{CODE_CHARACTERS - 1}}}")
"""The first character holds the topmost four bits alone."""


def code_lanes(
    programme: str, members: Sequence[str], template: str, causes: Sequence[str]
) -> tuple[UInt64s, UInt64s]:
    """Hash the reasons of n coupons of a template into two lanes, uint64[n] each.

    Ids hold no control characters, so a newline between them keeps them apart.
    """
    if len(members) <= _FEW:
        texts = [
            f"{programme}\n{member}\n{template}\n{cause}"
            for member, cause in zip(members, causes, strict=True)
        ]
        return hash_strings(pa.array(texts, pa.string()))
    parts = (
        pa.scalar(programme),
        pa.array(members, pa.string()),
        pa.scalar(template),
        pa.array(causes, pa.string()),
    )
    return hash_strings(pc.binary_join_element_wise(*parts, "\n"))


def write_code(number: int) -> str:
    """Write one code.

    >>> write_code(2**64 - 1)
    'FZZZZZZZZZZZZ'
    """
    whole = base64.b32encode(number.to_bytes(_WHOLE_BYTES, "big"))
    return whole[-CODE_CHARACTERS:].translate(_TO_CROCKFORD).decode()


def write_codes(numbers: UInt64s) -> pa.StringArray:
    """Write n codes at once, uint64[n] → text[n]."""
    places = (numbers[:, None] >> _SHIFTS) & np.uint64(31)
    letters = _LETTERS[places.astype(np.int64)]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * CODE_CHARACTERS
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(ends.tobytes()), pa.py_buffer(letters.tobytes())
    )


def read_code(text: str) -> int | None:
    """Read a code, or None where the text is none.

    >>> read_code("FZZZZZZZZZZZZ") == 2**64 - 1, read_code("any-10")
    (True, None)
    """
    if _CODE.fullmatch(text) is None:
        return None
    number = 0
    for letter in text:
        number = number << 5 | _VALUES[letter]
    return number
