"""Calibrate: fit a population file to a log, figure by figure, each with its 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import holidays
import numpy as np

from simulator.fit.day_profile import (
    DayProfile,
    days_of,
    fit_days,
    fit_fill_elasticity,
    fit_hours,
    price_appetite,
    price_index,
    price_steps,
)
from simulator.fit.estimate import Estimate
from simulator.fit.litres_fit import LitresFit, fit_litres, round_money
from simulator.fit.member_traits import (
    Kinds,
    away_share,
    card_shares,
    card_use,
    company_sizes,
    enrolling_share,
    grade_prices,
    grade_shares,
    kind_shares,
    kinds_of,
)
from simulator.fit.observed import NothingToFit, Observed
from simulator.fit.population_text import (
    Finding,
    finding,
    findings,
    population_parameters,
    population_text,
)
from simulator.fit.side_acts import (
    TASKS,
    duplicate_share,
    fit_coupons,
    fit_refunds,
    fit_shop,
    fit_tasks,
)
from simulator.fit.visit_process import Membership, Start, VisitFit, fit_visits, histories
from simulator.people.keyed import Floats
from simulator.people.members import DAYS_PER_MONTH
from simulator.people.population import Population
from simulator.people.population_file import load_population

FILLS_LEAST: Final = 30
"""Fills of a kind below which its own figures stay the template's."""
REPEATS_LEAST: Final = 50
IsHoliday = Callable[[date], bool]


def holidays_of(country: str | None) -> IsHoliday | None:
    """Tell public holidays of a country from other days; nothing for None.

    Raises:
        NotImplementedError: the country's aren't known.
    """
    if country is None:
        return None
    return holidays.country_holidays(country).__contains__


@dataclass(frozen=True)
class Calibration:
    """Hold a fitted population with what it rests on.

    `found` has every figure the log told, by path; `population.parameters` those and the rest.
    """

    population: Population
    text: str
    found: dict[str, Finding]
    kinds: Kinds
    membership: Membership
    visits: VisitFit
    profile: DayProfile
    exposure: Floats
    period: str

    @property
    def defaults(self) -> list[str]:
        """Name the figures that the log couldn't tell."""
        return [path for path in self.population.parameters if path not in self.found]


def calibrate(
    observed: Observed,
    template: Population,
    *,
    default_kind: str | None = None,
    is_holiday: IsHoliday | None = None,
    membership: Membership = "mixed",
) -> Calibration:
    """Fit a population to a log; what it can't tell stays the template's.

    Raises:
        NothingToFit: too few members come a second time.
    """
    who, _ = observed.visits()
    repeats = len(who) - len(np.unique(who))
    if repeats < REPEATS_LEAST:
        raise NothingToFit(
            f"{repeats} visits after a member's first: at least {REPEATS_LEAST} are needed",
            f"会员首次到站之后只有 {repeats} 次到站：至少需要 {REPEATS_LEAST} 次",
        )
    kinds = kinds_of(observed, default_kind or next(iter(template.kinds)))
    found: dict[str, Finding] = {}
    profile = fit_days(observed, is_holiday)
    found |= _timing(observed, kinds, profile, is_holiday)
    exposure = _exposure(observed, template, found, is_holiday)
    visits = _fit_visits(observed, kinds, template, membership)
    found |= _rates(visits, kinds, float(exposure.mean()), membership)
    found |= _litres(observed, kinds)
    found |= _traits(observed, kinds)
    found |= _side_acts(observed)
    days = days_of(observed)
    period = f"{days[0]} to {days[-1]}"
    parameters = population_parameters(
        template, found, observed.products or tuple(template.grades), kinds.names, period
    )
    heading = [
        "Fitted to a log by `forecourt calibrate`. Source M is the log, a range its 95 % interval.",
        f"{len(observed.fills.day):,} fills of {observed.members:,} members, {period}.",
    ]
    text = population_text(parameters, heading)
    population = load_population(text, "the fitted population")
    told = {path: one for path, one in found.items() if path in population.parameters}
    return Calibration(population, text, told, kinds, membership, visits, profile, exposure, period)


