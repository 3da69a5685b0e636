"""Rounds: the k-th event of each member, so that a round's members are distinct.

Events that draw from the same may have to wait for a later round, to keep the order they came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

NO_TURN: Final = -1
ACTS_MAX: Final = 64
"""A turn is the number of a queue times this, plus the number of what applies the event."""
_PLACE_BITS = 32
_FEW = 16


def rounds(rows: Int64s, turns: Int64s | None = None) -> Iterator[Int64s]:
    """Group places by how often their row has come before: each round's rows are distinct.

    turns int64[n] names the queue of an event, if it has one, and what applies it (its act). Of a
    queue no round holds what came before anything in an earlier round, nor two acts, since a round
    does not apply different ones in the order of their events.

    >>> [places.tolist() for places in rounds(np.array([7, 8, 7, 7]))]
    [[0, 1], [2], [3]]
    >>> one = np.array([NO_TURN, 5, 5, NO_TURN, 5])  # that of row 7 waits for its first event
    >>> [places.tolist() for places in rounds(np.array([7, 8, 7, 9, 6]), one)]
    [[0, 1, 3], [2, 4]]
    """
    count = len(rows)
    if not count or (turns is None and count <= _FEW and len(set(rows.tolist())) == count):
        yield np.arange(count)
        return
    # Row and place in one number: a plain sort is many times faster than a stable argsort.
    keys = (rows << _PLACE_BITS) | np.arange(count)
    keys.sort()
    sorted_rows = keys >> _PLACE_BITS
    begins = np.ones(count, dtype=np.bool_)
    np.not_equal(sorted_rows[1:], sorted_rows[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    if turns is None and len(starts) == count:
        yield np.arange(count)
        return
    sizes = np.diff(np.append(starts, count))
    places = keys & (1 << _PLACE_BITS) - 1
    nth = np.empty(count, dtype=np.int32)
    nth[places] = np.arange(count) - np.repeat(starts, sizes)
    if turns is not None:
        waits = np.cumsum(_waits(rows, nth, turns)[places])
        before = np.append(0, waits)[starts]
        nth[places] += waits - np.repeat(before, sizes)
    if int(nth.max()) < 1 << 16:
        nth = nth.astype(np.uint16)  # which a stable sort puts in order by radix
    by_round = np.argsort(nth, kind="stable")
    sized = np.bincount(nth)
    yield from np.split(by_round, np.cumsum(sized[sized > 0])[:-1])


def _waits(rows: Int64s, nth: npt.NDArray[np.int32], turns: Int64s) -> npt.NDArray[np.int32]:
    """Tell how many rounds each event makes its member wait, beyond those waited for before."""
    waits = np.zeros(len(rows), dtype=np.int32)
    waited: dict[int, int] = {}
    fronts: dict[int, tuple[int, int]] = {}
    drawing = np.flatnonzero(turns >= 0)
    for place, row, own, turn in zip(
        drawing.tolist(),
        rows[drawing].tolist(),
        nth[drawing].tolist(),
        turns[drawing].tolist(),
        strict=True,
    ):
        queue, act = divmod(turn, ACTS_MAX)
        earliest = own + waited.get(row, 0)
        front, last_act = fronts.get(queue, (earliest, act))
        now = max(earliest, front + (act != last_act))
        fronts[queue] = now, act
        if now > earliest:
            waits[place] = now - earliest
            waited[row] = now - own
    return waits
