"""Log findings: the figures of a population file that a log tells, by their paths in the file.

What a log has too little of is left out; the template's figure then stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import numpy as np

from simulator.fit.day_profile import (
    DayProfile,
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
)
from simulator.fit.observed import Observed
from simulator.fit.population_text import (
    Finding,
    finding,
    findings,
)
from simulator.fit.side_acts import (
    TASKS,
    duplicate_share,
    fit_coupons,
    fit_refunds,
    fit_shop,
    fit_tasks,
)
from simulator.fit.visit_process import Membership, VisitFit
from simulator.people.members import DAYS_PER_MONTH

FILLS_LEAST: Final = 30
"""Fills of a kind below which its own figures stay the template's."""
IsHoliday = Callable[[date], bool]


def timing(
    observed: Observed, kinds: Kinds, profile: DayProfile, is_holiday: IsHoliday | None
) -> dict[str, Finding]:
    """Tell when members come: by weekday, hour, holiday and price; and how prices move."""
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


def visit_rates(
    visits: VisitFit, kinds: Kinds, exposure_mean: float, membership: Membership
) -> dict[str, Finding]:
    """Tell how often members come, a month at exposure_mean, and how long they stay."""
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


def litres(observed: Observed, kinds: Kinds) -> dict[str, Finding]:
    """Tell how much members fill, litres at the usual price, and how amounts are rounded."""
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


def traits(observed: Observed, kinds: Kinds) -> dict[str, Finding]:
    """Tell who members are: kinds, companies, grades, cards, where they go, who enrols."""
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


def side_acts(observed: Observed) -> dict[str, Finding]:
    """Tell what members do beside filling: the shop, tasks, refunds, coupons."""
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


def _even(size: int) -> tuple[Estimate, ...]:
    """Fill in for a kind that never came: any grade."""
    return tuple(Estimate(1.0 / size, 0.0, 1.0, 0) for _ in range(size))
