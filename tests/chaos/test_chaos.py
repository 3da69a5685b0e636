"""A minute of chaos with a fixed seed: nothing acknowledged is lost, nothing counts twice."""

import json
from pathlib import Path

from tests.chaos.era import Era, run_era
from tests.chaos.summary import Summary

ROUNDS = 3
SEED = 692
"""Its first faults are kills of different parts; `make chaos` goes on to every kind there is."""


def test_a_minute_of_chaos_loses_and_doubles_nothing(tmp_path: Path) -> None:
    disk = "full: RLIMIT_FSIZE on the server; slow: bursts of SIGSTOP of the server"
    summary = Summary(SEED, disk)

    run_era(Era(0, ROUNDS, shards=2, lined=False, seed=SEED, tmpfs=False), tmp_path, summary)

    print(json.dumps(summary.as_json(), indent=1))
    assert summary.faults == []
    assert (summary.lost, summary.doubled) == (0, 0)
    assert summary.rounds == ROUNDS
    assert summary.acknowledged > 500
    assert summary.hits
