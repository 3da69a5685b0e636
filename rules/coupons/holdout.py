"""Who is held out: a share of members that gets nothing, so that the effect can be measured.

It is decided by a hash of programme id, trigger or campaign id, and member id: the same for
ever, on any shard, and independent from one trigger to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.identity import hash_strings

UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

LINE: Final = "\n"
"""What stands between the hashed ids; no id of a season file holds it."""
ALL: Final = 2**64


def lot(programme: str, purpose: str, members: Sequence[str]) -> UInt64s:
    """Draw each member's number for a trigger or campaign: uint64[n], evenly spread.

    >>> bool(lot("club", "recall", ["m1"])[0] == lot("club", "recall", ["m0", "m1"])[1])
    True
    """
    key = programme + LINE + purpose + LINE
    return hash_strings(pa.array([key + member for member in members], pa.utf8()))[0]


def below(numbers: UInt64s, share: Fraction) -> Bools:
    """Tell which numbers fall into the first share of all: number / 2^64 < share, exactly."""
    bound = -(-share.numerator * ALL // share.denominator)
    if bound >= ALL:
        return np.ones(len(numbers), dtype=np.bool_)
    inside: Bools = numbers < np.uint64(bound)
    return inside


def held_out(programme: str, purpose: str, members: Sequence[str], share: Fraction) -> Bools:
    """Tell which members a share is held out of: bool[n]; about 0.3 µs a member."""
    if share <= 0:
        return np.zeros(len(members), dtype=np.bool_)
    return below(lot(programme, purpose, members), share)
