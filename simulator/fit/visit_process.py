"""Fit the simulator's own visit process: gamma renewals at gamma rates, with drop-out.

It is BG/NBD with two things more: intervals are gamma(k), not exponential, and members may have
been coming before the log began, so that a first visit in it isn't a beginning. Each kind has its
own rates; regularity and drop-out are common. A member may leave after any visit.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

import numpy as np
from scipy import sparse
from scipy.special import betaln, expit

from simulator.fit.estimate import Z95, Estimate, Optimum, log_normal, maximise
from simulator.fit.gap_table import GapTable, gap_table, rate_weights
from simulator.fit.observed import NEVER, Observed
from simulator.people.keyed import Floats, Ints

Membership = Literal["mixed", "panel", "new"]
"""Who the members are that no enrol event tells of: some there before the log began and some not;
all there before; all beginning with the first visit in it."""
MEMBERS_MAX: Final = 8_000
"""Members of a kind that are fitted; of more, every so many-th."""
# Spread of the weak pull to the starting logarithms: it decides only what the log leaves open.
_PRIOR_SPREAD: Final = 3.0
_COMMON: Final = 4


class Way(IntEnum):
    """Say what is known of how a member came to be one."""

    THERE = 0
    """Enrolled with no visit that day: was coming before."""
    JOINED = 1
    """Enrolled at a visit after the log began."""
    EITHER = 2
    """Enrolled on the first day at a visit."""
    SEEN = 3
    """Known by visits alone: one who never came is not in the log."""


@dataclass(frozen=True)
class Histories:
    """Hold the members of one kind: the gaps between their visits and what lies around them.

    `gaps: sparse[n, days + 1]` counts gaps by days, `visits`, `first`, `start` and `silent` are
    int64[n]: visits, day of the first one and of becoming a member, days after the last one.
    """

    days: int
    gaps: sparse.csr_matrix
    visits: Ints
    first: Ints
    start: Ints
    silent: Ints
    way: Ints

    def __len__(self) -> int:
        return len(self.visits)


@dataclass(frozen=True)
class VisitFit:
    """Hold the fitted process; rates are visits a day at the log's mean exposure."""

    renewal_shape: Estimate
    drop_out_a: Estimate
    drop_out_b: Estimate
    opening_share: Estimate | None
    rate_shape: tuple[Estimate, ...]
    rate: tuple[Estimate, ...]
    log_likelihood: float


@dataclass(frozen=True)
class Start:
    """Say where the search begins, and what it falls back on where the log is silent."""

    renewal_shape: float
    drop_out_a: float
    drop_out_b: float
    opening_share: float
    rate_shape: tuple[float, ...]


def histories(observed: Observed, kind: Ints, kinds: int) -> list[Histories]:
    """Sort the visits of a log into histories by kind; `kind: int64[members]`."""
    return [_histories_of(observed, np.flatnonzero(kind == code)) for code in range(kinds)]


