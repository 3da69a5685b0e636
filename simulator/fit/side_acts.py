"""Fit what goes on beside fills: the shop, tasks in the app, refunds, coupons, repeated sending."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit, gammaln

from simulator.fit.coupon_propensity import CouponPropensity, fit_propensity
from simulator.fit.estimate import Z95, Estimate, maximise, share
from simulator.fit.litres_fit import weibull_fit
from simulator.fit.observed import FEN, HOUR_US, Observed
from simulator.people.keyed import Floats, Ints

TASKS: Final = ("check_in", "browse", "share", "survey", "review")
_LEAST: Final = 30
"""Events of a sort below which nothing is fitted to them."""
_PRIOR_SPREAD: Final = 3.0
_SCORES: Final = 11


@dataclass(frozen=True)
class ShopUse:
    """Hold how often something else is bought at a fill, and for how much."""

    line: Estimate
    mean: Estimate
    shape: Estimate


@dataclass(frozen=True)
class TaskUse:
    """Hold how many do tasks, how often, and which; `scores` are surveys in percent."""

    app: Estimate
    per_week: Estimate
    rate_shape: Estimate
    shares: tuple[Estimate, ...]
    scores: tuple[Estimate, ...] | None


@dataclass(frozen=True)
class RefundUse:
    """Hold how many fills are taken back, in full or not, and after how long."""

    visit: Estimate
    full: Estimate
    delay_hours: Estimate


def _of_type(observed: Observed, name: str) -> pa.Table:
    return observed.others.filter(pc.equal(observed.others["type"], name))


def fit_shop(observed: Observed) -> ShopUse | None:
    """Fit purchases without litres; None where there are few."""
    lines = _of_type(observed, "purchase")
    amount = pc.fill_null(lines["amount_fen"], 0).to_numpy() / FEN
    amount = amount[amount > 0]
    if len(amount) < _LEAST:
        return None
    visits = float(len(np.unique(observed.fills.visit)))
    mean, shape = weibull_fit(amount)
    return ShopUse(share(min(float(len(amount)), visits), visits), mean, shape)


def fit_tasks(observed: Observed) -> TaskUse | None:
    """Fit tasks: some members do none, the others at gamma rates; None where there are few.

    Each member counts from the day of enrolling or of the first fill.
    """
    types = pa.array(TASKS)
    tasks = observed.others.filter(pc.is_in(observed.others["type"], types))
    if tasks.num_rows < _LEAST:
        return None
    done = np.bincount(tasks["member"].to_numpy(), minlength=observed.members)
    first = np.full(observed.members, observed.days)
    np.minimum.at(first, observed.fills.member, observed.fills.day)
    first = np.where(observed.enrol_day >= 0, np.minimum(observed.enrol_day, first), first)
    weeks = np.maximum(observed.days - first, 1) / 7.0
    app, per_week, rate_shape = _zero_inflated(done, weeks)
    counts = [int(pc.sum(pc.equal(tasks["type"], name)).as_py() or 0) for name in TASKS]
    surveys = _of_type(observed, "survey")
    scores = None
    if surveys.num_rows >= _LEAST:
        given = surveys["score"].drop_null().to_numpy()
        by_score = np.bincount(given, minlength=_SCORES)[:_SCORES]
        scores = tuple(_percent(share(float(n), float(len(given)))) for n in by_score)
    shares = tuple(share(float(n), float(tasks.num_rows)) for n in counts)
    return TaskUse(app, per_week, rate_shape, shares, scores)


def _percent(one: Estimate) -> Estimate:
    return Estimate(100 * one.value, 100 * one.low, 100 * one.high, one.count)


def _zero_inflated(done: Ints, weeks: Floats) -> tuple[Estimate, Estimate, Estimate]:
    """Fit the share that does tasks, and their gamma rates a week, by negative binomials."""
    alike, weight = np.unique(
        np.column_stack([done, np.rint(weeks * 7)]), axis=0, return_counts=True
    )
    count, time = alike[:, 0], alike[:, 1] / 7.0
    begin = np.array([0.0, np.log(max(float(done.sum() / weeks.sum()), 1e-3) * 2.0), np.log(0.7)])

    def total(at: Floats) -> float:
        some = expit(at[0])
        rate, shape = np.exp(at[1:])
        scale = shape / rate
        each = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1.0)
        each = each + shape * np.log(scale / (scale + time)) + count * np.log(time / (scale + time))
        mixed = some * np.exp(each) + np.where(count == 0, 1.0 - some, 0.0)
        prior = float(((at - begin) ** 2).sum()) / (2 * _PRIOR_SPREAD**2)
        return float(weight @ np.log(np.maximum(mixed, 1e-300))) - prior

    best = maximise(total, begin.tolist())
    reach = Z95 * best.error(0)
    low, value, high = expit([best.at[0] - reach, best.at[0], best.at[0] + reach])
    app = Estimate(float(value), float(low), float(high), len(done))
    return app, best.log_estimate(1, len(done)), best.log_estimate(2, len(done))


def fit_refunds(observed: Observed) -> RefundUse | None:
    """Fit refunds of fills; None where there are few."""
    refunds = _of_type(observed, "refund")
    fills = observed.fills
    place = pc.index_in(refunds["ref"].combine_chunks(), fills.event_id)
    known = pc.is_valid(place).to_numpy(zero_copy_only=False)
    if int(known.sum()) < _LEAST:
        return None
    refunds = refunds.filter(pa.array(known))
    back_us = refunds["at_us"].to_numpy()
    fill_us = fills.at_us[place.drop_null().to_numpy()]
    hours = np.maximum((back_us - fill_us) / HOUR_US, 0.0)
    full = pc.and_(pc.is_null(refunds["litres_ml"]), pc.is_null(refunds["amount_fen"]))
    error = float(hours.std() / np.sqrt(len(hours)))
    mean = max(float(hours.mean()), 0.01)
    delay = Estimate(mean, min(max(mean - Z95 * error, 0.01), mean), mean + Z95 * error, len(hours))
    fulls = float(pc.sum(full).as_py() or 0)
    return RefundUse(
        share(float(len(hours)), float(len(fills.day))), share(fulls, float(len(hours))), delay
    )


def fit_coupons(observed: Observed) -> CouponPropensity | None:
    """Fit the use of coupons that members claimed; None where few were claimed.

    Coupons that a programme issues by itself are in no log: only claimed ones can be counted.
    """
    claims, uses = _of_type(observed, "claim"), _of_type(observed, "use")
    if claims.num_rows < _LEAST:
        return None
    held = np.bincount(claims["member"].to_numpy(), minlength=observed.members)
    used = np.bincount(uses["member"].to_numpy(), minlength=observed.members)
    rows = held > 0
    return fit_propensity(np.minimum(used, held)[rows], held[rows])


def duplicate_share(observed: Observed) -> Estimate:
    """Count the events that were sent twice."""
    return share(float(observed.duplicates), float(max(observed.events - observed.duplicates, 1)))
