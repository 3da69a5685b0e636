"""Any number of Ray workers gives the same simulation."""

import pytest

from simulator.run_result import result_hash
from simulator.seeds import Job, run_jobs
from tests.unit.simulated import population, rules_of


@pytest.mark.timeout(300)
def test_one_two_and_seven_workers_give_one_result() -> None:
    season = rules_of().season
    jobs = [Job(season, population(), 150, seed) for seed in range(1, 8)]
    told: list[tuple[int, int, str]] = []
    hashes = {
        workers: result_hash(run_jobs(jobs, workers=workers, progress=lambda *n: told.append(n)))
        for workers in (1, 2, 7)
    }
    assert len(set(hashes.values())) == 1, hashes
    assert told[-1] == (7, 7, "runs")