def _histories_of(observed: Observed, members: Ints) -> Histories:
    members = members[:: max(1, -(-len(members) // MEMBERS_MAX))]
    number = np.full(observed.members, NEVER)
    number[members] = np.arange(len(members))
    who, day = observed.visits()
    own = number[who] != NEVER
    who, day = number[who[own]], day[own]
    same = np.diff(who) == 0
    gaps = sparse.csr_matrix(
        (np.ones(int(same.sum())), (who[1:][same], np.diff(day)[same])),
        shape=(len(members), observed.days + 1),
    )
    first = np.full(len(members), observed.days)
    np.minimum.at(first, who, day)
    last = np.full(len(members), -1)
    np.maximum.at(last, who, day)
    enrol = observed.enrol_day[members]
    start = np.maximum(enrol, 0)
    way = np.full(len(members), Way.SEEN)
    way[(enrol != NEVER) & (enrol < first)] = Way.THERE
    way[(enrol != NEVER) & (enrol == first)] = Way.JOINED
    way[(enrol == 0) & (first == 0)] = Way.EITHER
    visits = np.bincount(who, minlength=len(members))
    return Histories(observed.days, gaps, visits, first, start, observed.days - 1 - last, way)


class _Likelihood:
    """Hold one kind's probabilities at every rate of the grid, for one regularity.

    Scaled by member, so that sums over rates are products with the rates' weights.
    """

    def __init__(self, found: Histories, table: GapTable) -> None:
        self._of = found
        came = found.visits > 0
        gaps = np.asarray(found.gaps @ table.gap)
        self._scale = gaps.max(axis=1)
        gaps -= self._scale[:, None]
        self._gone = np.exp(gaps)
        self._gone[~came] = 0.0
        self._here = np.exp(gaps + table.silence[np.minimum(found.silent, found.days)])
        waited = np.where(came, 0.0, 1.0)[:, None]
        first = np.exp(table.first[found.first - found.start])
        none = np.exp(table.none[found.days - found.start])
        self._here_there = np.where(waited > 0, none, self._here * first)
        self._gone_there = self._gone * first
        self._none = np.exp(table.none[found.days])

    def total(
        self, weight: Floats, a: float, b: float, opening: float, membership: Membership
    ) -> float:
        """Answer the log-likelihood of the kind."""
        of = self._of
        came = of.visits > 0
        visits = np.maximum(of.visits, 1)
        stays = np.where(came, np.exp(betaln(a, b + visits) - betaln(a, b)), 1.0)
        leaves = np.exp(betaln(a + 1.0, b + visits - 1) - betaln(a, b))
        there = stays * (self._here_there @ weight) + leaves * (self._gone_there @ weight)
        begun = stays * (self._here @ weight) + leaves * (self._gone @ weight)
        joins = (1.0 - opening) / of.days
        unseen = float(self._none @ weight)
        shares = {"mixed": opening, "panel": 1.0, "new": 0.0}[membership]
        seen = shares * (1.0 - unseen) + 1.0 - shares
        each = np.where(
            of.way == Way.THERE, np.where(of.start == 0, opening, joins) * there, joins * begun
        )
        each = np.where(of.way == Way.EITHER, opening * there + joins * begun, each)
        hidden = (shares * there + (1.0 - shares) / of.days * begun) / seen
        each = np.where(of.way == Way.SEEN, hidden, each)
        return float(np.sum(np.log(np.maximum(each, 1e-300)) + self._scale))


def fit_visits(found: list[Histories], start: Start, membership: Membership = "mixed") -> VisitFit:
    """Fit the process to histories by kind, each with at least one member.

    Cost: one table of gaps for each regularity tried, then four products of members by rates.
    """
    days = found[0].days
    enrolled = any(np.any(one.way != Way.SEEN) for one in found)
    estimates_opening = enrolled or membership == "mixed"
    tables: dict[float, list[_Likelihood]] = {}

    def prepared(shape: float) -> list[_Likelihood]:
        if shape not in tables:
            if len(tables) >= 4:
                tables.pop(next(iter(tables)))
            table = gap_table(shape, days)
            tables[shape] = [_Likelihood(one, table) for one in found]
        return tables[shape]

    begin = _starting_point(found, start)
    opening_fixed = {"panel": 1.0, "new": 0.0, "mixed": start.opening_share}[membership]

    def total(at: Floats) -> float:
        shape, a, b = np.exp(at[:3])
        opening = float(expit(at[3])) if estimates_opening else opening_fixed
        value = -float(((at - begin) ** 2).sum()) / (2 * _PRIOR_SPREAD**2)
        for index, one in enumerate(prepared(float(shape))):
            rate_shape, rate = np.exp(at[_COMMON + 2 * index : _COMMON + 2 * index + 2])
            weight = rate_weights(float(rate_shape), float(rate))
            value += one.total(weight, float(a), float(b), opening, membership)
        return value

    best = maximise(total, begin.tolist())
    return _fit_of(best, found, estimated_opening=estimates_opening)


def _starting_point(found: list[Histories], start: Start) -> Floats:
    common = np.log([start.renewal_shape, start.drop_out_a, start.drop_out_b])
    share = min(max(start.opening_share, 0.02), 0.98)
    kinds = []
    for one, shape in zip(found, start.rate_shape, strict=True):
        watched = np.maximum(one.days - np.minimum(one.first, one.days - 1), 1)
        rate = (one.visits.sum() + 1.0) / (watched.sum() + 1.0)
        kinds += [np.log(shape), np.log(rate)]
    return np.concatenate([common, [np.log(share / (1 - share))], kinds])


def _fit_of(best: Optimum, found: list[Histories], *, estimated_opening: bool) -> VisitFit:
    members = sum(len(one) for one in found)
    opening = None
    if estimated_opening:
        reach = Z95 * best.error(3)
        low, value, high = expit([best.at[3] - reach, best.at[3], best.at[3] + reach])
        opening = Estimate(float(value), float(low), float(high), members)

    def of_kind(offset: int) -> tuple[Estimate, ...]:
        return tuple(
            log_normal(
                float(best.at[_COMMON + 2 * i + offset]),
                best.error(_COMMON + 2 * i + offset),
                len(k),
            )
            for i, k in enumerate(found)
        )

    return VisitFit(
        best.log_estimate(0, members), best.log_estimate(1, members), best.log_estimate(2, members),
        opening, of_kind(0), of_kind(1), best.log_likelihood,
    )  # fmt: skip
