"""Any number of Ray workers gives the same simulation, and nobody else reaches them."""

import os

import pytest

from simulator.play.run_result import result_hash
from simulator.play.seeds import Job, run_jobs, workers_up
from tests.integration.process_secrets import beyond_loopback
from tests.unit.simulated import population, rules_of


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "several", [(2,), pytest.param((2, 7), marks=pytest.mark.long)], ids=["two", "two and seven"]
)
def test_one_and_several_workers_give_one_result(several: tuple[int, ...]) -> None:
    season = rules_of().season
    jobs = [Job(season, population(), 150, seed) for seed in range(1, 1 + max(several))]
    told: list[tuple[int, int, str]] = []
    with workers_up(max(several)):
        hashes = {
            workers: result_hash(
                run_jobs(jobs, workers=workers, progress=lambda *n: told.append(n))
            )
            for workers in (1, *several)
        }
        assert beyond_loopback(os.getpid()) == []
    assert len(set(hashes.values())) == 1, hashes
    assert told[-1] == (len(jobs), len(jobs), "runs")
