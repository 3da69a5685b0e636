"""Shared parcels: single events that were decoded and travel together, each with its own answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from actors.gateway.problems import Problem, unexpected
from actors.gateway.single_submission import SingleSubmission
from actors.gateway.submission import NO_EXTRAS, Extras, Submission
from rules.decoding.events import Decoded, Refusal

log = logging.getLogger(__name__)


class Waiter(NamedTuple):
    """Whose a single event is, and what waits for its answer."""

    key: str
    submission: SingleSubmission


Waiters = dict[int, Waiter]
"""Who waits for a single event, by its place among its neighbours."""


def part_of(
    decoded: Decoded, chosen: npt.NDArray[np.bool_], refused: Sequence[Refusal] = ()
) -> Decoded:
    """Take some of the valid rows, bool[n], and these refusals."""
    columns = decoded.columns.filter(pa.array(chosen))
    return replace(decoded, columns=columns, place=decoded.place[chosen], refused=list(refused))


def tell_all(waiters: Iterable[Waiter], error: Exception) -> None:
    """Tell everyone who waits that their events were not taken."""
    told = error
    if not isinstance(error, Problem):
        log.error("single events could not be taken", exc_info=error)
        told = unexpected(error)
    for waiter in waiters:
        waiter.submission.fail(told)


class SharedParcel(Submission):
    """Stands for many single submissions that travel as one parcel."""

    def __init__(self, singles: list[SingleSubmission]) -> None:
        self._begin(len(singles), len(singles))
        self._singles = singles

    def fill(
        self,
        places: np.ndarray,
        status: np.ndarray,
        reason: np.ndarray,
        points: np.ndarray,
        extras: Extras = NO_EXTRAS,
    ) -> None:
        """Pass each row's answer on to its own submission."""
        assert len(places) == len(self._singles)
        rows = zip(self._singles, status.tolist(), reason.tolist(), points.tolist(), strict=True)
        details, notes = extras.details, extras.notes
        for row, (single, one, why, earned) in enumerate(rows):
            single.fill_one(one, why, earned, details.get(row), notes.get(row))

    def fail(self, error: Exception) -> None:
        """Tell every single submission."""
        for single in self._singles:
            single.fail(error)