def _timing(
    observed: Observed, kinds: Kinds, profile: DayProfile, is_holiday: IsHoliday | None
) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    if profile.weekday is not None:
        found["timing.weekday_profile"] = findings(profile.weekday)
    if profile.holiday is not None:
        found["timing.holiday_factor"] = finding(profile.holiday)
    if profile.elasticity is not None:
        found["timing.price_elasticity"] = finding(profile.elasticity)
    fill = fit_fill_elasticity(observed)
    if fill is not None:
        found["response.discount_litres"] = finding(fill)
    hours = fit_hours(observed, kinds.of_member, len(kinds.names), is_holiday)
    for name, profile_hours in (("weekday", hours.weekday), ("weekend", hours.weekend)):
        if sum(one.value for one in profile_hours) > 0:
            found[f"timing.hours_{name}"] = findings(profile_hours)
    for name, night in zip(kinds.names, hours.night, strict=True):
        if night.count >= FILLS_LEAST:
            found[f"kinds.{name}.night_share"] = finding(night, most=1.0)
    steps = price_steps(price_index(observed))
    if steps is not None:
        every, size = steps
        found["prices.step_days"] = Finding(every, every, every, observed.days)
        found["prices.step_size"] = Finding(size, size, size, observed.days)
    return found


def _exposure(
    observed: Observed,
    template: Population,
    found: dict[str, Finding],
    is_holiday: IsHoliday | None,
) -> Floats:
    """Answer each day's factor under the figures as they will stand, float64[days]."""

    def figure(path: str) -> Floats:
        one = found.get(path)
        value = one.value if one is not None else template.parameters[path].value
        return np.atleast_1d(np.asarray(value, dtype=np.float64))

    days = days_of(observed)
    factor = figure("timing.weekday_profile")[[day.weekday() for day in days]]
    holiday = np.array([bool(is_holiday and is_holiday(day)) for day in days])
    factor = np.where(holiday, factor * figure("timing.holiday_factor"), factor)
    exposure: Floats = factor * price_index(observed) ** figure("timing.price_elasticity")
    return exposure


def _fit_visits(
    observed: Observed, kinds: Kinds, template: Population, membership: Membership
) -> VisitFit:
    timing = template.timing
    first = next(iter(template.kinds))
    shapes = tuple(
        template.kinds[name if name in template.kinds else first].rate_shape for name in kinds.names
    )
    start = Start(
        timing.renewal_shape, timing.drop_out_a, timing.drop_out_b,
        template.enrolment.opening_share, shapes,
    )  # fmt: skip
    return fit_visits(histories(observed, kinds.of_member, len(kinds.names)), start, membership)


def _rates(
    visits: VisitFit, kinds: Kinds, exposure_mean: float, membership: Membership
) -> dict[str, Finding]:
    found = {
        "timing.renewal_shape": finding(visits.renewal_shape),
        "timing.drop_out_a": finding(visits.drop_out_a),
        "timing.drop_out_b": finding(visits.drop_out_b),
    }
    if visits.opening_share is not None:
        found["enrolment.opening_share"] = finding(visits.opening_share, most=1.0)
    elif membership != "mixed":
        share = 1.0 if membership == "panel" else 0.0
        found["enrolment.opening_share"] = Finding(share, share, share, visits.renewal_shape.count)
    a_month = DAYS_PER_MONTH / exposure_mean
    for name, shape, rate in zip(kinds.names, visits.rate_shape, visits.rate, strict=True):
        found[f"kinds.{name}.rate_shape"] = finding(shape)
        found[f"kinds.{name}.visits_per_month"] = Finding(
            rate.value * a_month, rate.low * a_month, rate.high * a_month, rate.count
        )
    return found


