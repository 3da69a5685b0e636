"""Posterior: what each member is like, given what a running season has shown of them.

Visits are the model's own: gaps are gamma(k) in hazard, the rate is gamma over the members of a
kind, and a visit may be the last. So the chance to be there still, and the rate, follow from the
visits, when the first and the last was, and how long ago that is. Fills are shrunk to the mean of
the kind, tasks counted likewise. One draw of all members is one forecast's members.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.compiling.calendar import DAY_US
from simulator.outlook.fork import Forked
from simulator.outlook.seen import NEVER_US
from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.members import DAYS_PER_MONTH, NO_COMPANY, Members, draw_members
from simulator.people.population import Kind, Population
from simulator.people.quantiles import beta_quantile, gamma_quantile, gamma_share
from simulator.people.setting import Setting
from simulator.play.stage import EPOCH

GRID: Final = 64
REACH: Final = 6.0
"""Standard deviations that the grid of rates reaches to each side, in the logarithm."""
BLOCK: Final = 16_384
CARD_VISITS: Final = 3
FEW: Final = 64


class Posterior:
    """Knows the members of a forked season; `draw` gives them as they may be."""

    def __init__(self, forked: Forked, population: Population, setting: Setting) -> None:
        """Gather what counts: hazard at rate 1 by local day, and each member's visits in it.

        setting is that of the days to come; the past has the population's weekdays and holidays.
        """
        self._forked, self._population, self._setting = forked, population, setting
        self.rows = len(forked.table)
        seen, rows = forked.seen, slice(0, self.rows)
        self._clock = _Hazard(forked, population)
        self._visits = seen.visits[rows]
        here = self._visits > 0
        born = np.minimum(seen.first_us[rows], forked.at_us)
        self._first = self._clock.at(np.where(here, seen.first_visit_us[rows], born))
        self._last = self._clock.at(np.where(here, seen.last_visit_us[rows], born))
        self._born = self._clock.at(born)
        self._end = float(self._clock.at(np.array([forked.at_us]))[0])
        # Who enrols on the day of the first visit came with it, as does who is first seen by it;
        # who was known before was there before.
        before = forked.seen.first_us[rows] < forked.seen.first_visit_us[rows]
        enrolled = forked.table.members.enrolled[rows]
        self._waited = ~here | (before & (~enrolled | (self._first - self._born > 1.0)))
        names = list(population.kinds)
        of_kind = [names.index(one) if one in names else 0 for one in forked.table.rules.kinds]
        self.kind = np.array(of_kind, dtype=np.int64)[forked.table.members.kind[rows]]

    def draw(self, seed: int) -> tuple[Members, Floats]:
        """Draw the members, and the hazard since their last visits (negative: none known).

        The first rows are those of the table; behind them are who may join until the end.
        """
        keyed = Keyed(seed)
        number = np.arange(self.rows, dtype=np.int64)
        rate, stays = np.zeros(self.rows), np.zeros(self.rows, dtype=np.bool_)
        for first in range(0, self.rows, BLOCK):
            part = slice(first, min(first + BLOCK, self.rows))
            rate[part], stays[part] = self._rates(keyed, number[part])
        rate[self._forked.table.members.merged_into[: self.rows] > 0] = 0.0
        elapsed = np.where(self._visits > 0, rate * (self._end - self._last), -1.0)
        return self._members(keyed, number, np.where(stays, rate, 0.0)), elapsed

    def _rates(self, keyed: Keyed, number: Ints) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Draw rate and whether they come still, float64[n] and bool[n], of some members."""
        timing, shape = self._population.timing, self._population.timing.renewal_shape
        visits = self._visits[number].astype(np.float64)
        gone, end = self._last[number] - self._first[number], self._end - self._last[number]
        waited, wait = self._waited[number], (self._first - self._born)[number]
        r, beta = self._prior(number)
        gaps = np.maximum(visits - 1.0, 0.0)
        first = (waited & (visits > 0)).astype(np.float64)
        # Around the mean with the rest of the time counted, and without: both lie inside.
        power = r + shape * gaps + first
        spread = REACH / np.sqrt(power)
        whole = beta + shape * gone + wait * first
        low = np.log(power / (whole + shape * end)) - spread - 2.0 * (power < 2)
        high = np.log(power / whole) + np.minimum(spread, 4.0)
        step = (high - low) / (GRID - 1)
        log_rate = low[:, None] + step[:, None] * np.arange(GRID)
        lam = np.exp(log_rate)
        # The density of the logarithm of the rate, hence the power without its - 1.
        density = power[:, None] * log_rate - (beta + shape * gone)[:, None] * lam
        begins = np.log(1.0 - gamma_share(shape * lam * wait[:, None], shape) + 1e-300)
        density += first[:, None] * begins
        top = density.max(axis=1, keepdims=True)
        left = np.exp(density - top)
        since = shape * lam * end[:, None]
        silent = np.where(
            (visits > 0)[:, None],
            1.0 - gamma_share(since, shape),
            _waits_longer(since, shape),
        )
        here = left * silent
        odds_here = here.sum(axis=1) * _stays(timing.drop_out_a, timing.drop_out_b, visits)
        odds_gone = left.sum(axis=1) * _leaves(timing.drop_out_a, timing.drop_out_b, visits)
        chance = odds_here / (odds_here + odds_gone)
        stays = keyed.uniforms(Purpose.STAYS, number) < chance
        weight = np.where(stays[:, None], here, left)
        share = np.cumsum(weight, axis=1) - weight / 2
        share /= weight.sum(axis=1, keepdims=True)
        drawn = keyed.uniforms(Purpose.OWN_RATE, number)
        place = np.minimum((share < drawn[:, None]).sum(axis=1), GRID - 1)
        before = np.maximum(place - 1, 0)
        at = np.arange(len(number))
        width = np.maximum(share[at, place] - share[at, before], 1e-12)
        part = np.clip((drawn - share[at, before]) / width, 0.0, 1.0)
        return np.exp(low + step * (before + part)), stays

    def _prior(self, number: Ints) -> tuple[Floats, Floats]:
        """Give shape and rate (in days) of the kinds' gamma distributions, float64[n] each."""
        kinds = list(self._population.kinds.values())
        r = np.array([one.rate_shape for one in kinds])
        mean = np.array([one.visits_per_month / DAYS_PER_MONTH for one in kinds])
        of = self.kind[number]
        return r[of], r[of] / mean[of]

    def _members(self, keyed: Keyed, number: Ints, rate: Floats) -> Members:
        """Lay out the members held and those who may join."""
        forked, population, setting = self._forked, self._population, self._setting
        seen, rows = forked.seen, self.rows
        joining = self._joining()
        drawn = draw_members(
            keyed, _all_new(population), setting, first=0, last=rows + joining,
            total=rows + joining,
        )  # fmt: skip
        own = drawn.block(0, rows)
        fuel = _named(seen.fuels(rows), seen.setting.fuels, setting.fuels, own.fuel)
        station = _named(seen.stations(rows), seen.setting.stations, setting.stations, own.station)
        codes = [setting.kinds.index(one) if one in setting.kinds else 0
                 for one in forked.table.rules.kinds]  # fmt: skip
        kind = np.array(codes, dtype=np.int16)[forked.table.members.kind[:rows]]
        kinds = list(population.kinds.values())
        carded = seen.card[:rows] > 0
        has_card = np.where(self._visits >= CARD_VISITS, carded, own.has_card | carded)
        held = replace(
            own,
            kind=kind,
            visit_rate=rate,
            drop_out=self._drop_outs(keyed, number),
            first_day=np.zeros(rows, dtype=np.int64),
            opening=np.ones(rows, dtype=np.bool_),
            litres_mean=self._fills(keyed, number),
            tank=_of_kind(kinds, self.kind, "tank"),
            night_share=_of_kind(kinds, self.kind, "night_share"),
            fuel=fuel,
            station=station,
            has_card=has_card,
            task_rate=self._task_rates(keyed, number),
            company=np.full(rows, NO_COMPANY, dtype=np.int32),
            enrols=np.zeros(rows, dtype=np.bool_),
        )
        return _joined(held, drawn.block(rows, rows + joining))

    def _joining(self) -> int:
        """Tell how many may join until the end: as the population says, from those there are."""
        share = 1.0 - self._population.enrolment.opening_share
        rules = self._forked.table.rules
        past = (self._forked.at_us - self._forked.since_us) / DAY_US
        whole = max((rules.ends_us - self._forked.since_us) / DAY_US, 1.0)
        arrived = 1.0 - share * (1.0 - min(max(past, 0.0) / whole, 1.0))
        return round(self.rows * (1.0 / arrived - 1.0)) if arrived > 0 else 0

    def _drop_outs(self, keyed: Keyed, number: Ints) -> Floats:
        """Draw the chance to leave after a visit, given that none so far was the last."""
        timing = self._population.timing
        drawn = keyed.uniforms(Purpose.OWN_DROP_OUT, number)
        found = np.empty(len(number))
        # Few different counts, so that few tables are made: exact to 12, then in steps of 15 %.
        count = self._visits.astype(np.float64)
        count = np.where(count > 12, np.rint(1.15 ** np.rint(np.log(np.maximum(count, 1.0))
                         / math.log(1.15))), count)  # fmt: skip
        for one in np.unique(count).tolist():
            here = count == one
            found[here] = beta_quantile(drawn[here], timing.drop_out_a, timing.drop_out_b + one)
        return found

    def _fills(self, keyed: Keyed, number: Ints) -> Floats:
        """Draw the mean fill, litres: the kind's and the member's own weighed by their spread."""
        litres = self._population.litres
        between, within = _variation(litres.shape_between), _variation(litres.shape_within)
        mean = _of_kind(list(self._population.kinds.values()), self.kind, "litres_mean")
        count = self._visits.astype(np.float64)
        own = self._forked.seen.litres_ml[: self.rows] / 1000.0 / np.maximum(count, 1.0)
        weight = count * between**2 / (count * between**2 + within**2)
        centre = weight * own + (1.0 - weight) * mean
        spread = mean * between * np.sqrt(1.0 - weight)
        z = _normal(keyed.uniforms(Purpose.OWN_FILL, number))
        drawn: Floats = np.maximum(centre + spread * z, 0.2 * mean)
        return drawn

    def _task_rates(self, keyed: Keyed, number: Ints) -> Floats:
        """Draw the tasks a day: gamma given the count, and whether who did none has the app."""
        tasks, rules = self._population.tasks, self._forked.table.rules
        paid = {one.on for one in rules.season.tasks}
        shares = {name: getattr(tasks, f"{name}_share") for name in _TASKS}
        share = sum(value for name, value in shares.items() if name in paid) / sum(shares.values())
        if share <= 0 or not tasks.per_week:
            return np.zeros(self.rows)
        count = np.minimum(self._forked.seen.tasks[: self.rows], 10_000)
        days = (self._forked.at_us - np.minimum(
            self._forked.seen.first_us[: self.rows], self._forked.at_us)) / DAY_US  # fmt: skip
        beta = tasks.rate_shape / (tasks.per_week / 7.0)
        whole = beta + days * share
        silent = tasks.app_share * (beta / whole) ** tasks.rate_shape
        uses = (count > 0) | (
            keyed.uniforms(Purpose.USES_APP, number) < silent / (silent + 1.0 - tasks.app_share)
        )
        drawn = keyed.uniforms(Purpose.OWN_TASKS, number)
        found = np.empty(self.rows)
        for one in np.unique(np.minimum(count, FEW)).tolist():
            here = np.minimum(count, FEW) == one
            if one < FEW:
                found[here] = gamma_quantile(drawn[here], tasks.rate_shape + one)
            else:
                power = tasks.rate_shape + count[here]
                found[here] = power * (1 + _normal(drawn[here]) / (3 * np.sqrt(power))) ** 3
        return np.where(uses, found / whole, 0.0)


