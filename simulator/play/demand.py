"""Decide when members act: a visit happens when the summed hazard reaches its drawn threshold.

H grows each day by rate x exposure x incentive, and the n-th arrival is due when H reaches
E_n, a sum of gamma draws keyed by (member, n). A changed rule or price moves arrivals to other
days; it never redraws them.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.quantiles import exponential_quantile, gamma_quantile, gamma_share

AT_ONCE: Final = 1 << 15


class Arrivals:
    """Count the arrivals of a block of members, day by day.

    Members start asleep; `begin` wakes them. An arrival may end a member (`drop_out`).
    """

    def __init__(
        self,
        keyed: Keyed,
        purpose: Purpose,
        member: Ints,
        rate: Floats,
        *,
        shape: float,
        drop_out: Floats | None = None,
    ) -> None:
        self._keyed = keyed
        self._purpose = purpose
        self._member = member
        self._rate = rate
        self._shape = shape
        self._drop_out = drop_out
        self._hazard = np.zeros(len(member))
        self._due = np.full(len(member), np.inf)
        self._count = np.zeros(len(member), dtype=np.int32)

    def begin(
        self, rows: Ints, *, at_once: npt.NDArray[np.bool_], elapsed: Floats | None = None
    ) -> None:
        """Start the clocks of `rows: int64[n]`.

        Where `at_once` is true the first arrival is due now. Elsewhere the member has been
        arriving for long, so what is left of the running interval is a uniform part of a
        length-biased one: gamma(k + 1) in place of gamma(k). With elapsed float64[n], the hazard
        since the last arrival where that is known (negative where not), it is what is left of an
        interval that has lasted so long.
        """
        part = self._keyed.uniforms(self._purpose, self._member[rows], 0)
        length = self._keyed.uniforms(self._purpose, self._member[rows], 1)
        left = part * gamma_quantile(length, self._shape + 1.0) / self._shape
        if elapsed is not None:
            past = np.maximum(elapsed, 0.0) * self._shape
            below = gamma_share(past, self._shape)
            whole = gamma_quantile(below + part * (1.0 - below), self._shape)
            left = np.where(elapsed >= 0, np.maximum(whole - past, 0.0) / self._shape, left)
        self._due[rows] = np.where(at_once, 0.0, left)
        self._hazard[rows] = 0.0

    def day(self, exposure: float, incentive: Floats | float = 1.0) -> tuple[Ints, Ints]:
        """Let one day pass and answer who arrived: (row in the block, arrival number).

        `exposure` is the day's common factor (weekday, holiday, price); `incentive`, the A of
        the response model, is a factor for each member, float64[block], or one for all. A row
        stands once for each arrival of the day. Cost: three passes over the block, and keyed
        draws for those who arrived.
        """
        rows = self._pass_day(exposure, incentive)
        found: list[Ints] = []
        numbers: list[Ints] = []
        while rows.size:
            number = self._count[rows].astype(np.int64)
            found.append(rows)
            numbers.append(number)
            self._count[rows] = number + 1
            self._due[rows] += self._gap(rows, number + 2)
            self._leave(rows, number)
            rows = rows[self._hazard[rows] >= self._due[rows]]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return np.concatenate(found), np.concatenate(numbers)

    def _pass_day(self, exposure: float, incentive: Floats | float) -> Ints:
        """Let a day's hazard add up; returns the rows for whom an arrival is due, int64[k].

        So many members at a time that what is worked out between stays in cache.
        """
        due: list[Ints] = []
        for first in range(0, len(self._rate), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            factor = incentive if isinstance(incentive, float) else incentive[part]
            hazard = self._hazard[part]
            hazard += self._rate[part] * (exposure * factor)
            due.append(first + np.flatnonzero(hazard >= self._due[part]))
        return np.concatenate(due) if due else np.empty(0, dtype=np.int64)

    def pull(self, rows: Ints) -> None:
        """Let the next arrival of `rows: int64[n]` be due now, also of those who had left."""
        started = np.isfinite(self._due[rows]) | (self._count[rows] > 0)
        rows = rows[started]
        self._due[rows] = self._hazard[rows]

    def _gap(self, rows: Ints, number: Ints) -> Floats:
        """Draw the hazard from one arrival to the next; its mean is 1."""
        uniform = self._keyed.uniforms(self._purpose, self._member[rows], number)
        if self._shape == 1.0:
            return exponential_quantile(uniform)
        return gamma_quantile(uniform, self._shape) / self._shape

    def _leave(self, rows: Ints, number: Ints) -> None:
        """End the members whose last arrival this was (the BG/NBD drop-out)."""
        if self._drop_out is None:
            return
        chance = self._keyed.uniforms(Purpose.LEAVES, self._member[rows], number)
        self._due[rows[chance < self._drop_out[rows]]] = np.inf