def _litres(observed: Observed, kinds: Kinds) -> dict[str, Finding]:
    fills = observed.fills
    kind = kinds.of_member[fills.member]
    counts = np.bincount(kind, minlength=len(kinds.names))
    told = np.flatnonzero(counts >= FILLS_LEAST)
    if not len(told):
        return {}
    rounding = round_money(fills.amount)
    appetite = price_appetite(observed)
    rows = np.isin(kind, told)
    fit: LitresFit = fit_litres(
        np.searchsorted(told, kind[rows]), len(told), fills.member[rows], fills.litres[rows],
        fills.amount[rows], rounding.step, appetite[rows],
    )  # fmt: skip
    step = rounding.step
    found = {
        "litres.shape_within": finding(fit.shape_within),
        "litres.shape_between": finding(fit.shape_between),
        "litres.round_money_share": finding(rounding.share),
        "litres.round_money_step": Finding(step, step, step, len(fills.litres)),
    }
    for place, code in enumerate(told):
        found[f"kinds.{kinds.names[code]}.litres_mean"] = finding(fit.mean[place])
        found[f"kinds.{kinds.names[code]}.tank"] = finding(fit.tank[place])
    least = float(np.quantile(fills.litres, 0.0005))
    found["litres.least"] = Finding(least, float(fills.litres.min()), least, len(fills.litres))
    return found


def _traits(observed: Observed, kinds: Kinds) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    by_kind: dict[str, Sequence[Estimate] | None] = {
        "share": kind_shares(kinds),
        "card_share": card_shares(observed, kinds),
        "company_size": company_sizes(observed, kinds),
    }
    for figure, estimates in by_kind.items():
        for name, one in zip(kinds.names, estimates or (), strict=bool(estimates)):
            if one.count > 0 or figure == "company_size":
                found[f"kinds.{name}.{figure}"] = finding(one)
    if observed.products:
        for name, shares in zip(kinds.names, grade_shares(observed, kinds), strict=True):
            told = shares if shares[0].count else _even(len(shares))
            found[f"kinds.{name}.grades"] = findings(told)
        for grade, price in zip(observed.products, grade_prices(observed), strict=True):
            if price.count:
                found[f"grades.{grade}.price"] = finding(price)
    use = card_use(observed)
    if use is not None:
        found["card.paid_share"] = finding(use.paid)
        found["card.top_up_share"] = finding(use.top_up)
        if use.amounts:
            found["card.top_up_amounts"] = findings(use.amounts)
            found["card.top_up_weights"] = findings(use.weights)
    away = away_share(observed)
    if away is not None:
        found["stations.away_share"] = finding(away)
    enrolling = enrolling_share(observed, kinds, kinds.names[0])
    if enrolling is not None:
        found["enrolment.enrolling_share"] = finding(enrolling)
    return found


def _even(size: int) -> tuple[Estimate, ...]:
    """Fill in for a kind that never came: any grade."""
    return tuple(Estimate(1.0 / size, 0.0, 1.0, 0) for _ in range(size))


def _side_acts(observed: Observed) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    shop = fit_shop(observed)
    if shop is not None:
        found["shop.line_share"] = finding(shop.line)
        found["shop.amount_mean"] = finding(shop.mean)
        found["shop.amount_shape"] = finding(shop.shape)
    tasks = fit_tasks(observed)
    if tasks is not None:
        found["tasks.app_share"] = finding(tasks.app)
        found["tasks.per_week"] = finding(tasks.per_week)
        found["tasks.rate_shape"] = finding(tasks.rate_shape)
        for name, one in zip(TASKS, tasks.shares, strict=True):
            found[f"tasks.{name}_share"] = finding(one)
        if tasks.scores is not None:
            found["tasks.survey_scores"] = findings(tasks.scores)
    refunds = fit_refunds(observed)
    if refunds is not None:
        found["refunds.visit_share"] = finding(refunds.visit)
        found["refunds.full_share"] = finding(refunds.full)
        found["refunds.delay_hours"] = finding(refunds.delay_hours)
    coupons = fit_coupons(observed)
    if coupons is not None:
        found["coupon_use.propensity_a"] = finding(coupons.a)
        found["coupon_use.propensity_b"] = finding(coupons.b)
    if observed.duplicates:
        found["faults.duplicate_share"] = finding(duplicate_share(observed))
    return found
