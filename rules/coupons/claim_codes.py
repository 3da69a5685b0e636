"""Claim codes: what partners and social media hand out, and a member claims a coupon with.

A code is made from its batch's secret and its serial number, so that only the used ones are
kept: 50 bits of a keyed check, then the 30 bits of the serial number under a mask that the
check decides, in Crockford's base 32. Nobody without the secret can make or count codes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.coupons.coupon_codes import ALPHABET
from rules.season.campaign_models import CodeBatch, OrderRefused

CHARACTERS: Final = 16
GROUP: Final = 4
SERIAL_BITS: Final = 30
CHECK_BITS: Final = 50
ELSEWHERE: Final = -1
"""Stands for the row of a member whom another table holds."""
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def code_of(batch: CodeBatch, serial: int) -> str:
    """Write the code of one serial number of a batch, 0 to count − 1, in groups of four."""
    check = _check(batch, serial)
    number = check << SERIAL_BITS | serial ^ _mask(batch, check)
    letters = "".join(ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(letters[at : at + GROUP] for at in range(0, CHARACTERS, GROUP))


def codes_of(batch: CodeBatch, first: int = 0, count: int | None = None) -> list[str]:
    """Write the codes of a batch from a serial number on; about 5 µs each."""
    last = batch.count if count is None else min(batch.count, first + count)
    return [code_of(batch, serial) for serial in range(first, last)]


def read_number(text: str) -> int | None:
    """Read what may be a claim code as its 80 bits, or None.

    Small letters, hyphens and spaces don't matter; O is read as 0, I and L as 1.

    >>> read_number("0000-0000-0000-001z"), read_number("0000"), read_number("fuel-100-10")
    (63, None, None)
    """
    letters = text.upper().translate(_MISREAD)
    if len(letters) != CHARACTERS or not all(letter in _VALUES for letter in letters):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | _VALUES[letter]
    return number


def _keyed(batch: CodeBatch, purpose: str, number: int) -> int:
    text = f"{purpose}\n{batch.id}\n{number}".encode()
    return int.from_bytes(blake2b(text, digest_size=8, key=bytes.fromhex(batch.key)).digest())


def _check(batch: CodeBatch, serial: int) -> int:
    return _keyed(batch, "check", serial) >> (64 - CHECK_BITS)


def _mask(batch: CodeBatch, check: int) -> int:
    return _keyed(batch, "mask", check) >> (64 - SERIAL_BITS)


@dataclass(frozen=True, slots=True)
class Grant:
    """A code that is good: the coupon it gives, and what mark() has to note."""

    batch: str
    coupon: str
    serial: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a code gives nothing: the word of the answer and the sentence."""

    reason: str
    note: str


class ClaimCodes:
    """The batches ordered so far, and which of their codes are used, by whom."""

    def __init__(self) -> None:
        self.batches: dict[str, CodeBatch] = {}
        self.used: dict[str, dict[int, int]] = {}  # batch → serial → member's row
        self._taken: dict[str, dict[int, int]] = {}  # batch → member's row → codes used

    def __len__(self) -> int:
        return len(self.batches)

    def add(self, batch: CodeBatch) -> None:
        """Accept the codes of a batch from now on."""
        self.batches[batch.id] = batch
        self.used[batch.id], self._taken[batch.id] = {}, {}

    def redeem(self, text: str, row: int, at_us: int) -> Grant | Refusal | None:
        """Judge a code that a member claims with; None where the text has no such form.

        Changes nothing; mark() uses the code up. O(batches).
        """
        number = read_number(text)
        if number is None:
            return None
        found = self._find(number)
        if found is None:
            return Refusal("coupon_not_valid", f"no batch has the code {text}")
        return self._judged(*found, row, at_us)

    def _find(self, number: int) -> tuple[CodeBatch, int] | None:
        """Find the batch and serial number of a code."""
        check, masked = number >> SERIAL_BITS, number & ((1 << SERIAL_BITS) - 1)
        for batch in self.batches.values():
            serial = masked ^ _mask(batch, check)
            if serial < batch.count and _check(batch, serial) == check:
                return batch, serial
        return None

    def use_elsewhere(self, text: str) -> None:
        """Note that a member of another table has used a code."""
        number = read_number(text)
        found = None if number is None else self._find(number)
        if found is not None:
            batch, serial = found
            self.used[batch.id].setdefault(serial, ELSEWHERE)

    def _judged(self, batch: CodeBatch, serial: int, row: int, at_us: int) -> Grant | Refusal:
        if serial in self.used[batch.id]:
            return Refusal("coupon_spent", f"this code of {batch.id} was used before")
        if batch.until_us is not None and at_us >= batch.until_us:
            return Refusal("coupon_not_valid", f"the codes of {batch.id} have run out")
        taken = self._taken[batch.id].get(row, 0)
        if taken >= batch.per_member:
            note = f"the member has used {taken} of {batch.per_member} codes of {batch.id}"
            return Refusal("coupon_not_valid", note)
        return Grant(batch.id, batch.coupon, serial)

    def mark(self, grant: Grant, row: int) -> None:
        """Use up a code that redeem() has granted to a member."""
        self.used[grant.batch][grant.serial] = row
        taken = self._taken[grant.batch]
        taken[row] = taken.get(row, 0) + 1

    def move(self, row_from: int, row_to: int) -> None:
        """Give one member's used codes to another, when two records of one person are merged."""
        for batch, taken in self._taken.items():
            count = taken.pop(row_from, 0)
            if count:
                taken[row_to] = taken.get(row_to, 0) + count
                used = self.used[batch]
                used.update({one: row_to for one, row in used.items() if row == row_from})

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the batches and the used codes, in order of use."""
        batches = [batch.model_dump(mode="json") for batch in self.batches.values()]
        places = {name: place for place, name in enumerate(self.batches)}
        used = [
            (places[name], serial, row)
            for name, serials in self.used.items()
            for serial, row in serials.items()
        ]
        return {
            "batches": np.frombuffer(json.dumps(batches).encode(), dtype=np.uint8),
            "used": np.array(used, dtype=np.int64).reshape(len(used), 3),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill from state()."""
        for fields in json.loads(state["batches"].tobytes()):
            self.add(CodeBatch.model_validate(fields))
        names = list(self.batches)
        for place, serial, row in state["used"].tolist():
            if row == ELSEWHERE:
                self.used[names[place]][serial] = row
            else:
                self.mark(Grant(names[place], self.batches[names[place]].coupon, serial), row)


def check_batch(codes: ClaimCodes, batch: CodeBatch, coupons: Mapping[str, object]) -> None:
    """Refuse a batch of an unknown coupon, or with the id of another.

    Raises:
        OrderRefused: with what is wrong.
    """
    if batch.coupon not in coupons:
        there = ", ".join(coupons) or "none"
        raise OrderRefused(f"coupon {batch.coupon}: the season file has {there}")
    if codes.batches.get(batch.id, batch) != batch:
        raise OrderRefused(f"id: batch {batch.id} is another one: choose another id")
