"""Fit what makes a day busy: weekday, holidays, the price; and at which hours members come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from simulator.fit.estimate import Z95, Estimate, normal, share
from simulator.fit.observed import Observed
from simulator.people.keyed import Floats, Ints

WEEK: Final = 7
_SATURDAY: Final = 5
_DAYS_LEAST: Final = 28
_TREND_DAYS: Final = 45
_TREND_TERMS_MAX: Final = 4
# A price that hardly moves says nothing about what a move would do.
_PRICE_SPREAD_LEAST: Final = 0.003
_ELASTICITY_REACH_MAX: Final = 0.15
_CHANGE_LEAST: Final = 0.003
_NOISY: Final = 0.3
_QUIET_HOURS: Final = 5
_NIGHT_HOURS: Final = 7


@dataclass(frozen=True)
class DayProfile:
    """Hold how days differ; None where the log can't tell.

    `weekday` has seven entries around 1, Monday first; `elasticity` is of visits by price.
    """

    weekday: tuple[Estimate, ...] | None
    holiday: Estimate | None
    elasticity: Estimate | None
    exposure: Floats
    """float64[days]: each day's factor, as far as it could be told."""


@dataclass(frozen=True)
class Hours:
    """Hold the hours of visits in percent, and by kind the share that comes at night."""

    weekday: tuple[Estimate, ...]
    weekend: tuple[Estimate, ...]
    night: tuple[Estimate, ...]


def days_of(observed: Observed) -> list[date]:
    """List the local dates of a log."""
    first = date(1970, 1, 1) + timedelta(days=observed.first_day)
    return [first + timedelta(days=number) for number in range(observed.days)]


