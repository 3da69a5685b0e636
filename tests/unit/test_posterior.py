from dataclasses import replace
from functools import lru_cache

import numpy as np

from rules.table.member_table import MemberTable
from simulator.outlook.fork import Forked
from simulator.outlook.posterior import Posterior
from simulator.outlook.seen import Seen
from simulator.people.keyed import Keyed, Purpose
from simulator.people.population import Population
from simulator.people.setting import setting_of
from simulator.play.demand import Arrivals
from tests.unit.simulated import population, rules_of

DAY_US = 86_400_000_000
MEMBERS = 3_000
PAST = 20


def plain(*, shape: float = 1.0, drop_out: tuple[float, float] = (0.5, 1e6)) -> Population:
    """The population shipped, with one kind, even days, and gaps of a given shape."""
    known = population()
    timing = replace(
        known.timing, renewal_shape=shape, weekday_profile=(1.0,) * 7, holiday_factor=1.0,
        drop_out_a=drop_out[0], drop_out_b=drop_out[1],
    )  # fmt: skip
    return replace(known, timing=timing)


@lru_cache(maxsize=8)
def forked(visits: int, first_day: float, last_day: float, *, before: bool = False) -> Forked:
    """Members who all came as often, first and last on given days of the season's first 20."""
    rules = rules_of()
    table = MemberTable(rules)
    ids = [f"m{number}" for number in range(MEMBERS)]
    hashes = np.arange(1, MEMBERS + 1, dtype=np.uint64)
    table.add_members(hashes, hashes, ids)
    seen = Seen(setting_of(rules.season, population()))
    seen.fit(MEMBERS)
    at_us = [rules.starts_us + int(day * DAY_US) for day in (first_day, last_day, PAST)]
    seen.visits[:] = visits
    seen.litres_ml[:] = visits * 30_000
    seen.first_us[:] = rules.starts_us if before or not visits else at_us[0]
    if visits:
        seen.first_visit_us[:], seen.last_visit_us[:] = at_us[0], at_us[1]
    table.clock_us = at_us[2]
    return Forked(table, seen, at_us[2], rules.starts_us, 0)


def rates(found: Forked, people: Population) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    setting = setting_of(found.table.rules.season, people)
    members, _ = Posterior(found, people, setting).draw(5)
    return members.visit_rate[:MEMBERS]


def test_without_drop_out_and_with_exponential_gaps_the_rate_is_the_known_gamma() -> None:
    people = plain()
    kind = people.kinds["private"]
    r, beta = kind.rate_shape, kind.rate_shape / (kind.visits_per_month * 12 / 365.25)
    # First seen at a visit: what counts begins there, and that visit says nothing of the rate.
    for visits, first, last in ((1, 4.0, 4.0), (6, 4.0, 10.0), (40, 1.0, 19.5)):
        drawn = rates(forked(visits, first, last), people)
        power, whole = r + visits - 1, beta + PAST - first
        assert abs(drawn.mean() / (power / whole) - 1) < 4 / np.sqrt(power * MEMBERS) + 0.01
        assert abs(drawn.std() / (np.sqrt(power) / whole) - 1) < 0.06
    # There from the first day: all visits and all the time count, also for who never came.
    drawn = rates(forked(5, 4.0, 10.0, before=True), people)
    assert abs(drawn.mean() / ((r + 5) / (beta + PAST)) - 1) < 0.05
    drawn = rates(forked(0, 0.0, 0.0), people)
    assert abs(drawn.mean() / (r / (beta + PAST)) - 1) < 0.06


def test_who_came_often_and_then_no_more_has_likely_left() -> None:
    people = plain(shape=1.4, drop_out=(0.5, 3.0))

    def left(visits: int, last: float) -> float:
        return float((rates(forked(visits, 1.0, last), people) == 0).mean())

    assert left(15, 19.8) < left(15, 15.0) < left(15, 8.0)
    assert left(15, 8.0) > 0.9
    assert left(2, 8.0) < left(15, 8.0)
    assert left(15, 19.8) < 0.1
    assert float((rates(forked(0, 0.0, 0.0), people) == 0).mean()) == 0.0


def test_own_fills_count_the_more_the_more_there_are() -> None:
    people = plain()
    setting = setting_of(rules_of().season, people)

    def fills(visits: int) -> tuple[float, float]:
        found = forked(visits, 1.0, 19.0)
        members, elapsed = Posterior(found, people, setting).draw(5)
        assert (elapsed[:MEMBERS] >= 0).all() == bool(visits)
        return float(members.litres_mean[:MEMBERS].mean()), float(
            members.litres_mean[:MEMBERS].std()
        )

    few, many = fills(1), fills(40)
    # 30 litres a fill were seen; the kind's mean is 36.
    assert 30.0 < many[0] < few[0] < 36.0
    assert many[1] < 0.3 * few[1]


def test_those_who_may_join_come_after_those_there_are() -> None:
    people = plain()
    found = forked(3, 2.0, 18.0)
    setting = setting_of(rules_of().season, people)
    members, elapsed = Posterior(found, people, setting).draw(5)
    more = len(members.number) - MEMBERS
    # Three in ten join evenly over 32 days, of which 12 are left.
    assert abs(more / (MEMBERS / (1 - 0.3 * 12 / 32) * 0.3 * 12 / 32) - 1) < 0.01
    assert len(elapsed) == MEMBERS
    assert members.opening[:MEMBERS].all()
    assert not members.opening[MEMBERS:].any()
    assert not members.enrols[:MEMBERS].any()
    again, _ = Posterior(found, people, setting).draw(5)
    other, _ = Posterior(found, people, setting).draw(6)
    assert np.array_equal(members.visit_rate, again.visit_rate)
    assert not np.array_equal(members.visit_rate, other.visit_rate)


def test_a_gap_under_way_goes_on_from_where_it_is() -> None:
    rows = np.arange(5_000)
    waits = {}
    for shape in (1.0, 3.0):
        for elapsed in (0.0, 1.5):
            arrivals = Arrivals(
                Keyed(3), Purpose.VISIT_GAP, rows, np.full(len(rows), 0.01), shape=shape
            )
            arrivals.begin(
                rows, at_once=np.zeros(len(rows), dtype=np.bool_),
                elapsed=np.full(len(rows), elapsed),
            )  # fmt: skip
            first = np.zeros(len(rows))
            for day in range(1, 1_000):
                row, number = arrivals.day(1.0)
                first[row[number == 0]] = day
            waits[shape, elapsed] = float(first.mean()) / 100
    # Exponential gaps forget how long they have lasted; regular ones are due the sooner.
    assert abs(waits[1.0, 0.0] - 1.0) < 0.05
    assert abs(waits[1.0, 1.5] - 1.0) < 0.05
    assert abs(waits[3.0, 0.0] - 1.0) < 0.05
    assert waits[3.0, 1.5] < 0.6
