"""Calibration: fit a population file to a log, figure by figure, each with its 95 % interval.

Here is the order in which figures need one another; what each of them is, the log findings know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import holidays
import numpy as np

from simulator.fit.day_profile import DayProfile, days_of, fit_days, price_index
from simulator.fit.log_findings import IsHoliday, litres, side_acts, timing, traits, visit_rates
from simulator.fit.member_traits import Kinds, kinds_of
from simulator.fit.observed import NothingToFit, Observed
from simulator.fit.population_text import Finding, population_parameters, population_text
from simulator.fit.visit_process import Membership, Start, VisitFit, fit_visits, histories
from simulator.people.keyed import Floats
from simulator.people.population import Population
from simulator.people.population_file import load_population

REPEATS_LEAST: Final = 50
"""Visits after a member's first that a fit of visits needs."""


def holidays_of(country: str | None) -> IsHoliday | None:
    """Tell public holidays of a country from other days; nothing for None.

    Raises:
        ValueError: the country's aren't known.
    """
    if country is None:
        return None
    try:
        return holidays.country_holidays(country).__contains__
    except NotImplementedError:  # as the package says that it doesn't know a country
        raise ValueError(f"{country}: no such country; name one like CN, or none") from None


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
    found |= timing(observed, kinds, profile, is_holiday)
    exposure = _exposure(observed, template, found, is_holiday)
    visits = _fit_visits(observed, kinds, template, membership)
    found |= visit_rates(visits, kinds, float(exposure.mean()), membership)
    found |= litres(observed, kinds)
    found |= traits(observed, kinds)
    found |= side_acts(observed)
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