def price_index(observed: Observed) -> Floats:
    """Follow the price level, float64[days]: 1 is each product's median over the log.

    A day without a sale keeps the level of the day before.
    """
    fills = observed.fills
    level = np.zeros(observed.days)
    weight = np.zeros(observed.days)
    for code in np.unique(fills.product):
        rows = np.flatnonzero((fills.product == code) & (fills.amount > 0))
        if not len(rows):
            continue
        unit = np.log(fills.amount[rows] / fills.litres[rows])
        unit -= np.median(unit)
        order = np.lexsort((unit, fills.day[rows]))
        day = fills.day[rows][order]
        starts = np.flatnonzero(np.diff(day, prepend=-1))
        count = np.diff(np.append(starts, len(day)))
        level[day[starts]] += unit[order][starts + count // 2] * count
        weight[day[starts]] += count
    there = np.flatnonzero(weight > 0)
    if not len(there):
        return np.ones(observed.days)
    known = np.maximum(np.searchsorted(there, np.arange(observed.days), side="right") - 1, 0)
    found: Floats = np.exp((level[there] / weight[there])[known])
    return found


def price_steps(index: Floats) -> tuple[float, float] | None:
    """Tell every how many days the price moved and by how much at most; None if it never did.

    A level that moves nearly every day is mostly the mix of what was sold: it is then followed
    from week to week. Steps are taken for even between the most up and down.
    """
    moves = np.diff(np.log(index))
    moved = np.abs(moves) > _CHANGE_LEAST
    every = len(index) / max(int(moved.sum()), 1)
    if moved.mean() > _NOISY:
        weeks = [np.median(index[at : at + WEEK]) for at in range(0, len(index), WEEK)]
        moves, every = np.diff(np.log(weeks)), float(WEEK)
        moved = np.ones(len(moves), dtype=np.bool_)
    if not moved.any():
        return None
    return every, float(np.sqrt(3.0 * np.mean(moves[moved] ** 2)))


def fit_days(observed: Observed, is_holiday: Callable[[date], bool] | None) -> DayProfile:
    """Regress the visits of each day on weekday, holiday, price and a smooth trend."""
    days = days_of(observed)
    _, visit_day = observed.visits()
    visits = np.bincount(visit_day, minlength=observed.days).astype(np.float64)
    nothing = DayProfile(None, None, None, np.ones(observed.days))
    if observed.days < _DAYS_LEAST:
        return nothing
    weekday = np.array([day.weekday() for day in days])
    columns = [(weekday == number).astype(np.float64) for number in range(WEEK)]
    holiday = np.array([bool(is_holiday and is_holiday(day)) for day in days], dtype=np.float64)
    log_price = np.log(price_index(observed))
    has_holiday = bool(0 < holiday.sum() < observed.days)
    has_price = bool(log_price.std() > _PRICE_SPREAD_LEAST)
    columns += [holiday] if has_holiday else []
    columns += [log_price - log_price.mean()] if has_price else []
    terms = min(max(observed.days // _TREND_DAYS, 1), _TREND_TERMS_MAX)
    at = np.linspace(-1.0, 1.0, observed.days)
    columns += [np.polynomial.legendre.Legendre.basis(term)(at) for term in range(1, terms + 1)]
    design = np.column_stack(columns)
    found = poisson_regression(design, visits)
    if found is None:
        return nothing
    at_top, covariance = found
    elasticity = None
    if has_price:
        place = WEEK + int(has_holiday)
        error = float(np.sqrt(covariance[place, place]))
        if Z95 * error <= _ELASTICITY_REACH_MAX:
            elasticity = normal(float(at_top[place]), error, observed.days)
    each_weekday = _weekdays(at_top, covariance, len(visit_day))
    one_holiday = None
    if has_holiday:
        error = float(np.sqrt(covariance[WEEK, WEEK]))
        low, value, high = np.exp(at_top[WEEK] + Z95 * error * np.array([-1.0, 0.0, 1.0]))
        one_holiday = Estimate(float(value), float(low), float(high), int(holiday.sum()))
    exposure = np.array([each_weekday[number].value for number in weekday])
    exposure *= np.where(holiday > 0, one_holiday.value if one_holiday else 1.0, 1.0)
    return DayProfile(each_weekday, one_holiday, elasticity, exposure)


def _weekdays(at: Floats, covariance: Floats, visits: int) -> tuple[Estimate, ...]:
    """Scale the seven effects to a mean of 1, with their errors around that mean."""
    factor = np.exp(at[:WEEK])
    value = factor / factor.mean()
    jacobian = np.diag(value) - np.outer(value, factor / factor.sum())
    spread = jacobian @ covariance[:WEEK, :WEEK] @ jacobian.T
    return tuple(
        normal(float(v), float(np.sqrt(spread[i, i])), visits) for i, v in enumerate(value)
    )


def fit_fill_elasticity(observed: Observed) -> Estimate | None:
    """Regress the logarithm of each fill on that of the price, member by member.

    Returns by how much of itself a fill grows per share that the price falls; None where the
    price hardly moves or the answer is vague. Errors are clustered by member.
    """
    fills = observed.fills
    log_price = np.log(price_index(observed))
    if log_price.std() <= _PRICE_SPREAD_LEAST:
        return None
    visits = np.bincount(fills.member, minlength=observed.members)

    def within(values: Floats) -> Floats:
        mean = np.bincount(fills.member, values, observed.members) / np.maximum(visits, 1)
        found: Floats = values - mean[fills.member]
        return found

    price, litres = within(log_price[fills.day]), within(np.log(fills.litres))
    spread = float(price @ price)
    if spread <= 0.0:
        return None
    slope = float(price @ litres) / spread
    score = np.bincount(fills.member, price * (litres - slope * price), observed.members)
    error = float(np.sqrt(score @ score)) / spread
    if Z95 * error > _ELASTICITY_REACH_MAX:
        return None
    return normal(-slope, error, len(fills.day))


def price_appetite(observed: Observed) -> Floats:
    """Tell by how much the price of its day scaled each fill, float64[fills].

    1 is the usual price, and everywhere where the log can't tell how fills answer the price.
    """
    answer = fit_fill_elasticity(observed)
    if answer is None:
        return np.ones(len(observed.fills.day))
    found: Floats = price_index(observed)[observed.fills.day] ** -answer.value
    return found


def poisson_regression(design: Floats, count: Floats) -> tuple[Floats, Floats] | None:
    """Fit log-linear `count: float64[n]` on `design: float64[n, p]` by Newton's steps.

    Returns the coefficients and their covariance, widened by how far counts scatter beyond
    Poisson's; None where the design leaves something open.
    """
    if count.sum() < design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    at = np.linalg.lstsq(design, np.log(np.maximum(count, 0.5)), rcond=None)[0]
    for _ in range(50):
        mean = np.exp(np.clip(design @ at, -30.0, 30.0))
        information = design.T @ (design * mean[:, None])
        step = np.linalg.solve(information, design.T @ (count - mean))
        at = at + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    mean = np.exp(design @ at)
    free = max(len(count) - design.shape[1], 1)
    dispersion = max(float(np.sum((count - mean) ** 2 / mean)) / free, 1.0)
    information = design.T @ (design * mean[:, None])
    covariance: Floats = np.linalg.inv(information).astype(np.float64) * dispersion
    return at.astype(np.float64), covariance


def fit_hours(
    observed: Observed, kind: Ints, kinds: int, is_holiday: Callable[[date], bool] | None
) -> Hours:
    """Count visits by hour. What comes before five in the morning is night work, spread evenly
    over the seven night hours; the profile of the day is what is left.
    """
    fills = observed.fills
    first = np.flatnonzero(np.diff(fills.visit, prepend=-1))
    hour, day, of_kind = fills.hour[first], fills.day[first], kind[fills.member[first]]
    free_days = np.array(
        [d.weekday() >= _SATURDAY or bool(is_holiday and is_holiday(d)) for d in days_of(observed)]
    )
    night = []
    for code in range(kinds):
        rows = of_kind == code
        part = share(float(np.sum(hour[rows] < _QUIET_HOURS)), float(rows.sum()))
        scale = _NIGHT_HOURS / _QUIET_HOURS
        night.append(Estimate(
            min(part.value * scale, 1.0), min(part.low * scale, 1.0), min(part.high * scale, 1.0),
            part.count,
        ))  # fmt: skip
    free = free_days[day]
    return Hours(
        _hour_shares(hour[~free], of_kind[~free], night),
        _hour_shares(hour[free], of_kind[free], night),
        tuple(night),
    )


def _hour_shares(hour: Ints, kind: Ints, night: list[Estimate]) -> tuple[Estimate, ...]:
    """Count hours in percent, without the even night part, float64[24]."""
    counts = np.bincount(hour, minlength=24).astype(np.float64)
    at_night = (
        sum(one.value * float(np.sum(kind == code)) for code, one in enumerate(night))
        / _NIGHT_HOURS
    )
    night_hours = np.r_[0:_QUIET_HOURS, 22:24]
    counts[night_hours] = np.maximum(counts[night_hours] - at_night, 0.0)
    counts[:_QUIET_HOURS] = 0.0
    total = counts.sum()
    found = []
    for count in counts:
        one = share(count, total)
        found.append(Estimate(100 * one.value, 100 * one.low, 100 * one.high, round(total)))
    return tuple(found)
