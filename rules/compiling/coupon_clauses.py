"""Coupon clauses: the conditions of every coupon template of a season file, as bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rules.compiling.clauses import CLAUSES_MAX, EventClauses, MemberClauses, Who
from rules.season.where import Where

Bools = npt.NDArray[np.bool_]
Int64s = npt.NDArray[np.int64]


class CouponClauses:
    """What each template asks of an order's lines and of a member, by the template's place."""

    def __init__(
        self,
        clauses: Sequence[Where],
        event_clauses: Callable[[Sequence[Where]], EventClauses],
        member_clauses: Callable[[Sequence[Where]], MemberClauses],
    ) -> None:
        parts = [clauses[at : at + CLAUSES_MAX] for at in range(0, len(clauses), CLAUSES_MAX)]
        self._everything = [clause.empty for clause in clauses]
        self._events = [event_clauses(part) for part in parts]
        self._members = [member_clauses(part) for part in parts]

    def asks_nothing(self, template: int) -> bool:
        """Tell whether a template is for everyone's every order."""
        return self._everything[template]

    def hold_for(self, template: int, who: Who) -> Bools:
        """Match members as they stand with what a template asks of them: bool[n]."""
        part, bit = divmod(template, CLAUSES_MAX)
        return _bit(self._members[part].match(*who), bit)

    def hold_of(self, template: int, *lines: Int64s) -> Bools:
        """Match lines, as EventClauses.match takes them, with what a template asks: bool[n]."""
        part, bit = divmod(template, CLAUSES_MAX)
        return _bit(self._events[part].match(*lines), bit)


def _bit(bits: npt.NDArray[np.uint64], bit: int) -> Bools:
    return (bits >> np.uint64(bit) & np.uint64(1)).astype(np.bool_)
