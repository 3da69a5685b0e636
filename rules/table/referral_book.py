"""The referral book: who referred whom, and how each referral stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.table.columns import Columns
from rules.table.identity_map import IdentityMap

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

STATES: Final = (
    "pending",
    "paid",
    "taken_back",
    "already_referred",
    "not_new",
    "not_distinct",
    "cancelled",
    "limit_reached",
)
(
    PENDING,
    PAID,
    TAKEN_BACK,
    ALREADY_REFERRED,
    NOT_NEW,
    NOT_DISTINCT,
    CANCELLED,
    LIMIT_REACHED,
) = range(len(STATES))


class ReferralBook(Columns):
    """One row a referral, in arrival order. A referee is known by the hashes of their id.

    advocate is the member row as of the event; both ends are resolved through merges when
    they are looked at. sale, day, points and scored tell what was paid, for what, and when.
    """

    advocate: npt.NDArray[np.int32]
    referee_a: UInt64s
    referee_b: UInt64s
    at_us: Int64s
    state_code: npt.NDArray[np.int8]
    sale: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    points: Int64s
    scored: npt.NDArray[np.bool_]

    def __init__(self) -> None:
        super().__init__(
            {
                "advocate": (np.int32, None),
                "referee_a": (np.uint64, None),
                "referee_b": (np.uint64, None),
                "at_us": (np.int64, None),
                "state_code": (np.int8, None),
                "sale": (np.int32, None),
                "day": (np.int32, None),
                "points": (np.int64, None),
                "scored": (np.bool_, None),
            }
        )
        self._first = IdentityMap()

    def __len__(self) -> int:
        return self.size

    def enter(
        self, advocates: Int64s, referees: tuple[UInt64s, UInt64s], at_us: Int64s
    ) -> npt.NDArray[np.bool_]:
        """Enter referrals in arrival order, [n] each; tells whose referee was still free, bool[n].

        referees are known by two hashes, uint64[n] each.
        """
        free = self._first.find(*referees) < 0
        firsts: dict[tuple[int, int], int] = {}
        for place, key in enumerate(zip(*(lane.tolist() for lane in referees), strict=True)):
            free[place] &= firsts.setdefault(key, place) == place
        new = np.arange(self.extend(len(free)), self.size, dtype=np.int32)
        self.advocate[new] = advocates
        self.referee_a[new], self.referee_b[new] = referees
        self.at_us[new] = at_us
        self.state_code[new] = np.where(free, PENDING, ALREADY_REFERRED)
        self._first.insert(referees[0][free], referees[1][free], new[free])
        return free

    def forget_scores(self, before_day: int) -> None:
        """Let payments before a local day score no more: their season is gone."""
        self.scored[: self.size][self.day[: self.size] < before_day] = False

    def in_state(self, code: int) -> Int64s:
        """List the referrals in a state, in arrival order: int64[k]. O(referrals)."""
        return np.flatnonzero(self.state_code[: self.size] == code)

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty book from state()."""
        super().restore(state)
        keys = np.stack([self.referee_a[: self.size], self.referee_b[: self.size]], axis=1)
        first = np.unique(keys, axis=0, return_index=True)[1] if self.size else np.zeros(0, int)
        first = np.sort(first)
        self._first.insert(
            self.referee_a[first].copy(), self.referee_b[first].copy(), first.astype(np.int32)
        )
