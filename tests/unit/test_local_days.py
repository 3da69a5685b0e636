from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.people.keyed import Keyed
from simulator.people.population import Population
from simulator.people.population_file import shipped_population
from simulator.people.setting import Setting
from simulator.play.local_days import LocalDays


@pytest.fixture(scope="module")
def population() -> Population:
    return shipped_population()


def setting(starts: date, days: int, zone: str = "America/New_York") -> Setting:
    return Setting(
        timezone=zone, starts=starts, days=days, kinds=("private",), default_kind="private",
        fuels=("92",), prices=(7.6,), fuel_of_grade=(0, -1, -1, -1), shop=(), stations=("S1",),
        holidays=frozenset({date(2026, 7, 4)}),
    )  # fmt: skip


def test_local_seconds_become_the_instants_of_the_wall_clock(population: Population) -> None:
    zone = ZoneInfo("America/New_York")
    days = LocalDays(Keyed(1), population, setting(date(2026, 10, 30), 5))
    for number in range(5):
        seconds = np.array([0, 3_599, 3_600, 7_199, 43_200, 86_399])
        for at_us, second in zip(days.at_us(number, seconds), seconds, strict=True):
            found = datetime.fromtimestamp(int(at_us) / 1e6, UTC).astimezone(zone)
            assert (found.date(), found.hour) == (
                date.fromordinal(date(2026, 10, 30).toordinal() + number),
                second // 3_600,
            )
            # The clocks go back on 1 November: the repeated hour means its first passing.
            assert found.fold == 0


def test_the_missing_hour_of_spring_runs_on_in_summer_time(population: Population) -> None:
    days = LocalDays(Keyed(1), population, setting(date(2026, 3, 8), 2))
    found = days.at_us(0, np.array([2 * 3_600 + 1_800, 3 * 3_600 + 1_800]))
    assert found[0] == found[1]
    assert days.starts_us[1] - days.starts_us[0] == 23 * 3_600 * 1_000_000


def test_an_instant_lies_in_its_local_day(population: Population) -> None:
    days = LocalDays(Keyed(1), population, setting(date(2026, 3, 7), 3))
    starts = days.starts_us
    assert days.day_of(np.array([starts[0], starts[1] - 1, starts[1], starts[3]])).tolist() == [
        0, 0, 1, 3,
    ]  # fmt: skip


def test_exposure_is_weekday_times_holiday_times_price(population: Population) -> None:
    steady = replace(population, prices=replace(population.prices, step_size=0.0))
    days = LocalDays(Keyed(1), steady, setting(date(2026, 6, 29), 7))
    weekdays = list(population.timing.weekday_profile)
    weekdays[5] *= population.timing.holiday_factor
    assert [days.exposure(day) for day in range(7)] == pytest.approx(weekdays)


def test_the_price_moves_by_small_steps_and_exposure_answers(population: Population) -> None:
    days = LocalDays(Keyed(3), population, setting(date(2026, 1, 1), 300))
    index = days.price_index
    assert (index[:14] == 1.0).all()
    steps = index[1:] / index[:-1]
    assert (np.flatnonzero(steps != 1.0) % 14 == 13).all()
    assert np.abs(steps - 1.0).max() <= population.prices.step_size
    same_weekday = days.exposure(210) / days.exposure(0)
    assert same_weekday == pytest.approx(index[210] ** population.timing.price_elasticity)


def test_night_visits_fall_between_ten_and_five(population: Population) -> None:
    days = LocalDays(Keyed(1), population, setting(date(2026, 6, 1), 1))
    even = (np.arange(10_000) + 0.5) / 10_000
    hours = days.visit_seconds(0, np.full(10_000, 0.5), even, np.full(10_000, 0.7)) // 3_600
    night = hours[:7_000]
    assert np.bincount(night, minlength=24).tolist() == [1_000] * 5 + [0] * 17 + [1_000] * 2
    assert set(hours[7_000:].tolist()) == {15}
