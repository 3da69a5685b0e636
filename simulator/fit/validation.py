"""Validate: fit a population on the first weeks of a log and judge it on the weeks held out.

The simulator's own members, days, arrivals and baskets are drawn from the fitted population, and
the cohort known at the cut is followed past it, in the log and in the simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.fit.calibration import Calibration, calibrate
from simulator.fit.day_profile import WEEK, days_of, price_index
from simulator.fit.observed import NEVER, NothingToFit, Observed
from simulator.fit.visit_process import Membership
from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.members import Members, draw_members
from simulator.people.population import Population
from simulator.people.setting import DAYS_MAX, Setting
from simulator.play.basket import Basket
from simulator.play.demand import Arrivals
from simulator.play.local_days import LocalDays

SIMULATED_MEMBERS: Final = 20_000
WEEKS_LEAST: Final = 4
"""Weeks needed on either side of the cut."""
_REGISTER_SHARE: Final = 0.5
_KS_95: Final = 1.358


@dataclass(frozen=True)
class Sample:
    """Hold what a cohort did in the days judged.

    `visits` has one entry a member, `intervals` in days, `litres` one a fill.
    """

    visits: Ints
    intervals: Ints
    litres: Floats


@dataclass(frozen=True)
class Distance:
    """Hold a Kolmogorov–Smirnov distance and what chance alone would reach in 5 of 100 cases."""

    value: float
    chance_95: float


@dataclass(frozen=True)
class Judged:
    """Hold a log beside its simulation.

    The samples are of the days judged; `repeats` and `repeats_simulated` are cumulative visits
    after the cohort's first ones by week from the log's first day, float64[weeks].
    """

    cohort: int
    visits: Distance
    intervals: Distance
    litres: Distance
    repeats: Floats
    repeats_simulated: Floats
    observed: Sample
    simulated: Sample


@dataclass(frozen=True)
class HeldOut:
    """Hold how well weeks that no fit has seen were foretold.

    `mape` is over the held-out weeks of the cumulative curve, `total_error` of their visits
    together, as a share.
    """

    calibration: Calibration
    fitted_weeks: int
    judged: Judged
    mape: float
    total_error: float


def distance(one: Ints | Floats, other: Ints | Floats) -> Distance:
    """Measure the Kolmogorov–Smirnov distance of two samples.

    >>> distance(np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6])).value
    0.5
    """
    if not len(one) or not len(other):
        return Distance(1.0, 1.0)
    values = np.union1d(one, other)
    below = [np.searchsorted(np.sort(sample), values, side="right") / len(sample)
             for sample in (one, other)]  # fmt: skip
    chance = _KS_95 * np.sqrt(1.0 / len(one) + 1.0 / len(other))
    return Distance(float(np.abs(below[0] - below[1]).max()), float(chance))


def mean_absolute_percentage_error(foretold: Floats, actual: Floats) -> float:
    """Average how far curves are apart as a share of the actual one.

    >>> mean_absolute_percentage_error(np.array([90.0, 110.0]), np.array([100.0, 100.0]))
    0.1
    """
    return float(np.mean(np.abs(foretold - actual) / actual))


def hold_out(
    observed: Observed,
    template: Population,
    *,
    fitted_weeks: int | None = None,
    default_kind: str | None = None,
    is_holiday: Callable[[date], bool] | None = None,
    membership: Membership = "mixed",
    seed: int = 1,
) -> HeldOut:
    """Fit on the first `fitted_weeks` (half of them without it) and judge on the rest.

    Raises:
        NothingToFit: there are fewer than four weeks on either side.
    """
    weeks = min(observed.days, DAYS_MAX) // WEEK
    first = weeks // 2 if fitted_weeks is None else fitted_weeks
    if min(first, weeks - first) < WEEKS_LEAST:
        raise NothingToFit(
            f"{weeks} weeks, {first} of them to fit on: at least {WEEKS_LEAST} are needed before "
            "the cut and after it",
            f"共 {weeks} 周，其中 {first} 周用来拟合：分界前后各至少需要 {WEEKS_LEAST} 周",
        )
    cut, days = first * WEEK, weeks * WEEK
    fitted = calibrate(
        observed.before(cut), template,
        default_kind=default_kind, is_holiday=is_holiday, membership=membership,
    )  # fmt: skip
    judged = judge(observed, fitted, cut, days, since=cut, is_holiday=is_holiday, seed=seed)
    repeats, played = judged.repeats, judged.repeats_simulated
    late = repeats[-1] - repeats[first - 1]
    return HeldOut(
        fitted, first, judged,
        mean_absolute_percentage_error(played[first:], repeats[first:]),
        float((played[-1] - played[first - 1]) / max(late, 1.0) - 1.0),
    )  # fmt: skip


def judge(
    observed: Observed,
    fitted: Calibration,
    cut: int,
    days: int,
    *,
    since: int = 0,
    is_holiday: Callable[[date], bool] | None = None,
    seed: int = 1,
) -> Judged:
    """Play a fitted population over `days` and hold it against the log from day `since` on.

    The cohort is who was known by day `cut`: by enrolling, where most do, else by a visit.
    """
    enrolled = (observed.enrol_day != NEVER) & (observed.enrol_day < cut)
    registered = bool(enrolled.sum() > _REGISTER_SHARE * len(fitted.kinds.of_member))
    who, day = observed.visits()
    known = np.zeros(observed.members, dtype=np.bool_)
    known[who[day < cut]] = True
    known |= enrolled & registered
    fills = observed.fills
    actual, repeats = _followed(
        known, who, day, since, days, (fills.member, fills.day, fills.litres)
    )
    log = Played.of(observed, fitted, cut, days, is_holiday, seed)
    seen = np.ones(SIMULATED_MEMBERS, dtype=np.bool_)
    if not registered:
        seen[:] = False
        seen[log.who[log.day < cut]] = True
    simulated, played = _followed(
        seen, log.who, log.day, since, days, (log.who, log.day, log.litres)
    )
    played = played * (known.sum() / max(int(seen.sum()), 1))
    return Judged(
        int(known.sum()),
        distance(actual.visits, simulated.visits),
        distance(actual.intervals, simulated.intervals),
        distance(actual.litres, simulated.litres),
        repeats, played, actual, simulated,
    )  # fmt: skip


def _followed(
    cohort: npt.NDArray[np.bool_],
    who: Ints,
    day: Ints,
    since: int,
    days: int,
    fills: tuple[Ints, Ints, Floats],
) -> tuple[Sample, Floats]:
    """Follow a cohort from day `since` on; visits are ordered by member and day.

    Returns its sample and its cumulative repeat visits by week, float64[weeks].
    """
    repeat = (np.diff(who, prepend=-1) == 0) & cohort[who] & (day < days)
    by_day = np.bincount(day[repeat], minlength=days)
    curve = np.cumsum(by_day)[WEEK - 1 :: WEEK].astype(np.float64)
    late = cohort[who] & (day >= since) & (day < days)
    visits = np.bincount(who[late], minlength=len(cohort))[cohort]
    gaps = np.diff(day[late])[np.diff(who[late]) == 0]
    member, fill_day, litres = fills
    inside = cohort[member] & (fill_day >= since) & (fill_day < days)
    return Sample(visits, gaps, litres[inside]), curve


@dataclass(frozen=True)
class Played:
    """Hold the visits of simulated members, ordered by member and day, each with its litres."""

    who: Ints
    day: Ints
    litres: Floats

    @classmethod
    def of(
        cls,
        observed: Observed,
        fitted: Calibration,
        cut: int,
        days: int,
        is_holiday: Callable[[date], bool] | None,
        seed: int,
    ) -> Played:
        """Play a fitted population over a log's days, at the log's own prices and holidays.

        Members join up to the cut, as the cohort that is followed did.
        """
        keyed = Keyed(seed)
        population = fitted.population
        until_cut = _setting(observed, population, cut, is_holiday)
        members = draw_members(
            keyed, population, until_cut, first=0, last=SIMULATED_MEMBERS, total=SIMULATED_MEMBERS
        )
        setting = _setting(observed, population, days, is_holiday)
        local_days = LocalDays(keyed, population, setting)
        local_days.price_index = _level(observed, cut)[:days]
        basket = Basket(keyed, population, setting)
        arrivals = Arrivals(
            keyed, Purpose.VISIT_GAP, members.number, members.visit_rate,
            shape=population.timing.renewal_shape, drop_out=members.drop_out,
        )  # fmt: skip
        answer = population.response.discount_litres
        found = [
            _one_day(arrivals, basket, members, local_days, number, answer)
            for number in range(days)
        ]
        who = np.concatenate([row for row, _ in found])
        litres = np.concatenate([volume for _, volume in found])
        day = np.repeat(np.arange(days), [len(row) for row, _ in found])
        order = np.lexsort((day, who))
        return cls(who[order], day[order], litres[order])


def _level(observed: Observed, cut: int) -> Floats:
    """Follow the price level, float64[days], from the level that was fitted up to the cut."""
    index = price_index(observed)
    fitted = price_index(observed.before(cut))
    found: Floats = index * np.exp(np.mean(np.log(fitted[:cut]) - np.log(index[:cut])))
    return found


def _one_day(
    arrivals: Arrivals,
    basket: Basket,
    members: Members,
    local_days: LocalDays,
    day: int,
    discount_litres: float,
) -> tuple[Ints, Floats]:
    begins = np.flatnonzero(members.first_day == day)
    arrivals.begin(begins, at_once=~members.opening[begins])
    row, visit = arrivals.day(local_days.exposure(day))
    price = float(local_days.price_index[day])
    fills = basket.fills(members, row, visit, price_index=price, appetite=price**-discount_litres)
    return row, fills.litres_ml / 1000.0


def _setting(
    observed: Observed,
    population: Population,
    days: int,
    is_holiday: Callable[[date], bool] | None,
) -> Setting:
    """Set the stage as the log has it: its days, kinds, grades and prices."""
    dates = days_of(observed)
    return Setting(
        timezone="UTC",
        starts=dates[0],
        days=days,
        kinds=tuple(population.kinds),
        default_kind=next(iter(population.kinds)),
        fuels=tuple(population.grades),
        prices=tuple(grade.price for grade in population.grades.values()),
        fuel_of_grade=tuple(range(len(population.grades))),
        shop=(),
        stations=observed.stations or ("1",),
        holidays=frozenset(day for day in dates if is_holiday and is_holiday(day)),
    )
