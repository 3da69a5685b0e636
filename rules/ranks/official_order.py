"""The official order of a season: the one place where the total order is defined.

Score descending; then, in the season file's `tie_break` order, `tasks_completed_at` ascending
with none last and `active_days` descending; then member id ascending by its UTF-8 bytes. Ranks
are positions: nobody shares one. Everything that sorts, merges or searches standings goes
through the terms or the key of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

NO_TIME_US: Final = 2**63 - 1
"""Stands for "no task completed"; the greatest int64, so that it sorts last by itself."""

TIE_BREAKS: Final = ("tasks_completed_at", "active_days")


class Key(NamedTuple):
    """One member's place in the official order: a smaller key stands further ahead.

    Plain tuple comparison is the official order, on any machine: the terms are ascending
    integers, and Python compares text by code point, which is the order of its UTF-8 bytes.
    Build keys with `key_of`; both ends of a comparison must come from the same `tie_break`.

    >>> ahead = key_of(500, 8, 3, "B", ("tasks_completed_at",))
    >>> behind = key_of(500, 9, 3, "A", ("tasks_completed_at",))
    >>> sorted([behind, ahead])[0].member
    'B'
    """

    score_negated: int
    first: int
    second: int
    member: str

    @property
    def score(self) -> int:
        """Give the score in points."""
        return -self.score_negated


def check_tie_break(tie_break: Sequence[str]) -> tuple[str, ...]:
    """Return `tie_break` as a tuple, or raise ValueError when it names something unknown."""
    names = tuple(tie_break)
    if len(set(names)) != len(names) or not set(names) <= set(TIE_BREAKS):
        raise ValueError(
            f"tie_break = {list(names)}: each of {list(TIE_BREAKS)} at most once, nothing else"
        )
    return names


def order_terms(
    score: npt.ArrayLike,
    tasks_completed_at_us: npt.ArrayLike,
    active_days: npt.ArrayLike,
    tie_break: Sequence[str],
) -> list[Int64s]:
    """Turn columns into ascending int64[n] terms: minus the score, then one per tie-break.

    Sorting by these terms and then by member id bytes is the official order.

    >>> [term.tolist() for term in order_terms([7], [NO_TIME_US], [3], ("active_days",))]
    [[-7], [-3]]
    """
    terms: list[Int64s] = [np.negative(np.asarray(score, dtype=np.int64))]
    for name in check_tie_break(tie_break):
        if name == "tasks_completed_at":
            terms.append(np.asarray(tasks_completed_at_us, dtype=np.int64))
        else:
            terms.append(np.negative(np.asarray(active_days, dtype=np.int64)))
    return terms


def key_of(
    score: int, tasks_completed_at_us: int, active_days: int, member: str, tie_break: Sequence[str]
) -> Key:
    """Build the key of one member.

    >>> key_of(12, 1_000, 4, "m1", ("active_days", "tasks_completed_at"))
    Key(score_negated=-12, first=-4, second=1000, member='m1')
    """
    by_name = {"tasks_completed_at": int(tasks_completed_at_us), "active_days": -int(active_days)}
    terms = [by_name[name] for name in check_tie_break(tie_break)]
    first, second, *_ = (*terms, 0, 0)
    return Key(-int(score), first, second, member)


def byte_order(texts: Sequence[str]) -> Int64s:
    """Return the positions that sort `texts` by their UTF-8 bytes: int64[n], stable.

    Text compares by code point, which is the order of its UTF-8 bytes. Cost: O(n log n), about
    half a second a million.
    """
    return np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)


def full_order(
    score: npt.ArrayLike,
    tasks_completed_at_us: npt.ArrayLike,
    active_days: npt.ArrayLike,
    member: Sequence[str],
    tie_break: Sequence[str],
) -> Int64s:
    """Return the positions of the members in the official order: int64[n].

    Only members that tie on every number are compared by id. Cost: O(n log n).

    >>> full_order([5, 5, 9], [3, 1, 2], [0, 0, 0], ["a", "b", "c"], ("tasks_completed_at",))
    array([2, 1, 0])
    """
    terms = order_terms(score, tasks_completed_at_us, active_days, tie_break)
    order = np.lexsort(terms[::-1]).astype(np.int64, copy=False)
    if len(order) < 2:
        return order
    same = np.ones(len(order) - 1, dtype=bool)
    for term in terms:
        in_order = term[order]
        same &= in_order[1:] == in_order[:-1]
    if not same.any():
        return order
    run = np.concatenate(([0], np.cumsum(~same)))
    tied = np.flatnonzero(np.concatenate((same, [False])) | np.concatenate(([False], same)))
    rows = order[tied]
    by_id = byte_order([member[row] for row in rows.tolist()])
    place = np.empty(len(tied), dtype=np.int64)
    place[by_id] = np.arange(len(tied))
    order[tied] = rows[np.lexsort((place, run[tied]))]
    return order