_TASKS: Final = ("check_in", "browse", "share", "survey", "review")


class _Hazard:
    """The hazard at rate 1 from the season's beginning to an instant: weekdays and holidays."""

    def __init__(self, forked: Forked, population: Population) -> None:
        self._calendar = forked.table.rules.calendar
        past = forked.seen.setting
        first = (past.starts - EPOCH).days
        begun = forked.seen.first_us[forked.seen.first_us < NEVER_US]
        earliest = self._calendar.day(int(begun.min())) if len(begun) else first
        self._first = min(first, earliest)
        timing = population.timing
        daily = []
        for day in range(self._first, self._calendar.day(forked.at_us) + 1):
            local = EPOCH + timedelta(days=day)
            factor = timing.weekday_profile[local.weekday()]
            daily.append(factor * (timing.holiday_factor if local in past.holidays else 1.0))
        self._sum = np.concatenate([[0.0], np.cumsum(daily), [0.0]])
        self._sum[-1] = self._sum[-2] + 1.0

    def at(self, at_us: Ints) -> Floats:
        """Give the hazard up to instants, float64[n]; a day's spreads evenly over it."""
        wall = self._calendar.wall(at_us)
        day = np.clip(wall // DAY_US - self._first, 0, len(self._sum) - 2)
        part = (wall % DAY_US) / DAY_US
        found: Floats = self._sum[day] + part * (self._sum[day + 1] - self._sum[day])
        return found


def _waits_longer(value: Floats, shape: float) -> Floats:
    """Give the chance that what was left of a running gap exceeds value / shape, float64[...]."""
    longer = 1.0 - gamma_share(value, shape + 1.0)
    return np.maximum(longer - value / shape * (1.0 - gamma_share(value, shape)), 0.0)


def _log_beta(a: float, b: Floats) -> Floats:
    values, place = np.unique(b, return_inverse=True)
    found = [math.lgamma(a) + math.lgamma(one) - math.lgamma(a + one) for one in values.tolist()]
    return np.array(found)[place]


def _stays(a: float, b: float, visits: Floats) -> Floats:
    """Give the chance that none of so many visits was the last."""
    return np.exp(_log_beta(a, b + visits) - _log_beta(a, np.full(1, b)))


def _leaves(a: float, b: float, visits: Floats) -> Floats:
    """Give the chance that the last of so many visits, and none before, was the last; 0 for 0."""
    before = np.maximum(visits - 1.0, 0.0)
    chance = np.exp(_log_beta(a + 1.0, b + before) - _log_beta(a, np.full(1, b)))
    return np.where(visits > 0, chance, 0.0)


def _variation(shape: float) -> float:
    """Give standard deviation over mean of a Weibull distribution."""
    mean = math.gamma(1.0 + 1.0 / shape)
    return math.sqrt(math.gamma(1.0 + 2.0 / shape) / mean**2 - 1.0)


def _normal(uniform: Floats) -> Floats:
    """Turn uniforms into standard normal draws (Winitzki's inverse, good to 0.005)."""
    x = 2.0 * uniform - 1.0
    log = np.log1p(-x * x)
    part = 2.0 / (math.pi * 0.147) + log / 2.0
    found: Floats = np.sign(x) * np.sqrt(np.sqrt(part * part - log / 0.147) - part) * math.sqrt(2.0)
    return found


def _of_kind(kinds: list[Kind], of: Ints, name: str) -> Floats:
    return np.array([getattr(one, name) for one in kinds], dtype=np.float64)[of]


def _named(
    place: npt.NDArray[np.int32], old: tuple[str, ...], new: tuple[str, ...],
    unknown: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:  # fmt: skip
    """Find the words of one list in another; where there is none, as was drawn."""
    codes = np.array([new.index(one) if one in new else -1 for one in old] + [-1], dtype=np.int32)
    found = codes[place]
    return np.where(found >= 0, found, unknown).astype(np.int32)


def _all_new(population: Population) -> Population:
    """Let everybody who is drawn join on a day of the run."""
    return replace(population, enrolment=replace(population.enrolment, opening_share=0.0))


def _joined(one: Members, other: Members) -> Members:
    names = Members.__dataclass_fields__
    return Members(
        **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in names}
    )
