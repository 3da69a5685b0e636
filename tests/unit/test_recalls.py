from dataclasses import replace

import numpy as np

from simulator.people.keyed import Keyed
from simulator.play.recalls import Recalls
from tests.unit.simulated import MEMBERS, play_of, population


def returns_of(increment: float) -> list[int]:
    figures = replace(population().recall, increment=increment)
    recalls = Recalls(Keyed(3), replace(population(), recall=figures), play_of().persons)
    recalls.reach(np.arange(MEMBERS + 5), 10, 20_000)
    assert len(recalls.due(9)[0]) == 0
    came = [recalls.due(nth) for nth in range(10, 10 + round(figures.within_days))]
    assert all((since == 10).all() for _, since in came)
    assert len(recalls.due(10)[0]) == 0
    return [member for members, _ in came for member in members.tolist()]


def test_the_increment_is_the_share_of_all_reached_who_return() -> None:
    theta = play_of().persons.theta
    few, many = returns_of(0.05), returns_of(0.5)
    assert set(few) < set(many)
    assert 0.35 < len(many) / MEMBERS < 0.65
    assert all(theta[member] > 0 for member in many)
    assert returns_of(0.0) == []
