"""Intake: which events of a piece are new and timely, and keeping those that were accepted.

A piece is a span of a batch that is applied round by round. What is known or untimely is
answered once for all of it; what was accepted is recorded when the piece is done, or as soon as
a refund comes whose sale may be in the same piece.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.compiled import TYPE_CODES
from rules.judging.coding import Events
from rules.judging.refunds import forgotten, past_refunds
from rules.judging.results import CONFLICT, DUPLICATE, REJECTED, WAITING, Outcome
from rules.judging.ticks import EARLY_US_MAX
from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

REFUND: Final = TYPE_CODES["refund"]


class Intake:
    """The events [start, stop) of a batch that are to be judged, and those accepted so far.

    at int64[k] are their rows of the batch, ascending.
    """

    at: Int64s

    def __init__(
        self, table: MemberTable, events: Events, start: int, stop: int, outcome: Outcome
    ) -> None:
        self._table, self._events, self._outcome = table, events, outcome
        self._accepted: list[Int64s] = []
        at, lasting = np.arange(start, stop), events.lasting
        if lasting is None:
            at = _answer_known(table, events, at, outcome)
        # By row of the batch: the first event of the same identity, where an event isn't that one.
        self._first: Int64s | None = None
        self._holder: Int64s  # by that first event: the one of its identity that was judged last
        self._asking: Bools | None = None
        lanes = np.sort(events.key_a[at if lasting is None else at[lasting[start:stop]]])
        others = at
        if lasting is None and (lanes[1:] == lanes[:-1]).any():
            others = self._keep_repeated(at, lanes)
        inner = _inner_refunds(events, at, lanes)
        if len(inner):
            self._asking = np.zeros(len(events), dtype=np.bool_)
            self._asking[inner] = True
        timely = _refuse_untimely(table, events, others, outcome)
        if self._first is None:
            self.at = timely
        else:
            # Whether one that is repeated counts turns on what becomes of those before it.
            wanted = self._first[start:stop] >= 0
            wanted[timely - start] = True
            self.at = start + np.flatnonzero(wanted)

    def _keep_repeated(self, at: Int64s, lanes: UInt64s) -> Int64s:
        """Note which events repeat the identity of one before; returns the others."""
        events = self._events
        same = lanes[1:][lanes[1:] == lanes[:-1]]
        place = np.minimum(np.searchsorted(same, events.key_a[at]), len(same) - 1)
        shared = at[same[place] == events.key_a[at]]
        keys = zip(events.key_a[shared].tolist(), events.key_b[shared].tolist(), strict=True)
        firsts: dict[tuple[int, int], int] = {}
        first = np.full(len(events), -1, dtype=np.int64)
        for one, key in zip(shared.tolist(), keys, strict=True):
            if (before := firsts.setdefault(key, one)) != one:
                first[one] = before
        self._first, self._holder = first, np.arange(len(events))
        return at[first[at] < 0]

    def ready(self, at: Int64s) -> Int64s:
        """Return the events of a round, int64[k] rows of the batch, that are to be judged now."""
        if self._first is not None:
            at = self._answer_repeated(at)
        if self._asking is not None and self._asking[at].any():
            self.record()
        return at

    def _answer_repeated(self, at: Int64s) -> Int64s:
        """Answer events whose identity was accepted earlier in the piece; returns the others."""
        assert self._first is not None
        first = self._first[at]
        repeats = first >= 0
        if not repeats.any():
            return at
        again, first = at[repeats], first[repeats]
        holder = self._holder[first]
        accepted = self._outcome.status[holder] != REJECTED
        _answer_again(self._table, self._events, again[accepted], holder[accepted], self._outcome)
        # The one before was refused: this one takes its place.
        self._holder[first[~accepted]] = again[~accepted]
        judged = _refuse_untimely(self._table, self._events, again[~accepted], self._outcome)
        return np.union1d(at[~repeats], judged)

    def accept(self, at: Int64s) -> None:
        """Take note that events have been judged, int64[k] rows of the batch."""
        self._accepted.append(at)

    def record(self) -> None:
        """Keep the identities of what was accepted since the last time."""
        if not self._accepted:
            return
        parts, self._accepted = self._accepted, []
        at = parts[0] if len(parts) == 1 else np.concatenate(parts)
        status = self._outcome.status[at]
        if status.any():
            at = at[status != REJECTED]
            status = self._outcome.status[at]
            acted = at[status != WAITING]
        else:
            acted = at
        self._table.members.listed[self._events.row[acted]] = True
        _record(self._table, self._events, at, self._outcome)


def _inner_refunds(events: Events, at: Int64s, lanes: UInt64s) -> Int64s:
    """Find the refunds whose sale may be in the same piece, int64[k] rows of the batch.

    lanes are the first key lanes of what is kept of the piece, ascending.
    """
    refunds: Int64s = at[events.type[at] == REFUND]
    if not len(refunds) or not len(lanes):
        return refunds[:0]
    wanted = events.ref_a[refunds]
    place = np.searchsorted(lanes, wanted)
    place[place == len(lanes)] = 0
    inner: Int64s = refunds[lanes[place] == wanted]
    return inner


def _answer_again(
    table: MemberTable, events: Events, again: Int64s, first: Int64s, outcome: Outcome
) -> None:
    """Answer events that repeat others of the same batch, int64[k] rows each, with the first."""
    same = events.fingerprint[first] == events.fingerprint[again]
    outcome.status[again] = np.where(same, DUPLICATE, CONFLICT)
    outcome.points[again] = np.where(same, outcome.points[first], 0)
    late = past_refunds(table, events.at_us[first], events.stamp_us[again])
    for place, before in zip(
        again[same & ~late].tolist(), first[same & ~late].tolist(), strict=True
    ):
        if before in outcome.details:
            outcome.details[place] = outcome.details[before]
    outcome.points[again[late]] = 0
    outcome.refuse(again[late], "too_late")


def _answer_known(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> Int64s:
    """Answer events whose identity is held with the first result; returns the others."""
    found = table.ledger.map.find(events.key_a[at], events.key_b[at])
    held = found >= 0
    if not held.any():
        return at
    again, first = at[held], found[held]
    identities = table.ledger.identities
    same = identities.fingerprint[first] == events.fingerprint[again]
    outcome.status[again] = np.where(same, DUPLICATE, CONFLICT)
    outcome.points[again] = np.where(same, identities.points[first], 0)
    late = forgotten(table, first, events.stamp_us[again])
    if table.ledger.details:
        told = same & ~late
        for place, row in zip(again[told].tolist(), first[told].tolist(), strict=True):
            if row in table.ledger.details:
                outcome.details[place] = table.ledger.details[row]
    gone = again[late]
    outcome.points[gone] = 0
    outcome.refuse(gone, "too_late")
    return at[~held]


def _refuse_untimely(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> Int64s:
    """Refuse events too far behind their clock reading, or ahead of it; returns the others."""
    at_us, stamp_us = events.at_us[at], events.stamp_us[at]
    late = table.rules.calendar.later_each(at_us, table.rules.accept_late) < stamp_us
    early = at_us > stamp_us + EARLY_US_MAX
    if not (late | early).any():
        return at
    outcome.refuse(at[late], "too_late")
    outcome.refuse(at[early], "too_early")
    return at[~(late | early)]


def _record(table: MemberTable, events: Events, at: Int64s, outcome: Outcome) -> None:
    if events.lasting is not None:
        at = at[events.lasting[at]]
    if not len(at):
        return
    first = table.ledger.record(
        (events.key_a[at], events.key_b[at]),
        {
            "fingerprint": events.fingerprint[at],
            "at_us": events.at_us[at],
            "points": outcome.points[at],
            "sale": events.sale[at],
        },
        len(at),
    )
    if outcome.details:
        for row, place in enumerate(at.tolist(), first):
            if place in outcome.details:
                table.ledger.details[row] = outcome.details[place]
