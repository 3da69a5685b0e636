"""Draw what stays the same about each member: kind, rate, fill, grade, home, card, app, company."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.population import Kind, Population
from simulator.people.quantiles import beta_quantile, gamma_quantile, pick, weibull_quantile
from simulator.people.setting import Setting

DAYS_PER_MONTH = 365.25 / 12
NO_COMPANY = -1


@dataclass(frozen=True)
class Members:
    """Hold one row for each member; `kind` indexes the setting's kinds, `fuel` its fuels.

    Rates are per day at exposure 1; `first_day` counts from the start; `company` is
    NO_COMPANY for most.
    """

    number: Ints
    kind: npt.NDArray[np.int16]
    visit_rate: Floats
    drop_out: Floats
    first_day: Ints
    opening: npt.NDArray[np.bool_]
    litres_mean: Floats
    tank: Floats
    fuel: npt.NDArray[np.int32]
    station: npt.NDArray[np.int32]
    night_share: Floats
    has_card: npt.NDArray[np.bool_]
    task_rate: Floats
    company: npt.NDArray[np.int32]
    enrols: npt.NDArray[np.bool_]

    def block(self, first: int, last: int) -> "Members":
        """Cut out the members `first` to `last` (excluded), as views."""
        return Members(**{f.name: getattr(self, f.name)[first:last] for f in fields(self)})


def draw_members(
    keyed: Keyed, population: Population, setting: Setting, *, first: int, last: int, total: int
) -> Members:
    """Draw the members `first` to `last` (excluded) of a population of `total`.

    A member's row depends on the seed and its own number alone, but for the number of
    companies, which grows with `total`.
    """
    number = np.arange(first, last, dtype=np.int64)

    def uniform(purpose: Purpose) -> Floats:
        return keyed.uniforms(purpose, number)

    names, traits = _kinds(population, setting)
    which = pick(uniform(Purpose.KIND), np.array([traits[n].share for n in names]))
    kind = np.array([_kind_code(setting, name) for name in names], dtype=np.int16)[which]

    def trait(name: str) -> Floats:
        per_kind = np.array([getattr(traits[n], name) for n in names], dtype=np.float64)
        return per_kind[which]

    timing, enrolment, tasks = population.timing, population.enrolment, population.tasks
    draw = uniform(Purpose.VISIT_RATE)
    rate_factor = np.empty(len(number))
    for index, name in enumerate(names):
        rows = np.flatnonzero(which == index)
        shape = traits[name].rate_shape
        rate_factor[rows] = gamma_quantile(draw[rows], shape) / shape
    start = uniform(Purpose.FIRST_DAY)
    opening = start < enrolment.opening_share
    later = (start - enrolment.opening_share) / max(1.0 - enrolment.opening_share, 1e-12)
    app = uniform(Purpose.USES_APP) < tasks.app_share
    task_factor = gamma_quantile(uniform(Purpose.TASK_RATE), tasks.rate_shape) / tasks.rate_shape
    between = weibull_quantile(uniform(Purpose.MEAN_FILL), population.litres.shape_between)
    default = kind == setting.kinds.index(setting.default_kind)
    stations = len(setting.stations)
    return Members(
        number=number,
        kind=kind,
        visit_rate=trait("visits_per_month") / DAYS_PER_MONTH * rate_factor,
        drop_out=beta_quantile(uniform(Purpose.DROP_OUT), timing.drop_out_a, timing.drop_out_b),
        first_day=np.where(opening, 0, np.floor(later * setting.days)).astype(np.int64),
        opening=opening,
        litres_mean=trait("litres_mean") * between,
        tank=trait("tank"),
        fuel=_fuels(uniform(Purpose.GRADE), which, [traits[n].grades for n in names], setting),
        # Home stations differ in size: the square of a uniform puts more members at the first.
        station=np.floor(uniform(Purpose.STATION) ** 2 * stations).astype(np.int32),
        night_share=trait("night_share"),
        has_card=uniform(Purpose.HAS_CARD) < trait("card_share"),
        task_rate=np.where(app, tasks.per_week / 7.0 * task_factor, 0.0),
        company=_companies(
            uniform(Purpose.COMPANY), which, [_companies_of(traits[n], total) for n in names]
        ),
        enrols=~default | (uniform(Purpose.ENROLS) < enrolment.enrolling_share),
    )


def _kinds(population: Population, setting: Setting) -> tuple[list[str], dict[str, Kind]]:
    """List the population's kinds that take part: those the season knows.

    Where the population has no kind of the default kind's name, its first one stands for it, so
    that a season's most common kind is never missing.
    """
    first = next(iter(population.kinds))
    names = [name for name in population.kinds if name in setting.kinds]
    names = [name for name in names if population.kinds[name].share > 0]
    if not names:
        names = [first]
    elif setting.default_kind not in population.kinds and first not in names:
        names = [first, *names]
    return names, {name: population.kinds[name] for name in names}


def _kind_code(setting: Setting, name: str) -> int:
    """Index a kind in the season's list; an unknown one counts as the default kind."""
    known = name if name in setting.kinds else setting.default_kind
    return setting.kinds.index(known)


def _fuels(
    uniform: Floats, which: Ints, grade_shares: list[tuple[float, ...]], setting: Setting
) -> npt.NDArray[np.int32]:
    """Choose each member's fuel by the shares of its kind, over the grades on sale."""
    fuel = np.zeros(len(uniform), dtype=np.int32)
    for index, shares in enumerate(grade_shares):
        per_fuel = np.zeros(len(setting.fuels))
        for place, share in zip(setting.fuel_of_grade, shares, strict=True):
            if place >= 0:
                per_fuel[place] += share
        if per_fuel.sum() == 0:
            per_fuel[:] = 1.0
        rows = np.flatnonzero(which == index)
        fuel[rows] = pick(uniform[rows], per_fuel)
    return fuel


def _companies_of(kind: Kind, total: int) -> int:
    """Count the companies that the members of a kind belong to; 0 for none."""
    if kind.company_size <= 0:
        return 0
    return max(1, round(total * kind.share / kind.company_size))


def _companies(uniform: Floats, which: Ints, counts: list[int]) -> npt.NDArray[np.int32]:
    """Put the members of company kinds in companies of uneven size."""
    company = np.full(len(uniform), NO_COMPANY, dtype=np.int32)
    first = 0
    for index, count in enumerate(counts):
        if count:
            rows = np.flatnonzero(which == index)
            company[rows] = first + np.floor(uniform[rows] ** 1.5 * count).astype(np.int32)
            first += count
    return company
