"""Place draws on the local clock: a day's exposure, its hours, and their instants in UTC."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from simulator.people.keyed import Floats, Ints, Keyed, Purpose
from simulator.people.population import Population
from simulator.people.setting import Setting

SECONDS_PER_HOUR = 3_600
SECONDS_PER_DAY = 86_400
US = 1_000_000
# Night visits, of taxis and trucks, spread evenly over these hours.
_NIGHT_FROM_S = 22 * SECONDS_PER_HOUR
_NIGHT_S = 7 * SECONDS_PER_HOUR
_SATURDAY = 5


class LocalDays:
    """Answer the clock of each simulated day."""

    def __init__(self, keyed: Keyed, population: Population, setting: Setting) -> None:
        self._timing = population.timing
        self._setting = setting
        self._zone = ZoneInfo(setting.timezone)
        self.price_index = _price_index(keyed, population, setting.days)
        self.starts_us = np.array([self._hours_us(d)[0] for d in range(setting.days + 1)])

    def exposure(self, day: int) -> float:
        """Answer the common factor of a day: weekday x holiday x price^elasticity."""
        local = self._setting.day(day)
        factor = self._timing.weekday_profile[local.weekday()]
        if local in self._setting.holidays:
            factor *= self._timing.holiday_factor
        return float(factor * self.price_index[day] ** self._timing.price_elasticity)

    def seconds(self, day: int, uniform: Floats) -> Ints:
        """Draw local seconds of the day, int64[n], by the day's hour profile."""
        local = self._setting.day(day)
        free = local.weekday() >= _SATURDAY or local in self._setting.holidays
        hours = np.array(self._timing.hours_weekend if free else self._timing.hours_weekday)
        edges = np.concatenate(([0.0], np.cumsum(hours) / hours.sum()))
        found = np.interp(uniform, edges, np.arange(25.0) * SECONDS_PER_HOUR)
        second: Ints = np.minimum(found.astype(np.int64), SECONDS_PER_DAY - 1)
        return second

    def visit_seconds(self, day: int, uniform: Floats, night: Floats, share: Floats) -> Ints:
        """Draw local seconds of visits: `share: float64[n]` of them at night."""
        second = self.seconds(day, uniform)
        rows = np.flatnonzero(night < share)
        spread = (night[rows] / share[rows] * _NIGHT_S).astype(np.int64)
        second[rows] = (_NIGHT_FROM_S + spread) % SECONDS_PER_DAY
        return second

    def at_us(self, day: int, second: Ints) -> Ints:
        """Turn local seconds of a day into microseconds UTC, int64[n].

        Where the clocks go forward the missing hour runs on in summer time; where they go
        back the repeated hour means its first passing.
        """
        hour, rest = np.divmod(second, SECONDS_PER_HOUR)
        found: Ints = self._hours_us(day)[hour] + rest * US
        return found

    def day_of(self, at_us: Ints) -> Ints:
        """Answer the number of the local day an instant lies in; `days` for any later one."""
        return np.searchsorted(self.starts_us, at_us, side="right").astype(np.int64) - 1

    def _hours_us(self, day: int) -> Ints:
        """Answer the 24 instants at which the local hours of a day begin, int64[24]."""
        midnight = datetime.combine(self._setting.day(day), time())
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        hours = (midnight + timedelta(hours=h) for h in range(24))
        return np.array(
            [
                (hour.replace(tzinfo=self._zone) - epoch) // timedelta(microseconds=1)
                for hour in hours
            ]
        )


def _price_index(keyed: Keyed, population: Population, days: int) -> Floats:
    """Walk the price level: 1 at the start, a small keyed step every `step_days`; float64[days]."""
    every = max(1, round(population.prices.step_days))
    steps = -(-days // every)
    uniform = keyed.uniforms(Purpose.PRICE, np.arange(steps, dtype=np.int64))
    factors = 1.0 + (2.0 * uniform - 1.0) * population.prices.step_size
    factors[0] = 1.0
    return np.repeat(np.cumprod(factors), every)[:days]
